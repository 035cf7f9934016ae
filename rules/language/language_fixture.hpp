// A small protocol with a field of each type, and a shorthand to compile and evaluate over it: for the tests
// of this folder.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "rules/language/language.hpp"

namespace sluice::language::fixture {

enum F : std::uint16_t {
  kToy,
  kU8,
  kU16,
  kU32,
  kU64,
  kI16,
  kI64,
  kBool,
  kReal,
  kBytes,
  kText,
  kIp,
  kIp6,
  kMac,
  kOther
};

inline constexpr std::array kFields = {
    Field{"toy", FieldType::protocol, 0, Base::decimal, "", ""},
    Field{"toy.u8", FieldType::unsigned_integer, 8, Base::decimal, "", ""},
    Field{"toy.u16", FieldType::unsigned_integer, 16, Base::decimal, "", ""},
    Field{"toy.u32", FieldType::unsigned_integer, 32, Base::hexadecimal, "", ""},
    Field{"toy.u64", FieldType::unsigned_integer, 64, Base::decimal, "", ""},
    Field{"toy.i16", FieldType::signed_integer, 16, Base::decimal, "", ""},
    Field{"toy.i64", FieldType::signed_integer, 64, Base::decimal, "", ""},
    Field{"toy.bool", FieldType::boolean, 1, Base::decimal, "", ""},
    Field{"toy.real", FieldType::real, 64, Base::decimal, "", ""},
    Field{"toy.bytes", FieldType::bytes, 0, Base::decimal, "", ""},
    Field{"toy.text", FieldType::string, 0, Base::decimal, "", ""},
    Field{"toy.ip", FieldType::ipv4, 0, Base::decimal, "", ""},
    Field{"toy.ip6", FieldType::ipv6, 0, Base::decimal, "", ""},
    Field{"toy.mac", FieldType::ether, 0, Base::decimal, "", ""},
    Field{"toy.other", FieldType::bytes, 0, Base::decimal, "", ""},
};
inline constexpr Schema kToySchema{.name = "toy", .title = "Toy", .standard = "none", .fields = kFields};
inline constexpr std::array kFarFields = {
    Field{"far.away", FieldType::unsigned_integer, 8, Base::decimal, "", ""}};
inline constexpr Schema kFarSchema{.name = "far", .title = "Far", .standard = "none", .fields = kFarFields};
inline constexpr std::array<const Schema*, 2> kSchemas = {&kToySchema, &kFarSchema};

// Values in the order given; owns their bytes.
class Frame {
 public:
  Frame& number(std::uint16_t field, std::uint64_t value) {
    values_.push_back(Value::of({0, field}, value));
    return *this;
  }
  Frame& bytes(std::uint16_t field, std::string_view bytes) {
    kept_.emplace_back(bytes);
    values_.push_back(Value::of({0, field}, bytes_of(kept_.back())));
    return *this;
  }
  // Spread over two runs, as the engine does.
  [[nodiscard]] ValueSet set() const {
    const std::span<const Value> all{values_};
    const auto half = all.size() / 2;
    ValueSet set;
    set.runs[1] = all.first(half);
    set.runs[3] = all.subspan(half);
    return set;
  }
  [[nodiscard]] const std::vector<Value>& values() const { return values_; }

 private:
  std::vector<Value> values_;
  std::deque<std::string> kept_;
};

inline std::string errors(std::string_view text, std::span<const ProtocolId> about = {}) {
  Diagnostics diagnostics;
  compile(text, {"t", 1, 1}, kSchemas, about, diagnostics);
  std::string out;
  for (const auto& error : diagnostics.errors()) out += error.text() + "\n";
  return out;
}

inline ProgramView view(const Compiled& compiled) { return {compiled.nodes, compiled.constants}; }

}  // namespace sluice::language::fixture
