#include "rules/language/generate.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "rules/language/operand.hpp"
#include "rules/language/operand_type.hpp"
#include "rules/language/pattern.hpp"
#include "rules/language/value_of.hpp"

namespace sluice::language {
namespace {

class Generator {
 public:
  Generator(const Tree& tree, const Names& names, Report& report)
      : tree_{tree}, names_{names}, report_{report}, values_{tree, names, report} {}

  Compiled run() {
    test(tree_.root);
    return std::move(out_);
  }

 private:
  std::uint32_t emit(Op op, Node node = {}) {
    node.op = static_cast<std::uint8_t>(op);
    if (out_.nodes.size() == kMostNodes) {
      if (!full_)
        report_.add(0, "the expression needs more than " + std::to_string(kMostNodes) + " steps",
                    "split it into several rules");
      full_ = true;
      return 0;
    }
    out_.nodes.push_back(node);
    return static_cast<std::uint32_t>(out_.nodes.size() - 1);
  }

  Node with_run(ByteView bytes, Node node = {}) {
    node.b = static_cast<std::uint32_t>(out_.constants.size());
    node.number = bytes.size();
    out_.constants.insert(out_.constants.end(), bytes.begin(), bytes.end());
    return node;
  }
  template <class Record>
  static void append(Bytes& out, const Record& record) {
    const auto at = out.size();
    out.resize(at + sizeof(record));
    std::memcpy(out.data() + at, &record, sizeof(record));
  }

  // Tests.

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
        emit(Op::invert);
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
      if (child != expr.children.front()) jumps.push_back(emit(jump));
      test(child);
    }
    for (const auto from : jumps) {
      if (!full_) out_.nodes[from].a = static_cast<std::uint32_t>(out_.nodes.size());
    }
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
    const auto left = operand(expr.children[0]);
    if (!left) return;
    Node node;
    node.a = left->source;
    emit(operand_expr.kind == ExprKind::word || operand_expr.kind == ExprKind::slice ? Op::exists
                                                                                     : Op::nonzero,
         node);
  }

  void compare(const Expr& expr) {
    const auto left = operand(expr.children[0]);
    if (!left) {
      if (!values_.constant(expr.children[1])) operand(expr.children[1]);  // its errors too
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
      const auto right = operand(expr.children[1]);
      if (!right) return;
      if (!comparable(left->type, right->type) || left->type.text || right->type.text) {
        report_.add(tree_[expr.children[1]].offset,
                    left->type.name() + " can't be compared with " + right->type.name());
        return;
      }
      node.b = right->source;
    }
    emit(Op::compare, node);
  }

  std::optional<std::uint32_t> literal(std::uint32_t index, const OperandType& type) {
    if (type.kind != Kind::bytes) {
      const auto number = values_.number(index, type);
      if (!number) return std::nullopt;
      Node node;
      node.flags = static_cast<std::uint8_t>(type.kind);
      node.number = *number;
      return emit(Op::number, node);
    }
    const auto bytes = values_.bytes(index, type, Use::compare);
    if (!bytes) return std::nullopt;
    auto node = with_run(bytes->address);
    if (bytes->bits < 8 * bytes->address.size()) {
      node.flags = kNetwork;
      node.bits = bytes->bits;
    }
    return emit(Op::bytes, node);
  }

  void membership(const Expr& expr) {
    const auto left = operand(expr.children[0]);
    std::vector<std::uint32_t> literals;
    std::vector<std::uint32_t> fields;
    for (std::size_t i = 1; i < expr.children.size(); ++i) {
      const auto child = expr.children[i];
      const bool range = tree_[child].kind == ExprKind::range;
      (range || values_.constant(child) ? literals : fields).push_back(child);
    }
    if (!left) return;
    if (!fields.empty() && expr.quantifier == Quantifier::all) {
      report_.add(tree_[fields.front()].offset, "a set with a field in it can't be asked of all values",
                  "compare with the field: all ... == ...");
      return;
    }
    std::vector<std::uint32_t> jumps;
    if (!literals.empty()) {
      const auto run =
          left->type.kind == Kind::bytes ? byte_set(literals, left->type) : number_set(literals, left->type);
      auto node = with_run(run);
      node.a = left->source;
      node.flags = static_cast<std::uint8_t>(all_flag(expr) | text_flag(left->type));
      emit(left->type.kind == Kind::bytes ? Op::in_bytes : Op::in_numbers, node);
    }
    for (const auto child : fields) {
      if (child != fields.front() || !literals.empty()) jumps.push_back(emit(Op::jump_if_true));
      const auto right = operand(child);
      if (!right) continue;
      if (!comparable(left->type, right->type) || left->type.text || right->type.text) {
        report_.add(tree_[child].offset, left->type.name() + " can't be compared with " + right->type.name());
      }
      Node node;
      node.a = left->source;
      node.b = right->source;
      node.flags = text_flag(left->type);
      emit(Op::compare, node);
    }
    for (const auto from : jumps) {
      if (!full_) out_.nodes[from].a = static_cast<std::uint32_t>(out_.nodes.size());
    }
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
      if (high_key < low_key)
        report_.add(element.offset, "the range is empty: its end is less than its start");
      intervals.emplace_back(low_key, high_key);
    }
    std::sort(intervals.begin(), intervals.end());
    Bytes run;
    for (std::size_t i = 0; i < intervals.size();) {
      auto [low, high] = intervals[i++];
      while (i < intervals.size() && (intervals[i].first <= high || intervals[i].first == high + 1)) {
        high = std::max(high, intervals[i++].second);
      }
      append(run, low);
      append(run, high);
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
        report_.add(element.offset, "the range is empty: its end is less than its start");
      }
      append(run, entry);
      run.insert(run.end(), low->address.begin(), low->address.end());
      if (range) run.insert(run.end(), high->address.begin(), high->address.end());
    }
    return run;
  }

  bool searchable(const Expr& expr, const OperandType& type, const char* what) {
    const bool address = !type.sliced && (type.type == FieldType::ipv4 || type.type == FieldType::ipv6);
    if (type.kind == Kind::bytes && !address) return true;
    report_.add(tree_[expr.children[0]].offset, type.name() + " can't be asked what it " + what,
                "use '==' or 'in', or string(...) of it");
    return false;
  }

  void contains(const Expr& expr) {
    const auto left = operand(expr.children[0]);
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
    for (const auto length : border) append(run, length);
    auto node = with_run(run);
    node.a = left->source;
    node.flags = all_flag(expr);
    emit(Op::contains, node);
  }

  void matches(const Expr& expr) {
    const auto left = operand(expr.children[0]);
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
    auto node = with_run(run);
    node.a = left->source;
    node.flags = all_flag(expr);
    emit(Op::matches, node);
  }

  // Operands.

  struct Emitted {
    std::uint32_t source;
    OperandType type;
  };

  std::optional<Emitted> operand(std::uint32_t index) {
    const auto& expr = tree_[index];
    switch (expr.kind) {
      case ExprKind::word:
        return field(expr);
      case ExprKind::slice:
        return slice(expr);
      case ExprKind::call:
        return call(expr);
      case ExprKind::negate:
        return negate(expr, index);
      case ExprKind::arithmetic:
        return arithmetic(expr, index);
      case ExprKind::string:
      case ExprKind::character:
        report_.add(expr.offset, "a field belongs here, not a value",
                    "write the field first: tcp.port == 80");
        return std::nullopt;
      default:
        return std::nullopt;
    }
  }

  std::optional<Emitted> field(const Expr& expr) {
    const auto ref = names_.find(expr.text);
    if (!ref) {
      if (!expr.text.empty() && ((expr.text[0] >= '0' && expr.text[0] <= '9') || expr.text[0] == ':')) {
        report_.add(expr.offset, "a field belongs here, not a value",
                    "write the field first: tcp.port == 80");
      } else {
        report_.add(expr.offset, "no field is called '" + expr.text.substr(0, 100) + "'",
                    names_.remedy(expr.text));
      }
      return std::nullopt;
    }
    Node node;
    node.protocol = ref->protocol;
    node.field = ref->field;
    return Emitted{emit(Op::field, node), OperandType::of(names_.field(*ref))};
  }

  std::optional<Emitted> slice(const Expr& expr) {
    auto inner = operand(expr.children[0]);
    if (!inner) return std::nullopt;
    auto& type = inner->type;
    if (type.kind != Kind::bytes || type.masked || type.text) {
      report_.add(expr.offset, type.name() + " has no bytes to slice", "use a mask: field & 0x0f");
      return std::nullopt;
    }
    if (expr.ranges.size() > kMostPieces / type.pieces) {
      report_.add(expr.offset, "the slices select more than " + std::to_string(kMostPieces) + " ranges");
      return std::nullopt;
    }
    type.pieces *= expr.ranges.size();
    type.sliced = true;
    Bytes run;
    for (const auto& range : expr.ranges) append(run, range);
    emit(Op::slice, with_run(run));
    return inner;
  }

  std::optional<Emitted> call(const Expr& expr) {
    const bool known = expr.text == "len" || expr.text == "count" || expr.text == "lower" ||
                       expr.text == "upper" || expr.text == "string";
    if (!known) {
      report_.add(expr.offset, "no function is called '" + expr.text.substr(0, 100) + "'",
                  "there are len, count, lower, upper and string");
      return std::nullopt;
    }
    if (expr.children.size() != 1) {
      report_.add(expr.offset, expr.text + "() takes one field");
      return std::nullopt;
    }
    auto inner = operand(expr.children[0]);
    if (!inner) return std::nullopt;
    auto& type = inner->type;
    const auto wrong = [&](const char* remedy) {
      report_.add(tree_[expr.children[0]].offset, type.name() + " can't be given to " + expr.text + "()",
                  remedy);
      return std::nullopt;
    };
    if (expr.text == "count") {
      if (tree_[expr.children[0]].kind != ExprKind::word) return wrong("give it a field as it is");
      if (!full_) out_.nodes.back().op = static_cast<std::uint8_t>(Op::count);
      type = OperandType::counted();
    } else if (expr.text == "len") {
      if (type.kind != Kind::bytes) return wrong("give it bytes or a string");
      emit(Op::length);
      type = OperandType::counted();
    } else if (expr.text == "string") {
      const bool address = !type.sliced && (type.type == FieldType::ipv4 || type.type == FieldType::ipv6 ||
                                            type.type == FieldType::ether);
      if (!integer(type.kind) && !address) return wrong("give it an integer or an address");
      emit(Op::text);
      type = OperandType::rendered();
    } else {
      if (type.type != FieldType::string || type.kind != Kind::bytes || type.masked)
        return wrong("give it a string");
      emit(expr.text == "lower" ? Op::lower : Op::upper);
    }
    return inner;
  }

  std::optional<Emitted> negate(const Expr& expr, std::uint32_t index) {
    if (values_.constant(index)) {
      report_.add(expr.offset, "a field belongs here, not a value", "write the field first: tcp.port == 80");
      return std::nullopt;
    }
    auto inner = operand(expr.children[0]);
    if (!inner || !computes(expr, inner->type)) return std::nullopt;
    emit(Op::negate);
    inner->type = OperandType::computed();
    return inner;
  }

  bool computes(const Expr& expr, const OperandType& type) {
    if (integer(type.kind)) return true;
    report_.add(expr.offset, type.name() + " can't be computed with", "only integers can");
    return false;
  }

  std::optional<Emitted> arithmetic(const Expr& expr, std::uint32_t index) {
    if (values_.constant(index)) {
      report_.add(expr.offset, "a field belongs here, not a value", "write the field first: tcp.port == 80");
      return std::nullopt;
    }
    const bool left_constant = values_.constant(expr.children[0]);
    const bool right_constant = values_.constant(expr.children[1]);
    if (!left_constant && !right_constant) {
      report_.add(expr.offset, "two fields can't be computed with each other", "one side must be a value");
      return std::nullopt;
    }
    const auto constant = expr.children[left_constant ? 0 : 1];
    auto inner = operand(expr.children[left_constant ? 1 : 0]);
    if (!inner) return std::nullopt;
    if (expr.arithmetic == Arithmetic::mask) return mask(expr, constant, std::move(*inner));
    if (!computes(expr, inner->type)) return std::nullopt;
    const auto value = values_.integer(constant);
    if (!value) return std::nullopt;
    Node node;
    node.number = static_cast<std::uint64_t>(*value);
    const bool divides = expr.arithmetic == Arithmetic::divide || expr.arithmetic == Arithmetic::modulo;
    if (divides && (left_constant || *value == 0)) {
      report_.add(expr.offset,
                  left_constant ? "a value can't be divided by a field" : "this divides by zero");
      return std::nullopt;
    }
    if (left_constant && expr.arithmetic == Arithmetic::subtract) {
      emit(Op::negate);
      emit(Op::add, node);
    } else {
      constexpr std::array kOp = {Op::mask_number, Op::add,    Op::subtract,
                                  Op::multiply,    Op::divide, Op::modulo};
      emit(kOp[static_cast<std::size_t>(expr.arithmetic)], node);
    }
    inner->type = OperandType::computed();
    return inner;
  }

  std::optional<Emitted> mask(const Expr& expr, std::uint32_t constant, Emitted inner) {
    auto& type = inner.type;
    if (integer(type.kind)) {
      const auto value = values_.number(constant, type);
      if (!value) return std::nullopt;
      Node node;
      node.number = *value;
      emit(Op::mask_number, node);
      return inner;
    }
    const bool maskable = type.kind == Kind::bytes && !type.masked && !type.text &&
                          (type.type != FieldType::string || type.sliced) &&
                          (type.type != FieldType::protocol || type.sliced);
    if (!maskable) {
      report_.add(expr.offset, type.name() + " can't be masked",
                  type.kind == Kind::bytes ? "mask a slice of it, once" : "");
      return std::nullopt;
    }
    const auto bytes = values_.bytes(constant, type, Use::mask);
    if (!bytes) return std::nullopt;
    emit(Op::mask_bytes, with_run(bytes->address));
    type.masked = true;
    return inner;
  }

  const Tree& tree_;
  const Names& names_;
  Report& report_;
  Values values_;
  Compiled out_;
  bool full_ = false;
};

}  // namespace

Compiled generate(const Tree& tree, const Names& names, Report& report) {
  return Generator{tree, names, report}.run();
}

}  // namespace sluice::language
