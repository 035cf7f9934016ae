// Writes the nodes of operands and says of which type they are.
#pragma once

#include <optional>

#include "rules/language/emitter.hpp"
#include "rules/language/names.hpp"
#include "rules/language/operand_type.hpp"
#include "rules/language/tree.hpp"
#include "rules/language/value_of.hpp"

namespace sluice::language {

class Operands {
 public:
  struct Emitted {
    std::uint32_t source;
    OperandType type;
  };

  Operands(const Tree& tree, const Names& names, Report& report, Emitter& emitter, Values& values)
      : tree_{tree}, names_{names}, report_{report}, emitter_{emitter}, values_{values} {}

  // Nothing when an error was reported.
  std::optional<Emitted> operand(std::uint32_t index);

 private:
  using Result = std::optional<Emitted>;

  Result value_instead(const Expr& expr);
  Result field(const Expr& expr);
  Result slice(const Expr& expr);
  Result call(const Expr& expr);
  Result apply(const Expr& expr, Emitted inner);
  Result negate(const Expr& expr);
  Result arithmetic(const Expr& expr);
  Result mask(const Expr& expr, std::uint32_t constant, Emitted inner);
  bool computes(const Expr& expr, const OperandType& type);

  const Tree& tree_;
  const Names& names_;
  Report& report_;
  Emitter& emitter_;
  Values& values_;
};

}  // namespace sluice::language
