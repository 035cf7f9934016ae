// Operand: one value while a program is evaluated, and how two of them compare. Lives on the stack.
#pragma once

#include "rules/language/content.hpp"
#include "rules/language/operations.hpp"

namespace sluice::language {

struct Operand {
  Kind kind = Kind::unsigned_integer;
  std::uint16_t bits = 0;  // of a network; 0 for all
  bool network = false;
  std::uint64_t number = 0;
  Content content;
  std::array<char, 48> text;  // of render(); an operand that was rendered is not copied

  Operand() noexcept {}  // NOLINT: text stays unset
  Operand(const Operand& other) noexcept { *this = other; }
  Operand& operator=(const Operand& other) noexcept {
    kind = other.kind;
    bits = other.bits;
    network = other.network;
    number = other.number;
    content = other.content;
    return *this;
  }
};

// Makes an integer its decimal digits, an address (told by its length: IPv4, MAC, IPv6) what people write for
// it.
void render(Operand& operand) noexcept;

// Less than 0, 0, greater than 0. By length first and then byte by byte, or byte by byte and then by length.
int order(const Content& a, const Content& b, bool as_text) noexcept;
// Do the first `bits` bits order before, like or after each other?
int order_network(const Content& a, const Content& b, std::uint16_t bits) noexcept;

// Both of comparable kinds (validate() saw to it).
bool holds(Relation relation, const Operand& a, const Operand& b, bool as_text) noexcept;
bool is_nan(const Operand& operand) noexcept;

}  // namespace sluice::language
