// A compiled match expression: a run of Nodes without pointers, so that it lives in the image and is
// evaluated there.
//
// A program is read from its first node to its last and keeps one truth. Operand nodes are passed over: a
// source (a field, a literal) followed by transforms (a slice, a mask) describes a list of values. Test nodes
// name the operands they look at, by the index of the source, and set the truth. Jumps go forward only, so
// each node is executed at most once. The truth after the last node is the answer; a program without nodes is
// never valid.
//
// Indices of nodes (`a`, and `b` of compare) count from the program's first node. Constants are runs of the
// constants given: `b` is the first byte, `number` the count of bytes.
//
// validate() trusts nothing. evaluate() may only be called on what validate() accepted with the same schemas;
// it neither allocates nor throws, and any thread may call it. Its work is at most linear in nodes × values
// and in the bytes looked at, times the states of a pattern (kMostStates) or the logarithm of the values
// where two fields are compared.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include "rules/base/steps.hpp"
#include "rules/schema/schema.hpp"
#include "rules/schema/value.hpp"

namespace sluice::language {

inline constexpr std::size_t kMostNodes = 4096;   // of one program
inline constexpr std::size_t kMostPieces = 16;    // runs of bytes that a slice selects
inline constexpr std::size_t kMostStates = 1024;  // of one pattern

// Part of the image format: add at the end.
enum class Op : std::uint8_t {
  // control
  truth,  // the truth is `number` != 0
  invert,
  jump_if_false,  // to node `a`; the program's size ends it
  jump_if_true,
  // sources
  field,   // all values of protocol, field
  count,   // how many of them there are; no value when there are none
  number,  // a literal of NumberKind `flags`
  bytes,   // a literal; `bits` of it count when kNetwork is set in `flags`
  // transforms of the operand before them
  slice,  // constants: Ranges
  lower,  // ASCII
  upper,
  mask_number,  // and with `number`
  mask_bytes,   // and with constants; the result is as long as the shorter
  add,          // integers, as signed 64-bit; a value that overflows is left out
  subtract,
  multiply,
  divide,
  modulo,
  negate,
  length,  // of bytes
  text,    // an integer in decimal, an address as people write it
  // tests of the operand at `a`
  exists,
  nonzero,     // some value has a bit set
  compare,     // with the operand at `b`: Relation and quantifier in `flags`
  in_numbers,  // constants: pairs of sort keys, sorted, inclusive
  in_bytes,    // constants: entries of a byte set
  contains,    // constants: needle and its failure table
  matches,     // constants: a pattern (pattern.hpp)
  count_,
};

enum class NumberKind : std::uint8_t { unsigned_integer, signed_integer, boolean, real };
enum class Relation : std::uint8_t { eq, ne, lt, le, gt, ge };

// Bits of Node::flags of a test; the low three bits of a comparison are its Relation.
inline constexpr std::uint8_t kAll = 8;       // every value, instead of any; there must be one
inline constexpr std::uint8_t kAsText = 16;   // order by character, not by length first
inline constexpr std::uint8_t kFilled = 64;   // of exists and matches: a value without bytes is none
inline constexpr std::uint8_t kNetwork = 32;  // of a bytes literal: only the first `bits` bits count

struct Node {
  std::uint8_t op = 0;
  std::uint8_t flags = 0;
  std::uint16_t protocol = 0xffff;
  std::uint16_t field = 0xffff;
  std::uint16_t bits = 0;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint64_t number = 0;
  bool operator==(const Node&) const noexcept = default;
};
static_assert(sizeof(Node) == 24 && std::has_unique_object_representations_v<Node>);
static_assert(std::is_trivially_copyable_v<Node>);

// One range of a slice. Negative starts count from the end. A count of 0 reaches to the end. A slice ends at
// its first range that the value does not have; it may be empty.
struct Range {
  std::int32_t start = 0;
  std::uint32_t count = 0;
};

struct ProgramView {
  std::span<const Node> nodes;
  std::span<const std::uint8_t> constants;
};

bool validate(ProgramView program, Schemas schemas) noexcept;
bool evaluate(ProgramView program, const ValueSet& values, Schemas schemas) noexcept;
// False, with nothing left in `steps`, when they do not suffice.
bool evaluate(ProgramView program, const ValueSet& values, Schemas schemas, Steps& steps) noexcept;

// Adds `constants_offset` to every run of constants: for programs that share one section.
void relocate(std::span<Node> nodes, std::uint32_t constants_offset) noexcept;

}  // namespace sluice::language
