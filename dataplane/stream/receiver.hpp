// For tests: an end that assembles what it receives, naively, in one of the ways in which real stacks treat
// bytes that they get twice. Offsets are from the first byte of data.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>

namespace sluice::testing {

enum class Overlap : std::uint8_t { first, last, bsd, linux_like, longest };
inline constexpr std::array kOverlaps = {Overlap::first, Overlap::last, Overlap::bsd, Overlap::linux_like,
                                         Overlap::longest};

class Receiver {
 public:
  explicit Receiver(Overlap overlap, std::int64_t window = std::numeric_limits<std::int32_t>::max())
      : overlap_{overlap}, window_{window} {}

  void take(std::int64_t offset, std::string_view data, bool fin) {
    const auto end = offset + static_cast<std::int64_t>(data.size());
    for (std::int64_t at = offset; at < end; ++at) {
      if (at < next() || at >= next() + window_ || (fin_ >= 0 && at >= fin_)) continue;
      const Cell fresh{data[static_cast<std::size_t>(at - offset)], offset, end};
      const auto [it, is_new] = waiting_.try_emplace(at, fresh);
      if (!is_new && wins(fresh, it->second)) it->second = fresh;
    }
    if (fin && fin_ < 0 && end >= next()) fin_ = end;
    for (auto it = waiting_.find(next()); it != waiting_.end(); it = waiting_.find(next())) {
      delivered_ += it->second.value;
      waiting_.erase(it);
    }
  }

  // The first byte that it waits for.
  [[nodiscard]] std::int64_t next() const { return static_cast<std::int64_t>(delivered_.size()); }
  // What to acknowledge: a FIN counts one.
  [[nodiscard]] std::int64_t acknowledges() const { return next() + (fin_ == next() ? 1 : 0); }
  [[nodiscard]] const std::string& delivered() const { return delivered_; }
  [[nodiscard]] std::int64_t fin() const { return fin_; }

  // Is all that was delivered, and all that waits, the same as in `inspected`?
  [[nodiscard]] bool agrees_with(std::string_view inspected) const {
    if (!inspected.starts_with(delivered_)) return false;
    for (const auto& [at, cell] : waiting_) {
      if (at >= static_cast<std::int64_t>(inspected.size())) return false;
      if (cell.value != inspected[static_cast<std::size_t>(at)]) return false;
    }
    return fin_ < 0 || static_cast<std::int64_t>(inspected.size()) <= fin_;
  }

 private:
  struct Cell {
    char value;
    std::int64_t from;  // the segment that it came in
    std::int64_t to;
  };

  [[nodiscard]] bool wins(const Cell& fresh, const Cell& old) const {
    switch (overlap_) {
      case Overlap::first:
        return false;
      case Overlap::last:
        return true;
      case Overlap::bsd:
        return fresh.from < old.from;
      case Overlap::linux_like:
        return fresh.from <= old.from;
      case Overlap::longest:
        return fresh.to - fresh.from > old.to - old.from;
    }
    return false;
  }

  Overlap overlap_;
  std::int64_t window_;
  std::int64_t fin_ = -1;
  std::string delivered_;
  std::map<std::int64_t, Cell> waiting_;
};

}  // namespace sluice::testing
