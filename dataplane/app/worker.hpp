// Worker: one thread that runs its ports' frames to completion. A round: receive, read the clock once, judge,
// send, say that it is quiescent. Nothing in it allocates, locks, logs or calls the system but the port
// driver and, where the core is shared, the one timed sleep of Rest. Everything a worker touches is its own
// but the published rules and its pulse. Without rules the box is closed: every frame is given back.
#pragma once

#include <emmintrin.h>
#include <time.h>

#include <atomic>
#include <cstdint>

#include "dataplane/port/port.hpp"
#include "dataplane/ruleset/published.hpp"
#include "rules/base/clock.hpp"

namespace sluice {

inline constexpr Duration kTick = milliseconds(5);
inline constexpr std::uint64_t kLongestRest = 50'000;  // nanoseconds

// The clock of the fast path; a read of memory that the kernel maps, not a system call.
inline Time monotonic() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return {static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec)};
}

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

template <PortGroup Ports, class Judge, class Rules>
class Worker {
 public:
  Worker(std::uint32_t number, Ports& ports, Judge& judge, Published<Rules>& rules, Rest::Core core) noexcept
      : number_{number}, ports_{ports}, judge_{judge}, rules_{rules}, rest_{core} {}

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
    if (rules == nullptr) {
      for (const auto& frame : frames) ports_.release(frame);
      closed_.store(closed_.load(std::memory_order_relaxed) + frames.size(), std::memory_order_relaxed);
    } else {
      if (!frames.empty()) judge_.burst(frames, now, *rules);
      if (now - ticked_ >= kTick) {
        judge_.tick(now, *rules);
        ticked_ = now;
      }
    }
    ports_.flush();
    rules_.quiescent(number_);
    pulse_.store(now.ns, std::memory_order_relaxed);
    return !frames.empty();
  }

  // Any thread: when the last round was, and how many frames met a closed box (Reason::starting).
  [[nodiscard]] Time pulse() const noexcept { return {pulse_.load(std::memory_order_relaxed)}; }
  [[nodiscard]] std::uint64_t closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

 private:
  std::uint32_t number_;
  Ports& ports_;
  Judge& judge_;
  Published<Rules>& rules_;
  Rest rest_;
  Time ticked_;
  alignas(64) std::atomic<std::uint64_t> pulse_{0};
  std::atomic<std::uint64_t> closed_{0};
};

}  // namespace sluice
