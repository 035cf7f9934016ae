// Stack: a real TCP stack with an application on top, as the receiver of what leaves the engine. It has the
// address 10.0.1.2, listens at two ports, and takes one connection at a time. One thread; frames are whole
// Ethernet frames over IPv4.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rules/base/bytes.hpp"

namespace sluice::receiver {

inline constexpr std::uint8_t kReceiverMac[6] = {2, 0, 0, 0, 0, 2};
inline constexpr std::uint8_t kAttackerMac[6] = {2, 0, 0, 0, 0, 1};
inline constexpr const char* kReceiver = "10.0.1.2";
inline constexpr std::uint16_t kDecodedPort = 502;
inline constexpr std::uint16_t kOpaquePort = 2000;

class Stack {
 public:
  virtual ~Stack() = default;
  virtual void take(ByteView frame) = 0;
  // The next frame that it sends, oldest first; false when there is none.
  virtual bool next(std::vector<std::uint8_t>& frame) = 0;
  // What the application has read since the last call, all of one connection.
  virtual std::string read() = 0;
  // How many connections were accepted, that of the last read() included.
  [[nodiscard]] virtual std::uint64_t connections() const = 0;
  virtual void write(ByteView bytes) = 0;
  // Time goes on, as far as the stack goes by ours.
  virtual void pass(std::uint64_t milliseconds) = 0;
  // The application aborts its connection, whatever it is in.
  virtual void abort() = 0;
};

// Debian's lwIP in this process; null, with the reason, when it does not start.
std::unique_ptr<Stack> make_lwip(std::string& why);
// The kernel's, in a network namespace of this process's own, behind a TAP device. Needs root.
std::unique_ptr<Stack> make_linux(std::string& why);

}  // namespace sluice::receiver
