// Inspection: what one worker does with frames: its engine, and what it reports through shared memory. A
// heartbeat and the counters leave with each tick, events with each burst. Without rules every frame is given
// back and counted as Reason::starting. One thread; all memory is taken by the constructor.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/channel/ring_events.hpp"
#include "dataplane/channel/shared.hpp"
#include "dataplane/engine/engine.hpp"
#include "dataplane/ruleset/ruleset.hpp"

namespace sluice {

class Inspection {
 public:
  // `seed` is secret. `buffers` and `shared` live longer.
  Inspection(std::uint32_t worker, const EngineOptions& options, std::uint64_t seed, Buffers& buffers,
             channel::SharedMemory& shared)
      : worker_{worker},
        buffers_{buffers},
        shared_{shared},
        events_{shared.verdict_writer(worker), shared.transaction_writer(worker), registry().schemas, seed},
        engine_{options, registry(), buffers, events_} {}

  void burst(std::span<const Frame> frames, Time now, const Ruleset& rules) noexcept {
    engine_.burst(frames, now, rules);
    events_.flush();
  }

  void closed(std::span<const Frame> frames, Time) noexcept {
    for (const auto& frame : frames) buffers_.release(frame);
    closed_ += frames.size();
  }

  void tick(Time now, const Ruleset* rules) noexcept {
    if (rules != nullptr) engine_.tick(now, *rules);
    events_.flush();
    report(now, rules == nullptr ? Generation{} : rules->generation());
  }

  void drain() noexcept { engine_.drain(); }

  // received = forwarded - made + dropped + held, as for the engine.
  [[nodiscard]] EngineCounters counters() const noexcept {
    auto all = engine_.counters();
    all.received += closed_;
    all.dropped += closed_;
    all.reasons[static_cast<std::size_t>(Reason::starting)] += closed_;
    return all;
  }

 private:
  void report(Time now, Generation generation) noexcept {
    shared_.publish(worker_, counters());
    shared_.beat(worker_, now, generation);
  }

  std::uint32_t worker_;
  Buffers& buffers_;
  channel::SharedMemory& shared_;
  channel::RingEvents events_;
  Engine engine_;
  std::uint64_t closed_ = 0;
};

}  // namespace sluice
