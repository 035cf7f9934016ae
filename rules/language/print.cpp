#include <array>

#include "rules/language/tree.hpp"

namespace sluice::language {
namespace {

constexpr std::array<std::string_view, 6> kRelations = {"==", "!=", "<", "<=", ">", ">="};
constexpr std::array<std::string_view, 6> kArithmetic = {"&", "+", "-", "*", "/", "%"};

std::string quoted(std::string_view bytes, char quote) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out{quote};
  for (const auto c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') out += '\\';
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out + quote;
}

std::string slice_of(const Expr& expr) {
  std::string out;
  for (const auto& range : expr.ranges) {
    out += out.empty() ? "[" : ", ";
    out += std::to_string(range.start) + ":";
    if (range.count != 0) out += std::to_string(range.count);
  }
  return out + "]";
}

std::string joined(const Tree& tree, const Expr& expr, std::size_t first, std::string_view with) {
  std::string out;
  for (std::size_t i = first; i < expr.children.size(); ++i) {
    if (i != first) out += with;
    out += print(tree, expr.children[i]);
  }
  return out;
}

std::string quantified(const Expr& expr) {
  if (expr.quantifier == Quantifier::none) return "";
  return expr.quantifier == Quantifier::all ? "all " : "any ";
}

}  // namespace

std::string print(const Tree& tree, std::uint32_t index) {
  const auto& expr = tree[index];
  const auto child = [&](std::size_t i) { return print(tree, expr.children[i]); };
  switch (expr.kind) {
    case ExprKind::bad:
      return "?";
    case ExprKind::word:
      return expr.text;
    case ExprKind::string:
      return quoted(expr.text, '"');
    case ExprKind::character:
      return quoted(expr.text, '\'');
    case ExprKind::slice:
      return child(0) + slice_of(expr);
    case ExprKind::call:
      return expr.text + "(" + joined(tree, expr, 0, ", ") + ")";
    case ExprKind::negate:
      return "{-" + child(0) + "}";
    case ExprKind::arithmetic: {
      const auto sign = kArithmetic[static_cast<std::size_t>(expr.arithmetic)];
      return "{" + child(0) + " " + std::string{sign} + " " + child(1) + "}";
    }
    case ExprKind::range:
      return child(0) + " .. " + child(1);
    case ExprKind::exists:
      return "(" + child(0) + ")";
    case ExprKind::compare: {
      const auto sign = kRelations[static_cast<std::size_t>(expr.relation)];
      return "(" + quantified(expr) + child(0) + " " + std::string{sign} + " " + child(1) + ")";
    }
    case ExprKind::in:
      return "(" + quantified(expr) + child(0) + " in {" + joined(tree, expr, 1, ", ") + "})";
    case ExprKind::contains:
      return "(" + quantified(expr) + child(0) + " contains " + child(1) + ")";
    case ExprKind::matches:
      return "(" + quantified(expr) + child(0) + " matches " + child(1) + ")";
    case ExprKind::all_of:
      return "(" + joined(tree, expr, 0, " && ") + ")";
    case ExprKind::any_of:
      return "(" + joined(tree, expr, 0, " || ") + ")";
    case ExprKind::inverse:
      return "(!" + child(0) + ")";
  }
  return "?";
}

}  // namespace sluice::language
