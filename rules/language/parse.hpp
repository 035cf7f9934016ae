// Tokens to a syntax tree, without looking at names or types. After an error it goes on behind the next
// `and`, `or` or `)`, so that independent errors are reported together. Recursion is at most kMostDepth deep.
#pragma once

#include <string_view>
#include <vector>

#include "rules/language/token.hpp"
#include "rules/language/tree.hpp"

namespace sluice::language {

// The tree has bad nodes exactly where `report` was told why.
Tree parse(std::string_view text, const std::vector<Token>& tokens, Report& report);

}  // namespace sluice::language
