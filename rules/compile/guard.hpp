// What is refused before the TOML library sees it: bytes that are not UTF-8, NUL, nesting deep enough to be a
// danger to a parser that recurses, and a table without a name, which toml++ 3.3 takes for impossible.
#pragma once

#include <string_view>

#include "rules/compile/notes.hpp"

namespace sluice::compile {

// False when something was reported. Linear in the text.
bool guard(std::string_view text, std::uint32_t file, Notes& notes);

}  // namespace sluice::compile
