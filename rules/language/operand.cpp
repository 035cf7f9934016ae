#include "rules/language/operand.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <compare>
#include <utility>

namespace sluice::language {
namespace {

int order_bytes(const Content& a, const Content& b, std::size_t count) noexcept {
  if (count == 0) return 0;
  if (a.plain() && b.plain()) return std::memcmp(a.bytes().data(), b.bytes().data(), count);
  for (std::size_t i = 0; i < count; ++i) {
    if (const int difference = a.at(i) - b.at(i); difference != 0) return difference;
  }
  return 0;
}

// RFC 5952: the longest run of at least two zero groups, the first among equals, is left out.
char* render_ipv6(const Content& bytes, char* out, char* end) noexcept {
  const auto group = [&](std::size_t i) noexcept {
    return static_cast<unsigned>(bytes.at(2 * i) << 8U | bytes.at(2 * i + 1));
  };
  std::size_t gap = 8;
  std::size_t longest = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t zeros = 0;
    while (i + zeros < 8 && group(i + zeros) == 0) ++zeros;
    if (zeros > longest) {
      gap = i;
      longest = zeros;
    }
  }
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      *out++ = ':';
      *out++ = ':';
      i += longest - 1;
      continue;
    }
    if (i != 0 && i != gap + longest) *out++ = ':';
    out = std::to_chars(out, end, group(i), 16).ptr;
  }
  return out;
}

int order_sizes(std::size_t a, std::size_t b) noexcept { return a < b ? -1 : a > b ? 1 : 0; }

int order_integers(const Operand& a, const Operand& b) noexcept {
  const bool a_negative = a.kind == Kind::signed_integer && static_cast<std::int64_t>(a.number) < 0;
  const bool b_negative = b.kind == Kind::signed_integer && static_cast<std::int64_t>(b.number) < 0;
  if (a_negative != b_negative) return a_negative ? -1 : 1;
  return a.number < b.number ? -1 : a.number > b.number ? 1 : 0;
}

int order(const Operand& a, const Operand& b, bool as_text) noexcept {
  if (a.kind == Kind::bytes) {
    if (b.network) return order_network(a.content, b.content, b.bits);
    return order(a.content, b.content, as_text);
  }
  if (integer(a.kind)) return order_integers(a, b);
  const auto a_key = sort_key(a.kind, a.number);
  const auto b_key = sort_key(a.kind, b.number);
  return a_key < b_key ? -1 : a_key > b_key ? 1 : 0;
}

}  // namespace

void render(Operand& operand) noexcept {
  char* out = operand.text.data();
  char* const end = out + operand.text.size();
  const auto number = [&](auto value, int base) noexcept { out = std::to_chars(out, end, value, base).ptr; };
  const auto& bytes = operand.content;
  if (operand.kind == Kind::signed_integer) {
    number(static_cast<std::int64_t>(operand.number), 10);
  } else if (operand.kind != Kind::bytes) {
    number(operand.number, 10);
  } else if (bytes.size() == 4) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (i != 0) *out++ = '.';
      number(unsigned{bytes.at(i)}, 10);
    }
  } else if (bytes.size() == 6) {
    for (std::size_t i = 0; i < 6; ++i) {
      if (i != 0) *out++ = ':';
      *out++ = "0123456789abcdef"[bytes.at(i) >> 4U];
      *out++ = "0123456789abcdef"[bytes.at(i) & 15U];
    }
  } else if (bytes.size() == 16) {
    out = render_ipv6(bytes, out, end);
  }
  operand.kind = Kind::bytes;
  operand.content =
      Content{bytes_of({operand.text.data(), static_cast<std::size_t>(out - operand.text.data())})};
}

int order(const Content& a, const Content& b, bool as_text) noexcept {
  const auto by_size = order_sizes(a.size(), b.size());
  if (!as_text && by_size != 0) return by_size;
  const auto by_bytes = order_bytes(a, b, std::min(a.size(), b.size()));
  return by_bytes != 0 ? by_bytes : by_size;
}

int order_network(const Content& a, const Content& b, std::uint16_t bits) noexcept {
  if (a.size() != b.size()) return order_sizes(a.size(), b.size());
  const auto whole = std::min<std::size_t>(bits / 8U, a.size());
  if (const auto by_bytes = order_bytes(a, b, whole); by_bytes != 0) return by_bytes;
  const auto rest = bits % 8U;
  if (rest == 0 || whole == a.size()) return 0;
  const auto mask = 0xff00U >> rest & 0xffU;
  return static_cast<int>(a.at(whole) & mask) - static_cast<int>(b.at(whole) & mask);
}

bool is_nan(const Operand& operand) noexcept {
  return operand.kind == Kind::real && std::isnan(std::bit_cast<double>(operand.number));
}

bool holds(Relation relation, const Operand& a, const Operand& b, bool as_text) noexcept {
  if (is_nan(a) || is_nan(b)) return relation == Relation::ne;
  const auto difference = order(a, b, as_text);
  switch (relation) {
    case Relation::eq:
      return difference == 0;
    case Relation::ne:
      return difference != 0;
    case Relation::lt:
      return difference < 0;
    case Relation::le:
      return difference <= 0;
    case Relation::gt:
      return difference > 0;
    case Relation::ge:
      return difference >= 0;
  }
  return false;
}

}  // namespace sluice::language
