// The words and signs of a match expression. Tokens point into the text. Errors (a sign that is none, an
// unfinished string, a wrong escape) are reported as they are met and the rest is read on, so that all of
// them are seen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/language/report.hpp"

namespace sluice::language {

enum class TokenKind : std::uint8_t {
  end,
  bad,
  word,       // tcp.port  10.0.0.0/8  00:1b:1b  fe80::1  502  0x1f
  string,     // "x" or r"x": `bytes` holds what is meant
  character,  // 'c'
  integer,    // inside [ ]
  open,       // (
  close,      // )
  open_slice,
  close_slice,
  open_set,
  close_set,
  comma,
  colon,  // inside [ ]
  dots,   // ..
  layer,  // #
  plus,
  minus,
  star,
  slash,
  percent,
  mask,           // & bitwise_and
  equal,          // == eq any_eq
  not_equal,      // != ne all_ne
  all_equal,      // === all_eq
  any_not_equal,  // !== ~= any_ne
  less,
  less_equal,
  greater,
  greater_equal,
  contains,
  matches,  // matches ~
  in,
  all_of,   // && and
  any_of,   // || or
  inverse,  // ! not
  any,
  all,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  std::string bytes;
};

std::vector<Token> tokens(std::string_view text, Report& report);

}  // namespace sluice::language
