#include "dataplane/engine/engine.hpp"

#include <algorithm>

#include "dataplane/engine/engine_state.hpp"
#include "dataplane/engine/link.hpp"
#include "dataplane/packet/checks.hpp"

namespace sluice {

Engine::State::State(const EngineOptions& wanted, const Registry& known, Buffers& out, Events& told)
    : registry{known},
      settings{wanted},
      buffers{out},
      events{told},
      policy{known},
      retained{wanted.limits.retained_bytes},
      assembler{wanted.limits.assembled, retained},
      judge{known, policy, assembler, wanted, told},
      flows{wanted.limits.flows + 1, wanted.hash_key},
      flow_room{wanted.limits.flows},
      half_open_room{std::min(wanted.limits.half_open, wanted.limits.flows)},
      fleeting{flows.capacity()},
      held{wanted.limits.held_frames},
      pools{retained, held, wanted.limits.held_per_flow},
      fragments{wanted.limits.fragments, wanted.hash_key},
      joint(Fragments::kGreatestFrame) {}

void Engine::State::frame(const Frame& frame, Time now, const Ruleset* rules) noexcept {
  ++counters.received;
  Transit transit;
  transit.rules = rules;
  transit.now = now;
  examine(transit, frame);
}

void Engine::State::examine(Transit& transit, const Frame& frame) noexcept {
  const auto parsed = parse(frame, runs(Check::checksum) ? settings.checksums : Checksums::count,
                            transit.packet, transit.rules != nullptr ? Lengths::strict : Lengths::captured);
  if (parsed.wrong_checksum) ++counters.wrong_checksums;
  transit.event.reason = parsed.reason;
  packet(transit);
}

// The life of a packet. Every path ends in pass(), drop(), refuse() or a held frame.
void Engine::State::packet(Transit& transit) noexcept {
  const Packet& packet = transit.packet;
  const Reason parsed = transit.event.reason;
  const bool taken = place(transit);
  // Before all else: a frame that no conduit takes passes where all only observe, but never cut.
  if (packet.frame.cut() || parsed == Reason::cut) return refuse(transit, Reason::cut);
  if (!taken) return refuse(transit, Reason::no_conduit);
  if (parsed != Reason::none) return refuse(transit, parsed);
  layers(transit);
}

// The packet, or one inside of it.
void Engine::State::layers(Transit& transit) noexcept {
  const Packet& packet = transit.packet;
  if (packet.fragment != 0) return runs(Check::fragments) ? fragment(transit) : pass(transit);
  const auto around = tunnel_of(transit);
  if (around ? !may_enter(transit, *around) : packet.tunnel()) {
    if (!transit.enforced()) ++counters.not_inspected;
    return refuse(transit, Reason::tunnel);
  }
  const auto groundwork = groundwork_of(packet);
  if (!normalise(transit, groundwork)) return;
  if (around) return enter(transit, *around);
  if (groundwork && transit.rules != nullptr) return link(transit, *groundwork);
  switch (packet.transportation) {
    case Transportation::tcp:
      return segment(transit);
    case Transportation::udp:
      return datagram(transit);
    case Transportation::none:
    case Transportation::icmp:
    case Transportation::icmpv6:
    case Transportation::other:
      return by_number(transit);
  }
}

// Finds the conduit, and with it the mode and the words for events.
bool Engine::State::place(Transit& transit) noexcept {
  const Packet& packet = transit.packet;
  transit.event.time = transit.now;
  transit.event.packet = &packet;
  if (transit.rules == nullptr) {
    transit.mode = transit.event.mode = Mode::learn;
    transit.place.other = packet.frame.port;
    return true;
  }
  transit.event.generation = transit.rules->generation();
  transit.place = transit.rules->place(packet.frame.port, vlans_of(packet));
  const bool taken = transit.place.conduit.exists();
  if (!taken) transit.place = transit.rules->observer(packet.frame.port);
  if (!transit.place.conduit.exists()) return false;
  transit.conduit = &transit.rules->image().conduits()[transit.place.conduit.value];
  transit.mode = transit.event.mode = transit.conduit->mode;
  transit.event.conduit = transit.place.conduit;
  transit.lane = lane_of(packet, std::min(packet.frame.port, transit.place.other));
  return taken;
}

void Engine::State::link(Transit& transit, Groundwork groundwork) noexcept {
  const bool named = has(transit.conduit->groundwork, groundwork);
  if (!named) {
    // What the conduit does not name may still be ruled, as any other traffic.
    if (transit.packet.transportation == Transportation::udp) return datagram(transit);
    const auto& image = transit.rules->image();
    const auto ends = ends_of(image, transit.place, transit.packet);
    Cells cells;
    if (ends.reason == Reason::none) cells.gather(image, ends.source, ends.destination);
    if (cells.empty()) return refuse(transit, Reason::groundwork);
  }
  if (!claims_own_zone(*transit.rules, transit.place, transit.packet))
    return refuse(transit, Reason::spoofed);
  const auto bucket = bucket_of(transit.place);
  switch (groundwork) {
    case Groundwork::arp:
    case Groundwork::nd:
      if (!within(transit, neighbours[bucket], settings.limits.neighbours_per_second)) return;
      break;
    case Groundwork::icmp_errors:
      if (!about_live_flow(transit)) return refuse(transit, Reason::groundwork);
      if (!within(transit, icmp_errors[bucket], settings.limits.icmp_errors_per_second)) return;
      break;
    case Groundwork::stp:
    case Groundwork::lldp:
    case Groundwork::dhcp:
    case Groundwork::igmp_mld:
    case Groundwork::mrp:
    case Groundwork::dlr:
    case Groundwork::prp:
    case Groundwork::ptp:
    case Groundwork::hsr:
    case Groundwork::lacp:
    case Groundwork::count_:
      break;
  }
  return named ? pass(transit) : by_number(transit);
}

// An ICMP error is about a packet that a live flow did send this way, so it travels against it, to who sent
// it (RFC 1122 3.2.2); of TCP about bytes that may still be under way (RFC 5927 4.1).
bool Engine::State::about_live_flow(const Transit& transit) noexcept {
  const Packet& error = transit.packet;
  Packet quoted;
  if (!parse_quoted(error, quoted) || quoted.source != error.destination) return false;
  const auto keyed = key_of(quoted, transit.lane);
  const FlowEntry* const entry = flows.find(keyed.key);
  if (entry == nullptr || entry->value.denied) return false;
  const Flow& flow = entry->value;
  const PortId came_in = keyed.direction == flow.opener_direction ? flow.opener_port : flow.other_port;
  if (came_in == error.frame.port || !flow.heard[static_cast<std::size_t>(keyed.direction)]) return false;
  return quoted.transportation != Transportation::tcp ||
         flow.stream.in_flight(keyed.direction, quoted.tcp.sequence);
}

// Traffic without a session that is ruled by a number: ICMP by type, frames by EtherType or LLC.
void Engine::State::by_number(Transit& transit) noexcept {
  if (transit.rules == nullptr) return pass(transit);
  const auto& image = transit.rules->image();
  const Packet& packet = transit.packet;
  const auto ends = ends_of(image, transit.place, packet);
  transit.event.from = ends.source.main;
  transit.event.to = ends.destination.main;
  if (ends.reason != Reason::none) return refuse(transit, ends.reason);

  image::CellKind kind = image::CellKind::ethertype;
  std::uint32_t number = packet.ethertype;
  bool answer = false;
  switch (packet.transportation) {
    case Transportation::icmp:
    case Transportation::icmpv6: {
      // An echo reply is allowed where the request the other way is (RFC 792, RFC 4443 4).
      const bool v6 = packet.transportation == Transportation::icmpv6;
      kind = image::CellKind::icmp;
      number = packet.source_port;
      answer = number == (v6 ? 129U : 0U);
      if (answer) number = v6 ? 128 : 8;
      break;
    }
    case Transportation::none:
      if (packet.ethertype == 0) {
        kind = image::CellKind::llc;
        number = packet.llc_dsap;
      }
      break;
    case Transportation::tcp:
    case Transportation::udp:
    case Transportation::other:
      return refuse(transit, Reason::tunnel);
  }
  Cells cells;
  if (answer) {
    cells.gather(image, ends.destination, ends.source);
  } else {
    cells.gather(image, ends.source, ends.destination);
  }
  const auto permit = policy.permits(image, cells, image::OpenedBy::from, kind, number);
  if (!permit.permitted || permit.observed) {
    return refuse(transit, {.reason = Reason::no_policy, .observed = permit.permitted, .rule = permit.rule},
                  nullptr, Direction::forth);
  }
  ++counters.not_inspected;
  pass(transit);
}

Engine::Engine(const EngineOptions& options, const Registry& registry, Buffers& buffers, Events& events)
    : state_{std::make_unique<State>(options, registry, buffers, events)} {}
Engine::~Engine() = default;

void Engine::burst(std::span<const Frame> frames, Time now, const Ruleset& rules) noexcept {
  if (rules.generation() != state_->entitled) state_->entitle(rules);
  for (const auto& frame : frames) state_->frame(frame, now, &rules);
  state_->counters.flows = state_->flows.size();
}

void Engine::observe(std::span<const Frame> frames, Time now) noexcept {
  State::FragmentEndings endings{*state_, nullptr, now};
  state_->fragments.expire(now, Fragments::kMostEnded, endings);
  for (const auto& frame : frames) state_->frame(frame, now, nullptr);
  state_->counters.flows = state_->flows.size();
}

const EngineCounters& Engine::counters() const noexcept { return state_->counters; }

}  // namespace sluice
