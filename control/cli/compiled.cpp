#include "control/cli/compiled.hpp"

#include <algorithm>
#include <ostream>

#include "control/cli/sides.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "rules/image/aligned.hpp"

namespace sluice::cli {

Exit exit_of(const Diagnostics& diagnostics) {
  const bool placed =
      std::ranges::any_of(diagnostics.errors(), [](const Error& error) { return error.where.line != 0; });
  return placed ? Exit::findings : Exit::unreadable;
}

void complain(Console& console, const Diagnostics& diagnostics) {
  for (const auto& error : diagnostics.errors()) complain(console, error);
  if (diagnostics.unlisted() != 0) {
    console.err << "sluice: error: and " << diagnostics.unlisted() << " more\n";
  }
}

tl::expected<CompiledImage, Exit> compile_config(const std::string& path, Console& console) {
  Diagnostics diagnostics;
  auto compiled = compile_in_child(path, registry().schemas, {}, diagnostics);
  if (compiled) return std::move(*compiled);
  complain(console, diagnostics);
  return tl::unexpected{exit_of(diagnostics)};
}

Result<std::vector<std::string>> ports_named_by(ByteView image) {
  const auto aligned = image::AlignedBytes::copy(image);
  const auto view = image::ImageView::open(aligned.view(), registry().schemas);
  if (!view) return tl::unexpected{view.error()};
  return ports_of(*view);
}

}  // namespace sluice::cli
