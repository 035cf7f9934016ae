// The typed end of compilation: looks names up, checks types, turns literals into what their field holds,
// writes nodes. All errors of the tree are reported; the program is of use only when there were none.
#pragma once

#include "rules/language/language.hpp"
#include "rules/language/names.hpp"
#include "rules/language/operations.hpp"
#include "rules/language/report.hpp"
#include "rules/language/tree.hpp"

namespace sluice::language {

Compiled generate(const Tree& tree, const Names& names, Report& report);

}  // namespace sluice::language
