// Expressions: match expressions of rules and patches, compiled once for each text and protocol. Indices are
// those of Section::programs. One per compile.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rules/compile/notes.hpp"
#include "rules/image/writer.hpp"
#include "rules/language/language.hpp"

namespace sluice::compile {

class Expressions {
 public:
  Expressions(Schemas schemas, Notes& notes) : schemas_{schemas}, notes_{notes} {}

  // The program that judges messages of `protocol`: over its fields, those of what carries it, and the
  // packet's. kNone when something was reported. `text.spot` is where its first character stands.
  std::uint32_t compile(const Word& text, std::uint16_t protocol);

  // The same without keeping the program.
  void check(const Word& text, std::uint16_t protocol);

  void write(image::Writer& writer) const;

 private:
  language::Compiled program_of(const Word& text, std::uint16_t protocol);

  Schemas schemas_;
  Notes& notes_;
  std::vector<language::Compiled> programs_;
  std::map<std::pair<std::uint16_t, std::string>, std::uint32_t> known_;
};

}  // namespace sluice::compile
