// The syntax tree of a pattern, and its parser. Lives only while an expression is compiled.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "rules/language/byte_set.hpp"
#include "rules/language/pattern.hpp"

namespace sluice::language {

struct PatternNode {
  enum class Kind : std::uint8_t { empty, one_of, sequence, choice, repeat, assertion };
  Kind kind = Kind::empty;
  Assertion assertion = Assertion::start;
  std::uint32_t least = 0;
  std::uint32_t most = 0;  // kUnbounded for no limit
  ByteSet set;
  std::vector<std::uint32_t> children;
};
inline constexpr std::uint32_t kUnbounded = 0xffffffff;
inline constexpr std::uint32_t kMostRepeats = 1000;
inline constexpr std::size_t kMostGroups = 64;  // nested

struct PatternTree {
  std::vector<PatternNode> nodes;
  std::uint32_t root = 0;
  std::optional<PatternError> error;
};

PatternTree parse_pattern(std::string_view pattern);

}  // namespace sluice::language
