#include <cstring>
#include <optional>

#include "rules/language/operations.hpp"
#include "rules/language/pattern.hpp"
#include "rules/language/program.hpp"

namespace sluice::language {
namespace {

constexpr std::size_t kMostRun = std::size_t{1} << 18U;  // bytes of constants of one node
constexpr std::size_t kMostTransforms = 64;              // of one operand

struct Shape {
  Kind kind = Kind::bytes;
  std::optional<FieldType> type;  // of a field's bytes as they are
  std::size_t pieces = 1;
  bool literal = false;
  bool masked = false;
  bool text = false;
};

class Validator {
 public:
  Validator(ProgramView program, Schemas schemas) noexcept : program_{program}, schemas_{schemas} {}

  bool run() noexcept {
    const auto count = program_.nodes.size();
    if (count == 0 || count > kMostNodes) return false;
    for (std::size_t i = 0; i < count; ++i) {
      if (!known(program_.nodes[i])) return false;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const auto& node = program_.nodes[i];
      const auto& what = info(op_of(node));
      if (what.constants && !fits(node)) return false;
      if (what.kind == OpClass::source && !operand(i)) return false;
      if (what.kind == OpClass::test && (node.a >= i || !test(i, node))) return false;
      const bool jumps = op_of(node) == Op::jump_if_false || op_of(node) == Op::jump_if_true;
      if (jumps && (node.a <= i || node.a > count)) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] bool fits(const Node& node) const noexcept {
    const auto size = program_.constants.size();
    return node.number <= kMostRun && node.b <= size && node.number <= size - node.b;
  }
  [[nodiscard]] ByteView run_of(const Node& node) const noexcept {
    return program_.constants.subspan(node.b, static_cast<std::size_t>(node.number));
  }

  [[nodiscard]] std::optional<Shape> operand(std::size_t index) const noexcept {
    if (index >= program_.nodes.size()) return std::nullopt;
    auto shape = source(program_.nodes[index]);
    if (!shape) return std::nullopt;
    for (std::size_t i = index + 1; i < program_.nodes.size(); ++i) {
      const auto& node = program_.nodes[i];
      if (info(op_of(node)).kind != OpClass::transform) break;
      if (i - index > kMostTransforms || !fits_if_constants(node) || !transform(node, *shape))
        return std::nullopt;
    }
    return shape;
  }
  [[nodiscard]] bool fits_if_constants(const Node& node) const noexcept {
    return !info(op_of(node)).constants || fits(node);
  }

  [[nodiscard]] std::optional<Shape> source(const Node& node) const noexcept {
    Shape shape;
    if (op_of(node) == Op::field || op_of(node) == Op::count) {
      if (node.protocol >= schemas_.size() || node.field >= schemas_[node.protocol]->fields.size())
        return std::nullopt;
      const auto type = schemas_[node.protocol]->fields[node.field].type;
      shape.kind = op_of(node) == Op::count ? Kind::unsigned_integer : kind_of(type);
      shape.type = type;
      return shape;
    }
    shape.literal = true;
    if (op_of(node) == Op::number) {
      if (node.flags > static_cast<std::uint8_t>(NumberKind::real)) return std::nullopt;
      shape.kind = kind_of(static_cast<NumberKind>(node.flags));
      return shape;
    }
    if (op_of(node) != Op::bytes || !fits(node)) return std::nullopt;
    if ((node.flags & kNetwork) != 0 && node.bits > 8 * node.number) return std::nullopt;
    return shape;
  }

  [[nodiscard]] bool transform(const Node& node, Shape& shape) const noexcept {
    const bool bytes = shape.kind == Kind::bytes;
    switch (op_of(node)) {
      case Op::slice:
        if (!bytes || shape.masked || node.number == 0 || node.number % sizeof(Range) != 0) return false;
        if (node.number / sizeof(Range) > kMostPieces / shape.pieces) return false;
        shape.pieces *= static_cast<std::size_t>(node.number / sizeof(Range));
        break;
      case Op::lower:
      case Op::upper:
        if (!bytes || shape.masked) return false;
        break;
      case Op::mask_bytes:
        if (!bytes || shape.masked) return false;
        shape.masked = true;
        break;
      case Op::mask_number:
        return integer(shape.kind);
      case Op::add:
      case Op::subtract:
      case Op::multiply:
      case Op::divide:
      case Op::modulo:
      case Op::negate:
        if (!integer(shape.kind)) return false;
        shape.kind = Kind::signed_integer;
        break;
      case Op::length:
        if (!bytes) return false;
        shape.kind = Kind::unsigned_integer;
        break;
      case Op::text: {
        const bool address =
            shape.type == FieldType::ipv4 || shape.type == FieldType::ipv6 || shape.type == FieldType::ether;
        if (shape.literal || (bytes && !address)) return false;
        if (!bytes && !integer(shape.kind)) return false;
        shape.kind = Kind::bytes;
        shape.text = true;
        break;
      }
      default:
        return false;
    }
    shape.type.reset();
    return true;
  }

  [[nodiscard]] bool test(std::size_t index, const Node& node) const noexcept {
    const auto left = operand(node.a);
    if (!left) return false;
    const bool bytes = left->kind == Kind::bytes;
    switch (op_of(node)) {
      case Op::exists:
        return bytes || (node.flags & kFilled) == 0;
      case Op::nonzero:
        return left->kind != Kind::real;
      case Op::compare: {
        if (node.b >= index || (node.flags & 7U) > static_cast<unsigned>(Relation::ge)) return false;
        const auto right = operand(node.b);
        if (!right || left->literal || (left->text && !right->literal) || right->text) return false;
        return left->kind == right->kind || (integer(left->kind) && integer(right->kind));
      }
      case Op::in_numbers:
        return !bytes && sorted(run_of(node));
      case Op::in_bytes:
        return bytes && entries(run_of(node));
      case Op::contains:
        return bytes && needle(run_of(node));
      case Op::matches:
        return bytes && valid_pattern(run_of(node));
      default:
        return false;
    }
  }

  static bool sorted(ByteView run) noexcept {
    if (run.size() % 16 != 0) return false;
    std::uint64_t before = 0;
    for (std::size_t at = 0; at < run.size(); at += 16) {
      std::uint64_t low = 0;
      std::uint64_t high = 0;
      std::memcpy(&low, run.data() + at, 8);
      std::memcpy(&high, run.data() + at + 8, 8);
      if (high < low || (at != 0 && low <= before)) return false;
      before = high;
    }
    return true;
  }

  static bool entries(ByteView run) noexcept {
    while (!run.empty()) {
      SetEntry entry;
      if (run.size() < sizeof(entry)) return false;
      std::memcpy(static_cast<void*>(&entry), run.data(), sizeof(entry));
      run = run.subspan(sizeof(entry));
      const auto bytes = std::uint64_t{entry.low} + entry.high;
      if (bytes > run.size() || entry.shape > SetEntry::Shape::network) return false;
      if (entry.bits > 8 * std::uint64_t{entry.low}) return false;
      run = run.subspan(static_cast<std::size_t>(bytes));
    }
    return true;
  }

  // The needle, then for each of its bytes the length of the longest border of what ends there: less than its
  // place, so that falling back ends.
  static bool needle(ByteView run) noexcept {
    if (run.empty() || run.size() % 3 != 0) return false;
    const auto size = run.size() / 3;
    for (std::size_t i = 0; i < size; ++i) {
      std::uint16_t border = 0;
      std::memcpy(&border, run.data() + size + 2 * i, 2);
      if (border > i) return false;
    }
    return true;
  }

  ProgramView program_;
  Schemas schemas_;
};

}  // namespace

bool validate(ProgramView program, Schemas schemas) noexcept { return Validator{program, schemas}.run(); }

void relocate(std::span<Node> nodes, std::uint32_t constants_offset) noexcept {
  for (auto& node : nodes) {
    if (known(node) && info(op_of(node)).constants) node.b += constants_offset;
  }
}

}  // namespace sluice::language
