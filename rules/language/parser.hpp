// The parser's state and its rules. parse.cpp holds those for tests and logic, parse_operand.cpp those for
// operands. Each rule returns the index of the node it made; a bad one when it reported an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/language/token.hpp"
#include "rules/language/tree.hpp"

namespace sluice::language {

class Parser {
 public:
  Parser(std::string_view text, const std::vector<Token>& tokens, Report& report)
      : text_{text}, tokens_{tokens}, report_{report} {}

  Tree run();

 private:
  using Index = std::uint32_t;

  // Tokens.
  [[nodiscard]] const Token& now() const { return tokens_[at_]; }
  [[nodiscard]] const Token& peek() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  const Token& next();
  bool accept(TokenKind kind);
  [[nodiscard]] std::string spelled(const Token& token) const;

  // Nodes.
  Index add(Expr expr);
  Index bad() { return add({}); }
  Index join(ExprKind kind, std::vector<Index> children);
  [[nodiscard]] bool failed(Index index) const { return tree_.nodes[index].kind == ExprKind::bad; }

  // Errors.
  void unexpected(std::string remedy);
  Index recover();
  Index fail(std::string remedy);
  Index deep(std::size_t offset);

  // Tests.
  Index disjunction();
  Index conjunction();
  Index unary();
  Index group();
  Index invert(Index inner, std::uint32_t offset);
  Index test();
  Index comparisons(Index left, Quantifier quantifier);
  Index membership(Expr expr);

  // Operands: mask < sum < product < sign < slice.
  Index operand();
  Index sum();
  Index product();
  Index sign();
  Index slices();
  Index primary();
  Index call();
  Index slice(Index value);
  Index arithmetic(Index left, Arithmetic op, Index (Parser::*side)());
  std::optional<Range> one_range();
  std::optional<Range> counted(std::uint32_t begin, std::int32_t start);
  std::optional<std::int32_t> integer();

  std::string_view text_;
  const std::vector<Token>& tokens_;
  Report& report_;
  Tree tree_;
  std::size_t at_ = 0;
  std::size_t nest_ = 0;  // rules that may contain themselves
  std::size_t open_ = 0;  // parentheses
  bool too_deep_ = false;
};

}  // namespace sluice::language
