// Literals of a tree as values of the operand that they stand beside. What does not fit is reported.
#pragma once

#include <cstdint>
#include <optional>

#include "rules/language/literal.hpp"
#include "rules/language/names.hpp"
#include "rules/language/operand_type.hpp"
#include "rules/language/report.hpp"
#include "rules/language/tree.hpp"

namespace sluice::language {

enum class Use : std::uint8_t { compare, contain, mask };

class Values {
 public:
  Values(const Tree& tree, const Names& names, Report& report)
      : tree_{tree}, names_{names}, report_{report} {}

  // Made of literals alone?
  [[nodiscard]] bool constant(std::uint32_t index) const;

  // As Value::number holds it.
  std::optional<std::uint64_t> number(std::uint32_t index, const OperandType& type);
  std::optional<std::int64_t> integer(std::uint32_t index);
  // `bits` are all of them but for a network.
  std::optional<Network> bytes(std::uint32_t index, const OperandType& type, Use use);

 private:
  std::optional<std::uint64_t> wrong(const Expr& expr, const std::string& what, std::string remedy = {});
  std::optional<Network> wrong_bytes(const Expr& expr, const OperandType& type);
  std::optional<std::uint64_t> unsigned_number(std::uint32_t index, const OperandType& type);
  std::optional<std::uint64_t> real(std::uint32_t index);
  std::optional<std::uint64_t> boolean(const Expr& expr);

  const Tree& tree_;
  const Names& names_;
  Report& report_;
};

}  // namespace sluice::language
