#include "rules/language/byte_set.hpp"

namespace sluice::language {

ByteSet span_of(unsigned first, unsigned last) {
  ByteSet set;
  for (auto byte = first; byte <= last; ++byte) set.set(byte);
  return set;
}
ByteSet each_of(std::string_view bytes) {
  ByteSet set;
  for (const auto byte : bytes) set.set(static_cast<unsigned char>(byte));
  return set;
}

namespace {

ByteSet digits() { return span_of('0', '9'); }
ByteSet upper() { return span_of('A', 'Z'); }
ByteSet lower() { return span_of('a', 'z'); }
ByteSet word() { return digits() | upper() | lower() | each_of("_"); }
ByteSet space() { return each_of("\t\n\v\f\r "); }
ByteSet graphic() { return span_of(0x21, 0x7e); }

}  // namespace

std::optional<ByteSet> named_class(std::string_view name) {
  if (name == "alnum") return digits() | upper() | lower();
  if (name == "alpha") return upper() | lower();
  if (name == "ascii") return span_of(0, 0x7f);
  if (name == "blank") return each_of("\t ");
  if (name == "cntrl") return span_of(0, 0x1f) | span_of(0x7f, 0x7f);
  if (name == "digit") return digits();
  if (name == "graph") return graphic();
  if (name == "lower") return lower();
  if (name == "print") return graphic() | each_of(" ");
  if (name == "punct") return graphic() & ~(digits() | upper() | lower());
  if (name == "space") return space();
  if (name == "upper") return upper();
  if (name == "word") return word();
  if (name == "xdigit") return digits() | span_of('a', 'f') | span_of('A', 'F');
  return std::nullopt;
}

// \d and its kin; nothing for other letters.
std::optional<ByteSet> escaped_class(char c) {
  switch (c) {
    case 'd':
      return digits();
    case 'D':
      return ~digits();
    case 'w':
      return word();
    case 'W':
      return ~word();
    case 's':
      return space();
    case 'S':
      return ~space();
    case 'h':
      return each_of("\t \xa0");
    case 'H':
      return ~each_of("\t \xa0");
    case 'v':
      return each_of("\n\v\f\r\x85");
    case 'V':
      return ~each_of("\n\v\f\r\x85");
    case 'N':
      return ~each_of("\n");
    default:
      return std::nullopt;
  }
}

}  // namespace sluice::language
