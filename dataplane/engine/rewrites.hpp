// Rewrites: what is to stand in a segment's payload in place of what came. Collected while the messages of
// the segment are judged, applied when all of it passes. One worker's; of fixed size; cleared per segment.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "rules/base/bytes.hpp"

namespace sluice {

class Rewrites {
 public:
  static constexpr std::size_t kMost = 8;
  static constexpr std::size_t kBytes = 8192;

  struct Rewrite {
    std::uint32_t at = 0;  // in the payload
    ByteView bytes{};
  };

  void clear() noexcept { count_ = used_ = 0; }

  // Room for a message of `length` bytes; empty when there is none. add() makes it count.
  [[nodiscard]] std::span<std::uint8_t> room(std::size_t length) noexcept {
    if (count_ == kMost || length > kBytes - used_) return {};
    return {bytes_.data() + used_, length};
  }
  void add(std::uint32_t at, std::span<const std::uint8_t> written) noexcept {
    rewrites_[count_++] = {at, {written.data(), written.size()}};
    used_ += written.size();
  }

  [[nodiscard]] std::span<const Rewrite> all() const noexcept { return {rewrites_.data(), count_}; }

 private:
  std::array<Rewrite, kMost> rewrites_{};
  std::array<std::uint8_t, kBytes> bytes_{};
  std::size_t count_ = 0;
  std::size_t used_ = 0;
};

}  // namespace sluice
