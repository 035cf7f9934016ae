// What commands do with a configuration: have it compiled by the limited child, and tell what is wrong with
// it.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/cli/command.hpp"
#include "control/ruleset/compile_child.hpp"

namespace sluice::cli {

// What follows from errors: findings when they have a place in a configuration; unreadable when it could not
// be read, or the compiler could not do its work.
Exit exit_of(const Diagnostics& diagnostics);

// All errors on `err`, one a line.
void complain(Console& console, const Diagnostics& diagnostics);

// Compiles the file or directory at `path`; errors are told.
tl::expected<CompiledImage, Exit> compile_config(const std::string& path, Console& console);

// The ports that an image names, as ports_of(). An image that this program can't read is an error.
Result<std::vector<std::string>> ports_named_by(ByteView image);

}  // namespace sluice::cli
