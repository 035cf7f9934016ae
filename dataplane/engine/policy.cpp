#include "dataplane/engine/policy.hpp"

#include <algorithm>
#include <bit>

#include "dataplane/packet/checks.hpp"

namespace sluice {
namespace {

using image::CellKind;
using image::endpoint;
using image::EndpointKind;
using image::Grant;
using image::ImageView;
using image::kNone;
using image::OpenedBy;
using image::Range;
using image::Target;

bool within(const image::Address& address, const image::Address& network, unsigned prefix) noexcept {
  const unsigned whole = prefix / 8;
  if (!std::equal(address.begin(), address.begin() + whole, network.begin())) return false;
  const unsigned rest = prefix % 8;
  return rest == 0 || (address[whole] ^ network[whole]) >> (8 - rest) == 0;
}

bool multicast(const Mac& mac) noexcept { return (mac[0] & 1U) != 0; }
bool broadcast(const Mac& mac) noexcept {
  return std::all_of(mac.begin(), mac.end(), [](std::uint8_t byte) { return byte == 0xff; });
}

bool lists(const ImageView& image, const image::Side& side, std::uint32_t zone) noexcept {
  const auto zones = ImageView::slice(image.side_zones(), side.zones);
  return std::find(zones.begin(), zones.end(), zone) != zones.end();
}

// The groups of the far side that a broadcast or multicast destination belongs to.
void add_groups(const ImageView& image, const image::Side& far, const Packet& packet, End& end) noexcept {
  const auto groups = image.groups();
  const bool ip = packet.network == Network::ipv4 || packet.network == Network::ipv6;
  for (std::uint32_t i = 0; i < groups.size(); ++i) {
    const auto& group = groups[i];
    if (!lists(image, far, group.zone)) continue;
    bool member = false;
    switch (group.kind) {
      case image::GroupKind::broadcast:
        member = broadcast(packet.destination_mac);
        break;
      case image::GroupKind::network:
        member = ip && within(packet.destination, group.address, group.prefix);
        break;
      case image::GroupKind::mac:
        member = packet.destination_mac == group.mac;
        break;
    }
    if (member) end.add(endpoint(EndpointKind::group, i));
  }
  end.main = end.count != 0 ? end.endpoints[0] : kNone;
}

// An end that is known by its address.
bool add_address(const ImageView& image, const image::Side& side, const Address& address, End& end) noexcept {
  const auto zone = image.zone_of(address);
  if (zone == kNone || (runs(Check::ends) && !lists(image, side, zone))) return false;
  end.asset = image.asset_of(address);
  if (end.asset != kNone) end.add(endpoint(EndpointKind::asset, end.asset));
  end.add(endpoint(EndpointKind::zone, zone));
  end.main = end.endpoints[0];
  return true;
}

// An end of a frame without addresses: the asset with that MAC, or any zone of the side.
bool add_mac(const ImageView& image, const image::Side& side, const Mac& mac, End& end) noexcept {
  end.asset = image.asset_of(mac);
  if (end.asset != kNone) {
    const auto zone = image.assets()[end.asset].zone;
    if (!lists(image, side, zone)) return false;
    end.add(endpoint(EndpointKind::asset, end.asset));
    end.add(endpoint(EndpointKind::zone, zone));
  } else {
    for (const auto zone : ImageView::slice(image.side_zones(), side.zones))
      end.add(endpoint(EndpointKind::zone, zone));
  }
  end.main = end.count != 0 ? end.endpoints[0] : kNone;
  return true;
}

}  // namespace

Ends ends_of(const ImageView& image, const Ruleset::Place& place, const Packet& packet) noexcept {
  Ends ends;
  const auto& conduit = image.conduits()[place.conduit.value];
  const auto& near = conduit.sides[place.side];
  const auto& far = conduit.sides[1U - place.side];
  const bool ip = packet.network == Network::ipv4 || packet.network == Network::ipv6;

  const bool source_known = ip ? add_address(image, near, packet.source, ends.source)
                               : add_mac(image, near, packet.source_mac, ends.source);
  if (!source_known) {
    ends.reason = Reason::spoofed;
    return ends;
  }
  if (multicast(packet.destination_mac)) {
    add_groups(image, far, packet, ends.destination);
    if (ends.destination.count == 0) ends.reason = Reason::no_policy;
  } else if (ip) {
    if (!add_address(image, far, packet.destination, ends.destination)) ends.reason = Reason::no_policy;
  } else if (!add_mac(image, far, packet.destination_mac, ends.destination)) {
    ends.reason = Reason::no_policy;
  }
  return ends;
}

void Cells::gather(const ImageView& image, const End& from, const End& to) noexcept {
  count_ = 0;
  for (std::uint8_t i = 0; i < from.count; ++i) {
    for (std::uint8_t j = 0; j < to.count && count_ < kMost; ++j) {
      const auto found = image.cells(from.endpoints[i], to.endpoints[j]);
      if (found.empty()) continue;
      runs_[count_++] = {static_cast<std::uint32_t>(found.data() - image.cells().data()),
                         static_cast<std::uint32_t>(found.size())};
    }
  }
}

language::ProgramView program_of(const ImageView& image, std::uint32_t index) noexcept {
  const auto& program = image.programs()[index];
  return {ImageView::slice(image.nodes(), program.nodes),
          ImageView::slice(image.program_constants(), program.constants)};
}

Policy::Policy(const Registry& registry) : registry_{registry} {
  named_.resize(registry.schemas.size());
  for (std::size_t i = 0; i < registry.schemas.size(); ++i) {
    const Schema& schema = *registry.schemas[i];
    named_[i].resize(schema.ids);
    for (const auto& function : schema.functions) named_[i][function.id] = true;
  }
}

bool Policy::named(ProtocolId protocol, std::uint16_t function) const noexcept {
  const auto& ids = named_[protocol.value];
  return function < ids.size() && ids[function];
}

bool Policy::function_granted(const ImageView& image, const Grant& grant, const Item& item,
                              ProtocolId protocol) const noexcept {
  if (!runs(Check::functions)) return true;
  if ((grant.access >> static_cast<unsigned>(item.access) & 1U) != 0 && named(protocol, item.function))
    return true;
  const auto words = ImageView::slice(image.words(), grant.functions);
  const std::size_t word = item.function / 64U;
  return word < words.size() && (words[word] >> (item.function % 64U) & 1U) != 0;
}

namespace {

bool port_granted(const ImageView& image, const Grant& grant, std::uint32_t number) noexcept {
  if (grant.ports.count == 0) return true;
  for (const auto& interval : ImageView::slice(image.ports(), grant.ports)) {
    if (interval.first <= number && number <= interval.last) return true;
  }
  return false;
}

bool same_place(const ImageView& image, const Target& target, const Span& span) noexcept {
  return target.space == span.space && (target.any_key != 0 || target.key == span.key) &&
         (target.any_name != 0 || image.text_of(target.name) == text_of(span.name));
}

// How far from `at` the grant's targets cover the span without a break; nothing when `at` itself is not
// covered.
bool covers(const ImageView& image, const Grant& grant, const Span& span, std::uint64_t at,
            std::uint64_t& last) noexcept {
  if (grant.targets.count == 0) {
    last = span.last;
    return true;
  }
  bool found = false;
  for (const auto& target : ImageView::slice(image.targets(), grant.targets)) {
    if (!same_place(image, target, span) || target.first > at || target.last < at) continue;
    if (!found || target.last > last) last = target.last;
    found = true;
  }
  return found;
}

}  // namespace

Permit Policy::permits(const ImageView& image, const Cells& cells, OpenedBy opened_by, const Context& context,
                       const Item& item) const noexcept {
  // Twice: by the rules that enforce, and if they do not suffice, with the rules that only observe.
  for (const bool with_observed : {false, true}) {
    Permit permit;
    bool skipped = false;
    const auto each_grant = [&](auto&& visit) noexcept {
      cells.each(image, [&](const image::Cell& cell) noexcept {
        if (cell.kind != CellKind::decoded || cell.protocol != context.protocol.value) return;
        for (const auto& grant : ImageView::slice(image.grants(), cell.grants)) {
          if (grant.opened_by != opened_by || grant.gate != kNone ||
              !port_granted(image, grant, context.port))
            continue;
          if (grant.mode != Mode::enforce && !with_observed) {
            skipped = true;
            continue;
          }
          if (!function_granted(image, grant, item, context.protocol)) continue;
          if (grant.where != kNone) {
            if (!language::evaluate(program_of(image, grant.where),
                                    {{context.packet, context.carrier, context.header, item.values}},
                                    registry_.schemas)) {
              continue;
            }
          }
          visit(grant);
        }
      });
    };

    if (item.spans.empty() || !runs(Check::containment)) {
      each_grant([&](const Grant& grant) noexcept {
        if (!permit.permitted) permit = {true, grant.mode != Mode::enforce, {grant.rule}};
      });
    } else {
      permit.permitted = true;
      for (const auto& span : item.spans) {
        std::uint64_t at = span.first;
        for (bool done = false; !done;) {
          bool advanced = false;
          std::uint64_t reach = at;
          each_grant([&](const Grant& grant) noexcept {
            std::uint64_t last = 0;
            if (!covers(image, grant, span, at, last) || (advanced && last <= reach)) return;
            advanced = true;
            reach = last;
            if (!permit.rule.exists()) permit.rule = {grant.rule};
            if (grant.mode != Mode::enforce) permit.observed = true;
          });
          if (!advanced) permit.permitted = false;
          done = !advanced || reach >= span.last;
          at = reach + 1;
        }
        if (!permit.permitted) break;
      }
    }
    if (permit.permitted) return permit;
    if (!skipped) break;
  }
  return {};
}

bool Policy::may_permit(const ImageView& image, const Cells& cells, OpenedBy opened_by, ProtocolId protocol,
                        std::uint16_t function) const noexcept {
  bool possible = false;
  cells.each(image, [&](const image::Cell& cell) noexcept {
    if (possible || cell.kind != CellKind::decoded || cell.protocol != protocol.value) return;
    for (const auto& grant : ImageView::slice(image.grants(), cell.grants)) {
      if (grant.opened_by != opened_by) continue;
      // A decoder may raise an item's access, so any access class may permit any named function.
      const auto words = ImageView::slice(image.words(), grant.functions);
      const std::size_t word = function / 64U;
      possible |= (grant.access != 0 && named(protocol, function)) ||
                  (word < words.size() && (words[word] >> (function % 64U) & 1U) != 0);
    }
  });
  return possible;
}

bool Policy::has_protocol(const ImageView& image, const Cells& cells, OpenedBy opened_by, ProtocolId protocol,
                          std::uint16_t port) const noexcept {
  bool found = false;
  cells.each(image, [&](const image::Cell& cell) noexcept {
    if (found || cell.kind != CellKind::decoded || cell.protocol != protocol.value) return;
    for (const auto& grant : ImageView::slice(image.grants(), cell.grants)) {
      found |= grant.opened_by == opened_by && port_granted(image, grant, port);
    }
  });
  return found;
}

Permit Policy::permits(const ImageView& image, const Cells& cells, OpenedBy opened_by, CellKind kind,
                       std::uint32_t number) const noexcept {
  Permit permit;
  cells.each(image, [&](const image::Cell& cell) noexcept {
    if (cell.kind != kind) return;
    for (const auto& grant : ImageView::slice(image.grants(), cell.grants)) {
      if (grant.opened_by != opened_by || grant.gate != kNone || !port_granted(image, grant, number))
        continue;
      if (!permit.permitted || (permit.observed && grant.mode == Mode::enforce)) {
        permit = {true, grant.mode != Mode::enforce, {grant.rule}};
      }
    }
  });
  return permit;
}

}  // namespace sluice
