// Outstanding: what was asked in one flow and not yet answered, oldest first. At most `kMost`, and no more
// than the limit that open() is given. Whoever asks gives up after a while, without saying so: a request
// older than kGivenUp yields its place to a new one that needs it, and to one with the same key. Trivially
// copyable, so that it can live in a flow's entry; all steps are linear in kMost. One worker's.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "dataplane/protocol/sink.hpp"
#include "rules/base/clock.hpp"

namespace sluice {

class Outstanding {
 public:
  static constexpr std::uint32_t kMost = 16;
  static constexpr Duration kGivenUp = seconds(1);

  // False when `limit` requests wait already, none of them given up. `now` is not before that of any earlier
  // call.
  [[nodiscard]] bool open(const Pending& pending, Time now, std::uint32_t limit = kMost) noexcept {
    const auto same = index_of(pending.key);
    if (same < size_ && given_up(same, now)) remove(same);
    if (size_ >= std::min(limit, kMost)) {
      if (size_ == 0 || !given_up(0, now)) return false;
      remove(0);
    }
    waiting_[size_++] = {pending, now};
    return true;
  }

  // Would open() find a place for a request with a new key?
  [[nodiscard]] bool has_room(Time now, std::uint32_t limit = kMost) const noexcept {
    return size_ < std::min(limit, kMost) || (size_ != 0 && given_up(0, now));
  }

  // The oldest request with this key; null when none waits. Valid until the next call that changes something.
  [[nodiscard]] const Pending* find(std::uint64_t key) const noexcept {
    const auto at = index_of(key);
    return at < size_ ? &waiting_[at].pending : nullptr;
  }

  // Takes the oldest request with this key out, into `pending`; false when none waits.
  [[nodiscard]] bool answer(std::uint64_t key, Pending& pending) noexcept {
    const auto at = index_of(key);
    if (at == size_) return false;
    pending = waiting_[at].pending;
    remove(at);
    return true;
  }

  // Forgets what was asked longer than `age` ago; says how many.
  std::uint32_t expire(Time now, Duration age) noexcept {
    std::uint32_t old = 0;
    while (old < size_ && now - waiting_[old].asked > age) ++old;
    std::move(waiting_.begin() + old, waiting_.begin() + size_, waiting_.begin());
    size_ -= old;
    return old;
  }

  void clear() noexcept { size_ = 0; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

 private:
  struct Waiting {
    Pending pending;
    Time asked;
  };

  [[nodiscard]] bool given_up(std::uint32_t at, Time now) const noexcept {
    return now - waiting_[at].asked > kGivenUp;
  }

  void remove(std::uint32_t at) noexcept {
    std::move(waiting_.begin() + at + 1, waiting_.begin() + size_, waiting_.begin() + at);
    --size_;
  }

  [[nodiscard]] std::uint32_t index_of(std::uint64_t key) const noexcept {
    std::uint32_t at = 0;
    while (at < size_ && waiting_[at].pending.key != key) ++at;
    return at;
  }

  std::array<Waiting, kMost> waiting_{};
  std::uint32_t size_ = 0;
};
static_assert(std::is_trivially_copyable_v<Outstanding>);

}  // namespace sluice
