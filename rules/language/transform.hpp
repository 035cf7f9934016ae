// The work of single nodes on single values: transforms, and the tests that look at constants.
#pragma once

#include "rules/language/operand.hpp"

namespace sluice::language {

// False when the operand has no value any more: a number overflowed.
bool transform(const Node& node, ByteView constants, Operand& operand) noexcept;

bool nonzero(const Operand& operand) noexcept;
bool in_numbers(const Operand& operand, ByteView run) noexcept;
bool in_bytes(const Content& content, ByteView run, bool as_text) noexcept;
bool contains(const Content& content, ByteView run) noexcept;

}  // namespace sluice::language
