// What the compiler knows of an operand: enough to say which literals fit it and what may be done with it.
#pragma once

#include <string>

#include "rules/language/operations.hpp"

namespace sluice::language {

struct OperandType {
  Kind kind = Kind::bytes;
  FieldType type = FieldType::bytes;
  unsigned bits = 64;      // of an integer
  std::size_t pieces = 1;  // runs that slices select
  bool sliced = false;
  bool masked = false;
  bool text = false;  // string(...)

  static OperandType of(const Field& field) {
    OperandType out;
    out.kind = kind_of(field.type);
    out.type = field.type;
    out.bits = field.bits == 0 || field.bits > 64 ? 64 : field.bits;
    return out;
  }
  static OperandType counted() { return number(FieldType::unsigned_integer, 32); }
  static OperandType computed() { return number(FieldType::signed_integer, 64); }
  static OperandType rendered() {
    OperandType out;
    out.type = FieldType::string;
    out.text = true;
    return out;
  }

  [[nodiscard]] bool address() const {
    return !sliced && (type == FieldType::ipv4 || type == FieldType::ipv6 || type == FieldType::ether);
  }
  // Ordered byte by byte instead of by length first.
  [[nodiscard]] bool by_character() const { return type == FieldType::string && !sliced; }
  [[nodiscard]] std::string name() const;

 private:
  static OperandType number(FieldType type, unsigned bits) {
    OperandType out;
    out.kind = kind_of(type);
    out.type = type;
    out.bits = bits;
    return out;
  }
};

bool comparable(const OperandType& a, const OperandType& b);

}  // namespace sluice::language
