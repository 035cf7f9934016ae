// What the compiler's child says when it is done, as JSON through a pipe. The parent takes it for hostile:
// any text that is not a report is an error, numbers and texts are bounded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/base/result.hpp"
#include "rules/compile/compile.hpp"

namespace sluice {

inline constexpr std::size_t kMostReport = 8U << 20;

struct CompileReport {
  Diagnostics diagnostics;
  bool compiled = false;  // the image was written
  compile::Summary summary;
  image::Digest source_digest{};
};

std::string report_text(const Diagnostics& diagnostics, const compile::Output* output);
std::optional<CompileReport> parse_report(std::string_view text);

}  // namespace sluice
