// Packets within packets (E23): what is around, where the inner one begins, and the inner one as a Packet in
// the same frame. Its offsets count from the start of the frame as always; Packet::outers tells what is
// around it, so that an edit of the inner packet can be followed by the lengths and checksums outside.
// Pure; linear in the bytes that a checksum covers.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/packet/packet.hpp"
#include "rules/schema/tunnel.hpp"

namespace sluice {

struct Encapsulation {
  enum class Inner : std::uint8_t { ipv4, ipv6, ethernet };
  Tunnel tunnel{};
  Inner inner{};
  // False: it is this tunnel, but in a form that is not looked into: GRE with routing, of another version or
  // about another protocol, or with a wrong checksum; reserved bits; more than eight labels; …
  bool readable = false;
  std::uint32_t offset = 0;   // where the inner packet begins
  std::uint32_t network = 0;  // of a VXLAN
};

// How sure one must be that UDP to a tunnel's port is that tunnel.
enum class Proof : std::uint8_t {
  port,    // the port is the receiver's service: whatever a receiver could take for the tunnel is
  header,  // it may be any client's port: every bit of the header is right
};

// What the payload of a packet is that parse() found good, when it is a packet of one of the known tunnels.
// UDP is VXLAN when it goes to 4789 and Teredo when it goes to 3544, or comes from there and is exactly that.
std::optional<Encapsulation> encapsulation_of(const Packet& packet, Proof proof) noexcept;

// Parses the inner packet of `outer`, as parse() does. It ends where the outer one ends, exactly, unless it
// is an Ethernet frame, which may be padded, or stands behind labels. A tag in an inner frame is
// Reason::tunnel. `outer` has fewer than kMostTunnels around it.
ParseResult parse_inner(const Packet& outer, const Encapsulation& encapsulation, Checksums checksums,
                        Packet& inner, Lengths lengths = Lengths::strict) noexcept;

// Makes lengths and checksums of the layers around `packet` right again after it was edited. Where nothing
// was edited nothing changes; a UDP checksum of zero stays zero.
void repair_outers(Packet& packet) noexcept;

}  // namespace sluice
