#include "rules/language/operands.hpp"

#include <array>
#include <utility>

namespace sluice::language {

Operands::Result Operands::operand(std::uint32_t index) {
  const auto& expr = tree_[index];
  if (expr.kind == ExprKind::bad) return std::nullopt;
  if (expr.kind != ExprKind::word && values_.constant(index)) return value_instead(expr);
  if (expr.kind == ExprKind::word) return field(expr);
  if (expr.kind == ExprKind::slice) return slice(expr);
  if (expr.kind == ExprKind::call) return call(expr);
  if (expr.kind == ExprKind::negate) return negate(expr);
  if (expr.kind == ExprKind::arithmetic) return arithmetic(expr);
  return std::nullopt;
}

Operands::Result Operands::value_instead(const Expr& expr) {
  report_.add(expr.offset, "a field belongs here, not a value", "write the field first: tcp.port == 80");
  return std::nullopt;
}

Operands::Result Operands::field(const Expr& expr) {
  const auto ref = names_.find(expr.text);
  if (!ref) {
    const char first = expr.text.empty() ? '0' : expr.text[0];
    if ((first >= '0' && first <= '9') || first == ':') return value_instead(expr);
    report_.add(expr.offset, "no field is called '" + expr.text.substr(0, 100) + "'",
                names_.remedy(expr.text));
    return std::nullopt;
  }
  Node node;
  node.protocol = ref->protocol;
  node.field = ref->field;
  return Emitted{emitter_.emit(Op::field, node), OperandType::of(names_.field(*ref))};
}

Operands::Result Operands::slice(const Expr& expr) {
  auto inner = operand(expr.children[0]);
  if (!inner) return std::nullopt;
  auto& type = inner->type;
  if (type.kind != Kind::bytes || type.masked) {
    report_.add(expr.offset, type.name() + " can't be sliced",
                type.masked ? "slice it before the mask" : "use a mask: field & 0x0f");
    return std::nullopt;
  }
  if (expr.ranges.size() > kMostPieces / type.pieces) {
    report_.add(expr.offset, "the slices select more than " + std::to_string(kMostPieces) + " ranges");
    return std::nullopt;
  }
  type.pieces *= expr.ranges.size();
  type.sliced = true;
  Bytes run;
  for (const auto& range : expr.ranges) append_record(run, range);
  emitter_.emit(Op::slice, emitter_.with_run(run));
  return inner;
}

Operands::Result Operands::call(const Expr& expr) {
  constexpr std::array<std::string_view, 5> kFunctions = {"len", "count", "lower", "upper", "string"};
  if (std::find(kFunctions.begin(), kFunctions.end(), expr.text) == kFunctions.end()) {
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
  return apply(expr, std::move(*inner));
}

Operands::Result Operands::apply(const Expr& expr, Emitted inner) {
  auto& type = inner.type;
  const auto wrong = [&](const char* remedy) {
    report_.add(tree_[expr.children[0]].offset, type.name() + " can't be given to " + expr.text + "()",
                remedy);
    return std::nullopt;
  };
  if (expr.text == "count") {
    if (tree_[expr.children[0]].kind != ExprKind::word) return wrong("give it a field as it is");
    emitter_.change_last(Op::count);
    type = OperandType::counted();
  } else if (expr.text == "len") {
    if (type.kind != Kind::bytes) return wrong("give it bytes or a string");
    emitter_.emit(Op::length);
    type = OperandType::counted();
  } else if (expr.text == "string") {
    if (!integer(type.kind) && !type.address()) return wrong("give it an integer or an address");
    emitter_.emit(Op::text);
    type = OperandType::rendered();
  } else {
    if (type.kind != Kind::bytes || type.type != FieldType::string || type.masked)
      return wrong("give it a string");
    emitter_.emit(expr.text == "lower" ? Op::lower : Op::upper);
  }
  return inner;
}

Operands::Result Operands::negate(const Expr& expr) {
  auto inner = operand(expr.children[0]);
  if (!inner || !computes(expr, inner->type)) return std::nullopt;
  emitter_.emit(Op::negate);
  inner->type = OperandType::computed();
  return inner;
}

bool Operands::computes(const Expr& expr, const OperandType& type) {
  if (integer(type.kind)) return true;
  report_.add(expr.offset, type.name() + " can't be computed with", "only integers can");
  return false;
}

Operands::Result Operands::arithmetic(const Expr& expr) {
  const bool left_constant = values_.constant(expr.children[0]);
  if (!left_constant && !values_.constant(expr.children[1])) {
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
    report_.add(expr.offset, left_constant ? "a value can't be divided by a field" : "this divides by zero");
    return std::nullopt;
  }
  if (left_constant && expr.arithmetic == Arithmetic::subtract) {
    emitter_.emit(Op::negate);
    emitter_.emit(Op::add, node);
  } else {
    constexpr std::array kComputing = {Op::mask_number, Op::add,    Op::subtract,
                                       Op::multiply,    Op::divide, Op::modulo};
    emitter_.emit(kComputing[static_cast<std::size_t>(expr.arithmetic)], node);
  }
  inner->type = OperandType::computed();
  return inner;
}

Operands::Result Operands::mask(const Expr& expr, std::uint32_t constant, Emitted inner) {
  auto& type = inner.type;
  if (integer(type.kind)) {
    const auto value = values_.number(constant, type);
    if (!value) return std::nullopt;
    Node node;
    node.number = *value;
    emitter_.emit(Op::mask_number, node);
    return inner;
  }
  const bool whole = !type.sliced && (type.type == FieldType::string || type.type == FieldType::protocol);
  if (type.kind != Kind::bytes || type.masked || whole) {
    report_.add(expr.offset, type.name() + " can't be masked", whole ? "mask a slice of it" : "");
    return std::nullopt;
  }
  const auto bytes = values_.bytes(constant, type, Use::mask);
  if (!bytes) return std::nullopt;
  emitter_.emit(Op::mask_bytes, emitter_.with_run(bytes->address));
  type.masked = true;
  return inner;
}

}  // namespace sluice::language
