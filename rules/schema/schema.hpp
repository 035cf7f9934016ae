// Schema: all that the rest of the program knows about a protocol without knowing the protocol: its names,
// functions, fields and span spaces, as constexpr tables of the protocol's folder. From them follow rule
// names and completion, the lowering of allow rules, event names, documentation and tests. Rows cite the
// clause of the standard. Schemas are static data, never freed, read by every thread.
//
// The registry of schemas is a span in a fixed order; ProtocolId indexes it. Entry 0 is the packet schema
// (Ethernet, IP, TCP, UDP), which has fields but no functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rules/base/ids.hpp"

namespace sluice {

// What a function does to the process, from harmless to grave (IEC 62443 words of an allowlist).
enum class Access : std::uint8_t { read, write, control, program, diagnose };
inline constexpr std::size_t kAccessCount = 5;
std::string_view name_of(Access access) noexcept;

// `from` asks, `to` is asked: which of the two sent the bytes.
enum class Role : std::uint8_t { client, server };

enum class FieldType : std::uint8_t {
  protocol,  // presence of a layer; its bytes can be sliced
  unsigned_integer,
  signed_integer,
  boolean,
  real,
  bytes,
  string,
  ipv4,
  ipv6,
  ether,
};

// How `sluice decode` prints an integer: what Wireshark's field of that name does.
enum class Base : std::uint8_t { decimal, hexadecimal };

struct Field {
  std::string_view name;  // Wireshark's where Wireshark has one
  FieldType type;
  std::uint8_t bits;  // width of a number on the wire; 0 for others
  Base base;
  std::string_view meaning;
  std::string_view clause;
};

inline constexpr std::uint16_t kNoFunction = 0xffff;

// Ids below Schema::codes are the protocol's own function codes; ids from there on are sub-functions, in any
// order. A sub-function's name is `parent/child`; a rule that names the parent permits all its children.
struct Function {
  std::uint16_t id;
  std::string_view name;
  Access access;
  std::string_view clause;
  std::uint16_t parent = kNoFunction;
};

enum class SpanKey : std::uint8_t {
  none,             // holding 0..99
  number,           // db 5 0..99
  name,             // tag "Speed"
  number_and_name,  // node 2;s=Pump
};

struct SpanSpace {
  std::string_view name;
  SpanKey key;
  std::uint64_t last;  // the greatest address of the space
  std::string_view meaning;
  std::string_view clause;
};

// A child protocol rides in the payload of one function of its parent.
struct Carrier {
  std::string_view protocol;
  std::uint16_t function = kNoFunction;
};

enum class Transport : std::uint8_t { none = 0, tcp = 1, udp = 2, ethernet = 4 };
constexpr Transport operator|(Transport a, Transport b) noexcept {
  return static_cast<Transport>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(Transport set, Transport one) noexcept {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

struct Schema {
  std::string_view name;      // the word in rules: "modbus"
  std::string_view title;     // "Modbus/TCP"
  std::string_view standard;  // the document whose clauses are cited
  Transport transports = Transport::none;
  std::span<const std::uint16_t> ports{};       // usual ports: a hint, not a decision
  std::span<const std::uint16_t> ethertypes{};  // for Transport::ethernet
  std::span<const Field> fields{};
  std::span<const Function> functions{};
  std::span<const SpanSpace> spaces{};
  std::string_view unit{};      // the field that tells devices behind one address apart; empty: none does
  Carrier carrier{};            // carrier.protocol is empty for a protocol that stands alone
  std::uint16_t codes = 256;    // function codes are 0..codes-1
  std::uint16_t ids = 256;      // function ids are 0..ids-1, sub-functions included
  std::uint16_t max_items = 1;  // items per PDU; more is a reason
  std::uint32_t max_pdu = 0;    // bytes of the greatest PDU, header included
  std::uint32_t max_whole = 0;  // bytes of the greatest message that comes in parts; 0: none does
  bool stand_ins = false;       // it has requests that the device refuses itself (Verdict::neutralise)

  [[nodiscard]] const Function* function(std::uint16_t id) const noexcept;
  [[nodiscard]] const Function* function(std::string_view name) const noexcept;
  // Index in `fields`, or -1.
  [[nodiscard]] int field(std::string_view name) const noexcept;
  [[nodiscard]] int space(std::string_view name) const noexcept;
};

using Schemas = std::span<const Schema* const>;

// Changes when any name, number or order in any schema changes; binds an image to the program that can read
// it.
std::uint64_t fingerprint(Schemas schemas) noexcept;

ProtocolId find_protocol(Schemas schemas, std::string_view name) noexcept;

}  // namespace sluice
