// compile_in_child(): compiles a configuration in a process of its own (sluice-compile), with little memory,
// little time, no sockets and no keys, so that neither its text nor a regular expression in it can hurt who
// asks. What comes back is checked like anything hostile. Blocks until the child is gone, at most `timeout`.
// Any thread, several at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/base/clock.hpp"
#include "rules/base/result.hpp"
#include "rules/compile/compile.hpp"
#include "rules/schema/schema.hpp"

namespace sluice {

struct CompileOptions {
  std::string program;  // empty: sluice-compile beside the running program
  Duration timeout = seconds(120);
};

struct CompiledImage {
  std::vector<std::uint8_t> image;  // passes ImageView::open once it is aligned; generation 0
  compile::Summary summary;
  image::Digest source_digest{};
};

// `path` is a .toml file or a directory of them. Nothing when anything was reported: what is wrong with the
// configuration, at its place; or, without a place, that the child could not do its work.
std::optional<CompiledImage> compile_in_child(const std::string& path, Schemas schemas,
                                              const CompileOptions& options, Diagnostics& diagnostics);

// How the child finds its two ends.
inline constexpr int kCompileImageFd = 3;   // a memfd, empty
inline constexpr int kCompileReportFd = 4;  // a pipe

}  // namespace sluice
