// The syntax tree of one match expression. Lives only while an expression is compiled. Nodes name their
// children by index; a depth of kMostDepth is enforced by the parser, so that walking it recursively is safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/language/program.hpp"

namespace sluice::language {

enum class ExprKind : std::uint8_t {
  bad,  // an error was reported
  // operands
  word,       // a field or an unquoted literal
  string,     // text holds the bytes meant
  character,  // 'c'
  slice,
  call,  // text is the function's name
  negate,
  arithmetic,
  // elements of a set
  range,  // low .. high
  // tests
  exists,
  compare,
  in,  // children: operand, then elements
  contains,
  matches,
  all_of,  // and
  any_of,  // or
  inverse,
};

enum class Quantifier : std::uint8_t { none, any, all };
enum class Arithmetic : std::uint8_t { mask, add, subtract, multiply, divide, modulo };

struct Expr {
  ExprKind kind = ExprKind::bad;
  Quantifier quantifier = Quantifier::none;  // never none in a test that has one
  Relation relation = Relation::eq;
  Arithmetic arithmetic = Arithmetic::mask;
  std::uint32_t offset = 0;  // where it starts, and its length, in the text
  std::uint32_t length = 0;
  std::uint32_t depth = 1;
  std::string text;
  std::vector<Range> ranges;
  std::vector<std::uint32_t> children;
};

struct Tree {
  std::vector<Expr> nodes;
  std::uint32_t root = 0;

  [[nodiscard]] const Expr& operator[](std::uint32_t index) const { return nodes[index]; }
};

// The expression written out again, fully parenthesised: parses to the same tree.
std::string print(const Tree& tree, std::uint32_t index);

}  // namespace sluice::language
