// Match expressions: Wireshark 4.0 display-filter syntax over the fields of the schemas. Text is checked here
// and becomes a program without pointers; program.hpp evaluates it. See README.md of this folder for the
// grammar and for the three readings. Bounded: kMostText bytes, kMostDepth nested parentheses and operators,
// kMostNodes nodes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rules/base/result.hpp"
#include "rules/language/program.hpp"
#include "rules/schema/schema.hpp"

namespace sluice::language {

inline constexpr std::size_t kMostText = 16 * 1024;
inline constexpr std::size_t kMostDepth = 64;

// Nodes as they go into the image. A node's constants are runs of `constants`.
struct Compiled {
  std::vector<Node> nodes;
  std::vector<std::uint8_t> constants;
};

// Compiles `text`, whose first character stands at `where`. All errors are reported, with their columns.
// `about` are the protocols whose fields may be used; empty: all of `schemas`. An unknown name gets the
// nearest known one. Returns an empty program when anything was reported.
Compiled compile(std::string_view text, const Where& where, Schemas schemas,
                 std::span<const ProtocolId> about, Diagnostics& diagnostics);

}  // namespace sluice::language
