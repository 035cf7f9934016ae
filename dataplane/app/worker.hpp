// Worker: one thread that runs its ports' frames to completion. A round: receive, read the clock once, judge,
// send, say that it is quiescent. Nothing in it allocates, locks, logs or calls the system but the port
// driver and, where the core is shared, the one timed sleep of Rest. Everything a worker touches is its own
// but the published rules. Any number of workers can stand beside each other, each with its ports and its
// judge.
#pragma once

#include <emmintrin.h>

#include <atomic>
#include <cstdint>

#include "dataplane/app/clock.hpp"
#include "dataplane/port/port.hpp"
#include "dataplane/ruleset/published.hpp"
#include "rules/base/clock.hpp"

namespace sluice {

inline constexpr Duration kTick = milliseconds(5);
inline constexpr std::uint64_t kLongestRest = 50'000;  // nanoseconds

// What a worker does when it found nothing. On a core of its own it spins. On a shared one: spin, then pause,
// then sleep.
class Rest {
 public:
  enum class Core : std::uint8_t { owned, shared };
  explicit Rest(Core core) noexcept : core_{core} {}

  void worked() noexcept { idle_ = 0; }
  void idle() noexcept {
    if (core_ == Core::owned || ++idle_ < kSpin) return;
    if (idle_ < kPause) {
      _mm_pause();
      return;
    }
    idle_ = kPause;
    const timespec rest{0, static_cast<long>(kLongestRest)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, nullptr);
  }

 private:
  static constexpr std::uint32_t kSpin = 32;
  static constexpr std::uint32_t kPause = 128;
  Core core_;
  std::uint32_t idle_ = 0;
};

// What a worker does with frames. burst() and closed() give back or forward each of them, now or later;
// tick() is called at least every 10 ms, with null while there are no rules; drain() at the end.
template <class T, class Rules>
concept JudgeOf = requires(T judge, std::span<const Frame> frames, Time now, const Rules& rules,
                           const Rules* maybe) {
  { judge.burst(frames, now, rules) }
  noexcept;
  { judge.closed(frames, now) }
  noexcept;
  { judge.tick(now, maybe) }
  noexcept;
  { judge.drain() }
  noexcept;
};

template <PortGroup Ports, class Judge, class Rules>
requires JudgeOf<Judge, Rules>
class Worker {
 public:
  Worker(std::uint32_t number, Ports& ports, Judge& judge, Published<Rules>& rules, Rest::Core core) noexcept
      : number_{number}, ports_{ports}, judge_{judge}, rules_{rules}, rest_{core} {}

  // Until `stop`; then gives back all that is held.
  void run(const std::atomic<bool>& stop) noexcept {
    while (!stop.load(std::memory_order_relaxed)) {
      if (round(monotonic)) {
        rest_.worked();
      } else {
        rest_.idle();
      }
    }
    judge_.drain();
    ports_.flush();
    rules_.leave(number_);
  }

  // One round; whether there was anything to do.
  template <class Clock>
  bool round(Clock&& clock) noexcept {
    const auto frames = ports_.receive();
    const Time now = clock();
    const auto* rules = rules_.current();
    if (!frames.empty()) {
      if (rules != nullptr) {
        judge_.burst(frames, now, *rules);
      } else {
        judge_.closed(frames, now);
      }
    }
    if (now - ticked_ >= kTick) {
      judge_.tick(now, rules);
      ticked_ = now;
    }
    ports_.flush();
    rules_.quiescent(number_);
    return !frames.empty();
  }

 private:
  std::uint32_t number_;
  Ports& ports_;
  Judge& judge_;
  Published<Rules>& rules_;
  Rest rest_;
  Time ticked_;
};

}  // namespace sluice
