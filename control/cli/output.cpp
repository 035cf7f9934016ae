#include "control/cli/output.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <iterator>

namespace sluice::cli {
namespace {

// The bytes of the well-formed UTF-8 sequence at the start of `text` (RFC 3629 §4), or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (first == 0xe0 && second < 0xa0) return 0;  // overlong
    if (first == 0xed && second > 0x9f) return 0;  // surrogates
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (first == 0xf0 && second < 0x90) return 0;
    if (first == 0xf4 && second > 0x8f) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<std::uint8_t>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return character.size() == 2 && first == 0xc2 && static_cast<std::uint8_t>(character[1]) < 0xa0;  // C1
}

// Digits of Wireshark's integer types: 8, 16, 24, 32 and 64 bits.
int hex_digits(std::uint8_t bits) {
  if (bits <= 8) return 2;
  if (bits <= 16) return 4;
  if (bits <= 24) return 6;
  return bits <= 32 ? 8 : 16;
}

void append_hex(std::string& out, ByteView bytes) {
  for (const auto byte : bytes) fmt::format_to(std::back_inserter(out), "{:02x}", byte);
}

void append_address(std::string& out, int family, ByteView bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::size_t size = family == AF_INET ? 4 : 16;
  if (bytes.size() == size && inet_ntop(family, bytes.data(), text.data(), text.size()) != nullptr) {
    out += text.data();
  } else {
    append_hex(out, bytes);
  }
}

void append_ether(std::string& out, ByteView bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "{}{:02x}", i == 0 ? "" : ":", bytes[i]);
  }
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto length = utf8_length(text);
    const auto character = text.substr(0, length == 0 ? 1 : length);
    const bool special = character == "\t" || character == "," || character == "\\";
    if (length == 0 || special || is_control(character)) {
      for (const char c : character) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<std::uint8_t>(c));
      }
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
}

void append_value(std::string& out, const Field& field, const Value& value) {
  auto end = std::back_inserter(out);
  switch (field.type) {
    case FieldType::protocol:
      out += field.name;
      return;
    case FieldType::unsigned_integer:
      if (field.base == Base::hexadecimal) {
        fmt::format_to(end, "0x{:0{}x}", value.number, hex_digits(field.bits));
      } else {
        fmt::format_to(end, "{}", value.number);
      }
      return;
    case FieldType::signed_integer:
      fmt::format_to(end, "{}", static_cast<std::int64_t>(value.number));
      return;
    case FieldType::boolean:
      out += value.number != 0 ? '1' : '0';
      return;
    case FieldType::real:
      fmt::format_to(end, "{:.{}g}", value.real(), field.bits == 32 ? 6 : 15);
      return;
    case FieldType::bytes:
      append_hex(out, value.bytes());
      return;
    case FieldType::string:
      append_escaped(out, text_of(value.bytes()));
      return;
    case FieldType::ipv4:
      append_address(out, AF_INET, value.bytes());
      return;
    case FieldType::ipv6:
      append_address(out, AF_INET6, value.bytes());
      return;
    case FieldType::ether:
      append_ether(out, value.bytes());
      return;
  }
}

}  // namespace sluice::cli
