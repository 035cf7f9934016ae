#include "rules/language/value_of.hpp"

#include <bit>
#include <limits>

namespace sluice::language {
namespace {

Network all_bits(Bytes bytes) {
  const auto bits = static_cast<std::uint16_t>(std::min<std::size_t>(8 * bytes.size(), 0xffff));
  return {std::move(bytes), bits};
}
Bytes bytes_in(const std::string& text) { return {text.begin(), text.end()}; }

std::uint64_t greatest(unsigned bits) {
  return bits >= 64 ? std::numeric_limits<std::uint64_t>::max() : (std::uint64_t{1} << bits) - 1;
}

}  // namespace

bool Values::constant(std::uint32_t index) const {
  const auto& expr = tree_[index];
  switch (expr.kind) {
    case ExprKind::string:
    case ExprKind::character:
      return true;
    case ExprKind::word:
      return !names_.find(expr.text);
    case ExprKind::negate:
      return constant(expr.children[0]);
    case ExprKind::arithmetic:
      return constant(expr.children[0]) && constant(expr.children[1]);
    default:
      return false;
  }
}

std::optional<std::uint64_t> Values::wrong(const Expr& expr, const std::string& what, std::string remedy) {
  const auto shown = expr.kind == ExprKind::word ? "'" + expr.text.substr(0, 60) + "'" : std::string{"this"};
  const bool letter =
      expr.kind == ExprKind::word && !expr.text.empty() && (expr.text[0] < '0' || expr.text[0] > '9');
  if (letter && expr.text.find('.') != std::string::npos) {
    report_.add(expr.offset, shown + " is neither " + what + " nor a field", names_.remedy(expr.text));
  } else {
    report_.add(expr.offset, shown + " is not " + what, std::move(remedy));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Values::number(std::uint32_t index, const OperandType& type) {
  const auto& expr = tree_[index];
  switch (type.kind) {
    case Kind::unsigned_integer:
      return unsigned_number(index, type);
    case Kind::boolean:
      return boolean(expr);
    case Kind::real:
      return real(index);
    case Kind::bytes:
      return std::nullopt;
    case Kind::signed_integer:
      break;
  }
  const auto value = integer(index);
  if (!value) return std::nullopt;
  const auto high = static_cast<std::int64_t>(greatest(type.bits) >> 1U);
  if (*value > high || *value < -high - 1) {
    return wrong(expr,
                 "in the range of the field, " + std::to_string(-high - 1) + " to " + std::to_string(high));
  }
  return static_cast<std::uint64_t>(*value);
}

std::optional<std::uint64_t> Values::unsigned_number(std::uint32_t index, const OperandType& type) {
  const auto& expr = tree_[index];
  std::uint64_t value = 0;
  if (const auto plain = expr.kind == ExprKind::word ? unsigned_literal(expr.text) : std::nullopt) {
    value = *plain;
  } else {
    const auto computed = integer(index);
    if (!computed) return std::nullopt;
    if (*computed < 0)
      return wrong(expr, "in the range of the field, 0 to " + std::to_string(greatest(type.bits)));
    value = static_cast<std::uint64_t>(*computed);
  }
  if (value > greatest(type.bits)) {
    return wrong(expr, "in the range of the field, 0 to " + std::to_string(greatest(type.bits)));
  }
  return value;
}

std::optional<std::int64_t> Values::integer(std::uint32_t index) {
  const auto& expr = tree_[index];
  const auto fail = [&](const char* what) {
    wrong(expr, what);
    return std::nullopt;
  };
  if (expr.kind == ExprKind::character) return static_cast<unsigned char>(expr.text[0]);
  if (expr.kind == ExprKind::string) {
    wrong(expr, "a number", "write it without quotes");
    return std::nullopt;
  }
  if (expr.kind == ExprKind::word) {
    const auto value = unsigned_literal(expr.text);
    if (!value) return fail("a number");
    if (*value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return fail("a number that can be computed with");
    return static_cast<std::int64_t>(*value);
  }
  if (expr.kind == ExprKind::negate) {
    const auto inner = integer(expr.children[0]);
    if (!inner) return std::nullopt;
    return -*inner;  // never the least: it comes from an unsigned literal or from checked arithmetic below
  }
  if (expr.kind != ExprKind::arithmetic) return fail("a number");
  const auto a = integer(expr.children[0]);
  const auto b = integer(expr.children[1]);
  if (!a || !b) return std::nullopt;
  std::int64_t value = 0;
  bool overflows = false;
  switch (expr.arithmetic) {
    case Arithmetic::mask:
      value = *a & *b;
      break;
    case Arithmetic::add:
      overflows = __builtin_add_overflow(*a, *b, &value);
      break;
    case Arithmetic::subtract:
      overflows = __builtin_sub_overflow(*a, *b, &value);
      break;
    case Arithmetic::multiply:
      overflows = __builtin_mul_overflow(*a, *b, &value);
      break;
    case Arithmetic::divide:
    case Arithmetic::modulo:
      if (*b == 0) return fail("a number: it divides by zero");
      value = expr.arithmetic == Arithmetic::divide ? *a / *b : *a % *b;
      break;
  }
  if (overflows || value == std::numeric_limits<std::int64_t>::min()) return fail("a number of 64 bits");
  return value;
}

std::optional<std::uint64_t> Values::real(std::uint32_t index) {
  const auto& expr = tree_[index];
  const bool negative = expr.kind == ExprKind::negate;
  const auto& plain = negative ? tree_[expr.children[0]] : expr;
  const auto value = plain.kind == ExprKind::word ? real_literal(plain.text) : std::nullopt;
  if (!value) return wrong(expr, "a real number");
  return std::bit_cast<std::uint64_t>(negative ? -*value : *value);
}

std::optional<std::uint64_t> Values::boolean(const Expr& expr) {
  const bool written = expr.kind == ExprKind::word || expr.kind == ExprKind::string;
  const auto value = written ? boolean_literal(expr.text) : std::nullopt;
  if (!value) return wrong(expr, "a truth", "write true or false");
  return *value ? 1 : 0;
}

std::optional<Network> Values::wrong_bytes(const Expr& expr, const OperandType& type) {
  if (type.sliced) {
    wrong(expr, "a byte sequence", "write bytes as 00:1f, or text in double quotes");
    return std::nullopt;
  }
  switch (type.type) {
    case FieldType::string:
      wrong(expr, "a string", "put it into double quotes");
      break;
    case FieldType::ipv4:
      wrong(expr, "an IPv4 address", "write 192.0.2.1 or 192.0.2.0/24, without quotes");
      break;
    case FieldType::ipv6:
      wrong(expr, "an IPv6 address", "write 2001:db8::1 or 2001:db8::/32, without quotes");
      break;
    case FieldType::ether:
      wrong(expr, "a MAC address", "write 00:00:5e:00:53:01, without quotes");
      break;
    default:
      wrong(expr, "a byte sequence", "write bytes as 00:1f, or text in double quotes");
      break;
  }
  return std::nullopt;
}

std::optional<Network> Values::bytes(std::uint32_t index, const OperandType& type, Use use) {
  const auto& expr = tree_[index];
  const bool quoted = expr.kind == ExprKind::string || expr.kind == ExprKind::character;
  if (quoted && use != Use::mask && (!type.address() || use == Use::contain))
    return all_bits(bytes_in(expr.text));
  if (expr.kind != ExprKind::word || (type.type == FieldType::string && !type.sliced))
    return wrong_bytes(expr, type);
  if (!type.sliced && type.type == FieldType::ipv4) {
    auto network = ipv4_literal(expr.text);
    return network ? network : wrong_bytes(expr, type);
  }
  if (!type.sliced && type.type == FieldType::ipv6) {
    auto network = ipv6_literal(expr.text);
    return network ? network : wrong_bytes(expr, type);
  }
  const bool mac = !type.sliced && type.type == FieldType::ether && use != Use::contain;
  auto bytes = mac ? ether_literal(expr.text) : bytes_literal(expr.text);
  if (!bytes || bytes->empty()) return wrong_bytes(expr, type);
  return all_bits(std::move(*bytes));
}

}  // namespace sluice::language
