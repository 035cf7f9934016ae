// For tests: an end that joins fragments naively, in one of the ways in which real stacks treat bytes that
// they get twice. One datagram of one key.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "dataplane/packet/builder.hpp"
#include "dataplane/packet/packet.hpp"

namespace sluice::testing {

enum class Joins : std::uint8_t { first, last, bsd, linux_like, longest, shortest_end };
inline constexpr std::array kJoins = {Joins::first,      Joins::last,    Joins::bsd,
                                      Joins::linux_like, Joins::longest, Joins::shortest_end};

class Joiner {
 public:
  explicit Joiner(Joins joins) : joins_{joins} {}

  void take(std::uint32_t offset, ByteView bytes, bool more) {
    const auto end = offset + static_cast<std::uint32_t>(bytes.size());
    if (cells_.size() < end) cells_.resize(end);
    for (auto at = offset; at < end; ++at) {
      const Cell fresh{bytes[at - offset], true, offset, end};
      if (!cells_[at].here || wins(fresh, cells_[at])) cells_[at] = fresh;
    }
    if (more) return;
    // Two ends: some believe the first, some the last, some the nearer one.
    if (end_ == kOpen || joins_ == Joins::last || joins_ == Joins::linux_like) end_ = end;
    if (joins_ == Joins::shortest_end) end_ = std::min(end_, end);
  }
  void take(const Packet& fragment) {
    take(fragment.piece.offset, fragment.piece_bytes(), fragment.piece.more != 0);
  }

  // The datagram's payload as soon as nothing of it is missing.
  [[nodiscard]] std::optional<build::Bytes> whole() const {
    if (end_ == kOpen || cells_.size() < end_) return std::nullopt;
    build::Bytes out;
    for (std::uint32_t at = 0; at < end_; ++at) {
      if (!cells_[at].here) return std::nullopt;
      out.push_back(cells_[at].value);
    }
    return out;
  }

 private:
  static constexpr std::uint32_t kOpen = std::numeric_limits<std::uint32_t>::max();
  struct Cell {
    std::uint8_t value = 0;
    bool here = false;
    std::uint32_t from = 0;  // the piece that it came in
    std::uint32_t to = 0;
  };

  [[nodiscard]] bool wins(const Cell& fresh, const Cell& old) const {
    switch (joins_) {
      case Joins::first:
      case Joins::shortest_end:
        return false;
      case Joins::last:
        return true;
      case Joins::bsd:
        return fresh.from < old.from;
      case Joins::linux_like:
        return fresh.from <= old.from;
      case Joins::longest:
        return fresh.to - fresh.from > old.to - old.from;
    }
    return false;
  }

  Joins joins_;
  std::vector<Cell> cells_;
  std::uint32_t end_ = kOpen;
};

}  // namespace sluice::testing
