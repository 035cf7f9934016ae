// Message: one Modbus PDU while it is read. It takes fields from the bytes and hands them to the sink in one
// step, so that what was read before a fault is still seen. Without a sink it only judges. Lives on the stack
// of one decode.
#pragma once

#include <cstdint>

#include "dataplane/protocol/modbus/schema.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "rules/base/reader.hpp"

namespace sluice::modbus {

// The default of the schema; the gravest for what has no row.
Access access_of(std::uint16_t function) noexcept;
bool is_named(std::uint16_t function) noexcept;

class Message {
 public:
  Message(ByteView bytes, Sink* sink) noexcept : reader_{bytes}, sink_{sink} {}

  // Reads a number and hands it on; zero, and nothing handed on, when it is not there.
  std::uint8_t u8(Name name) noexcept { return static_cast<std::uint8_t>(told(name, reader_.u8())); }
  std::uint16_t be16(Name name) noexcept { return static_cast<std::uint16_t>(told(name, reader_.be16())); }
  std::uint32_t be32(Name name) noexcept { return static_cast<std::uint32_t>(told(name, reader_.be32())); }
  // The next `count` bytes; an empty value is not handed on.
  ByteView take(Name name, std::size_t count) noexcept;
  // All that is left, never a fault.
  ByteView rest(Name name) noexcept { return take(name, reader_.remaining()); }

  // Addresses and values of registers from `first` on.
  void registers(ByteView data, std::uint32_t first) noexcept;

  void value(Name name, std::uint64_t number) noexcept {
    if (sink_ != nullptr) sink_->value(static_cast<std::uint16_t>(name), number);
  }
  void value(Name name, ByteView bytes) noexcept {
    if (sink_ != nullptr) sink_->value(static_cast<std::uint16_t>(name), bytes);
  }

  // Begins an item, ending the one before.
  void item(std::uint16_t function, Access access) noexcept;
  void item(std::uint16_t function) noexcept { item(function, access_of(function)); }
  // The item of function 43, by its MEI type; what only the MEI type's own standard explains is read to its
  // end.
  std::uint16_t interface_item() noexcept;
  // first..first+count-1, unclipped: a range past the end of its space lies inside nothing that is allowed. A
  // count of zero still names its first address.
  void span(Space space, std::uint32_t first, std::uint32_t count, std::uint64_t key = 0) noexcept;
  // What is left of a request without a readable layout.
  void opaque() noexcept;
  void payload(std::uint16_t function, ByteView bytes) noexcept {
    if (sink_ != nullptr) sink_->payload(function, bytes);
  }
  void request(std::uint64_t key, std::uint16_t function, std::uint64_t note) noexcept {
    if (sink_ != nullptr) sink_->request(key, function, note);
  }
  const Pending* response(std::uint64_t key, std::uint16_t function) noexcept {
    return sink_ != nullptr ? sink_->response(key, function) : nullptr;
  }

  // Ends the item and the message. What does not fit its bytes weighs more than `found`.
  Malformed finish(Malformed found = Malformed::fine) noexcept;

  [[nodiscard]] Reader& reader() noexcept { return reader_; }
  [[nodiscard]] bool ok() const noexcept { return reader_.ok(); }

 private:
  std::uint64_t told(Name name, std::uint64_t number) noexcept {
    if (reader_.ok()) value(name, number);
    return number;
  }

  Reader reader_;
  Sink* sink_;
  bool in_item_ = false;
};

// What a function asks for or answers; the message stands behind the function code. `note` is what the answer
// will be compared with, kept by the engine between the two.
Malformed decode_request(Message& message, std::uint64_t key, std::uint8_t code) noexcept;
Malformed decode_response(Message& message, std::uint64_t key, std::uint8_t code) noexcept;

inline constexpr std::uint16_t kDiagnostics = 8;
inline constexpr std::uint16_t kInterfaceTransport = 43;

// Sub-functions: the id in the schema, or the parent's code where the standard reserves them.
std::uint16_t diagnostics_id(std::uint16_t sub_function) noexcept;
std::uint16_t interface_id(std::uint8_t mei) noexcept;

// AP 6.14, 6.15: reference type, file, first record, length in registers.
struct Record {
  std::uint32_t length = 0;
  Malformed found = Malformed::fine;
};
Record file_record(Message& message) noexcept;

inline constexpr std::uint32_t kMostWriteBits = 1968;      // AP 6.11
inline constexpr std::uint32_t kMostWriteRegisters = 123;  // AP 6.12

constexpr std::uint32_t bytes_of_bits(std::uint32_t bits) noexcept { return (bits + 7) / 8; }

// Addresses first..first+count-1 must exist (AP 4.4: 65,536 of each kind).
constexpr Malformed judge_range(std::uint32_t first, std::uint32_t count, std::uint32_t most) noexcept {
  if (count == 0 || count > most) return Malformed::bad_length;
  return first + count > 65536 ? Malformed::bad_address : Malformed::fine;
}

constexpr Malformed worse(Malformed first, Malformed second) noexcept {
  return first != Malformed::fine ? first : second;
}

}  // namespace sluice::modbus
