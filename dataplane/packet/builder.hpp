// Frames for tests and tools: valid ones, with right lengths and checksums, from a few words. Allocates; not
// for the fast path. Addresses are text: with a colon it is IPv6. A wrong address is an assert: these
// descriptions come from our own code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/packet/frame.hpp"
#include "dataplane/packet/packet.hpp"

namespace sluice::build {

using Bytes = std::vector<std::uint8_t>;

struct Tag {
  std::uint16_t id = 0;
  std::uint8_t priority = 0;
  std::uint16_t type = 0x8100;
};

// Layers 2 and 3.
struct Link {
  Mac source_mac{0x02, 0, 0, 0, 0, 0x01};
  Mac destination_mac{0x02, 0, 0, 0, 0, 0x02};
  std::vector<Tag> tags{};  // outer first
  std::string source = "10.0.0.1";
  std::string destination = "10.0.0.2";
  std::uint8_t ttl = 64;
  std::uint16_t identification = 0;
  std::uint16_t fragment = 0x4000;  // IPv4: flags and offset as on the wire; don't fragment
  Bytes options{};                  // IPv4: padded to 4 bytes with zero
  // IPv6: whole extension headers; their first is of type `first_extension`, and the last one names the
  // transport itself.
  Bytes extensions{};
  std::uint8_t first_extension = 0;
  Bytes trailer{};          // behind the datagram
  std::uint32_t least = 0;  // padded with zeros to this length; 60 as real links do
};

struct Segment {
  std::uint16_t source_port = 40000;
  std::uint16_t destination_port = 502;
  std::uint32_t sequence = 1000;
  std::uint32_t acknowledgement = 2000;
  std::uint8_t flags = tcp_flag::ack;
  std::uint16_t window = 65535;
  std::uint16_t urgent = 0;
  std::uint8_t reserved = 0;
  Bytes options{};  // padded to 4 bytes with zero
  Bytes payload{};
};

struct Datagram {
  std::uint16_t source_port = 40000;
  std::uint16_t destination_port = 5000;
  Bytes payload{};
};

struct Icmp {  // ICMPv6 over IPv6
  std::uint8_t type = 8;
  std::uint8_t code = 0;
  std::uint32_t rest = 0;  // the second four bytes: identifier and sequence, for instance
  Bytes payload{};
};

struct Arp {
  std::uint16_t operation = 1;
};

Bytes tcp(const Link& link, const Segment& segment);
Bytes udp(const Link& link, const Datagram& datagram);
Bytes icmp(const Link& link, const Icmp& icmp);
Bytes arp(const Link& link, const Arp& arp);
// Any IP protocol; `payload` is taken as it is.
Bytes ip(const Link& link, std::uint8_t protocol, const Bytes& payload);
Bytes ethernet(const Link& link, std::uint16_t type, const Bytes& payload);
// An 802.3 frame with the right length; `payload` begins with the LLC header.
Bytes llc(const Link& link, const Bytes& payload);

// A piece of an IP datagram.
struct Part {
  std::uint32_t offset = 0;  // in the datagram's payload, a multiple of 8
  std::uint32_t length = 0;
  bool more = true;
  std::uint32_t identification = 7;
};
// A fragment of `whole`, a good frame of one IPv4 datagram without options or one IPv6 datagram. `other`
// takes the place of the piece's bytes where it is not empty.
Bytes fragment(const Bytes& whole, const Part& part, const Bytes& other = {});
// All of `whole`, in order, in pieces of `size` bytes (a multiple of 8).
std::vector<Bytes> fragments(const Bytes& whole, std::uint32_t size, std::uint32_t identification = 7);

// Makes the checksums of a frame right again after a test changed it; the frame must parse but for them.
void repair_checksums(Bytes& frame);

Address address(std::string_view text);
Bytes bytes(std::string_view text);  // the characters themselves
Bytes hex(std::string_view digits);  // "0001 0000 0006"; spaces are ignored
Frame frame_over(Bytes& bytes, PortId port = {});

}  // namespace sluice::build
