// Tunnels (E23): what a conduit does not name is refused; what it names is looked into, and the packet inside
// is judged as any other.
#include "dataplane/engine/engine_state.hpp"
#include "dataplane/packet/checks.hpp"

namespace sluice {

std::optional<Encapsulation> Engine::State::tunnel_of(const Transit& transit) noexcept {
  if (transit.rules == nullptr) return std::nullopt;
  const Packet& packet = transit.packet;
  const auto around = encapsulation_of(packet, Proof::port);
  if (!around || packet.transportation != Transportation::udp) return around;
  if (encapsulation_of(packet, Proof::header)) return around;
  // An answer to a client that happens to have a tunnel's port is none.
  const auto keyed = key_of(packet, transit.lane);
  const FlowEntry* entry = flows.find(keyed.key);
  const bool answer = entry != nullptr && keyed.direction != entry->value.opener_direction;
  return answer ? std::nullopt : around;
}

bool Engine::State::may_enter(const Transit& transit, const Encapsulation& around) noexcept {
  return has(transit.conduit->tunnels, around.tunnel) && around.readable &&
         transit.packet.depth < kMostTunnels;
}

void Engine::State::enter(Transit& transit, const Encapsulation& around) noexcept {
  const auto ends = ends_of(transit.rules->image(), transit.place, transit.packet);
  if (ends.reason != Reason::none) {
    transit.event.from = ends.source.main;
    transit.event.to = ends.destination.main;
    return refuse(transit, ends.reason);
  }
  Packet inner;
  const auto parsed = parse_inner(transit.packet, around,
                                  runs(Check::checksum) ? settings.checksums : Checksums::count, inner);
  if (parsed.wrong_checksum) ++counters.wrong_checksums;
  transit.packet = inner;
  if (parsed.reason != Reason::none) return refuse(transit, parsed.reason);
  if (inner.fragment != 0) return refuse(transit, Reason::fragment);
  layers(transit);
}

}  // namespace sluice
