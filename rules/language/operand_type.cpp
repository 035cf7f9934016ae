#include "rules/language/operand_type.hpp"

namespace sluice::language {

std::string OperandType::name() const {
  if (kind == Kind::bytes && masked) return "a masked value";
  if (kind == Kind::bytes && sliced) return "a slice";
  if (text) return "what string() makes";
  switch (type) {
    case FieldType::protocol:
      return "a protocol";
    case FieldType::unsigned_integer:
      return "an unsigned integer";
    case FieldType::signed_integer:
      return "a signed integer";
    case FieldType::boolean:
      return "a boolean";
    case FieldType::real:
      return "a real number";
    case FieldType::bytes:
      return "a byte sequence";
    case FieldType::string:
      return "a string";
    case FieldType::ipv4:
      return "an IPv4 address";
    case FieldType::ipv6:
      return "an IPv6 address";
    case FieldType::ether:
      return "a MAC address";
  }
  return "a value";
}

bool comparable(const OperandType& a, const OperandType& b) {
  if (a.text || b.text) return false;  // what string() makes lives no longer than one look at it
  if (a.kind != Kind::bytes || b.kind != Kind::bytes)
    return a.kind == b.kind || (integer(a.kind) && integer(b.kind));
  return a.sliced || b.sliced || a.type == b.type;
}

}  // namespace sluice::language
