// The steps of parse(), one per layer; of this folder only. Each reads the bytes of its layer out of the
// frame that is already in `packet`, fills its fields in, and says Reason::none or what is wrong.
#pragma once

#include "dataplane/packet/packet.hpp"

namespace sluice::layers {

struct Context {
  Checksums checksums;
  Lengths lengths = Lengths::strict;
  bool wrong_checksum = false;
  std::uint32_t end = 0;  // of an inner packet: where the outer one ends; 0: where the frame ends

  // Where the bytes here end, and where they ended on the wire.
  [[nodiscard]] std::uint32_t here(const Packet& packet) const noexcept {
    return end != 0 ? end : packet.frame.length;
  }
  [[nodiscard]] std::uint32_t on_wire(const Packet& packet) const noexcept {
    return end != 0 || !packet.frame.cut() ? here(packet) : packet.frame.wire_length;
  }

  // Of a checksum that was found wrong: stop, or count and go on.
  Reason wrong(Reason reason) noexcept {
    wrong_checksum = true;
    return checksums == Checksums::verify ? reason : Reason::none;
  }
};

// The bytes of the frame from `offset` on, up to `end`.
inline ByteView between(const Packet& packet, std::uint32_t offset, std::uint32_t end) noexcept {
  return packet.frame.bytes().subspan(offset, end - offset);
}

inline constexpr Address mapped(ByteView four) noexcept {
  Address address{};
  address[10] = address[11] = 0xff;
  for (std::size_t i = 0; i < 4 && i < four.size(); ++i) address[12 + i] = four[i];
  return address;
}

Reason ethernet(Packet& packet, Context& context) noexcept;
Reason arp(Packet& packet) noexcept;
Reason ipv4(Packet& packet, Context& context) noexcept;
Reason ipv6(Packet& packet, Context& context) noexcept;
// A datagram's start between network_offset and network_end, of the family that `network` says. False when it
// tells no flow.
bool quote(Packet& quoted) noexcept;
// TCP, UDP, ICMP, ICMPv6, or other, between transport_offset and network_end.
Reason transport(Packet& packet, Context& context) noexcept;

}  // namespace sluice::layers
