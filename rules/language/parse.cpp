#include "rules/language/parse.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "rules/language/language.hpp"
#include "rules/language/parser.hpp"

namespace sluice::language {
namespace {

struct Relational {
  Relation relation;
  Quantifier quantifier;
};

constexpr std::optional<Relational> relational(TokenKind kind) noexcept {
  if (kind == TokenKind::equal) return Relational{Relation::eq, Quantifier::any};
  if (kind == TokenKind::not_equal) return Relational{Relation::ne, Quantifier::all};
  if (kind == TokenKind::all_equal) return Relational{Relation::eq, Quantifier::all};
  if (kind == TokenKind::any_not_equal) return Relational{Relation::ne, Quantifier::any};
  if (kind == TokenKind::less) return Relational{Relation::lt, Quantifier::any};
  if (kind == TokenKind::less_equal) return Relational{Relation::le, Quantifier::any};
  if (kind == TokenKind::greater) return Relational{Relation::gt, Quantifier::any};
  if (kind == TokenKind::greater_equal) return Relational{Relation::ge, Quantifier::any};
  return std::nullopt;
}

}  // namespace

Tree Parser::run() {
  if (tokens_.size() == 1) {
    report_.add(0, "the expression is empty", "name a field, or compare one with a value");
    tree_.root = bad();
    return std::move(tree_);
  }
  auto root = disjunction();
  while (now().kind != TokenKind::end) {
    unexpected("join two tests with '&&' or '||'");
    recover();
    accept(TokenKind::close);
    if (now().kind == TokenKind::all_of || now().kind == TokenKind::any_of) next();
    if (now().kind != TokenKind::end) root = join(ExprKind::all_of, {root, disjunction()});
  }
  tree_.root = root;
  return std::move(tree_);
}

const Token& Parser::next() {
  const auto& token = tokens_[at_];
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Parser::accept(TokenKind kind) {
  if (now().kind != kind) return false;
  next();
  return true;
}

std::string Parser::spelled(const Token& token) const {
  return std::string{text_.substr(token.offset, std::min<std::size_t>(token.length, 40))};
}

void Parser::unexpected(std::string remedy) {
  if (now().kind == TokenKind::bad) return;  // reported when it was read
  if (now().kind == TokenKind::end) {
    report_.add(now().offset, "the expression ends too early", std::move(remedy));
  } else if (now().kind == TokenKind::close && open_ == 0) {
    report_.add(now().offset, "')' without '('", "remove it");
  } else {
    report_.add(now().offset, "'" + spelled(now()) + "' was not expected here", std::move(remedy));
  }
}

Parser::Index Parser::add(Expr expr) {
  expr.depth = 1;
  for (const auto child : expr.children) expr.depth = std::max(expr.depth, tree_.nodes[child].depth + 1);
  if (expr.depth > 2 * kMostDepth) deep(expr.offset);
  tree_.nodes.push_back(std::move(expr));
  return static_cast<std::uint32_t>(tree_.nodes.size() - 1);
}

Parser::Index Parser::recover() {
  int nested = 0;
  for (;; next()) {
    const auto kind = now().kind;
    if (kind == TokenKind::end) break;
    if (kind == TokenKind::open) ++nested;
    if (kind == TokenKind::close && nested-- == 0) break;
    if (nested == 0 && (kind == TokenKind::all_of || kind == TokenKind::any_of)) break;
  }
  return bad();
}

Parser::Index Parser::fail(std::string remedy) {
  unexpected(std::move(remedy));
  return recover();
}

Parser::Index Parser::deep(std::size_t offset) {
  if (!too_deep_) {
    report_.add(offset, "nested deeper than " + std::to_string(kMostDepth) + " levels", "write it flatter");
  }
  too_deep_ = true;
  at_ = tokens_.size() - 1;
  tree_.nodes.push_back({});
  return static_cast<std::uint32_t>(tree_.nodes.size() - 1);
}

Parser::Index Parser::join(ExprKind kind, std::vector<Index> children) {
  if (children.size() == 1) return children.front();
  Expr expr;
  expr.kind = kind;
  expr.offset = tree_.nodes[children.front()].offset;
  expr.children = std::move(children);
  return add(std::move(expr));
}

Parser::Index Parser::disjunction() {
  std::vector<std::uint32_t> children{conjunction()};
  while (accept(TokenKind::any_of)) children.push_back(conjunction());
  return join(ExprKind::any_of, std::move(children));
}

Parser::Index Parser::conjunction() {
  std::vector<std::uint32_t> children{unary()};
  while (accept(TokenKind::all_of)) children.push_back(unary());
  return join(ExprKind::all_of, std::move(children));
}

Parser::Index Parser::unary() {
  if (now().kind == TokenKind::open) return group();
  if (now().kind == TokenKind::inverse) {
    const auto offset = next().offset;
    if (++nest_ > kMostDepth) return deep(offset);
    const auto inner = unary();
    --nest_;
    return invert(inner, offset);
  }
  const auto nest = nest_;
  const auto index = test();
  nest_ = nest;  // an error leaves rules without passing their ends
  return index;
}

Parser::Index Parser::group() {
  const auto offset = next().offset;
  if (++nest_ > kMostDepth) return deep(offset);
  ++open_;
  const auto inner = disjunction();
  if (now().kind == TokenKind::end && !too_deep_) {
    report_.add(offset, "'(' is not closed", "add ')'");
  } else if (now().kind != TokenKind::close && !too_deep_) {
    unexpected("add ')', or join two tests with '&&' or '||'");
    recover();
  }
  accept(TokenKind::close);
  --open_;
  --nest_;
  return inner;
}

Parser::Index Parser::invert(std::uint32_t inner, std::uint32_t offset) {
  Expr expr;
  expr.kind = ExprKind::inverse;
  expr.offset = offset;
  expr.children = {inner};
  return add(std::move(expr));
}

Parser::Index Parser::test() {
  auto quantifier = Quantifier::none;
  if (accept(TokenKind::any)) quantifier = Quantifier::any;
  if (quantifier == Quantifier::none && accept(TokenKind::all)) quantifier = Quantifier::all;
  const auto left = operand();
  if (failed(left)) return recover();

  Expr expr;
  expr.offset = tree_.nodes[left].offset;
  expr.quantifier = quantifier == Quantifier::none ? Quantifier::any : quantifier;
  expr.children = {left};
  if (relational(now().kind)) return comparisons(left, quantifier);
  if (now().kind == TokenKind::in) {
    next();
    return membership(std::move(expr));
  }
  if (now().kind == TokenKind::inverse && peek().kind == TokenKind::in) {
    const auto offset = next().offset;
    next();
    expr.quantifier = Quantifier::any;  // none of the values is in the set, whatever was written
    return invert(membership(std::move(expr)), offset);
  }
  if (now().kind == TokenKind::contains || now().kind == TokenKind::matches) {
    expr.kind = next().kind == TokenKind::contains ? ExprKind::contains : ExprKind::matches;
    const auto right = operand();
    if (failed(right)) return recover();
    expr.children.push_back(right);
    return add(std::move(expr));
  }
  if (quantifier != Quantifier::none)
    return fail("'any' and 'all' stand before a comparison: any tcp.port == 80");
  expr.kind = ExprKind::exists;
  return add(std::move(expr));
}

Parser::Index Parser::comparisons(Index left, Quantifier quantifier) {
  std::vector<std::uint32_t> children;
  while (const auto relation = relational(now().kind)) {
    if (quantifier != Quantifier::none && !children.empty()) {
      return fail("'any' and 'all' hold for one comparison: join two with '&&'");
    }
    next();
    const auto right = operand();
    if (failed(right)) return recover();
    Expr expr;
    expr.kind = ExprKind::compare;
    expr.offset = tree_.nodes[left].offset;
    expr.relation = relation->relation;
    expr.quantifier = quantifier == Quantifier::none ? relation->quantifier : quantifier;
    expr.children = {left, right};
    children.push_back(add(std::move(expr)));
    left = right;
  }
  return join(ExprKind::all_of, std::move(children));
}

Parser::Index Parser::membership(Expr expr) {
  expr.kind = ExprKind::in;
  if (!accept(TokenKind::open_set)) return fail("write the values in braces: {1, 3..5}");
  do {
    auto element = operand();
    if (failed(element)) return recover();
    if (accept(TokenKind::dots)) {
      Expr range;
      range.kind = ExprKind::range;
      range.offset = tree_.nodes[element].offset;
      const auto high = operand();
      if (failed(high)) return recover();
      range.children = {element, high};
      element = add(std::move(range));
    }
    expr.children.push_back(element);
  } while (accept(TokenKind::comma));
  if (!accept(TokenKind::close_set)) return fail("separate the values by commas and end the set with '}'");
  return add(std::move(expr));
}

Tree parse(std::string_view text, const std::vector<Token>& tokens, Report& report) {
  return Parser{text, tokens, report}.run();
}

}  // namespace sluice::language
