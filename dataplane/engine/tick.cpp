// What time ends: holes that nobody fills, messages that nobody finishes, flows that nobody uses.
#include "dataplane/engine/engine_state.hpp"

namespace sluice {
namespace {

constexpr Duration kHole = seconds(2);  // a sender repeats long before
constexpr std::uint32_t kSlice = 64;    // entries looked at per call

}  // namespace

bool Engine::State::overdue(const Flow& flow, Direction direction, Time now) const noexcept {
  for (const Time since : {flow.unfinished_since[static_cast<std::size_t>(direction)],
                           assembler.waits_since(flow.parts, direction)}) {
    if (since != Time{} && now - since > Flow::kMessageTime) return true;
  }
  return false;
}

// A message was begun and not finished in time: its session ends, or, where nothing acts, it is told.
void Engine::State::give_up(FlowEntry& entry, Time now, const Ruleset& rules) noexcept {
  Flow& flow = entry.value;
  for (const auto side : {Direction::forth, Direction::back}) {
    auto& link = flow.links[static_cast<std::size_t>(side)];
    if (!overdue(flow, side, now) || link.size == 0) continue;
    flow.unfinished_since[static_cast<std::size_t>(side)] = {};
    if (flow.parts.count != 0) assembler.clear(flow.parts);
    Transit transit;
    transit.rules = &rules;
    transit.now = now;
    transit.packet =
        link.packet_of(entry.key(), side, side == flow.opener_direction ? flow.opener_port : flow.other_port);
    if (!place(transit)) continue;
    name_ends(transit, flow, side);
    if (report(transit, {.reason = Reason::expired, .protocol = flow.protocol}) != Verdict::reset) continue;
    reset(transit, &flow, side);
    rank(transit, flow);
    flows.touch(entry, Idle::closed, now);
    return;
  }
}

void Engine::tick(Time now, const Ruleset& rules) noexcept {
  auto& state = *state_;
  state.looked_at = state.flows.visit(state.looked_at, kSlice, [&](FlowEntry& entry) noexcept {
    Flow& flow = entry.value;
    if (!flow.denied) state.give_up(entry, now, rules);
    if (flow.stream.held() == 0 || now - flow.stream.held_since() < kHole) return;
    state.counters.reasons[static_cast<std::size_t>(Reason::hole)] += flow.stream.held();
    state.let_go_of_held(flow, false, &rules);
  });
  state.flows.expire(now, kSlice, [&](FlowEntry& entry) noexcept {
    state.let_go_of_held(entry.value, false, &rules);
    state.let_go_of_bytes(entry.value);
    state.leave(entry.value);
  });
  State::FragmentEndings endings{state, &rules, now};
  state.fragments.expire(now, kSlice, endings);
  state.counters.flows = state.flows.size();
}

void Engine::drain() noexcept {
  auto& state = *state_;
  state.flows.visit(0, state.flows.capacity(),
                    [&](FlowEntry& entry) noexcept { state.let_go_of_held(entry.value, false, nullptr); });
  State::FragmentEndings endings{state, nullptr, {}};
  state.fragments.clear(endings);
}

}  // namespace sluice
