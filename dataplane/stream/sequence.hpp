// TCP sequence numbers: modulo 2^32, ordered within half of the space (RFC 9293 3.4).
#pragma once

#include <cstdint>

namespace sluice {

constexpr bool before(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a - b) < 0;
}
// What is exactly half the space away counts as before, not as after.
constexpr bool after(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a - b) > 0;
}
constexpr std::uint32_t later(std::uint32_t a, std::uint32_t b) noexcept { return before(a, b) ? b : a; }
constexpr std::uint32_t earlier(std::uint32_t a, std::uint32_t b) noexcept { return before(a, b) ? a : b; }

}  // namespace sluice
