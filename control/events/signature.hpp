// How verdicts appear in an alert, for readers that sort by signature, category and severity. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/schema/reason.hpp"

namespace sluice::events {

// Signature ids are stable: a denial's follows from its reason, a patch's from its id.
inline constexpr std::uint32_t kGid = 62443;
std::uint32_t signature_id(Reason reason) noexcept;
std::uint32_t signature_id(std::string_view patch) noexcept;

std::string_view category_of(Reason reason) noexcept;
// 1 worst, 3 least. A patch has its own.
std::size_t severity_of(Reason reason, Verdict verdict) noexcept;

}  // namespace sluice::events
