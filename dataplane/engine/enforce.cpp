// What becomes of a frame: it passes, it is dropped, and a session is ended. Events and counters are kept
// here.
#include <algorithm>

#include "dataplane/engine/engine_state.hpp"
#include "dataplane/packet/edit.hpp"

namespace sluice {

void Engine::State::pass(Transit& transit) noexcept {
  transit.passed = true;
  if (transit.packet.depth != 0 && transit.enforced()) repair_outers(transit.packet);
  switch (transit.form) {
    case Form::frame:
      ++counters.forwarded;
      buffers.forward(transit.packet.frame, transit.place.other);
      transit.packet.frame.data = nullptr;  // no longer ours; its headers may yet be told
      return;
    case Form::pieces:
      return leave_in_pieces(transit);
    case Form::copy:
      return;
  }
}

void Engine::State::drop(Transit& transit) noexcept {
  if (transit.form == Form::copy) return;
  ++counters.dropped;
  if (transit.form != Form::frame) return;
  buffers.release(transit.packet.frame);
  transit.packet.frame.data = nullptr;
}

void Engine::State::refuse(Transit& transit, Reason reason) noexcept {
  refuse(transit, {.reason = reason}, nullptr, Direction::forth);
}

// Denies the frame, or, where the conduit only observes, tells what would have been and lets it pass.
void Engine::State::refuse(Transit& transit, const Judgement& judgement, Flow* flow,
                           Direction direction) noexcept {
  const auto verdict = report(transit, judgement);
  // A cut frame is never forwarded: what leaves would not be what came.
  if (judgement.reason == Reason::cut || (transit.conduit == nullptr && transit.rules != nullptr))
    return drop(transit);
  if (verdict == Verdict::forward) return pass(transit);
  if (verdict == Verdict::reset) reset(transit, flow, direction);
  drop(transit);
}

Verdict Engine::State::verdict_of(const Transit& transit, const Judgement& judgement) noexcept {
  if (judgement.stands_in) return Verdict::neutralise;
  const auto index = static_cast<std::size_t>(judgement.reason);
  Verdict verdict = transit.conduit != nullptr ? static_cast<Verdict>(transit.conduit->actions[index])
                                               : default_action(judgement.reason, Verdict::drop);
  if (judgement.reason == Reason::patch) verdict = judgement.action;
  // A request that no stand-in was made for ends its session instead.
  if (verdict == Verdict::neutralise) verdict = Verdict::reset;
  const bool session = transit.packet.transportation == Transportation::tcp;
  return session ? verdict : std::min(verdict, Verdict::drop);
}

// The verdict that acts; forward where it is only observed.
Verdict Engine::State::report(Transit& transit, const Judgement& judgement) noexcept {
  const auto index = static_cast<std::size_t>(judgement.reason);
  const Verdict verdict = verdict_of(transit, judgement);
  const bool acts = (transit.enforced() && !judgement.observed) || judgement.reason == Reason::cut;
  ++counters.reasons[index];
  if (acts && verdict != Verdict::forward) {
    ++counters.denied;
  } else {
    ++counters.would_deny;
  }
  Event event = transit.event;
  event.reason = judgement.reason;
  event.verdict = verdict;
  event.acted = acts;
  if (!acts && event.mode == Mode::enforce) event.mode = Mode::monitor;
  event.rule = judgement.rule;
  event.patch = judgement.patch;
  event.function = judgement.function;
  event.access = judgement.access;
  event.malformed = static_cast<std::uint8_t>(judgement.malformed);
  if (judgement.protocol.exists()) event.protocol = judgement.protocol;
  if (judgement.described) judge.describe(event);
  events.verdict(event);
  return acts ? verdict : Verdict::forward;
}

// Counted and told of this frame, to which nothing happens.
void Engine::State::mention(const Transit& transit, Reason reason) noexcept {
  ++counters.reasons[static_cast<std::size_t>(reason)];
  if (transit.rules != nullptr) tell(transit, reason);
}

// An event about a frame that passes.
void Engine::State::tell(const Transit& transit, Reason reason) noexcept {
  Event event = transit.event;
  event.reason = reason;
  event.verdict = Verdict::forward;
  event.acted = transit.enforced();
  events.verdict(event);
}

// Tells both ends that the session is over. Each reset is exactly what its receiver expects next, so that it
// is accepted (RFC 5961 3.2). Without a flow only the sender of a first segment is told.
void Engine::State::reset(Transit& transit, Flow* flow, Direction direction) noexcept {
  const Packet& packet = transit.packet;
  const auto send = [&](Towards towards, const Bare& bare, PortId to) noexcept {
    const Frame frame = make_bare(packet, towards, bare, buffers);
    if (frame.data == nullptr) return;
    ++counters.made;
    ++counters.forwarded;
    buffers.forward(frame, to);
  };
  if (flow == nullptr) {
    // RFC 9293 3.10.7.1: a reset is never answered by one, else two boxes in a row might do so for ever.
    if ((packet.tcp.flags & tcp_flag::rst) != 0) return;
    // A reset for a first segment acknowledges it.
    const auto syn_or_fin = (packet.tcp.flags & (tcp_flag::syn | tcp_flag::fin)) != 0 ? 1U : 0U;
    const bool acknowledges = (packet.tcp.flags & tcp_flag::ack) != 0;
    return send(Towards::source,
                {.sequence = acknowledges ? packet.tcp.acknowledgement : 0,
                 .acknowledgement = packet.tcp.sequence + packet.payload_length + syn_or_fin},
                packet.frame.port);
  }
  auto sender = flow->stream.position(direction);
  auto receiver = flow->stream.position(opposite(direction));
  if (flow->stream.phase() == StreamPhase::fresh) {  // only what the packet says is known
    sender.sequence = packet.tcp.sequence;
    receiver.sequence = packet.tcp.acknowledgement;
  }
  send(Towards::source, {.sequence = receiver.sequence, .acknowledgement = sender.sequence},
       packet.frame.port);
  send(Towards::destination, {.sequence = sender.sequence, .acknowledgement = receiver.sequence},
       transit.place.other);
  flow->farewells = 1;
  flow->last_farewell = transit.now;
  end(*flow);
}

// The session is over by a verdict: nothing of it passes any more until a new one begins.
void Engine::State::end(Flow& flow) noexcept {
  let_go_of_held(flow, false, nullptr);
  let_go_of_bytes(flow);
  flow.denied = true;
}

void Engine::State::let_go_of_bytes(Flow& flow) noexcept {
  flow.stream.clear(pools);
  assembler.clear(flow.parts);
}

// Something came after the end, so that end was not told or does not believe it: it is told once more, at the
// number that it expects by its own word (RFC 9293 3.10.7.1).
void Engine::State::farewell(Transit& transit, Flow& flow) noexcept {
  constexpr std::uint8_t kMost = 16;
  constexpr Duration kPause = milliseconds(100);
  const Packet& packet = transit.packet;
  const bool answerable = (packet.tcp.flags & (tcp_flag::rst | tcp_flag::ack)) == tcp_flag::ack;
  const bool early = transit.now - flow.last_farewell < kPause;
  if (!answerable || early || flow.farewells == kMost) return;
  ++flow.farewells;
  flow.last_farewell = transit.now;
  reset(transit, nullptr, Direction::forth);
}

void Engine::State::let_go_of_held(Flow& flow, bool forward, const Ruleset* rules) noexcept {
  Transit transit;
  while (flow.stream.take_held(pools, transit.packet)) {
    --counters.held;
    transit.rules = rules;
    if (forward && rules != nullptr && place(transit)) {
      pass(transit);
    } else {
      drop(transit);
    }
  }
}

}  // namespace sluice
