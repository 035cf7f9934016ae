// What a decoder says about a message: values of fields, and spans of addresses. Both point into the message
// and live as long as it does. Fixed size, trivially copyable, no ownership.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "rules/base/bytes.hpp"
#include "rules/base/ids.hpp"
#include "rules/schema/schema.hpp"

namespace sluice {

// A field of a schema of the registry: schemas[protocol]->fields[field].
struct FieldRef {
  std::uint16_t protocol = 0xffff;
  std::uint16_t field = 0xffff;
  constexpr bool operator==(const FieldRef&) const noexcept = default;
};

// One value of one field. Numbers (integers, boolean, real by bit pattern; signed ones sign-extended) are in
// `number`; bytes, strings, addresses and protocols are `length` bytes at `data`.
struct Value {
  FieldRef field;
  std::uint32_t length = 0;
  union {
    std::uint64_t number = 0;
    const std::uint8_t* data;
  };

  static Value of(FieldRef field, std::uint64_t number) noexcept {
    Value value;
    value.field = field;
    value.number = number;
    return value;
  }
  static Value of(FieldRef field, ByteView bytes) noexcept {
    Value value;
    value.field = field;
    value.length = static_cast<std::uint32_t>(bytes.size());
    value.data = bytes.data();
    return value;
  }
  [[nodiscard]] ByteView bytes() const noexcept { return {data, length}; }
  [[nodiscard]] double real() const noexcept { return std::bit_cast<double>(number); }
};
static_assert(sizeof(Value) == 16);

// Several runs of values that are read as one, in order: packet fields, a carrier's, the PDU's header, the
// item's.
struct ValueSet {
  std::array<std::span<const Value>, 4> runs{};
  // By run: a bit of bit_of(field) for each field that may be in it, so that long runs of other fields need
  // not be read.
  std::array<std::uint64_t, 4> fields{~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0},
                                      ~std::uint64_t{0}};

  static constexpr std::uint64_t bit_of(FieldRef field) noexcept {
    return std::uint64_t{1} << ((field.protocol * 7U + field.field) % 64U);
  }
  static std::uint64_t fields_of(std::span<const Value> run) noexcept {
    std::uint64_t bits = 0;
    for (const auto& value : run) bits |= bit_of(value.field);
    return bits;
  }
};

// The addresses first..last (both inside) of one space of the protocol, the PDU's own counting (zero-based).
struct Span {
  std::uint16_t space = 0;
  std::uint64_t key = 0;  // db number, node namespace …; 0 where the space has none
  ByteView name{};        // tag, node identifier; empty where the space has none
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

}  // namespace sluice
