// Published: one object that workers read without locks while its owner swaps it: quiescent-state-based
// reclamation. A worker may use what current() gave it until it calls quiescent(), at the end of a burst; an
// object that was taken back is freed once every worker has called quiescent() after that. Room is for three:
// running, previous, candidate.
//
// Owner: one thread that is no worker calls everything above the line; workers call what is below it, each
// with its own number. Why freeing is safe: the owner stores the pointer, then adds one to the epoch
// (release); a worker that copies that epoch (acquire) reads the new pointer ever after, and is done with the
// old one before it stores its copy (release), which the owner reads (acquire) before it frees.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace sluice {

template <class T>
class Published {
 public:
  static constexpr std::size_t kRoom = 3;

  explicit Published(std::uint32_t workers) : seen_(workers) {}
  ~Published() = default;
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;

  [[nodiscard]] const T* running() const noexcept { return running_.get(); }
  [[nodiscard]] const T* previous() const noexcept { return previous_.get(); }
  // Whether another object fits beside those that are alive.
  [[nodiscard]] bool has_room() noexcept {
    reclaim();
    return alive() < kRoom;
  }

  // Workers see `next` from their next burst on. What ran is kept as previous() until confirm() or
  // roll_back(); a candidate that was never confirmed is not: previous() stays what it was, and the candidate
  // is taken back. Only when has_room().
  void publish(std::unique_ptr<const T> next) noexcept {
    auto ran = std::exchange(running_, std::move(next));
    if (previous_ == nullptr) {
      previous_ = std::move(ran);
    } else {
      retire(std::move(ran));
    }
    announce();
  }

  // The running one stands: the previous is taken back. Workers left it with the announcement that made the
  // running one run, so no new epoch begins.
  void confirm() noexcept { retire(std::move(previous_), epoch_.load(std::memory_order_relaxed)); }

  // The previous one runs again; the one that ran is taken back. False when there is no previous.
  bool roll_back() noexcept {
    if (previous_ == nullptr) return false;
    std::swap(running_, previous_);
    retire(std::move(previous_));
    announce();
    return true;
  }

  // Nothing runs: current() is null from the next burst on. Only without a previous one.
  void withdraw() noexcept {
    retire(std::move(running_));
    announce();
  }

  // True when no worker can still be using anything but running().
  [[nodiscard]] bool settled() const noexcept { return passed(epoch_.load(std::memory_order_relaxed)); }

  // Frees what no worker can still be using. Bounded, never waits.
  void reclaim() noexcept {
    for (auto& one : retired_) {
      if (one.object != nullptr && passed(one.epoch)) one.object.reset();
    }
  }

  [[nodiscard]] std::size_t alive() const noexcept {
    return (running_ != nullptr ? 1U : 0U) + (previous_ != nullptr ? 1U : 0U) +
           static_cast<std::size_t>(
               std::ranges::count_if(retired_, [](const auto& one) { return one.object != nullptr; }));
  }

  // ---- workers

  [[nodiscard]] const T* current() const noexcept { return current_.load(std::memory_order_acquire); }
  void quiescent(std::uint32_t worker) noexcept {
    seen_[worker].epoch.store(epoch_.load(std::memory_order_acquire), std::memory_order_release);
  }
  // For ever: a worker that ended holds nothing back.
  void leave(std::uint32_t worker) noexcept {
    seen_[worker].epoch.store(std::numeric_limits<std::uint64_t>::max(), std::memory_order_release);
  }

 private:
  struct alignas(64) Seen {
    std::atomic<std::uint64_t> epoch{0};
  };
  struct Retired {
    std::unique_ptr<const T> object;
    std::uint64_t epoch = 0;
  };

  [[nodiscard]] bool passed(std::uint64_t epoch) const noexcept {
    return std::ranges::all_of(
        seen_, [&](const auto& one) { return one.epoch.load(std::memory_order_acquire) >= epoch; });
  }

  // To be freed once every worker has seen `epoch`, by default the one that the next announce() begins.
  void retire(std::unique_ptr<const T> object) noexcept {
    retire(std::move(object), epoch_.load(std::memory_order_relaxed) + 1);
  }
  void retire(std::unique_ptr<const T> object, std::uint64_t epoch) noexcept {
    if (object == nullptr) return;
    for (auto& one : retired_) {
      if (one.object != nullptr) continue;
      one = {std::move(object), epoch};
      return;
    }
    std::abort();  // more were alive than there is room for: the owner did not ask has_room()
  }

  void announce() noexcept {
    current_.store(running_.get(), std::memory_order_release);
    epoch_.fetch_add(1, std::memory_order_release);
  }

  alignas(64) std::atomic<const T*> current_{nullptr};
  std::atomic<std::uint64_t> epoch_{0};
  std::vector<Seen> seen_;
  std::unique_ptr<const T> running_;
  std::unique_ptr<const T> previous_;
  std::array<Retired, kRoom> retired_;
};

}  // namespace sluice
