// Reader: the only code that reads bytes from the wire. It walks a ByteView forward, never past its end. A
// read that does not fit yields zero and makes the failure stick, so a decoder asks ok() once, after it has
// read. Numbers are unsigned and big-endian (be…) or little-endian (le…). Not thread-safe; lives on the stack
// of one decode.
#pragma once

#include <bit>

#include "rules/base/bytes.hpp"

namespace sluice {

class Reader {
 public:
  explicit constexpr Reader(ByteView bytes) noexcept : bytes_{bytes} {}

  constexpr std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(big(1)); }
  constexpr std::uint16_t be16() noexcept { return static_cast<std::uint16_t>(big(2)); }
  constexpr std::uint32_t be24() noexcept { return static_cast<std::uint32_t>(big(3)); }
  constexpr std::uint32_t be32() noexcept { return static_cast<std::uint32_t>(big(4)); }
  constexpr std::uint64_t be64() noexcept { return big(8); }
  constexpr std::uint16_t le16() noexcept { return static_cast<std::uint16_t>(little(2)); }
  constexpr std::uint32_t le32() noexcept { return static_cast<std::uint32_t>(little(4)); }
  constexpr std::uint64_t le64() noexcept { return little(8); }
  constexpr std::uint32_t le24() noexcept { return static_cast<std::uint32_t>(little(3)); }
  constexpr float le_float() noexcept { return std::bit_cast<float>(le32()); }

  // The next `count` bytes; empty, and a failure, when there are fewer.
  constexpr ByteView take(std::size_t count) noexcept {
    if (!fits(count)) return {};
    const auto taken = bytes_.subspan(at_, count);
    at_ += count;
    return taken;
  }

  // All that is left.
  constexpr ByteView rest() noexcept { return take(remaining()); }

  constexpr void skip(std::size_t count) noexcept { (void)take(count); }

  // For a value that contradicts itself: from here on ok() is false.
  constexpr void fail() noexcept { ok_ = false; }

  [[nodiscard]] constexpr bool ok() const noexcept { return ok_; }
  [[nodiscard]] constexpr std::size_t position() const noexcept { return at_; }
  [[nodiscard]] constexpr std::size_t remaining() const noexcept { return ok_ ? bytes_.size() - at_ : 0; }

 private:
  constexpr bool fits(std::size_t count) noexcept {
    if (!ok_ || count > bytes_.size() - at_) {
      ok_ = false;
      return false;
    }
    return true;
  }

  constexpr std::uint64_t big(std::size_t count) noexcept {
    if (!fits(count)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes_[at_++];
    return value;
  }

  constexpr std::uint64_t little(std::size_t count) noexcept {
    if (!fits(count)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value |= static_cast<std::uint64_t>(bytes_[at_++]) << (8 * i);
    return value;
  }

  ByteView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace sluice
