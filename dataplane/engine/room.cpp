// Room: which flows are kept, whose part of the table each takes, and which give way when it is full.
#include "dataplane/engine/engine_state.hpp"

namespace sluice {

// The conduits of a new generation have their parts from now on.
void Engine::State::entitle(const Ruleset& rules) noexcept {
  shares.entitle(rules.allowlisted(), [&](Owner owner) noexcept {
    return flow_room.used(owner) != 0 || fragments.in_use(owner) || retained.in_use(owner) ||
           held.in_use(owner);
  });
  flow_room.divide(shares);
  half_open_room.divide(shares);
  fragments.divide(shares);
  retained.divide(shares);
  held.divide(shares);
  entitled = rules.generation();
}

Owner Engine::State::owner_of(const Transit& transit) const noexcept {
  if (transit.rules == nullptr) return kNobody;
  const auto place = transit.rules->allowlisted(transit.place.conduit);
  return place == Ruleset::kNotListed ? kNobody : shares.owner(place);
}

Owner Engine::State::owner_of(const Transit& transit, const Flow& flow) const noexcept {
  return flow.admission != Reason::none ? kNobody : owner_of(transit);
}

// May a new flow stay? What enforcement refuses anyway takes nobody's part: it goes with this frame.
bool Engine::State::let_in(Transit& transit, Flow& flow) noexcept {
  if (flow.room.charged || (flow.admission != Reason::none && transit.enforced())) return true;
  const Owner owner = owner_of(transit, flow);
  if (!flow_room.take(owner) && !(give_way(transit, owner) && flow_room.take(owner))) return false;
  flow.room.owner = owner;
  flow.room.charged = true;
  return true;
}

// Ends a flow that nobody needs, or that perhaps nobody does: of the owner that has most beyond its part.
// What was answered is never named here.
bool Engine::State::give_way(Transit& transit, Owner owner) noexcept {
  for (const auto fleet : {Fleet::ended, Fleet::half_open}) {
    const auto from = flow_room.most_over([&](Owner one) noexcept {
      return fleeting.oldest(one, fleet) != Fleeting::kNone && (one == owner || flow_room.over(one) != 0);
    });
    if (from == kOwners) continue;
    if (fleet == Fleet::half_open) mention(transit, Reason::half_open_full);
    forget(flows.at(fleeting.oldest(static_cast<Owner>(from), fleet)));
    return true;
  }
  return false;
}

// Has it ended, has only one end spoken, or is it a conversation?
void Engine::State::rank(Transit& transit, Flow& flow) noexcept {
  const bool tcp = transit.packet.transportation == Transportation::tcp;
  const auto phase = flow.stream.phase();
  const bool ended = flow.denied || (tcp && phase == StreamPhase::closed);
  const bool open = !tcp || phase == StreamPhase::established || phase == StreamPhase::closing;
  const bool answered = flow.heard[0] && flow.heard[1];
  rank(transit, flow, ended ? Fleet::ended : open && answered ? Fleet::none : Fleet::half_open);
}

void Engine::State::rank(Transit& transit, Flow& flow, Fleet fleet) noexcept {
  const auto before = fleeting.of(flow.room.number);
  if (before == fleet || !flow.room.charged) return;
  const Owner owner = flow.room.owner;
  if (before == Fleet::half_open) half_open_room.give(owner);
  if (fleet == Fleet::half_open && !half_open_room.take(owner)) {
    const auto from = half_open_room.most_over(
        [&](Owner one) noexcept { return fleeting.oldest(one, Fleet::half_open) != Fleeting::kNone; });
    if (from != kOwners) {
      mention(transit, Reason::half_open_full);
      forget(flows.at(fleeting.oldest(static_cast<Owner>(from), Fleet::half_open)));
    }
    half_open_room.put(owner);
  }
  fleeting.put(flow.room.number, owner, fleet);
}

// A flow that is in the table is another owner's now: its conduit was ruled anew.
void Engine::State::charge(Flow& flow, Owner owner) noexcept {
  if (!flow.room.charged || flow.room.owner == owner) return;
  const auto fleet = fleeting.of(flow.room.number);
  flow_room.move(flow.room.owner, owner);
  if (fleet == Fleet::half_open) half_open_room.move(flow.room.owner, owner);
  fleeting.put(flow.room.number, owner, fleet);
  flow.room.owner = owner;
}

// What this flow keeps from now on is its owner's.
void Engine::State::charge_memory(const Flow& flow) noexcept {
  retained.charge_to(flow.room.owner);
  held.charge_to(flow.room.owner);
}

void Engine::State::forget(FlowEntry& entry) noexcept {
  let_go_of_held(entry.value, false, nullptr);
  let_go_of_bytes(entry.value);
  leave(entry.value);
  flows.erase(entry);
}

// It is about to be erased.
void Engine::State::leave(Flow& flow) noexcept {
  if (!flow.room.charged) return;
  if (fleeting.of(flow.room.number) == Fleet::half_open) half_open_room.give(flow.room.owner);
  fleeting.put(flow.room.number, flow.room.owner, Fleet::none);
  flow_room.give(flow.room.owner);
  flow.room.charged = false;
}

}  // namespace sluice
