// Patterns: regular expressions of patches as Hyperscan databases, one for each protocol and buffer. Block
// mode: a pattern is looked for in one whole buffer at a time; it is told once, wherever it ends; a dot is
// any byte. One per compile.
#pragma once

#include <cstdint>
#include <vector>

#include "rules/compile/notes.hpp"
#include "rules/image/writer.hpp"

namespace sluice::compile {

// Names the library and the features of this CPU that databases are bound to. Not zero.
std::uint64_t hyperscan_platform();

class Patterns {
 public:
  explicit Patterns(Notes& notes) : notes_{notes} {}

  // False, and reported, when Hyperscan can't look for it.
  bool check(const Word& regex);

  // `field`: index in the protocol's schema; 0xffff: the PDU. The index of the pattern.
  std::uint32_t add(const Word& regex, std::uint32_t patch, std::uint16_t protocol, std::uint16_t field);

  // Compiles what was added. False when something was reported.
  bool compile();

  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  void write(image::Writer& writer) const;

 private:
  struct Row {
    Word regex;
    image::Pattern pattern;
  };
  struct Compiled {
    std::uint16_t protocol = 0;
    std::uint16_t field = 0;
    std::vector<std::uint8_t> bytes;
  };
  bool compile_one(Compiled& database);
  void report(const Word& regex, const char* message);

  Notes& notes_;
  std::vector<Row> rows_;
  std::vector<Compiled> databases_;  // sorted by protocol, field
};

}  // namespace sluice::compile
