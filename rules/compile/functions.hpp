// Which functions of a protocol a rule names, as one bit per function id.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rules/compile/notes.hpp"
#include "rules/compile/rows.hpp"
#include "rules/schema/schema.hpp"

namespace sluice::compile {

// As many words as the schema has ids; empty when `rows` is. A function stands for its sub-functions too.
// Names and codes that the protocol does not have are reported.
std::vector<std::uint64_t> function_words(std::span<const FunctionRow> rows, const Schema& schema,
                                          Notes& notes);

// Bits of the named functions whose default access is in `access` (bit by Access), ids 0..255.
std::array<std::uint64_t, 4> functions_of(std::uint8_t access, const Schema& schema);

}  // namespace sluice::compile
