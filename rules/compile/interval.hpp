// Numbers and ranges inside texts: "7", "0x1f", "0..99" (both ends inside).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::compile {

struct Interval64 {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  auto operator<=>(const Interval64&) const = default;
};

// Decimal, or hexadecimal behind 0x; nothing else around it.
std::optional<std::uint64_t> parse_number(std::string_view text);
// May be turned round: the caller complains.
std::optional<Interval64> parse_interval(std::string_view text);

}  // namespace sluice::compile
