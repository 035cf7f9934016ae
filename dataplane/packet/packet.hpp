// Packet: a frame parsed once. parse() fills offsets and the few numbers that the rest needs; nothing
// downstream reads the headers again. Offsets are from the start of the frame, in bytes. A Packet is valid as
// long as its frame's buffer.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/packet/frame.hpp"
#include "rules/schema/reason.hpp"
#include "rules/schema/tunnel.hpp"

namespace sluice {

using Address = std::array<std::uint8_t, 16>;  // IPv6; IPv4 as ::ffff:a.b.c.d
using Mac = std::array<std::uint8_t, 6>;

enum class Network : std::uint8_t { none, arp, ipv4, ipv6 };
enum class Transportation : std::uint8_t { none, tcp, udp, icmp, icmpv6, other };

namespace tcp_flag {
inline constexpr std::uint8_t fin = 1, syn = 2, rst = 4, psh = 8, ack = 16, urg = 32, ece = 64, cwr = 128;
}

// What an IP datagram carries besides its plain header. Whether it may is the engine's policy.
namespace ip_option {
inline constexpr std::uint16_t router_alert =
    1;  // IPv4 option 148, IPv6 hop-by-hop option 5: IGMP and MLD have it
inline constexpr std::uint16_t source_route = 2;  // LSRR, SSRR; an IPv6 routing header of any type
inline constexpr std::uint16_t record = 4;        // record route, timestamp
inline constexpr std::uint16_t other = 8;         // any other IPv4 option, or option of an IPv6 header
inline constexpr std::uint16_t hop_by_hop = 16;   // IPv6 extension headers
inline constexpr std::uint16_t destination = 32;
inline constexpr std::uint16_t authentication = 64;
inline constexpr std::uint16_t atomic_fragment = 128;  // a fragment header around a whole datagram (RFC 6946)
}  // namespace ip_option

struct TcpHeader {
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::uint16_t window = 0;  // as on the wire, unscaled
  std::uint16_t urgent = 0;
  std::uint8_t flags = 0;
  std::uint8_t reserved = 0;         // the reserved bits and NS; 0 in good traffic
  std::uint8_t window_scale = 0xff;  // from the option in a SYN, at most 14; 0xff: absent
  std::uint8_t has_timestamp = 0;
  // 1: a kind that is unknown, doubled, MD5, or a SYN's outside of a SYN; something behind the end of the
  // list
  std::uint8_t odd_options = 0;
  std::uint16_t mss = 0;        // from the option in a SYN; 0: absent
  std::uint32_t timestamp = 0;  // TSval
  std::uint32_t echo = 0;       // TSecr
  std::uint16_t options = 0;    // offset of the options
  std::uint16_t options_length = 0;
};

// What a fragment says of its datagram (RFC 791 3.2, RFC 8200 4.5). Its piece of the datagram's payload is
// the frame's bytes [transport_offset, network_end).
struct Piece {
  std::uint32_t identification = 0;  // IPv4: 16 bits
  std::uint16_t offset = 0;          // where the piece belongs in the payload, in bytes
  std::uint16_t header = 0;          // bytes of the IP header, and of what else each fragment repeats
  std::uint8_t more = 0;             // 1: not the last piece
};

// A packet that this one is inside of (tunnel.hpp). Offsets are from the start of the frame.
struct Outer {
  Tunnel tunnel{};
  Network network = Network::none;
  std::uint16_t network_offset = 0;
  std::uint16_t transport_offset = 0;
  std::uint32_t network_end = 0;
  std::uint32_t tail = 0;  // bytes between the end of what is inside and this end: padding of an inner frame
};
inline constexpr std::uint8_t kMostTunnels = 2;

struct Packet {
  Frame frame;

  // Around it
  std::uint8_t depth = 0;         // how many packets it is inside of
  std::uint16_t tunnel_mark = 0;  // tells the networks of tunnels apart, in flow keys; 0 outside of all
  std::uint16_t link_offset = 0;  // where its Ethernet header is
  std::array<Outer, kMostTunnels> outers{};  // outermost first

  // Layer 2. Tags are those of the outermost frame.
  Mac destination_mac{};
  Mac source_mac{};
  std::uint8_t vlan_count = 0;           // 0 to 2
  std::array<std::uint16_t, 2> vlans{};  // outer first, 12 bits
  std::uint8_t priority = 0;             // PCP of the outer tag
  std::uint16_t ethertype = 0;           // after the tags; 0 for 802.3 frames
  std::uint8_t llc_dsap = 0;             // of an 802.3 frame
  std::uint16_t network_offset = 0;      // an 802.3 frame's LLC header; 0: not even layer 2 was read

  // Layer 3
  Network network = Network::none;
  Address source{};  // ARP: the sender's protocol address
  Address destination{};
  std::uint8_t ttl = 0;
  std::uint8_t ip_protocol = 0;  // after IPv6 extension headers
  std::uint8_t fragment = 0;     // 1: a part of a datagram, `piece`; nothing of layer 4 is filled in
  std::uint16_t ip_options = 0;  // ip_option::
  Piece piece{};
  std::uint16_t transport_offset = 0;
  std::uint32_t network_end = 0;  // where the IP datagram ends; bytes behind are padding or a trailer
  std::uint32_t missing = 0;      // bytes of the datagram that are not here because the frame was cut

  // Layer 4
  Transportation transportation = Transportation::none;
  std::uint16_t source_port = 0;       // ICMP: the type; ARP: the operation
  std::uint16_t destination_port = 0;  // ICMP: the code
  TcpHeader tcp{};
  std::uint32_t payload_offset = 0;
  std::uint32_t payload_length = 0;

  [[nodiscard]] ByteView payload() const noexcept {
    return frame.bytes().subspan(payload_offset, payload_length);
  }
  // All of the IP datagram's payload, or of the frame for other EtherTypes.
  [[nodiscard]] ByteView network_payload() const noexcept {
    return frame.bytes().subspan(network_offset, network_end - network_offset);
  }
  // Padding and whatever else follows the datagram, inside of what it is inside of.
  [[nodiscard]] std::uint32_t trailer_length() const noexcept {
    return (depth != 0 ? outers[depth - 1U].network_end : frame.length) - network_end;
  }
  [[nodiscard]] ByteView trailer() const noexcept {
    return frame.bytes().subspan(network_end, trailer_length());
  }
  // Of a fragment: the bytes of its piece.
  [[nodiscard]] ByteView piece_bytes() const noexcept {
    return frame.bytes().subspan(transport_offset, network_end - transport_offset);
  }
  // The payload is a packet of its own, by IP protocol or EtherType; tunnels over UDP are known by their port
  // only.
  [[nodiscard]] bool tunnel() const noexcept;
};

enum class Checksums : std::uint8_t {
  verify,  // real ports: a wrong checksum is a Reason
  count,   // captures: it is only told
};

// An IP length that runs past the frame, or an IPv4 one of zero as cards that cut segments themselves leave
// it.
enum class Lengths : std::uint8_t {
  strict,    // no receiver takes it: a Reason
  captured,  // for looking into captures: the datagram is what the frame holds
};

// Parses `frame` into `packet`. Reason::none, or the first thing wrong; what was parsed before it is valid.
// Structural only: the policy of options, addresses and groundwork is the engine's. With Checksums::count a
// wrong checksum sets `wrong_checksum` and parsing goes on.
struct ParseResult {
  Reason reason = Reason::none;
  bool wrong_checksum = false;
};
ParseResult parse(const Frame& frame, Checksums checksums, Packet& packet,
                  Lengths lengths = Lengths::strict) noexcept;

// The start of the datagram that an ICMP or ICMPv6 error is about: addresses, protocol, ports (and a TCP
// sequence number) of the packet that was sent, without checksums or lengths, which routers change. False
// when `error` is no error message or quotes too little to tell the flow. Offsets in `quoted` count from the
// start of the frame.
bool parse_quoted(const Packet& error, Packet& quoted) noexcept;

}  // namespace sluice
