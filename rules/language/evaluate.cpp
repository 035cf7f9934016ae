#include <algorithm>
#include <optional>
#include <utility>

#include "rules/language/operand.hpp"
#include "rules/language/pattern.hpp"
#include "rules/language/program.hpp"
#include "rules/language/transform.hpp"

namespace sluice::language {
namespace {

constexpr std::size_t kFewPairs = 4096;  // of values, compared one with one
constexpr std::size_t kChunk = 4096;     // values sorted at a time, on the stack

// Steps.
constexpr std::uint64_t kNode = 2;
constexpr std::uint64_t kTaken = 4;      // of a value of the field that is looked for
constexpr std::uint64_t kTransform = 3;  // of one value
constexpr std::uint64_t kLookUps = 12;   // looks at values to find a place among kChunk

class Machine {
 public:
  Machine(ProgramView program, const ValueSet& values, Schemas schemas, Steps& steps) noexcept
      : program_{program}, values_{values}, schemas_{schemas}, steps_{steps} {}

  bool run() noexcept {
    bool truth = false;
    const auto& nodes = program_.nodes;
    for (std::size_t at = 0; at < nodes.size();) {
      const auto& node = nodes[at++];
      if (!steps_.spend(kNode)) return false;
      switch (op_of(node)) {
        case Op::truth:
          truth = node.number != 0;
          break;
        case Op::invert:
          truth = !truth;
          break;
        case Op::jump_if_false:
          if (!truth) at = node.a;
          break;
        case Op::jump_if_true:
          if (truth) at = node.a;
          break;
        case Op::exists:
          truth = each(node.a, [&](const Operand& operand) noexcept { return filled(node, operand); });
          break;
        case Op::nonzero:
          truth = each(node.a, [&](const Operand& operand) noexcept {
            return steps_.spend(cost(operand.content)) && nonzero(operand);
          });
          break;
        case Op::compare:
          truth = compare(node);
          break;
        case Op::in_numbers:
          truth = quantified(
              node, [&](const Operand& operand) noexcept { return in_numbers(operand, run_of(node)); });
          break;
        case Op::in_bytes:
          truth = quantified(node, [&](const Operand& operand) noexcept {
            const auto run = run_of(node);
            const bool affordable = steps_.spend(run.size() / (operand.content.plain() ? 4 : 1));
            return affordable && in_bytes(operand.content, run, (node.flags & kAsText) != 0);
          });
          break;
        case Op::contains:
          truth = quantified(node, [&](const Operand& operand) noexcept {
            return steps_.spend(cost(operand.content) * 2) && contains(operand.content, run_of(node));
          });
          break;
        case Op::matches:
          truth = quantified(node, [&](const Operand& operand) noexcept {
            return filled(node, operand) && matches(run_of(node), operand.content, steps_);
          });
          break;
        case Op::field:
        case Op::count:
        case Op::number:
        case Op::bytes:
        case Op::slice:
        case Op::lower:
        case Op::upper:
        case Op::mask_number:
        case Op::mask_bytes:
        case Op::add:
        case Op::subtract:
        case Op::multiply:
        case Op::divide:
        case Op::modulo:
        case Op::negate:
        case Op::length:
        case Op::text:
        case Op::count_:
          break;
      }
    }
    return truth && !steps_.over();
  }

 private:
  static bool filled(const Node& node, const Operand& operand) noexcept {
    return (node.flags & kFilled) == 0 || operand.content.size() != 0;
  }
  [[nodiscard]] ByteView run_of(const Node& node) const noexcept {
    return program_.constants.subspan(node.b, static_cast<std::size_t>(node.number));
  }

  // Of reading all of it once.
  static std::uint64_t cost(const Content& content) noexcept {
    return content.size() * (content.plain() ? 1 : 6);
  }

  // One value of a field, transformed; false when it is left out.
  bool take(std::uint32_t source, const Value& value, Operand& operand) const noexcept {
    const auto& node = program_.nodes[source];
    operand.kind = kind_of(schemas_[node.protocol]->fields[node.field].type);
    if (operand.kind == Kind::bytes) {
      operand.content = Content{value.bytes()};
    } else {
      operand.number = value.number;
    }
    return transformed(source, operand);
  }

  bool transformed(std::uint32_t source, Operand& operand) const noexcept {
    for (std::size_t at = source + 1; at < program_.nodes.size(); ++at) {
      const auto& node = program_.nodes[at];
      if (info(op_of(node)).kind != OpClass::transform) break;
      if (!steps_.spend(kTransform)) return false;
      if (!transform(node, program_.constants, operand)) return false;
    }
    return true;
  }

  // Hands each value of the operand at `source` to `stop` until that says so; true when it did.
  template <class Stop>
  bool each(std::uint32_t source, Stop stop) const noexcept {
    const auto& node = program_.nodes[source];
    Operand operand;
    if (op_of(node) == Op::field) {
      const FieldRef wanted{node.protocol, node.field};
      for (std::size_t i = 0; i < values_.runs.size(); ++i) {
        if ((values_.fields[i] & ValueSet::bit_of(wanted)) == 0) continue;
        if (!steps_.spend(values_.runs[i].size())) return false;
        for (const auto& value : values_.runs[i]) {
          if (value.field != wanted) continue;
          if (!steps_.spend(kTaken)) return false;
          if (take(source, value, operand) && stop(operand)) return true;
        }
      }
      return false;
    }
    if (op_of(node) == Op::count) {
      const FieldRef wanted{node.protocol, node.field};
      std::uint64_t count = 0;
      for (const auto& run : values_.runs) {
        if (!steps_.spend(run.size())) return false;
        for (const auto& value : run) count += value.field == wanted ? 1 : 0;
      }
      if (count == 0) return false;
      operand.number = count;
    } else if (op_of(node) == Op::number) {
      operand.kind = kind_of(static_cast<NumberKind>(node.flags));
      operand.number = node.number;
    } else {
      operand.kind = Kind::bytes;
      operand.content = Content{run_of(node)};
      operand.network = (node.flags & kNetwork) != 0;
      operand.bits = node.bits;
    }
    return transformed(source, operand) && stop(operand);
  }

  template <class Test>
  bool quantified(const Node& node, Test test) const noexcept {
    return quantified(node.a, (node.flags & kAll) != 0, test);
  }
  template <class Test>
  bool quantified(std::uint32_t source, bool all, Test test) const noexcept {
    if (!all) return each(source, test);
    bool some = false;
    const bool failed = each(source, [&](const Operand& operand) noexcept {
      some = true;
      return !test(operand);
    });
    return some && !failed;
  }

  bool compare(const Node& node) const noexcept {
    const auto relation = static_cast<Relation>(node.flags & 7U);
    const bool all = (node.flags & kAll) != 0;
    const bool as_text = (node.flags & kAsText) != 0;
    const auto right_op = op_of(program_.nodes[node.b]);
    if (right_op == Op::number || right_op == Op::bytes) {
      bool result = false;
      each(node.b, [&](const Operand& right) noexcept {
        result = quantified(node.a, all, [&](const Operand& left) noexcept {
          return compared(relation, left, right, as_text);
        });
        return true;
      });
      return result;
    }
    const auto lefts = size(node.a);
    const auto rights = size(node.b);
    if (lefts == 0 || rights == 0) return false;
    if (std::min(lefts, rights) > 4 && lefts > kFewPairs / rights)
      return compare_many(node, relation, all, as_text);
    return quantified(node.a, all, [&](const Operand& left) noexcept {
      return quantified(node.b, all, [&](const Operand& right) noexcept {
        return compared(relation, left, right, as_text);
      });
    });
  }

  bool compared(Relation relation, const Operand& left, const Operand& right, bool as_text) const noexcept {
    if (left.kind == Kind::bytes) {
      const bool plain = left.content.plain() && right.content.plain();
      const auto size = std::min(left.content.size(), right.content.size());
      if (!steps_.spend(plain ? size / 8 : size * 12)) return false;
    }
    return holds(relation, left, right, as_text);
  }

  [[nodiscard]] std::size_t size(std::uint32_t source) const noexcept {
    std::size_t count = 0;
    each(source, [&](const Operand&) noexcept {
      ++count;
      return false;
    });
    return count;
  }

  // The same answer without looking at every pair. Both sides have values.
  bool compare_many(const Node& node, Relation relation, bool all, bool as_text) const noexcept {
    switch (relation) {
      case Relation::eq:
        return all ? all_equal(node, as_text) : intersect(node);
      case Relation::ne:
        return all ? !intersect(node) : !all_equal(node, as_text);
      case Relation::lt:
      case Relation::le:
        return extreme(node.a, all, as_text, all, node.b, !all, relation);
      case Relation::gt:
      case Relation::ge:
        return extreme(node.a, !all, as_text, all, node.b, all, relation);
    }
    return false;
  }

  [[nodiscard]] bool all_equal(const Node& node, bool as_text) const noexcept {
    std::optional<Operand> first;
    const auto differs = [&](const Operand& operand) noexcept {
      if (!first) first = operand;
      return !compared(Relation::eq, operand, *first, as_text);
    };
    return !each(node.a, differs) && !each(node.b, differs);
  }

  // Does the greatest (or least) left value stand in `relation` to the greatest (or least) right one? NaN
  // stands in none.
  [[nodiscard]] bool extreme(std::uint32_t left, bool left_greatest, bool as_text, bool all,
                             std::uint32_t right, bool right_greatest, Relation relation) const noexcept {
    bool odd = false;
    const auto find = [&](std::uint32_t source, bool greatest) noexcept {
      std::optional<Operand> best;
      each(source, [&](const Operand& operand) noexcept {
        if (is_nan(operand)) {
          odd = true;
        } else if (!best || compared(greatest ? Relation::gt : Relation::lt, operand, *best, as_text)) {
          best = operand;
        }
        return false;
      });
      return best;
    };
    const auto a = find(left, left_greatest);
    const auto b = find(right, right_greatest);
    return a && b && !(all && odd) && holds(relation, *a, *b, as_text);
  }

  // Is some value on both sides? Left values are sorted a chunk at a time and right ones looked up.
  [[nodiscard]] bool intersect(const Node& node) const noexcept {
    const auto& source = program_.nodes[node.a];
    const FieldRef wanted{source.protocol, source.field};
    std::array<const Value*, kChunk> chunk;
    std::size_t count = 0;
    std::uint64_t dearest = 0;  // steps of looking at one left value again
    Operand operand;
    for (const auto& run : values_.runs) {
      if (!steps_.spend(run.size())) return false;
      for (const auto& value : run) {
        if (value.field != wanted) continue;
        const auto before = steps_.left();
        if (!take(node.a, value, operand) || is_nan(operand)) continue;
        const auto again = before - steps_.left() + cost(operand.content) + kTaken;
        dearest = std::max(dearest, again);
        if (!steps_.spend(2 * kLookUps * again)) return false;
        chunk[count++] = &value;
        if (count == chunk.size() && look_up(node, chunk.data(), std::exchange(count, 0), dearest))
          return true;
      }
    }
    return count != 0 && look_up(node, chunk.data(), count, dearest);
  }

  // Sorting was paid for: its order must not depend on what is left.
  bool look_up(const Node& node, const Value** chunk, std::size_t count,
               std::uint64_t dearest) const noexcept {
    Steps endless;
    const Machine paid{program_, values_, schemas_, endless};
    const auto less = [](const Operand& a, const Operand& b) noexcept {
      return holds(Relation::lt, a, b, false);
    };
    std::sort(chunk, chunk + count, [&](const Value* a, const Value* b) noexcept {
      Operand left;
      Operand right;
      paid.take(node.a, *a, left);
      paid.take(node.a, *b, right);
      return less(left, right);
    });
    return each(node.b, [&](const Operand& wanted) noexcept {
      if (is_nan(wanted) || !steps_.spend(kLookUps * (dearest + cost(wanted.content)))) return false;
      Operand operand;
      const auto* const found =
          std::lower_bound(chunk, chunk + count, wanted, [&](const Value* a, const Operand& b) noexcept {
            paid.take(node.a, *a, operand);
            return less(operand, b);
          });
      if (found == chunk + count) return false;
      paid.take(node.a, **found, operand);
      return holds(Relation::eq, operand, wanted, false);
    });
  }

  ProgramView program_;
  const ValueSet& values_;
  Schemas schemas_;
  Steps& steps_;
};

}  // namespace

bool evaluate(ProgramView program, const ValueSet& values, Schemas schemas) noexcept {
  Steps endless;
  return evaluate(program, values, schemas, endless);
}

bool evaluate(ProgramView program, const ValueSet& values, Schemas schemas, Steps& steps) noexcept {
  return Machine{program, values, schemas, steps}.run();
}

}  // namespace sluice::language
