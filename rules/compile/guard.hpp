// What is refused before the TOML library sees it: too much text, bytes that are not UTF-8, NUL, and nesting
// deep enough to be a danger to a parser that recurses.
#pragma once

#include <string_view>

#include "rules/compile/notes.hpp"

namespace sluice::compile {

// False when something was reported. Linear in the text.
bool guard(std::string_view text, std::uint32_t file, Notes& notes);

}  // namespace sluice::compile
