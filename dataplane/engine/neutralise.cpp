// Denial that leaves the session alive: the denied request leaves as its stand-in, which the device itself
// refuses, and the answer to it as the refusal of what was asked. Both are pure functions of the message's
// bytes, so nothing needs to be remembered beyond what TCP repeats.
#include "dataplane/engine/engine_state.hpp"
#include "dataplane/packet/edit.hpp"

namespace sluice {

// Does the asset that is asked take stand-ins?
bool Engine::State::opted_in(const Transit& transit, const Flow& flow) const noexcept {
  const std::uint32_t asset = flow.asked_asset();
  return transit.enforced() && transit.rules != nullptr && asset != image::kNone &&
         transit.rules->image().assets()[asset].neutralise != 0;
}

// The denied request `pdu`, at `at` of the payload, none of whose bytes has left. False: its session must
// end.
bool Engine::State::neutralise(Transit& transit, Flow& flow, const Scene& scene, Judgement judgement,
                               ByteView pdu, std::uint32_t at) noexcept {
  const auto& protocol = *registry.protocols[flow.protocol.value];
  const bool by_policy = judgement.reason == Reason::no_rule || judgement.reason == Reason::no_policy;
  const bool by_patch = judgement.reason == Reason::patch && judgement.action == Verdict::neutralise;
  if ((!by_policy && !by_patch) || judgement.malformed != Malformed::fine || protocol.stand_in == nullptr ||
      scene.role != Role::client)
    return false;
  const auto out = rewrites.room(pdu.size());
  if (out.size() != pdu.size() || !protocol.stand_in(pdu, out)) return false;
  // What was said of the request is told before the judge reads the stand-in.
  judgement.stands_in = true;
  const auto function = protocol.early == nullptr ? kNoFunction : protocol.early(Role::client, out);
  if (function == kNoFunction || known(transit, flow, function) || !judge.room_to_ask(flow, scene.now))
    return false;
  report(transit, judgement);
  judge.await_answer(scene, out);
  rewrites.add(at, out);
  ++counters.neutralised;
  return true;
}

// Where a rule could permit the stand-in's own function, the device knows it, and its answer is its own.
bool Engine::State::known(const Transit& transit, const Flow& flow, std::uint16_t function) const noexcept {
  return policy.may_permit(transit.rules->image(), flow.asking_cells(), flow.opened_by(), flow.protocol,
                           function);
}

// The answer `pdu`, just judged: if it answers a stand-in, the asking end is told that its own request was
// refused.
void Engine::State::restore_answer(const Transit& transit, const Flow& flow, ByteView pdu,
                                   std::uint32_t at) noexcept {
  const auto& protocol = *registry.protocols[flow.protocol.value];
  if (protocol.stand_in_answer == nullptr) return;
  const auto out = rewrites.room(pdu.size());
  if (out.size() != pdu.size() || !protocol.stand_in_answer(pdu, out)) return;
  if (!known(transit, flow, judge.function())) rewrites.add(at, out);
}

// Writes into the segment what stands in place of what came; false when no more of that can be remembered.
bool Engine::State::rewrite(Transit& transit, Flow& flow, Direction direction, std::uint32_t fresh) noexcept {
  const bool tcp = transit.packet.transportation == Transportation::tcp;
  const std::uint32_t front = transit.packet.payload_length - fresh;
  for (const auto& [at, bytes] : rewrites.all()) {
    if (tcp && !flow.stream.replaced(direction, at - front, bytes)) return false;
    overwrite_payload(transit.packet, at, bytes);
  }
  return true;
}

}  // namespace sluice
