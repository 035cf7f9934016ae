// The few changes that the box makes to frames, checksums repaired. Each works on a Packet that parse() found
// good, in its frame's own buffer, and leaves Packet and frame agreeing. Whoever holds the frame may edit it;
// no allocation, linear in the bytes touched.
#pragma once

#include <cstdint>

#include "dataplane/packet/frame.hpp"
#include "dataplane/packet/packet.hpp"

namespace sluice {

// Makes a TCP segment empty: lengths and checksums follow, a trailer goes, short frames are padded with zeros
// to the 60 bytes of Ethernet (if they had them). SYN, ACK, RST, the numbers and the options stay. PSH and
// URG go with the bytes they are about; so does FIN, which stands behind bytes that are no longer there: its
// sender repeats it. No effect on others.
void strip_payload(Packet& packet) noexcept;

// Overwrites `bytes` of the payload from `at` on; what does not fit inside the payload is left out. TCP and
// UDP checksums are updated by the difference (RFC 1624), so a wrong one stays wrong and a UDP checksum of
// zero ("none") stays zero.
void overwrite_payload(Packet& packet, std::uint32_t at, ByteView bytes) noexcept;

// Sets TSval of the timestamp option; false when a TCP segment has none. The checksum as above.
bool set_timestamp(Packet& packet, std::uint32_t value) noexcept;

// Zeroes what follows the datagram (E04: data hidden behind it, or leaked by a sender) but for the last
// `keep` bytes.
void clear_trailer(Packet& packet, std::uint32_t keep = 0) noexcept;

// Headers made ordinary (clear.cpp). Checksums follow by the difference, so that a wrong one stays wrong.
// Each does nothing to a packet without what it is about.

// The IPv4 options become no operation.
void clear_ip_options(Packet& packet) noexcept;
// They are nothing else.
bool only_no_operations(const Packet& packet) noexcept;
// The URG flag and the urgent pointer become zero: the byte they were about is one of the stream.
void clear_urgent(Packet& packet) noexcept;
// The reserved bits of the TCP header, that of accurate ECN included, become zero.
void clear_reserved(Packet& packet) noexcept;
// TCP options that are unknown, doubled (but for the first), MD5, or a SYN's outside of a SYN become no
// operation; what stands behind the end of the list becomes zero.
void clear_odd_options(Packet& packet) noexcept;
// The option of TCP Fast Open (RFC 7413 4.1.1; RFC 6994 with 0xf989) becomes no operation.
void clear_fast_open(Packet& packet) noexcept;

// Is one of these options there? And is it all that is odd?
bool has_fast_open(const Packet& packet) noexcept;
bool only_fast_open_is_odd(const Packet& packet) noexcept;

// The length of a right PRP trailer (IEC 62439-3 4.1.10) at the end of the frame and behind the datagram: 6,
// or 0 when there is none.
std::uint32_t prp_trailer(const Packet& packet) noexcept;

// Who is told: the end that `packet` goes to, or the one it came from.
enum class Towards : std::uint8_t { destination, source };

// A TCP segment without text or options: a reset, or an acknowledgement.
struct Bare {
  std::uint32_t sequence = 0;         // what the end told expects next
  std::uint32_t acknowledgement = 0;  // used with tcp_flag::ack
  std::uint8_t flags = tcp_flag::rst | tcp_flag::ack;
  std::uint16_t window = 0;
};

// A segment within the flow of the TCP packet `model`, as if its other end had sent it: MAC addresses, VLAN
// tags, IP addresses and ports of the model, swapped when it goes towards the source; without IP options or
// extension headers. The frame is the caller's; its data is null when there is no buffer or the model is not
// TCP.
Frame make_bare(const Packet& model, Towards towards, const Bare& bare, Buffers& buffers) noexcept;

}  // namespace sluice
