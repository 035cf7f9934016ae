#include "rules/language/generate.hpp"

#include <algorithm>
#include <utility>

#include "rules/language/emitter.hpp"
#include "rules/language/operand.hpp"
#include "rules/language/operands.hpp"
#include "rules/language/pattern.hpp"

namespace sluice::language {
namespace {

class Generator {
 public:
  Generator(const Tree& tree, const Names& names, Report& report)
      : tree_{tree},
        report_{report},
        emitter_{report},
        values_{tree, names, report},
        operands_{tree, names, report, emitter_, values_} {}

  Compiled run() {
    test(tree_.root);
    return emitter_.take();
  }

 private:
  void test(std::uint32_t index) {
    const auto& expr = tree_[index];
    switch (expr.kind) {
      case ExprKind::bad:
        break;
      case ExprKind::all_of:
        chain(expr, Op::jump_if_false);
        break;
      case ExprKind::any_of:
        chain(expr, Op::jump_if_true);
        break;
      case ExprKind::inverse:
        test(expr.children[0]);
        emitter_.emit(Op::invert);
        break;
      case ExprKind::exists:
        exists(expr);
        break;
      case ExprKind::compare:
        compare(expr);
        break;
      case ExprKind::in:
        membership(expr);
        break;
      case ExprKind::contains:
        contains(expr);
        break;
      case ExprKind::matches:
        matches(expr);
        break;
      default:
        break;
    }
  }

  // The truth so far decides whether the rest is looked at.
  void chain(const Expr& expr, Op jump) {
    std::vector<std::uint32_t> jumps;
    for (const auto child : expr.children) {
      if (child != expr.children.front()) jumps.push_back(emitter_.emit(jump));
      test(child);
    }
    emitter_.land(jumps);
  }

  static std::uint8_t all_flag(const Expr& expr) {
    return expr.quantifier == Quantifier::all ? kAll : std::uint8_t{0};
  }
  static std::uint8_t text_flag(const OperandType& type) {
    return type.by_character() ? kAsText : std::uint8_t{0};
  }

  void exists(const Expr& expr) {
    const auto& operand_expr = tree_[expr.children[0]];
    if (operand_expr.kind == ExprKind::call) {
      report_.add(operand_expr.offset, "a function is no test", "compare its result with a value");
      return;
    }
    const auto left = operands_.operand(expr.children[0]);
    if (!left) return;
    Node node;
    node.a = left->source;
    node.flags = left->type.sliced ? kFilled : std::uint8_t{0};
    emitter_.emit(operand_expr.kind == ExprKind::word || operand_expr.kind == ExprKind::slice ? Op::exists
                                                                                              : Op::nonzero,
                  node);
  }

  void compare(const Expr& expr) {
    const auto left = operands_.operand(expr.children[0]);
    if (!left) {
      if (!values_.constant(expr.children[1])) operands_.operand(expr.children[1]);  // its errors too
      return;
    }
    Node node;
    node.a = left->source;
    node.flags = static_cast<std::uint8_t>(static_cast<unsigned>(expr.relation) | all_flag(expr) |
                                           text_flag(left->type));
    if (values_.constant(expr.children[1])) {
      const auto right = literal(expr.children[1], left->type);
      if (!right) return;
      node.b = *right;
    } else {
      const auto right = operands_.operand(expr.children[1]);
      if (!right) return;
      if (!fit(expr.children[1], left->type, right->type)) return;
      node.b = right->source;
    }
    emitter_.emit(Op::compare, node);
  }

  bool fit(std::uint32_t index, const OperandType& left, const OperandType& right) {
    if (comparable(left, right)) return true;
    report_.add(tree_[index].offset, left.name() + " can't be compared with " + right.name());
    return false;
  }

  std::optional<std::uint32_t> literal(std::uint32_t index, const OperandType& type) {
    if (type.kind != Kind::bytes) {
      const auto number = values_.number(index, type);
      if (!number) return std::nullopt;
      Node node;
      node.flags = static_cast<std::uint8_t>(type.kind);
      node.number = *number;
      return emitter_.emit(Op::number, node);
    }
    const auto bytes = values_.bytes(index, type, Use::compare);
    if (!bytes) return std::nullopt;
    auto node = emitter_.with_run(bytes->address);
    if (bytes->bits < 8 * bytes->address.size()) {
      node.flags = kNetwork;
      node.bits = bytes->bits;
    }
    return emitter_.emit(Op::bytes, node);
  }

  // Of any value: is it in the set? Of all values: is there one element in which all are? So does
  // Wireshark 4.0.
  void membership(const Expr& expr) {
    const auto left = operands_.operand(expr.children[0]);
    if (!left) return;
    std::vector<std::vector<std::uint32_t>> sets;
    std::vector<std::uint32_t> fields;
    for (std::size_t i = 1; i < expr.children.size(); ++i) {
      const auto child = expr.children[i];
      if (tree_[child].kind != ExprKind::range && !values_.constant(child)) {
        fields.push_back(child);
      } else if (sets.empty() || expr.quantifier == Quantifier::all) {
        sets.push_back({child});
      } else {
        sets.back().push_back(child);
      }
    }
    std::vector<std::uint32_t> jumps;
    bool first = true;
    const auto otherwise = [&] {
      if (!std::exchange(first, false)) jumps.push_back(emitter_.emit(Op::jump_if_true));
    };
    for (const auto& set : sets) {
      otherwise();
      const bool bytes = left->type.kind == Kind::bytes;
      auto node = emitter_.with_run(bytes ? byte_set(set, left->type) : number_set(set, left->type));
      node.a = left->source;
      node.flags = static_cast<std::uint8_t>(all_flag(expr) | text_flag(left->type));
      emitter_.emit(bytes ? Op::in_bytes : Op::in_numbers, node);
    }
    for (const auto child : fields) {
      otherwise();
      const auto right = operands_.operand(child);
      if (!right || !fit(child, left->type, right->type)) continue;
      Node node;
      node.a = left->source;
      node.b = right->source;
      node.flags = static_cast<std::uint8_t>(all_flag(expr) | text_flag(left->type));
      emitter_.emit(Op::compare, node);
    }
    emitter_.land(jumps);
  }

  void empty_range(const Expr& range) {
    report_.add(range.offset, "the range is empty: its end is less than its start", "exchange them");
  }

  Bytes number_set(const std::vector<std::uint32_t>& elements, const OperandType& type) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> intervals;
    for (const auto index : elements) {
      const auto& element = tree_[index];
      const bool range = element.kind == ExprKind::range;
      const auto low = values_.number(range ? element.children[0] : index, type);
      const auto high = range ? values_.number(element.children[1], type) : low;
      if (!low || !high) continue;
      const auto low_key = sort_key(type.kind, *low);
      const auto high_key = sort_key(type.kind, *high);
      if (high_key < low_key) empty_range(element);
      intervals.emplace_back(low_key, high_key);
    }
    std::sort(intervals.begin(), intervals.end());
    Bytes run;
    for (std::size_t i = 0; i < intervals.size();) {
      auto [low, high] = intervals[i++];
      while (i < intervals.size() && (intervals[i].first <= high || intervals[i].first == high + 1)) {
        high = std::max(high, intervals[i++].second);
      }
      append_record(run, low);
      append_record(run, high);
    }
    return run;
  }

  Bytes byte_set(const std::vector<std::uint32_t>& elements, const OperandType& type) {
    Bytes run;
    for (const auto index : elements) {
      const auto& element = tree_[index];
      const bool range = element.kind == ExprKind::range;
      const auto low = values_.bytes(range ? element.children[0] : index, type, Use::compare);
      const auto high = range ? values_.bytes(element.children[1], type, Use::compare) : std::nullopt;
      if (!low || (range && !high)) continue;
      const auto whole = [](const Network& value) { return value.bits >= 8 * value.address.size(); };
      if (range && (!whole(*low) || !whole(*high))) {
        report_.add(element.offset, "a network can't bound a range", "write addresses");
        continue;
      }
      SetEntry entry;
      entry.low = static_cast<std::uint32_t>(low->address.size());
      entry.high = range ? static_cast<std::uint32_t>(high->address.size()) : 0;
      entry.shape = range         ? SetEntry::Shape::range
                    : whole(*low) ? SetEntry::Shape::single
                                  : SetEntry::Shape::network;
      entry.bits = entry.shape == SetEntry::Shape::network ? low->bits : std::uint16_t{0};
      if (range && order(Content{low->address}, Content{high->address}, type.by_character()) > 0) {
        empty_range(element);
      }
      append_record(run, entry);
      run.insert(run.end(), low->address.begin(), low->address.end());
      if (range) run.insert(run.end(), high->address.begin(), high->address.end());
    }
    return run;
  }

  bool searchable(const Expr& expr, const OperandType& type, const char* what) {
    const bool searched = type.kind == Kind::bytes && (!type.address() || type.type == FieldType::ether);
    if (searched) return true;
    report_.add(tree_[expr.children[0]].offset, type.name() + " can't be asked what it " + what,
                "use '==' or 'in', or string(...) of it");
    return false;
  }

  void contains(const Expr& expr) {
    const auto left = operands_.operand(expr.children[0]);
    if (!left || !searchable(expr, left->type, "contains")) return;
    const auto& right = tree_[expr.children[1]];
    if (!values_.constant(expr.children[1])) {
      report_.add(right.offset, "'contains' needs a value on its right, not a field");
      return;
    }
    const auto bytes = values_.bytes(expr.children[1], left->type, Use::contain);
    if (!bytes) return;
    const auto& needle = bytes->address;
    if (needle.empty()) {
      report_.add(right.offset, "nothing is searched for",
                  "to ask whether the field is there, name it alone");
      return;
    }
    auto run = needle;
    std::vector<std::uint16_t> border(needle.size(), 0);
    for (std::size_t i = 1, length = 0; i < needle.size(); ++i) {
      while (length != 0 && needle[length] != needle[i]) length = border[length - 1];
      if (needle[length] == needle[i]) ++length;
      border[i] = static_cast<std::uint16_t>(length);
    }
    for (const auto length : border) append_record(run, length);
    auto node = emitter_.with_run(run);
    node.a = left->source;
    node.flags = all_flag(expr);
    emitter_.emit(Op::contains, node);
  }

  void matches(const Expr& expr) {
    const auto left = operands_.operand(expr.children[0]);
    if (!left || !searchable(expr, left->type, "matches")) return;
    const auto& right = tree_[expr.children[1]];
    if (right.kind != ExprKind::string) {
      report_.add(right.offset, "'matches' needs a pattern in double quotes", R"(write it as r"...")");
      return;
    }
    Bytes run;
    if (const auto error = compile_pattern(right.text, run)) {
      report_.add(
          right.offset,
          "in the pattern, at its character " + std::to_string(error->offset + 1) + ": " + error->what,
          error->remedy);
      return;
    }
    auto node = emitter_.with_run(run);
    node.a = left->source;
    node.flags = static_cast<std::uint8_t>(all_flag(expr) | (left->type.sliced ? kFilled : 0));
    emitter_.emit(Op::matches, node);
  }

  const Tree& tree_;
  Report& report_;
  Emitter emitter_;
  Values values_;
  Operands operands_;
};

}  // namespace

Compiled generate(const Tree& tree, const Names& names, Report& report) {
  return Generator{tree, names, report}.run();
}

}  // namespace sluice::language
