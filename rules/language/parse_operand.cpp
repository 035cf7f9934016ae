#include <limits>
#include <utility>

#include "rules/language/language.hpp"
#include "rules/language/literal.hpp"
#include "rules/language/parser.hpp"

namespace sluice::language {

Parser::Index Parser::operand() {
  auto left = sum();
  while (!failed(left) && now().kind == TokenKind::mask)
    left = arithmetic(left, Arithmetic::mask, &Parser::sum);
  return left;
}

Parser::Index Parser::sum() {
  auto left = product();
  while (!failed(left) && (now().kind == TokenKind::plus || now().kind == TokenKind::minus)) {
    left = arithmetic(left, now().kind == TokenKind::plus ? Arithmetic::add : Arithmetic::subtract,
                      &Parser::product);
  }
  return left;
}

Parser::Index Parser::product() {
  auto left = sign();
  while (!failed(left)) {
    if (now().kind == TokenKind::star) {
      left = arithmetic(left, Arithmetic::multiply, &Parser::sign);
    } else if (now().kind == TokenKind::slash) {
      left = arithmetic(left, Arithmetic::divide, &Parser::sign);
    } else if (now().kind == TokenKind::percent) {
      left = arithmetic(left, Arithmetic::modulo, &Parser::sign);
    } else {
      break;
    }
  }
  return left;
}

Parser::Index Parser::arithmetic(Index left, Arithmetic op, Index (Parser::*side)()) {
  next();
  const auto right = (this->*side)();
  if (failed(right)) return right;
  Expr expr;
  expr.kind = ExprKind::arithmetic;
  expr.arithmetic = op;
  expr.offset = tree_.nodes[left].offset;
  expr.children = {left, right};
  return add(std::move(expr));
}

Parser::Index Parser::sign() {
  if (now().kind == TokenKind::plus || now().kind == TokenKind::minus) {
    const auto& token = next();
    if (++nest_ > kMostDepth) return deep(token.offset);
    const auto inner = sign();
    --nest_;
    if (token.kind == TokenKind::plus || failed(inner)) return inner;
    Expr expr;
    expr.kind = ExprKind::negate;
    expr.offset = token.offset;
    expr.children = {inner};
    return add(std::move(expr));
  }
  return slices();
}

Parser::Index Parser::slices() {
  auto value = primary();
  while (!failed(value)) {
    if (now().kind == TokenKind::layer) {
      report_.add(now().offset, "layers can't be chosen by number", "leave out '#' and what follows it");
      return bad();
    }
    if (now().kind != TokenKind::open_slice) break;
    value = slice(value);
  }
  return value;
}

Parser::Index Parser::primary() {
  const auto& token = now();
  Expr expr;
  expr.offset = token.offset;
  expr.length = token.length;
  if (token.kind == TokenKind::open_set) {
    next();
    if (++nest_ > kMostDepth) return deep(token.offset);
    const auto inner = operand();
    --nest_;
    if (failed(inner)) return inner;
    if (!accept(TokenKind::close_set)) {
      unexpected("close the brace: '}'");
      return bad();
    }
    return inner;
  }
  if (token.kind == TokenKind::word && peek().kind == TokenKind::open) return call();
  if (token.kind == TokenKind::word) {
    expr.kind = ExprKind::word;
    expr.text = text_.substr(token.offset, token.length);
  } else if (token.kind == TokenKind::string || token.kind == TokenKind::character) {
    expr.kind = token.kind == TokenKind::string ? ExprKind::string : ExprKind::character;
    expr.text = token.bytes;
  } else {
    unexpected("a field or a value belongs here");
    return bad();
  }
  next();
  return add(std::move(expr));
}

Parser::Index Parser::call() {
  Expr expr;
  expr.kind = ExprKind::call;
  expr.offset = now().offset;
  expr.text = text_.substr(now().offset, now().length);
  expr.length = now().length;
  next();
  const auto open = next().offset;
  if (++nest_ > kMostDepth) return deep(open);
  if (!accept(TokenKind::close)) {
    do {
      const auto argument = operand();
      if (failed(argument)) return argument;
      expr.children.push_back(argument);
    } while (accept(TokenKind::comma));
    if (!accept(TokenKind::close)) {
      unexpected("close the parenthesis: ')'");
      return bad();
    }
  }
  --nest_;
  return add(std::move(expr));
}

Parser::Index Parser::slice(Index value) {
  Expr expr;
  expr.kind = ExprKind::slice;
  expr.offset = tree_.nodes[value].offset;
  expr.children = {value};
  next();
  do {
    const auto range = one_range();
    if (!range) return bad();
    expr.ranges.push_back(*range);
    if (expr.ranges.size() > kMostPieces) {
      report_.add(now().offset, "more than " + std::to_string(kMostPieces) + " ranges in a slice");
      return bad();
    }
  } while (accept(TokenKind::comma));
  if (!accept(TokenKind::close_slice)) {
    unexpected("a slice is [start:count], [first-last], [at], [:count] or [start:]");
    return bad();
  }
  return add(std::move(expr));
}

std::optional<Range> Parser::one_range() {
  const auto begin = now().offset;
  if (accept(TokenKind::colon)) {
    if (now().kind != TokenKind::integer) return Range{0, 0};
    return counted(begin, 0);
  }
  const auto start = integer();
  if (!start) return std::nullopt;
  if (accept(TokenKind::colon)) {
    if (now().kind != TokenKind::integer && now().kind != TokenKind::minus) return Range{*start, 0};
    return counted(begin, *start);
  }
  if (accept(TokenKind::minus)) {
    const auto last = integer();
    if (!last) return std::nullopt;
    if ((*start < 0) != (*last < 0) || *last <= *start) {
      report_.add(begin, "the end of the range must lie behind its start, counted from the same end");
      return std::nullopt;
    }
    return Range{*start, static_cast<std::uint32_t>(std::int64_t{*last} - *start + 1)};
  }
  return Range{*start, 1};
}

std::optional<Range> Parser::counted(std::uint32_t begin, std::int32_t start) {
  const auto count = integer();
  if (!count) return std::nullopt;
  if (*count <= 0) {
    report_.add(begin, "the count of bytes must be greater than 0");
    return std::nullopt;
  }
  return Range{start, static_cast<std::uint32_t>(*count)};
}

std::optional<std::int32_t> Parser::integer() {
  const bool negative = accept(TokenKind::minus);
  if (now().kind != TokenKind::integer) {
    unexpected("a slice is [start:count], [first-last], [at], [:count] or [start:]");
    return std::nullopt;
  }
  const auto& token = next();
  const auto value = unsigned_literal(text_.substr(token.offset, token.length));
  if (!value || *value > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max())) {
    report_.add(token.offset, "'" + spelled(token) + "' is not an offset");
    return std::nullopt;
  }
  const auto number = static_cast<std::int32_t>(*value);
  return negative ? -number : number;
}

}  // namespace sluice::language
