// Time as the fast path sees it: nanoseconds of a clock that never goes back, read once per burst and passed
// in. The wall clock appears only in records for people.
#pragma once

#include <compare>
#include <cstdint>

namespace sluice {

struct Duration {
  std::uint64_t ns = 0;
  constexpr auto operator<=>(const Duration&) const noexcept = default;
};

constexpr Duration milliseconds(std::uint64_t count) noexcept { return {count * 1'000'000U}; }
constexpr Duration seconds(std::uint64_t count) noexcept { return {count * 1'000'000'000U}; }

struct Time {
  std::uint64_t ns = 0;
  constexpr auto operator<=>(const Time&) const noexcept = default;
};

constexpr Time operator+(Time time, Duration duration) noexcept { return {time.ns + duration.ns}; }
// Zero when `later` is not later.
constexpr Duration operator-(Time later, Time earlier) noexcept {
  return {later.ns > earlier.ns ? later.ns - earlier.ns : 0};
}

}  // namespace sluice
