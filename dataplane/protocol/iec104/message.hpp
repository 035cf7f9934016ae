// Message: one APDU while it is read. It takes fields from the bytes and hands them to the sink in one step,
// so that what was read before a fault is still seen. Without a sink it only judges. Lives on the stack of
// one decode.
#pragma once

#include <cstdint>

#include "dataplane/protocol/iec104/schema.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "rules/base/reader.hpp"

namespace sluice::iec104 {

class Message {
 public:
  Message(ByteView bytes, Sink* sink) noexcept : reader_{bytes}, sink_{sink} {}

  void value(Name name, std::uint64_t number) noexcept {
    if (sink_ != nullptr) sink_->value(static_cast<std::uint16_t>(name), number);
  }
  void value(Name name, ByteView bytes) noexcept {
    if (sink_ != nullptr && !bytes.empty()) sink_->value(static_cast<std::uint16_t>(name), bytes);
  }
  void real(Name name, double number) noexcept {
    if (sink_ != nullptr) sink_->real(static_cast<std::uint16_t>(name), number);
  }
  // Read already; zero, and nothing handed on, when it was not there.
  std::uint64_t told(Name name, std::uint64_t number) noexcept {
    if (reader_.ok()) value(name, number);
    return number;
  }
  std::uint8_t u8(Name name) noexcept { return static_cast<std::uint8_t>(told(name, reader_.u8())); }
  std::uint16_t le16(Name name) noexcept { return static_cast<std::uint16_t>(told(name, reader_.le16())); }

  void item(std::uint16_t function, Access access) noexcept {
    if (sink_ != nullptr) sink_->item(function, access);
  }
  void span(Space space, std::uint64_t key, std::uint64_t address) noexcept {
    if (sink_ != nullptr && reader_.ok())
      sink_->span(
          {.space = static_cast<std::uint16_t>(space), .key = key, .first = address, .last = address});
  }
  void end() noexcept {
    if (sink_ != nullptr) sink_->end();
  }
  // 104 binds nobody to wait for a confirmation, and some come unasked or more than once.
  void request(std::uint64_t key, std::uint16_t function) noexcept {
    if (sink_ != nullptr) sink_->request(key, function, 0, Pairing::loose);
  }
  void response(std::uint64_t key, std::uint16_t function) noexcept {
    if (sink_ != nullptr) (void)sink_->response(key, function, Pairing::loose);
  }

  [[nodiscard]] Reader& reader() noexcept { return reader_; }
  [[nodiscard]] bool ok() const noexcept { return reader_.ok(); }

 private:
  Reader reader_;
  Sink* sink_;
};

constexpr Malformed worse(Malformed first, Malformed second) noexcept {
  return first != Malformed::fine ? first : second;
}

// The application data, to the end of the message. What a device would be asked to take is judged by value as
// well; what it reports is judged by its shape.
Malformed decode_asdu(Message& message, Role role) noexcept;

// One information element of a type, without its address.
Malformed decode_element(Message& message, const Type& type, Role role) noexcept;

// May `role` send this type for this cause?
Malformed judge_cause(const Type& type, Role role, std::uint8_t cause) noexcept;

// 101 7.2.3
namespace cause {
inline constexpr std::uint8_t kRequest = 5, kActivation = 6, kActivationCon = 7, kDeactivation = 8,
                              kDeactivationCon = 9, kUnknownType = 44, kUnknownObject = 47;
}

}  // namespace sluice::iec104
