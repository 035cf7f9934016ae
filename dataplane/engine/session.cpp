// Conversations: finding the flow of a packet, admitting new ones, and taking TCP segments in order.
#include <utility>

#include "dataplane/engine/engine_state.hpp"
#include "dataplane/packet/checks.hpp"
#include "dataplane/packet/edit.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t kFlowIds = (std::uint64_t{1} << 53U) - 1;  // whole numbers that JavaScript keeps

bool opens(const Packet& packet) noexcept {
  constexpr std::uint8_t kBeside = tcp_flag::ece | tcp_flag::cwr | tcp_flag::psh;  // RFC 3168 6.1.1
  return (packet.tcp.flags & ~kBeside) == tcp_flag::syn;
}

bool usual_port(const Registry& registry, std::uint16_t port) noexcept {
  for (const Schema* schema : registry.schemas) {
    for (const auto usual : schema->ports) {
      if (usual == port) return true;
    }
  }
  return false;
}

// What a message leaves in the flow; nothing of it stays when its packet does not pass.
class Before {
 public:
  explicit Before(const Flow& flow) noexcept
      : state_{flow.state}, carried_state_{flow.carried_state}, outstanding_{flow.outstanding} {}

  void again(Flow& flow) const noexcept {
    flow.state = state_;
    flow.carried_state = carried_state_;
    flow.outstanding = outstanding_;
  }

 private:
  ProtocolState state_;
  ProtocolState carried_state_;
  Outstanding outstanding_;
};

}  // namespace

// The policy of a flow, as a packet of it going `direction` shows its ends.
void Engine::State::resolve(const Transit& transit, Flow& flow, Direction direction,
                            const Ends& ends) noexcept {
  const Packet& packet = transit.packet;
  const bool from_opener = direction == flow.opener_direction;
  flow.answerer_port = from_opener ? packet.destination_port : packet.source_port;
  flow.opener_port = from_opener ? packet.frame.port : transit.place.other;
  flow.admission = ends.reason;
  flow.opaque_permit = {};
  if (flow.content == Content::opaque) flow.content = Content::undecided;
  if (transit.rules == nullptr) return;
  const auto& image = transit.rules->image();
  flow.generation = transit.rules->generation();
  const End& opener = from_opener ? ends.source : ends.destination;
  const End& answerer = from_opener ? ends.destination : ends.source;
  flow.opener = opener.main;
  flow.answerer = answerer.main;
  flow.opener_asset = opener.asset;
  flow.answerer_asset = answerer.asset;
  flow.there.gather(image, opener, answerer);
  flow.back.gather(image, answerer, opener);
  admit(transit, flow);
  charge(flow, owner_of(transit, flow));
}

// May this conversation be at all? What it says is judged later.
void Engine::State::admit(const Transit& transit, Flow& flow) noexcept {
  if (flow.admission != Reason::none) return;
  const auto& image = transit.rules->image();
  const bool tcp = transit.packet.transportation == Transportation::tcp;
  const auto kind = tcp ? image::CellKind::tcp : image::CellKind::udp;
  // A carried protocol runs over what its carrier runs over.
  const auto runs_here = [&](const Schema& schema) noexcept {
    const auto carrier = find_protocol(registry.schemas, schema.carrier.protocol);
    const auto transports =
        carrier.exists() ? registry.schemas[carrier.value]->transports : schema.transports;
    return has(transports, tcp ? Transport::tcp : Transport::udp);
  };
  bool decoded = false;
  for (const bool client_opened : {true, false}) {
    const auto& cells = client_opened ? flow.there : flow.back;
    const auto opened_by = client_opened ? image::OpenedBy::from : image::OpenedBy::to;
    const auto opaque = policy.permits(image, cells, opened_by, kind, flow.answerer_port);
    if (opaque.permitted && !flow.opaque_permit.permitted) flow.opaque_permit = opaque;
    for (std::uint16_t i = 1; i < registry.protocols.size() && !decoded; ++i) {
      decoded = runs_here(*registry.schemas[i]) &&
                policy.has_protocol(image, cells, opened_by, {i}, flow.answerer_port);
    }
  }
  if (!decoded && !flow.opaque_permit.permitted) flow.admission = Reason::no_policy;
}

void Engine::State::name_ends(Transit& transit, const Flow& flow, Direction direction) const noexcept {
  const bool client_opened = flow.client_opened;
  transit.event.flow = flow.id;
  transit.event.from = client_opened ? flow.opener : flow.answerer;
  transit.event.to = client_opened ? flow.answerer : flow.opener;
  transit.event.from_is_source = flow.role(direction) == Role::client;
  if (flow.content == Content::decoded) transit.event.protocol = flow.protocol;
}

// Finds or makes the flow; null with a reason when there can be none. A packet whose ends are not where they
// belong never makes one.
FlowEntry* Engine::State::flow_of(Transit& transit, Direction& direction, Reason& why) noexcept {
  const Packet& packet = transit.packet;
  const auto keyed = key_of(packet, transit.lane);
  direction = keyed.direction;
  const bool tcp = packet.transportation == Transportation::tcp;
  FlowEntry* entry = flows.find(keyed.key);
  Flow* flow = entry != nullptr ? &entry->value : nullptr;
  const bool dials = flow != nullptr && tcp && opens(packet);
  // Of what was there nothing has passed, so whoever dials is the first to open it.
  const bool unopened = dials && !flow->denied && flow->stream.phase() == StreamPhase::fresh;
  const bool reborn = unopened || (dials && (flow->denied || flow->stream.phase() == StreamPhase::closed));
  if (flow != nullptr && !reborn) {
    if (transit.rules == nullptr) return entry;
    const PortId belongs = direction == flow->opener_direction ? flow->opener_port : flow->other_port;
    if (runs(Check::ends) && packet.frame.port != belongs) {
      why = Reason::spoofed;
      return nullptr;
    }
    if (flow->generation != transit.rules->generation()) {
      resolve(transit, *flow, direction, ends_of(transit.rules->image(), transit.place, packet));
    }
    return entry;
  }

  Ends ends;
  if (transit.rules != nullptr) {
    ends = ends_of(transit.rules->image(), transit.place, packet);
    transit.event.from = ends.source.main;
    transit.event.to = ends.destination.main;
    if (ends.reason != Reason::none) {
      why = ends.reason;
      return nullptr;
    }
  }
  if (!reborn) entry = flows.insert(keyed.key, tcp ? Idle::half_open : Idle::datagram, transit.now);
  why = Reason::flows_full;
  if (entry == nullptr) return nullptr;
  transit.revives = reborn && !unopened;
  entry->value.room.number = flows.number(*entry);
  begin(transit, entry->value, direction, ends);
  if (let_in(transit, entry->value)) return entry;
  forget(*entry);
  return nullptr;
}

// A new conversation in this entry of the table.
void Engine::State::begin(Transit& transit, Flow& flow, Direction direction, const Ends& ends) noexcept {
  const Packet& packet = transit.packet;
  let_go_of_held(flow, !transit.enforced(), transit.rules);
  let_go_of_bytes(flow);
  const Room room = flow.room;
  flow = Flow{};
  flow.room = room;
  flow.id = next_flow++ & kFlowIds;
  // Who opened it: the sender, unless it answers, or the flow is picked up at a packet from a listening port.
  const bool tcp = packet.transportation == Transportation::tcp;
  const bool picked_up = tcp && !opens(packet);
  const bool answers = picked_up && (packet.tcp.flags & tcp_flag::syn) != 0;
  const bool from_listener =
      usual_port(registry, packet.source_port) && !usual_port(registry, packet.destination_port);
  flow.opener_direction = answers || (picked_up && from_listener) ? opposite(direction) : direction;
  flow.in_step = !picked_up;
  resolve(transit, flow, direction, ends);
  if (transit.rules != nullptr && flow.opener_direction != direction && !answers &&
      flow.admission == Reason::none) {
    // A port proves nothing. Where rules would let either end have opened it, the sender is taken for the one
    // that asks: what it says is judged as requests, which answers need not be.
    flow.opener_direction = direction;
    resolve(transit, flow, direction, ends);
    if (flow.admission != Reason::none) {
      flow.opener_direction = opposite(direction);
      resolve(transit, flow, direction, ends);
    }
  }
  if (transit.rules != nullptr && picked_up && flow.admission == Reason::no_policy) {
    // No rule for it this way round: perhaps the other end opened it.
    flow.opener_direction = opposite(flow.opener_direction);
    resolve(transit, flow, direction, ends);
    if (flow.admission == Reason::no_policy) {
      flow.opener_direction = opposite(flow.opener_direction);
      resolve(transit, flow, direction, ends);
    }
  }
  flow.other_port = flow.opener_port == packet.frame.port ? transit.place.other : packet.frame.port;
}

void Engine::State::datagram(Transit& transit) noexcept {
  Direction direction{};
  Reason why{};
  FlowEntry* entry = flow_of(transit, direction, why);
  if (entry == nullptr) return refuse(transit, why);
  Flow* flow = &entry->value;
  flows.touch(*entry, Idle::datagram, transit.now);
  charge_memory(*flow);
  name_ends(transit, *flow, direction);
  if (flow->admission != Reason::none) {
    if (transit.enforced()) {
      refuse(transit, flow->admission);
      return forget(*entry);
    }
    if (!flow->admission_told) report(transit, {.reason = flow->admission});
    flow->admission_told = true;
  }
  const auto bytes = transit.packet.payload();
  const auto all = static_cast<std::uint32_t>(bytes.size());
  const Before before{*flow};
  auto [judgement, used, messages] = inspect(transit, *flow, direction, bytes, all);
  // A datagram is whole or nothing.
  if (judgement.reason == Reason::none && flow->content == Content::decoded && used != all) {
    judgement = {.reason = Reason::bad_framing, .protocol = flow->protocol};
  }
  if (judgement.reason != Reason::none && transit.enforced()) {
    before.again(*flow);
    assembler.undo(flow->parts);
  } else {
    assembler.keep(flow->parts);
  }
  if (judgement.reason != Reason::none) {
    refuse(transit, judgement, nullptr, direction);
  } else {
    (void)rewrite(transit, *flow, direction, all);
    pass(transit);
  }
  flow->heard[static_cast<std::size_t>(direction)] |= transit.passed;
  // Nothing passed: what the other end says now would answer nothing.
  if (!flow->heard[0] && !flow->heard[1]) return forget(*entry);
  rank(transit, *flow);
}

void Engine::State::segment(Transit& transit) noexcept {
  Direction direction{};
  Reason why{};
  FlowEntry* entry = flow_of(transit, direction, why);
  if (entry == nullptr) return refuse(transit, why);
  Flow* flow = &entry->value;
  name_ends(transit, *flow, direction);
  const bool was_over = flow->denied;
  one_segment(transit, *flow, direction);
  flow->heard[static_cast<std::size_t>(direction)] |= transit.passed;
  // What was never let in takes no place, unless it is tried again and again.
  const bool never_let_in = !flow->denied && flow->stream.phase() == StreamPhase::fresh;
  const bool refused = flow->denied && !was_over;
  const bool no_more =
      flow->admission != Reason::none ? refused : never_let_in && flow->out_of_step_since == Time{};
  if (no_more && !transit.revives) return forget(*entry);
  // Nor does it make anybody forget that the last connection is over.
  if (no_more) {
    flow->denied = true;
    flow->admission = Reason::none;
  }
  // The hole may be filled now, for either side.
  for (const auto side : {direction, opposite(direction)}) {
    Transit next;
    while (flow->stream.held() != 0 && flow->stream.next_held(side, pools, next.packet)) {
      --counters.held;
      next.rules = transit.rules;
      next.now = transit.now;
      if (!place(next)) {
        refuse(next, Reason::no_conduit);
        continue;
      }
      name_ends(next, *flow, side);
      if (flow->stream.restamp(side, next.packet)) ++counters.normalised;
      one_segment(next, *flow, side);
      flow->heard[static_cast<std::size_t>(side)] |= next.passed;
      next = {};
    }
  }
  rank(transit, *flow);
  const auto phase = flow->stream.phase();
  // A handshake is not kept alive by what is no part of it: its ends may want to begin another one.
  if (!transit.passed && (phase == StreamPhase::syn_seen || phase == StreamPhase::syn_ack_seen)) return;
  flows.touch(*entry,
              fleeting.of(flow->room.number) == Fleet::ended ? Idle::closed
              : phase == StreamPhase::established            ? Idle::established
                                                             : Idle::half_open,
              transit.now);
}

void Engine::State::one_segment(Transit& transit, Flow& flow, Direction direction) noexcept {
  charge_memory(flow);
  if (flow.denied && transit.enforced()) {
    // Said once, when it was denied.
    ++counters.reasons[static_cast<std::size_t>(Reason::closed_flow)];
    farewell(transit, flow);
    return drop(transit);
  }
  if (flow.admission != Reason::none) {
    if (transit.enforced()) {
      refuse(transit, {.reason = flow.admission}, flow.stream.phase() == StreamPhase::fresh ? nullptr : &flow,
             direction);
      flow.denied = true;
      return;
    }
    // Told once per connection, and for what it says.
    if (opens(transit.packet) || !flow.admission_told) report(transit, {.reason = flow.admission});
    flow.admission_told = true;
  }
  const bool midstream_start = flow.stream.phase() == StreamPhase::fresh && !opens(transit.packet);
  if (midstream_start && transit.enforced() && transit.conduit->midstream == Midstream::drop) {
    return refuse(transit, {.reason = Reason::midstream}, nullptr, direction);
  }

  const bool enforced = transit.enforced();
  if (!enforced && flow.stream.held() != 0) let_go_of_held(flow, true, transit.rules);
  const auto side = static_cast<std::size_t>(direction);
  const bool retain = flow.content != Content::opaque && !(flow.waits && flow.plain[side]);
  const auto tracking = enforced ? Tracking::enforce : Tracking::observe;
  // What has no frame of its own can't be held: its sender repeats it.
  StreamPools room{pools.bytes, pools.held, transit.form == Form::frame ? pools.held_per_flow : 0};
  auto step = flow.stream.accept(direction, transit.packet, transit.now, tracking, retain, room);
  if (step.restart) {
    // Enforcing would have refused it while the old connection lives.
    const bool alive = flow.stream.phase() != StreamPhase::closed;
    if (!enforced && alive && transit.rules != nullptr) report(transit, {.reason = step.reason});
    begin(transit, flow, direction,
          transit.rules != nullptr ? ends_of(transit.rules->image(), transit.place, transit.packet) : Ends{});
    step = flow.stream.accept(direction, transit.packet, transit.now, tracking, true, room);
  }
  switch (step.act) {
    case Step::Act::hold:
      ++counters.held;
      return;
    case Step::Act::drop:
      return refuse(transit, {.reason = step.reason}, &flow, direction);
    case Step::Act::challenge:
      challenge(transit, flow, direction);
      return refuse(transit, {.reason = step.reason}, &flow, direction);
    case Step::Act::judge:
      return unseen(transit, flow, direction, step);
    case Step::Act::empty:
      strip_payload(transit.packet);
      ++counters.normalised;
      return pass(transit);
    case Step::Act::forward:
      break;
  }
  watch_ttl(transit, flow, direction);
  // Nonsense in the flags was told before, with the headers.
  if (step.reason != Reason::none && step.reason != Reason::bad_flags && transit.rules != nullptr) {
    report(transit, {.reason = step.reason});
  }
  const bool unseen = step.reason == Reason::memory_full;  // observing: passed, with nothing kept of it
  if (step.gap || unseen) flow.in_step = false;
  if (step.gap) {
    assembler.clear(flow.parts);
    // A loss inside a message whose end is known: what follows is the rest of it, then the next one.
    const auto expected = std::exchange(flow.unfinished[side], 0U);
    flow.pass_over[side] = step.missing != 0 && expected > step.missing ? expected - step.missing : 0;
  }
  if (unseen) ++counters.not_inspected;
  flow.links[side].keep(transit.packet);
  if (step.rewrite) {
    flow.stream.restore(direction, transit.packet);
    ++counters.normalised;
  }
  // Bytes that nobody kept may come again as others.
  const bool known = retain || transit.packet.payload_length == 0;
  if (step.fresh == 0 && known) return pass(transit);

  // A segment that does not pass leaves no trace: its sender may repeat it, or send another in its place.
  const Before before{flow};
  const auto bytes = retain ? flow.stream.pending(direction, pools) : transit.packet.payload();
  const auto inspection = inspect(transit, flow, direction, bytes, step.fresh);
  const bool unfinished = inspection.used != bytes.size() && !flow.waits;
  auto judgement = inspection.judgement;
  if (judgement.reason == Reason::none)
    judgement = judge_segment(transit, flow, direction, step, inspection, unfinished);
  if (judgement.reason == Reason::midstream) judgement = out_of_step(transit, flow, judgement);
  if (judgement.reason == Reason::none && !rewrite(transit, flow, direction, step.fresh))
    judgement = {.reason = Reason::too_many_requests, .protocol = flow.protocol};
  if (judgement.reason != Reason::none && !enforced && transit.rules != nullptr) report(transit, judgement);
  if (judgement.reason != Reason::none && enforced && !judgement.observed) {
    flow.stream.undo(direction, transit.packet, step.fresh, pools);
    before.again(flow);
    assembler.undo(flow.parts);
    return refuse(transit, judgement, &flow, direction);
  }
  if (retain) {
    flow.stream.consume(direction, inspection.used);
    flow.stream.settle(direction, pools);
  }
  assembler.keep(flow.parts);
  if (inspection.messages != 0 || !unfinished || flow.content == Content::opaque)
    flow.unfinished_since[side] = {};
  if (unfinished && flow.unfinished_since[side] == Time{}) flow.unfinished_since[side] = transit.now;
  pass(transit);
}

// A repetition of bytes that passed before any was remembered, as after a restart. Its receiver may lack
// them, and the session would hang for ever, so it passes when it is whole messages, all of them allowed. It
// stands apart from the stream's order, and what the flow knows of that does not change.
void Engine::State::unseen(Transit& transit, Flow& flow, Direction direction, const Step& seen) noexcept {
  const Flow before = flow;
  const auto bytes = transit.packet.payload().subspan(seen.repeated);
  const auto all = static_cast<std::uint32_t>(bytes.size());
  flow.in_step = false;  // answers need not be paired: what they answer may be as old
  flow.unfinished_since[static_cast<std::size_t>(direction)] = {};
  const auto inspection = inspect(transit, flow, direction, bytes, all);
  const Step step{.fresh = all, .repeated = seen.repeated};
  const bool whole = inspection.used == all && (inspection.messages != 0 || flow.content == Content::opaque);
  auto judgement = inspection.judgement;
  if (judgement.reason == Reason::none)
    judgement = judge_segment(transit, flow, direction, step, inspection, !whole);
  if (judgement.reason == Reason::none && !whole) judgement = {.reason = Reason::midstream};
  // A stand-in is for a request of which nothing has left.
  for (const auto& [at, stand_in] : rewrites.all()) {
    const bool left_before = at + stand_in.size() + seen.known > transit.packet.payload_length;
    if (judgement.reason == Reason::none && left_before) judgement = {.reason = Reason::midstream};
  }
  const auto asked = flow.outstanding;
  flow = before;
  if (judgement.reason != Reason::none && !judgement.observed)
    return refuse(transit, judgement, &flow, direction);
  if (flow.role(direction) == Role::client) flow.outstanding = asked;
  for (const auto& [at, stand_in] : rewrites.all()) overwrite_payload(transit.packet, at, stand_in);
  pass(transit);
}

// The sender of a SYN believes that there is no connection, the other end that there is one. In its name the
// sender is told, and resets it if it has forgotten it (RFC 5961 4.2); nothing reaches the other end before.
void Engine::State::challenge(const Transit& transit, const Flow& flow, Direction direction) noexcept {
  const std::uint64_t second = transit.now.ns / seconds(1).ns;
  if (second != challenge_second) challenges = 0;
  challenge_second = second;
  if (challenges >= settings.limits.challenges_per_second) {
    ++counters.reasons[static_cast<std::size_t>(Reason::rate_limited)];
    return;
  }
  const auto answer = flow.stream.challenge(direction);
  const Frame frame = make_bare(transit.packet, Towards::source,
                                {.sequence = answer.sequence,
                                 .acknowledgement = answer.acknowledgement,
                                 .flags = tcp_flag::ack,
                                 .window = answer.window},
                                buffers);
  if (frame.data == nullptr) return;
  ++challenges;
  ++counters.made;
  ++counters.forwarded;
  buffers.forward(frame, transit.packet.frame.port);
}

// The messages of a segment may pass; may the segment, as it is cut and at this time?
Judgement Engine::State::judge_segment(const Transit& transit, const Flow& flow, Direction direction,
                                       const Step& step, const Inspection& inspection,
                                       bool unfinished) const noexcept {
  if (flow.content == Content::opaque || flow.waits || transit.rules == nullptr) return {};
  if (overdue(flow, direction, transit.now)) return {.reason = Reason::expired, .protocol = flow.protocol};
  const std::uint32_t receiver = flow.receiving_asset(direction);
  const bool alone = inspection.messages == 1 && !unfinished && step.fresh == transit.packet.payload_length &&
                     flow.unfinished_since[static_cast<std::size_t>(direction)] == Time{};
  if (receiver != image::kNone && transit.rules->image().assets()[receiver].whole_segments != 0 && !alone)
    return {.reason = Reason::whole_segments, .protocol = flow.protocol};
  // Picked up in its middle: towards the protected side only whole messages; the sender repeats the rest.
  const bool resync = transit.enforced() && !flow.in_step && transit.conduit->midstream == Midstream::resync;
  if (resync && unfinished && flow.role(direction) == Role::client)
    return {.reason = Reason::midstream, .protocol = flow.protocol};
  return {};
}

// An attempt to get in step has failed. That may go on for a while; then the session ends, so that its ends
// begin another one.
Judgement Engine::State::out_of_step(const Transit& transit, Flow& flow,
                                     const Judgement& judgement) noexcept {
  constexpr Duration kMost = seconds(10);
  if (!transit.enforced() || transit.conduit->midstream != Midstream::resync) return judgement;
  if (flow.out_of_step_since == Time{}) flow.out_of_step_since = transit.now;
  if (transit.now - flow.out_of_step_since <= kMost) return judgement;
  return {.reason = Reason::expired, .protocol = flow.protocol};
}

}  // namespace sluice
