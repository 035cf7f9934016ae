// Engine: everything between a frame and its verdict, for one worker. Owns the worker's flows, held frames
// and retained bytes, all of fixed size from its constructor on; after that it allocates nothing, locks
// nothing and makes no system call. One thread. Knows no DPDK: frames come in bursts and leave through
// Buffers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/engine/event.hpp"
#include "dataplane/flow/fragments.hpp"
#include "dataplane/packet/frame.hpp"
#include "dataplane/packet/packet.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "rules/base/clock.hpp"

namespace sluice {

class Ruleset;

// Of each, half is guaranteed to the conduits that have allow rules (dataplane/flow/shares.hpp).
struct EngineLimits {
  std::uint32_t flows = 65536;
  std::uint32_t half_open = 16384;  // among them, those that only one end has spoken in; the oldest gives way
  std::uint32_t held_frames = 1024;  // out of order, waiting for a hole to fill
  std::uint32_t held_per_flow = 32;
  std::uint32_t retained_bytes = 16U << 20;  // forwarded and not acknowledged, or of unfinished messages
  std::uint32_t outstanding_per_flow = 16;
  std::uint32_t challenges_per_second = 256;  // answers to SYNs of connections that are believed alive
  FragmentLimits fragments{};
  std::uint32_t assembled = 1024;  // messages over several units that wait for their last part
  // Of each side of a conduit; a second's worth may come at once.
  std::uint32_t neighbours_per_second = 500;  // ARP and neighbour messages
  std::uint32_t icmp_errors_per_second = 100;
};

struct EngineOptions {
  EngineLimits limits{};
  Checksums checksums = Checksums::verify;
  std::uint32_t worker = 0;                 // whose scratch of the ruleset to use
  std::array<std::uint8_t, 16> hash_key{};  // secret, new at each start
};

struct EngineCounters {
  std::uint64_t received = 0;
  std::uint64_t forwarded = 0;
  std::uint64_t dropped = 0;
  std::uint64_t made = 0;         // frames of our own: resets, joined datagrams
  std::uint64_t joined = 0;       // fragments that went into a whole datagram, which is one of those made
  std::uint64_t held = 0;         // now: beyond a hole, or waiting for the rest of a datagram
  std::uint64_t normalised = 0;   // frames that left otherwise than they came
  std::uint64_t neutralised = 0;  // requests that left as their stand-in
  std::uint64_t pdus = 0;
  std::uint64_t allowed = 0;        // items
  std::uint64_t denied = 0;         // verdicts that acted
  std::uint64_t would_deny = 0;     // verdicts only observed
  std::uint64_t not_inspected = 0;  // frames passed that nothing looked into
  std::uint64_t wrong_checksums = 0;
  std::uint64_t flows = 0;  // now
  std::array<std::uint64_t, kReasonCount> reasons{};
  std::array<std::uint64_t, 64> pdus_by_protocol{};  // by ProtocolId; beyond 63 in the last
};
// received + made = forwarded + dropped + joined + held, at the end of each burst.

class Engine {
 public:
  Engine(const EngineOptions& options, const Registry& registry, Buffers& buffers, Events& events);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Judges a burst in order and to its end: each frame is forwarded, released or held. `rules` may be another
  // one than last time; a flow is judged anew by its next message.
  void burst(std::span<const Frame> frames, Time now, const Ruleset& rules) noexcept;

  // The same without a policy, for looking into captures: every frame is forwarded to the port it came from,
  // every flow is tracked in observe mode from wherever it starts, the protocol is told by content and by
  // port, and all items become transactions.
  void observe(std::span<const Frame> frames, Time now) noexcept;

  // Ends what timed out; call at least every 10 ms, also without traffic. Bounded work.
  void tick(Time now, const Ruleset& rules) noexcept;

  // Gives back every held frame. After it only the destructor may be called.
  void drain() noexcept;

  [[nodiscard]] const EngineCounters& counters() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice
