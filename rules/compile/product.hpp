// Which products a patch is about: names with * for any run of characters, and firmware by comparison.
#pragma once

#include <compare>
#include <string_view>

namespace sluice::compile {

// ASCII case does not count. Linear in text times stars.
bool matches_glob(std::string_view pattern, std::string_view text) noexcept;

// Runs of digits count as numbers, runs of letters as words without case; what stands between separates. A
// missing part is zero; a leading v is no part. "2.7" < "2.70" = "v2.70.0" < "2.70 SP1".
std::strong_ordering compare_versions(std::string_view a, std::string_view b) noexcept;

// "< 2.80", ">= 2.0, < 2.80", or a name with *.
bool is_firmware_range(std::string_view range) noexcept;
bool in_firmware_range(std::string_view range, std::string_view firmware) noexcept;

}  // namespace sluice::compile
