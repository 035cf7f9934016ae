// Reads a configuration from disk: one file, or the *.toml of a directory in the order of their names (hidden
// ones and sub-directories left out). Only regular files; bounded as rules/compile/compile.hpp says.
#pragma once

#include <string>
#include <vector>

#include "rules/base/result.hpp"
#include "rules/compile/compile.hpp"

namespace sluice {

// What can't be read is reported; then the result is not whole.
std::vector<compile::Source> read_sources(const std::string& path, Diagnostics& diagnostics);

}  // namespace sluice
