#include "rules/language/parse.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "rules/language/language.hpp"
#include "rules/language/literal.hpp"

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

class Parser {
 public:
  Parser(std::string_view text, const std::vector<Token>& tokens, Report& report)
      : text_{text}, tokens_{tokens}, report_{report} {}

  Tree run() {
    if (tokens_.size() == 1) {
      report_.add(0, "the expression is empty", "name a field, or compare one with a value");
      tree_.root = bad();
      return std::move(tree_);
    }
    auto root = disjunction();
    while (!too_deep_ && now().kind != TokenKind::end) {
      unexpected("join two tests with '&&' or '||'");
      if (now().kind == TokenKind::close) next();
      if (now().kind == TokenKind::all_of || now().kind == TokenKind::any_of) next();
      if (now().kind != TokenKind::end) root = join(ExprKind::all_of, {root, disjunction()});
    }
    tree_.root = root;
    return std::move(tree_);
  }

 private:
  [[nodiscard]] const Token& now() const { return tokens_[at_]; }
  [[nodiscard]] const Token& peek() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  const Token& next() {
    const auto& token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool accept(TokenKind kind) {
    if (now().kind != kind) return false;
    next();
    return true;
  }
  [[nodiscard]] std::string spelled(const Token& token) const {
    return std::string{text_.substr(token.offset, std::min<std::size_t>(token.length, 40))};
  }

  void unexpected(std::string remedy) {
    if (now().kind == TokenKind::bad) return;  // reported when it was read
    if (now().kind == TokenKind::end) {
      report_.add(now().offset, "the expression ends too early", std::move(remedy));
    } else if (now().kind == TokenKind::close && open_ == 0) {
      report_.add(now().offset, "')' without '('", "remove it");
    } else {
      report_.add(now().offset, "'" + spelled(now()) + "' was not expected here", std::move(remedy));
    }
  }

  std::uint32_t add(Expr expr) {
    expr.depth = 1;
    for (const auto child : expr.children) expr.depth = std::max(expr.depth, tree_.nodes[child].depth + 1);
    if (expr.depth > 2 * kMostDepth) deep(expr.offset);
    tree_.nodes.push_back(std::move(expr));
    return static_cast<std::uint32_t>(tree_.nodes.size() - 1);
  }
  std::uint32_t bad() { return add({}); }

  // Skips what can't be understood, to the end of this test.
  std::uint32_t recover() {
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
  std::uint32_t fail(std::string remedy) {
    unexpected(std::move(remedy));
    return recover();
  }

  std::uint32_t deep(std::size_t offset) {
    if (!too_deep_) {
      report_.add(offset, "nested deeper than " + std::to_string(kMostDepth) + " levels", "write it flatter");
    }
    too_deep_ = true;
    at_ = tokens_.size() - 1;
    tree_.nodes.push_back({});
    return static_cast<std::uint32_t>(tree_.nodes.size() - 1);
  }

  std::uint32_t join(ExprKind kind, std::vector<std::uint32_t> children) {
    if (children.size() == 1) return children.front();
    Expr expr;
    expr.kind = kind;
    expr.offset = tree_.nodes[children.front()].offset;
    expr.children = std::move(children);
    return add(std::move(expr));
  }

  std::uint32_t disjunction() {
    std::vector<std::uint32_t> children{conjunction()};
    while (accept(TokenKind::any_of)) children.push_back(conjunction());
    return join(ExprKind::any_of, std::move(children));
  }

  std::uint32_t conjunction() {
    std::vector<std::uint32_t> children{unary()};
    while (accept(TokenKind::all_of)) children.push_back(unary());
    return join(ExprKind::all_of, std::move(children));
  }

  std::uint32_t unary() {
    if (now().kind == TokenKind::inverse) {
      const auto offset = next().offset;
      if (++nest_ > kMostDepth) return deep(offset);
      const auto inner = unary();
      --nest_;
      return invert(inner, offset);
    }
    if (now().kind == TokenKind::open) {
      const auto offset = next().offset;
      if (++nest_ > kMostDepth) return deep(offset);
      ++open_;
      const auto inner = disjunction();
      if (now().kind != TokenKind::close && !too_deep_) {
        if (now().kind == TokenKind::end) {
          report_.add(offset, "'(' is not closed", "add ')'");
        } else {
          unexpected("add ')', or join two tests with '&&' or '||'");
          recover();
        }
      }
      accept(TokenKind::close);
      --open_;
      --nest_;
      return inner;
    }
    return test();
  }

  std::uint32_t invert(std::uint32_t inner, std::uint32_t offset) {
    Expr expr;
    expr.kind = ExprKind::inverse;
    expr.offset = offset;
    expr.children = {inner};
    return add(std::move(expr));
  }

  std::uint32_t test() {
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

  std::uint32_t comparisons(std::uint32_t left, Quantifier quantifier) {
    std::vector<std::uint32_t> children;
    while (const auto relation = relational(now().kind)) {
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

  std::uint32_t membership(Expr expr) {
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

  [[nodiscard]] bool failed(std::uint32_t index) const { return tree_.nodes[index].kind == ExprKind::bad; }

  // mask < sum < product < sign < slice
  std::uint32_t operand() {
    auto left = sum();
    while (!failed(left) && now().kind == TokenKind::mask)
      left = arithmetic(left, Arithmetic::mask, &Parser::sum);
    return left;
  }
  std::uint32_t sum() {
    auto left = product();
    while (!failed(left) && (now().kind == TokenKind::plus || now().kind == TokenKind::minus)) {
      left = arithmetic(left, now().kind == TokenKind::plus ? Arithmetic::add : Arithmetic::subtract,
                        &Parser::product);
    }
    return left;
  }
  std::uint32_t product() {
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

  std::uint32_t arithmetic(std::uint32_t left, Arithmetic op, std::uint32_t (Parser::*side)()) {
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

  std::uint32_t sign() {
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

  std::uint32_t slices() {
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

  std::uint32_t primary() {
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

  std::uint32_t call() {
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

  std::uint32_t slice(std::uint32_t value) {
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

  std::optional<Range> one_range() {
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

  std::optional<Range> counted(std::uint32_t begin, std::int32_t start) {
    const auto count = integer();
    if (!count) return std::nullopt;
    if (*count <= 0) {
      report_.add(begin, "the count of bytes must be greater than 0");
      return std::nullopt;
    }
    return Range{start, static_cast<std::uint32_t>(*count)};
  }

  std::optional<std::int32_t> integer() {
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

  std::string_view text_;
  const std::vector<Token>& tokens_;
  Report& report_;
  Tree tree_;
  std::size_t at_ = 0;
  std::size_t nest_ = 0;
  std::size_t open_ = 0;
  bool too_deep_ = false;
};

}  // namespace

Tree parse(std::string_view text, const std::vector<Token>& tokens, Report& report) {
  return Parser{text, tokens, report}.run();
}

}  // namespace sluice::language
