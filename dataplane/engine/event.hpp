// What the engine reports. An event points into the packet and the scratch of the moment; whoever takes it
// copies what it needs before it returns. Two kinds, as the two rings have: verdicts, and transactions.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/flow/key.hpp"
#include "dataplane/packet/packet.hpp"
#include "rules/base/clock.hpp"
#include "rules/base/ids.hpp"
#include "rules/schema/reason.hpp"
#include "rules/schema/schema.hpp"
#include "rules/schema/value.hpp"

namespace sluice {

struct Event {
  Time time;
  Generation generation;           // that judged
  std::uint64_t flow = 0;          // below 2^53; 0: no flow
  const Packet* packet = nullptr;  // its bytes only where `frame.data` is set: the frame may have left
  Reason reason = Reason::none;
  Verdict verdict = Verdict::forward;
  Mode mode = Mode::enforce;  // not enforce: the verdict was only observed ("would deny")
  bool acted = false;         // the frame did meet the verdict
  ConduitId conduit;
  RuleId rule;  // that permitted, or none
  PatchId patch;
  std::uint32_t from =
      0xffffffff;  // image endpoint of the asking end (of the sender where roles are unknown)
  std::uint32_t to = 0xffffffff;
  bool from_is_source = true;  // the packet was sent by `from`
  ProtocolId protocol;
  std::uint16_t function = kNoFunction;
  Access access = Access::read;
  std::uint32_t item =
      0;  // number of the item in its PDU; a PDU without items is told once, with kNoFunction
  bool is_response = false;
  std::uint8_t malformed = 0;  // Malformed, when the reason is malformed
  std::span<const Value> header{};
  std::span<const Value> values{};
  std::span<const Span> spans{};
};

class Events {
 public:
  // Denials, would-denials, patches, faults. May be called for every frame of an attack.
  virtual void verdict(const Event& event) noexcept = 0;
  // Each item of each PDU that passed: for learning, replay, inventory. May be dropped by the taker.
  virtual void transaction(const Event& event) noexcept = 0;

 protected:
  ~Events() = default;
};

}  // namespace sluice
