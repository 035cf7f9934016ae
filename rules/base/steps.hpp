// Steps: how much work is still allowed. One step is about a nanosecond: a value passed over, a rule looked
// at. Work is charged before it is done; when it is more than what is left, nothing is left, and whoever does
// the work ends it at once and says no. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace sluice {

class Steps {
 public:
  constexpr Steps() noexcept = default;  // without end
  explicit constexpr Steps(std::uint64_t most) noexcept : left_{most} {}

  // False, then and ever after, when that is more than what is left.
  constexpr bool spend(std::uint64_t steps) noexcept {
    if (steps > left_) {
      exhaust();
      return false;
    }
    left_ -= steps;
    return !over_;
  }
  // There is more to look at: so much more is allowed, unless it was too much already.
  constexpr void allow(std::uint64_t steps) noexcept {
    if (!over_) left_ += std::min(steps, std::numeric_limits<std::uint64_t>::max() - left_);
  }
  // There is more to do than can be done.
  constexpr void exhaust() noexcept {
    left_ = 0;
    over_ = true;
  }
  [[nodiscard]] constexpr bool over() const noexcept { return over_; }
  [[nodiscard]] constexpr std::uint64_t left() const noexcept { return left_; }

 private:
  std::uint64_t left_ = std::numeric_limits<std::uint64_t>::max();
  bool over_ = false;
};

}  // namespace sluice
