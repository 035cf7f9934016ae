#include "rules/compile/rules.hpp"

#include <algorithm>
#include <tuple>

#include "rules/base/nearest.hpp"
#include "rules/compile/carriers.hpp"
#include "rules/compile/functions.hpp"

namespace sluice::compile {

using image::CellKind;
using image::EndpointKind;
using image::kNone;

Rules::Rules(Places& places, Expressions& expressions, Schemas schemas, Notes& notes)
    : places_{places}, expressions_{expressions}, schemas_{schemas}, notes_{notes} {
  for (const auto& row : places_.rows().allows) lower(row);
  check_deny();
}

void Rules::lower(const AllowRow& row) {
  Lowered lowered;
  lowered.row = &row;
  lowered.ports = row.ports;
  const bool known = find_protocol_of(row, lowered);
  if (known && row.kind == CellKind::decoded) {
    const Schema& schema = *schemas_[lowered.protocol];
    lowered.words = function_words(row.functions, schema, notes_);
    lowered.functions = functions_of(row.access, schema);
    for (std::size_t i = 0; i < std::min<std::size_t>(4, lowered.words.size()); ++i)
      lowered.functions[i] |= lowered.words[i];
    for (const auto& word : row.targets) parse_target(word, schema, lowered.targets, notes_);
    merge(lowered.targets);
    if (row.where) lowered.where = expressions_.compile(*row.where, lowered.protocol);
  }
  lowered_.push_back(std::move(lowered));
  if (known) join(row, static_cast<std::uint32_t>(lowered_.size() - 1));
}

bool Rules::find_protocol_of(const AllowRow& row, Lowered& lowered) {
  if (row.kind != CellKind::decoded) return true;
  if (row.protocol.text.empty()) return false;  // reported
  for (std::size_t i = 1; i < schemas_.size(); ++i) {
    if (schemas_[i]->name == row.protocol.text) {
      lowered.protocol = static_cast<std::uint16_t>(i);
      return true;
    }
  }
  Nearest search{row.protocol.text};
  std::string all = "it is one of tcp, udp, icmp";
  for (const auto name : {"tcp", "udp", "icmp"}) search.offer(name);
  for (std::size_t i = 1; i < schemas_.size(); ++i) {
    search.offer(schemas_[i]->name);
    all += ", " + std::string{schemas_[i]->name};
  }
  notes_.error(row.protocol.spot, "unknown protocol " + quoted(row.protocol.text), search.remedy(all));
  return false;
}

std::uint32_t Rules::endpoint_of(const EndRow& end) {
  if (!end.group) return places_.endpoint(end.name).value_or(kNone);
  const auto zone = places_.zone(end.name);
  if (!zone) return kNone;
  const auto& row = *end.group;
  const auto [at, added] =
      group_index_.try_emplace({row.network.address, row.mac, row.kind, row.network.bits, *zone},
                               static_cast<std::uint32_t>(groups_.size()));
  if (added) {
    image::Group group;
    group.address = row.network.address;
    group.mac = row.mac;
    group.kind = row.kind;
    group.prefix = row.network.bits;
    group.zone = *zone;
    groups_.push_back(group);
  }
  return image::endpoint(EndpointKind::group, at->second);
}

std::uint32_t Rules::zone_of(std::uint32_t endpoint) const {
  const auto index = image::index_of(endpoint);
  switch (image::kind_of(endpoint)) {
    case EndpointKind::zone:
      return index;
    case EndpointKind::asset:
      return places_.zone_of_asset(index);
    case EndpointKind::group:
      return groups_[index].zone;
  }
  return kNone;
}

// A rule that could never match is a mistake.
void Rules::check_asset(const AllowRow& row, std::uint16_t protocol, const EndRow& end,
                        std::uint32_t endpoint) {
  const auto mistake = [&](std::string what, std::string remedy) {
    notes_.error(end.name.spot, quoted(end.name.text) + " " + std::move(what), std::move(remedy));
  };
  if (image::kind_of(endpoint) == EndpointKind::group) {
    if (row.kind == CellKind::tcp)
      notes_.error(end.name.spot, "TCP to a group", "a group is asked by udp or without IP");
    return;
  }
  if (image::kind_of(endpoint) != EndpointKind::asset) return;
  const auto& asset = places_.rows().assets[image::index_of(endpoint)];
  const bool decoded = row.kind == CellKind::decoded;
  const bool link = decoded ? has(transports_of(protocol, schemas_), Transport::ethernet)
                            : row.kind == CellKind::ethertype || row.kind == CellKind::llc;
  if (asset.behind && !decoded) {
    mistake("is behind a gateway, where only a decoder can tell it apart",
            "name the gateway, or a decoder as protocol");
  } else if (asset.behind && unit_of(protocol, schemas_).empty()) {
    mistake("is behind a gateway, and " + row.protocol.text + " does not say which device there is meant",
            "name the gateway");
  } else if (!asset.behind && link && !decoded && asset.macs.empty()) {
    mistake("has no MAC address, but this rule is about frames without IP", "write the asset's mac");
  } else if (!asset.behind && !link && asset.addresses.empty()) {
    mistake("has no address, but this rule is about IP", "write the asset's address");
  }
}

// On the wire a device behind a gateway is the gateway, and a field of the message says which device is
// meant.
void Rules::reach_behind(Granted& granted) {
  if (image::kind_of(granted.to) != EndpointKind::asset) return;
  const auto asset = image::index_of(granted.to);
  const auto gateway = places_.gateway_of(asset);
  if (gateway == kNone) return;
  const auto& row = *lowered_[granted.rule].row;
  const auto unit = unit_of(granted.protocol, schemas_);
  if (unit.empty() || (row.where && granted.where == kNone)) return;  // reported
  granted.to = image::endpoint(EndpointKind::asset, gateway);
  Word text{std::string{unit} + " == " + std::to_string(places_.rows().assets[asset].behind->unit), row.spot};
  if (row.where) text = {text.text + " && (" + row.where->text + ")", row.where->spot};
  granted.where = expressions_.compile(text, granted.protocol);
}

void Rules::join(const AllowRow& row, std::uint32_t rule) {
  const auto resolve = [&](const std::vector<EndRow>& ends) {
    std::vector<std::pair<std::uint32_t, const EndRow*>> out;
    for (const auto& end : ends) {
      const auto endpoint = endpoint_of(end);
      if (endpoint == kNone) continue;
      check_asset(row, lowered_[rule].protocol, end, endpoint);
      if (std::none_of(out.begin(), out.end(), [&](const auto& one) { return one.first == endpoint; })) {
        out.emplace_back(endpoint, &end);
      }
    }
    return out;
  };
  const auto from = resolve(row.from);
  for (const auto& [endpoint, end] : from) {
    if (row.kind == CellKind::decoded && image::kind_of(endpoint) == EndpointKind::asset &&
        places_.rows().assets[image::index_of(endpoint)].behind) {
      notes_.error(end->name.spot, quoted(end->name.text) + " is behind a gateway, and asks as the gateway",
                   "name the gateway");
    }
  }
  const auto to = resolve(row.to);
  auto& lowered = lowered_[rule];
  if (row.from.size() == 1 && from.size() == 1) lowered.from = from[0].first;
  if (row.to.size() == 1 && to.size() == 1) lowered.to = to[0].first;
  const bool tcp = is_tcp(row, lowered.protocol);
  for (const auto& [a, a_row] : from) {
    for (const auto& [b, b_row] : to) {
      const auto a_zone = zone_of(a);
      const auto b_zone = zone_of(b);
      if (a_zone == kNone || b_zone == kNone) continue;  // reported
      const auto name = [&](std::uint32_t zone) { return quoted(places_.rows().zones[zone].name.text); };
      if (a_zone == b_zone) {
        notes_.error(b_row->name.spot,
                     quoted(a_row->name.text) + " and " + quoted(b_row->name.text) + " are both in zone " +
                         name(a_zone),
                     "what stays in a zone crosses no conduit and needs no rule");
        continue;
      }
      const auto& conduits = places_.between(a_zone, b_zone);
      if (conduits.empty()) {
        notes_.error(b_row->name.spot, "no conduit joins zone " + name(a_zone) + " and zone " + name(b_zone),
                     "add a [[conduit]] between them, or mend from or to");
        continue;
      }
      if (tcp) {
        for (const auto conduit : conduits) tcp_conduits_.try_emplace(conduit, row.spot);
      }
      if (grants_.size() == kMostGrants) {
        if (!too_many_)
          notes_.error(row.spot, "more than " + std::to_string(kMostGrants) + " pairs of ends in all rules",
                       "use zones instead of lists of assets");
        too_many_ = true;
        return;
      }
      grants_.push_back({a, b, row.kind, lowered.protocol, rule, lowered.where});
      reach_behind(grants_.back());
    }
  }
}

bool Rules::is_tcp(const AllowRow& row, std::uint16_t protocol) const {
  if (row.kind != CellKind::decoded) return row.kind == CellKind::tcp;
  return has(transports_of(protocol, schemas_), Transport::tcp);
}

void Rules::check_deny() {
  for (const auto& [conduit, spot] : tcp_conduits_) {
    const auto& row = places_.rows().conduits[conduit];
    if (row.deny != Verdict::drop) continue;
    notes_.error(row.deny_spot,
                 "deny = \"drop\" on conduit " + quoted(row.name.text) +
                     ", which carries TCP by the rule at " + notes_.at(spot),
                 "write \"reset\": a dropped segment only comes again");
  }
}

}  // namespace sluice::compile
