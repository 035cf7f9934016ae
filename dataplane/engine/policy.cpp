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

constexpr std::uint64_t kGrantSteps = 3;
constexpr std::uint64_t kEvaluateSteps = 10;

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

bool lists(const ImageView& image, const image::Side& side, std::uint32_t zone) noexcept {
  const auto zones = ImageView::slice(image.side_zones(), side.zones);
  return std::find(zones.begin(), zones.end(), zone) != zones.end();
}

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

Policy::Policy(const Registry& registry) : registry_{registry}, known_(kKnown) {
  named_.resize(registry.schemas.size());
  for (std::size_t i = 0; i < registry.schemas.size(); ++i) {
    const Schema& schema = *registry.schemas[i];
    named_[i].resize(schema.ids);
    for (const auto& function : schema.functions) named_[i][function.id] = true;
    // An item keeps the id of a function with sub-functions when its own has no name.
    for (const auto& function : schema.functions) {
      if (function.parent != kNoFunction) named_[i][function.parent] = false;
    }
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

}  // namespace

bool Policy::holds(const ImageView& image, std::uint32_t program, const Context& context,
                   Steps& steps) const noexcept {
  const auto evaluate = [&]() noexcept {
    return steps.spend(kEvaluateSteps) &&
           language::evaluate(program_of(image, program), context.values, registry_.schemas, steps);
  };
  if (program >= context.program_fields.size() ||
      (context.program_fields[program] & context.values.fields[3]) != 0) {
    return evaluate();
  }
  auto& known = known_[program % kKnown];
  if (known.program != program || known.circumstances != context.circumstances)
    known = {context.circumstances, program, evaluate()};
  return known.truth;
}

Permit Policy::permits(const ImageView& image, const Cells& cells, OpenedBy opened_by, const Context& context,
                       const Item& item, Steps& steps) const noexcept {
  const auto spans = runs(Check::containment) ? item.spans : std::span<const Span>{};
  // Twice: by the rules that enforce, and if they do not suffice, with the rules that only observe.
  for (const bool with_observed : {false, true}) {
    bool skipped = false;
    coverage_.begin(spans);
    const bool done =
        cells.any_grant(image, CellKind::decoded, context.protocol.value, [&](const Grant& grant) noexcept {
          if (!steps.spend(kGrantSteps + grant.ports.count)) return true;
          if (grant.opened_by != opened_by || grant.gate != kNone ||
              !port_granted(image, grant, context.port)) {
            return false;
          }
          if (grant.mode != Mode::enforce && !with_observed) {
            skipped = true;
            return false;
          }
          if (!function_granted(image, grant, item, context.protocol)) return false;
          if (grant.where != kNone && !holds(image, grant.where, context, steps)) return false;
          return coverage_.add(image, grant, steps);
        });
    if ((done || coverage_.complete(steps)) && !steps.over())
      return {true, with_observed, {coverage_.rule()}};
    if (!skipped || steps.over()) break;
  }
  return {};
}

bool Policy::may_permit(const ImageView& image, const Cells& cells, OpenedBy opened_by, ProtocolId protocol,
                        std::uint16_t function) const noexcept {
  return cells.any_grant(image, CellKind::decoded, protocol.value, [&](const Grant& grant) noexcept {
    if (grant.opened_by != opened_by) return false;
    // A decoder may raise an item's access, so any access class may permit any named function.
    const auto words = ImageView::slice(image.words(), grant.functions);
    const std::size_t word = function / 64U;
    return (grant.access != 0 && named(protocol, function)) ||
           (word < words.size() && (words[word] >> (function % 64U) & 1U) != 0);
  });
}

bool Policy::has_protocol(const ImageView& image, const Cells& cells, OpenedBy opened_by, ProtocolId protocol,
                          std::uint16_t port) const noexcept {
  return cells.any_grant(image, CellKind::decoded, protocol.value, [&](const Grant& grant) noexcept {
    return grant.opened_by == opened_by && port_granted(image, grant, port);
  });
}

Permit Policy::permits(const ImageView& image, const Cells& cells, OpenedBy opened_by, CellKind kind,
                       std::uint32_t number) const noexcept {
  Permit permit;
  cells.any(image, [&](const image::Cell& cell) noexcept {
    if (cell.kind != kind) return false;
    for (const auto& grant : ImageView::slice(image.grants(), cell.grants)) {
      if (grant.opened_by != opened_by || grant.gate != kNone || !port_granted(image, grant, number))
        continue;
      if (!permit.permitted || grant.mode == Mode::enforce)
        permit = {true, grant.mode != Mode::enforce, {grant.rule}};
      if (!permit.observed) return true;
    }
    return false;
  });
  return permit;
}

}  // namespace sluice
