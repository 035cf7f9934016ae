// Transit: one frame on its way through the engine, with what is known of it so far. Lives on the stack for
// one frame.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/engine/event.hpp"
#include "dataplane/engine/policy.hpp"
#include "dataplane/flow/fragments.hpp"
#include "dataplane/packet/packet.hpp"
#include "dataplane/packet/values.hpp"
#include "dataplane/ruleset/ruleset.hpp"
#include "rules/image/view.hpp"

namespace sluice {

// What leaves when the packet passes.
enum class Form : std::uint8_t {
  frame,   // its frame
  pieces,  // a datagram too large for one, which lies in the engine's memory
  copy,    // nothing: it is a copy of what has passed
};

struct Transit {
  Packet packet;
  Form form = Form::frame;
  Fragments::Whole whole{};        // of a datagram that was joined
  const Ruleset* rules = nullptr;  // null: observe without a policy
  Time now;
  Ruleset::Place place;
  const image::Conduit* conduit = nullptr;
  Mode mode = Mode::enforce;
  std::uint32_t lane = 0;  // tells flows of different wires apart
  bool revives = false;    // wants to begin a connection anew whose last one is over
  bool passed = false;
  Event event{};
  std::array<Value, kMostPacketValues> values{};
  std::size_t value_count = 0;

  [[nodiscard]] bool enforced() const noexcept { return mode == Mode::enforce; }
  [[nodiscard]] std::span<const Value> packet_values() const noexcept { return {values.data(), value_count}; }
};

}  // namespace sluice
