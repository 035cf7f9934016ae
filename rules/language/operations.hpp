// What each Op is: one table for the compiler, validate() and evaluate().
#pragma once

#include <array>

#include "rules/language/program.hpp"

namespace sluice::language {

enum class OpClass : std::uint8_t { control, source, transform, test };

struct OpInfo {
  OpClass kind;
  bool constants;  // b, number are a run of constants
};

inline constexpr std::array<OpInfo, static_cast<std::size_t>(Op::count_)> kOps = {{
    {OpClass::control, false},    // truth
    {OpClass::control, false},    // invert
    {OpClass::control, false},    // jump_if_false
    {OpClass::control, false},    // jump_if_true
    {OpClass::source, false},     // field
    {OpClass::source, false},     // count
    {OpClass::source, false},     // number
    {OpClass::source, true},      // bytes
    {OpClass::transform, true},   // slice
    {OpClass::transform, false},  // lower
    {OpClass::transform, false},  // upper
    {OpClass::transform, false},  // mask_number
    {OpClass::transform, true},   // mask_bytes
    {OpClass::transform, false},  // add
    {OpClass::transform, false},  // subtract
    {OpClass::transform, false},  // multiply
    {OpClass::transform, false},  // divide
    {OpClass::transform, false},  // modulo
    {OpClass::transform, false},  // negate
    {OpClass::transform, false},  // length
    {OpClass::transform, false},  // text
    {OpClass::test, false},       // exists
    {OpClass::test, false},       // nonzero
    {OpClass::test, false},       // compare
    {OpClass::test, true},        // in_numbers
    {OpClass::test, true},        // in_bytes
    {OpClass::test, true},        // contains
    {OpClass::test, true},        // matches
}};

constexpr const OpInfo& info(Op op) noexcept { return kOps[static_cast<std::size_t>(op)]; }
constexpr Op op_of(const Node& node) noexcept { return static_cast<Op>(node.op); }
constexpr bool known(const Node& node) noexcept { return node.op < static_cast<std::uint8_t>(Op::count_); }

// How the values of a field, or of an operand, are held.
enum class Kind : std::uint8_t { unsigned_integer, signed_integer, boolean, real, bytes };
constexpr Kind kind_of(NumberKind kind) noexcept { return static_cast<Kind>(kind); }
constexpr bool integer(Kind kind) noexcept {
  return kind == Kind::unsigned_integer || kind == Kind::signed_integer;
}

constexpr Kind kind_of(FieldType type) noexcept {
  switch (type) {
    case FieldType::unsigned_integer:
      return Kind::unsigned_integer;
    case FieldType::signed_integer:
      return Kind::signed_integer;
    case FieldType::boolean:
      return Kind::boolean;
    case FieldType::real:
      return Kind::real;
    case FieldType::protocol:
    case FieldType::bytes:
    case FieldType::string:
    case FieldType::ipv4:
    case FieldType::ipv6:
    case FieldType::ether:
      return Kind::bytes;
  }
  return Kind::bytes;
}

// A number as one that orders like it among unsigned numbers of the same kind. Both zeros of a real are one;
// NaN has a key, but equals nothing.
constexpr std::uint64_t sort_key(Kind kind, std::uint64_t number) noexcept {
  constexpr auto kTop = std::uint64_t{1} << 63U;
  switch (kind) {
    case Kind::signed_integer:
      return number ^ kTop;
    case Kind::boolean:
      return number != 0 ? 1 : 0;
    case Kind::real:
      if (number == kTop) number = 0;
      return (number & kTop) != 0 ? ~number : number | kTop;
    case Kind::unsigned_integer:
    case Kind::bytes:
      return number;
  }
  return number;
}

// An entry of a byte set, followed by its bytes: low, then high.
struct SetEntry {
  std::uint32_t low = 0;  // bytes of it
  std::uint32_t high = 0;
  std::uint16_t bits = 0;  // of a network
  enum class Shape : std::uint8_t { single, range, network } shape = Shape::single;
  std::uint8_t pad = 0;
};
static_assert(sizeof(SetEntry) == 12);

}  // namespace sluice::language
