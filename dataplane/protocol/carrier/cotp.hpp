// COTP: the TPDUs of ISO transport class 0 (ITU-T X.224), as RFC 1006 uses them, and what a connection
// remembers of them: who has connected, which size was agreed on, how much of a message is there whose last
// TPDU is not. Shared by all that runs on port 102. Pure over its arguments; CotpState is a part of the
// protocol's own state of one flow.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/protocol/carrier/tpkt.hpp"

namespace sluice::carrier {

// X.224 13.1: the upper half of the second byte. The rest (ED, AK, RJ …) is not for class 0.
enum class TpduType : std::uint8_t {
  error = 0x7,
  disconnect_request = 0x8,
  connection_confirm = 0xd,
  connection_request = 0xe,
  data = 0xf,
};

struct Tpdu {
  TpduType type = TpduType::data;
  bool known = false;       // its type is one of these
  std::uint8_t header = 0;  // length indicator
  std::uint16_t destination = 0;
  std::uint16_t source = 0;
  std::uint8_t options = 0;  // class and options of CR and CC
  std::uint8_t cause = 0;    // of DR and ER
  std::uint8_t number = 0;   // of DT
  bool last = true;          // of DT: end of the message
  std::uint16_t size = 0;    // TPDU size in CR and CC; 0: not said
  ByteView calling{};        // TSAP of who connects
  ByteView called{};         // TSAP of who is connected to
  ByteView parameters{};     // CR, CC, DR, ER: all of the variable part
  ByteView data{};           // DT
};

// Reads the TPDU of one whole TPKT. What was read before a fault is in `out`.
Malformed read_tpdu(ByteView tpkt, Tpdu& out) noexcept;

// Of one flow; zero at its start. Picked up midstream, nothing is known.
struct CotpState {
  enum class Phase : std::uint8_t { unknown, requested, connected, disconnected };

  Phase phase = Phase::unknown;
  bool spoken = false;                        // data was seen: nobody connects any more
  std::array<bool, 2> overrun{};              // by role: the message is too long, its rest is passed over
  std::uint16_t size = 0;                     // most bytes of a TPDU; 0: as many as there may be
  std::array<std::uint32_t, 2> unfinished{};  // by role: bytes of the message whose last TPDU is to come
};

// May this TPDU come now, from that role? `most` is what a message may have. The state moves on.
Malformed follow(CotpState& state, Role role, const Tpdu& tpdu, std::uint32_t most) noexcept;

// Does a data TPDU belong to a message in several TPDUs? Asked before follow().
[[nodiscard]] inline bool in_parts(const CotpState& state, Role role, const Tpdu& tpdu) noexcept {
  const auto side = static_cast<std::size_t>(role);
  return state.unfinished[side] != 0 || state.overrun[side] || (!tpdu.last && !tpdu.data.empty());
}

}  // namespace sluice::carrier
