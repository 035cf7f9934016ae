// Patterns of `matches`: a subset of Perl's regular expressions that a machine without memory of the past can
// run, so that work is linear in the bytes, times at most kMostStates. Compiled from text into a run of
// constants, without pointers: PatternHead, then its states, then its classes of bytes.
//
// Letters match either case unless (?-i) says otherwise. Works on bytes; `.` is every byte but \n.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/language/content.hpp"

namespace sluice::language {

struct PatternHead {
  std::uint16_t states = 0;
  std::uint16_t classes = 0;
  std::uint16_t start = 0;
  std::uint16_t pad = 0;
};

enum class StateOp : std::uint8_t {
  byte,     // `x` is the byte
  one_of,   // `x` is the class
  fork,     // to `next` and to `x`
  assert_,  // `x` is an Assertion
  accept,
};
enum class Assertion : std::uint8_t {
  start,
  end,
  end_or_newline,
  line_start,
  line_end,
  boundary,
  no_boundary,
  count_
};

struct State {
  StateOp op = StateOp::accept;
  std::uint8_t pad = 0;
  std::uint16_t x = 0;
  std::uint16_t next = 0;
};
static_assert(sizeof(PatternHead) == 8 && sizeof(State) == 6);
inline constexpr std::size_t kClassBytes = 32;

struct PatternError {
  std::size_t offset = 0;  // in the pattern
  std::string what;
  std::string remedy;
};

// Appends the compiled pattern to `out`, or says what is wrong.
std::optional<PatternError> compile_pattern(std::string_view pattern, std::vector<std::uint8_t>& out);

// True for runs that matches() may be called with, whatever their bytes.
bool valid_pattern(ByteView pattern) noexcept;

bool matches(ByteView pattern, const Content& content) noexcept;
// False also when `steps` do not suffice.
bool matches(ByteView pattern, const Content& content, Steps& steps) noexcept;

}  // namespace sluice::language
