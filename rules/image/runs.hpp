// Runs: the parts that records take of a section which they share. Each run starts where the last new one
// ended, so a walk over all runs is linear in the section. A run may be taken again, whole and for the same
// purpose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>

#include "rules/base/bytes.hpp"
#include "rules/image/format.hpp"

namespace sluice::image {

constexpr bool inside(Range run, std::size_t size) noexcept {
  return std::size_t{run.first} + run.count <= size;
}

class Runs {
 public:
  enum class Taken : std::uint8_t { outside, fresh, again };

  explicit Runs(std::size_t size) : size_{size} {}

  // False unless the run is empty or starts where the last one ended, and lies inside.
  bool next(Range run) noexcept {
    if (!inside(run, size_)) return false;
    if (run.count == 0) return true;
    if (run.first != at_) return false;
    at_ += run.count;
    return true;
  }

  Taken take(Range run, std::uint16_t purpose) {
    if (run.count != 0 && run.first < at_) {
      const auto seen = taken_.find(run.first);
      const bool same =
          seen != taken_.end() && seen->second.count == run.count && seen->second.purpose == purpose;
      return same ? Taken::again : Taken::outside;
    }
    if (!next(run)) return Taken::outside;
    if (run.count != 0) taken_.emplace(run.first, Whole{run.count, purpose});
    return Taken::fresh;
  }

  [[nodiscard]] bool complete() const noexcept { return at_ == size_; }

 private:
  struct Whole {
    std::uint32_t count;
    std::uint16_t purpose;
  };
  std::size_t size_;
  std::size_t at_ = 0;
  std::unordered_map<std::uint32_t, Whole> taken_;
};

// Strictly.
inline bool ascends(std::span<const std::uint32_t> numbers) noexcept {
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    if (numbers[i] <= numbers[i - 1]) return false;
  }
  return true;
}

}  // namespace sluice::image
