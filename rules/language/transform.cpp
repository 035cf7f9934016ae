#include "rules/language/transform.hpp"

#include <cstring>
#include <limits>

namespace sluice::language {
namespace {

bool to_signed(const Operand& operand, std::int64_t& out) noexcept {
  out = static_cast<std::int64_t>(operand.number);
  return operand.kind == Kind::signed_integer || out >= 0;
}

bool arithmetic(const Node& node, Operand& operand) noexcept {
  std::int64_t value = 0;
  if (!to_signed(operand, value)) return false;
  const auto by = static_cast<std::int64_t>(node.number);
  bool fits = true;
  switch (op_of(node)) {
    case Op::add:
      fits = !__builtin_add_overflow(value, by, &value);
      break;
    case Op::subtract:
      fits = !__builtin_sub_overflow(value, by, &value);
      break;
    case Op::multiply:
      fits = !__builtin_mul_overflow(value, by, &value);
      break;
    case Op::negate:
      fits = !__builtin_sub_overflow(std::int64_t{0}, value, &value);
      break;
    case Op::divide:
    case Op::modulo:
      if (by == 0 || (by == -1 && value == std::numeric_limits<std::int64_t>::min())) return false;
      value = op_of(node) == Op::divide ? value / by : value % by;
      break;
    default:
      return false;
  }
  operand.kind = Kind::signed_integer;
  operand.number = static_cast<std::uint64_t>(value);
  return fits;
}

std::uint64_t key_at(ByteView run, std::size_t at) noexcept {
  std::uint64_t key = 0;
  std::memcpy(&key, run.data() + at, sizeof(key));
  return key;
}

}  // namespace

bool transform(const Node& node, ByteView constants, Operand& operand) noexcept {
  const auto run = [&] { return constants.subspan(node.b, static_cast<std::size_t>(node.number)); };
  switch (op_of(node)) {
    case Op::slice:
      operand.content.slice(run());
      return true;
    case Op::lower:
      operand.content.fold(Content::Fold::lower);
      return true;
    case Op::upper:
      operand.content.fold(Content::Fold::upper);
      return true;
    case Op::mask_number:
      operand.number &= node.number;
      return true;
    case Op::mask_bytes:
      operand.content.mask(run());
      return true;
    case Op::length:
      operand.kind = Kind::unsigned_integer;
      operand.number = operand.content.size();
      return true;
    case Op::text:
      render(operand);
      return true;
    default:
      return arithmetic(node, operand);
  }
}

bool nonzero(const Operand& operand) noexcept {
  if (operand.kind != Kind::bytes) return operand.number != 0;
  for (std::size_t i = 0; i < operand.content.size(); ++i) {
    if (operand.content.at(i) != 0) return true;
  }
  return false;
}

bool in_numbers(const Operand& operand, ByteView run) noexcept {
  if (is_nan(operand)) return false;
  const auto key = sort_key(operand.kind, operand.number);
  std::size_t low = 0;
  std::size_t high = run.size() / 16;
  while (low < high) {  // the first interval that does not end before the key
    const auto middle = (low + high) / 2;
    if (key_at(run, middle * 16 + 8) < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < run.size() / 16 && key_at(run, low * 16) <= key;
}

bool in_bytes(const Content& content, ByteView run, bool as_text) noexcept {
  while (!run.empty()) {
    SetEntry entry;
    std::memcpy(static_cast<void*>(&entry), run.data(), sizeof(entry));
    const Content low{run.subspan(sizeof(entry), entry.low)};
    const Content high{run.subspan(sizeof(entry) + entry.low, entry.high)};
    run = run.subspan(sizeof(entry) + entry.low + entry.high);
    switch (entry.shape) {
      case SetEntry::Shape::single:
        if (order(content, low, as_text) == 0) return true;
        break;
      case SetEntry::Shape::range:
        if (order(content, low, as_text) >= 0 && order(content, high, as_text) <= 0) return true;
        break;
      case SetEntry::Shape::network:
        if (order_network(content, low, entry.bits) == 0) return true;
        break;
    }
  }
  return false;
}

// Knuth, Morris, Pratt: no byte is looked at twice.
bool contains(const Content& content, ByteView run) noexcept {
  const auto size = run.size() / 3;
  const auto border = [&](std::size_t index) noexcept {
    std::uint16_t value = 0;
    std::memcpy(&value, run.data() + size + 2 * index, sizeof(value));
    return std::size_t{value};
  };
  const bool plain = content.plain();
  const auto bytes = content.bytes();
  std::size_t matched = 0;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const auto byte = plain ? bytes[i] : content.at(i);
    while (matched != 0 && run[matched] != byte) matched = border(matched - 1);
    if (run[matched] == byte && ++matched == size) return true;
  }
  return false;
}

}  // namespace sluice::language
