// Session: the order of one connection (104 5.1 to 5.3): which number each end sends next, what the other has
// acknowledged, and whether transfer was started. It lies in a flow's ProtocolState and is the same on each
// replay. What contradicts it is said, and then taken for true, so that one loss is told once.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/protocol/protocol.hpp"

namespace sluice::iec104 {

// 104 5.3: exactly one bit of the first control octet.
enum class Unnumbered : std::uint8_t {
  startdt_act = 0x04,
  startdt_con = 0x08,
  stopdt_act = 0x10,
  stopdt_con = 0x20,
  testfr_act = 0x40,
  testfr_con = 0x80,
};

class Session {
 public:
  // A flow that was seen from its first byte starts stopped, with all numbers 0; any other one starts
  // unknown.
  void begin(bool from_start) noexcept;

  Malformed unnumbered(Unnumbered what) noexcept;
  Malformed supervisory(Role role, std::uint16_t received) noexcept { return acknowledge(role, received); }
  Malformed information(Role role, std::uint16_t sent, std::uint16_t received) noexcept;

 private:
  enum class Transfer : std::uint8_t { unknown, stopped, starting, started, stopping };

  // What one end has sent.
  struct Sent {
    std::uint16_t next = 0;          // number of its next message, if known
    std::uint16_t acknowledged = 0;  // the first one that the other end has not acknowledged, if known
    bool next_known = false;
    bool acknowledged_known = false;
  };

  [[nodiscard]] Sent& by(Role role) noexcept { return sent_[static_cast<std::size_t>(role)]; }
  Malformed acknowledge(Role role, std::uint16_t received) noexcept;
  [[nodiscard]] bool may_inform(Role role) const noexcept;
  Malformed confirm(Transfer waited, Transfer reached) noexcept;

  bool begun_ = false;
  Transfer transfer_ = Transfer::unknown;
  std::array<Sent, 2> sent_{};
};

}  // namespace sluice::iec104
