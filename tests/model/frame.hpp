// A frame as a plain receiver reads it, header by header, from the standards. `wrong` says why no receiver
// would take it, or why the design lets no such frame leave; then what follows is not filled in.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tests/model/policy.hpp"

namespace sluice::model {

namespace flag {
inline constexpr std::uint8_t fin = 1, syn = 2, rst = 4, psh = 8, ack = 16, urg = 32;
}

struct Seen {
  const char* wrong = nullptr;

  Mac to{}, from{};
  unsigned tags = 0;
  Tags tagged = 0;         // a single tag without a VLAN is none (IEEE 802.1Q 9.6)
  std::uint16_t type = 0;  // EtherType; below 0x600 an 802.3 length
  std::uint8_t llc = 0;
  std::size_t network = 0;  // offset

  bool is_ip = false;
  Ip source{}, destination{};
  std::uint8_t protocol = 0;
  std::uint8_t ttl = 0;
  bool options = false;       // IPv4 options or IPv6 extension headers
  bool router_alert = false;  // and nothing else
  std::size_t transport = 0;
  std::size_t end = 0;  // of the datagram

  std::uint16_t source_port = 0, destination_port = 0;  // ICMP: type and code
  std::uint32_t sequence = 0, acknowledgement = 0;
  std::uint8_t flags = 0;
  std::size_t payload = 0;  // offset; it reaches to `end`
};

Seen look(const std::uint8_t* frame, std::size_t size);

// The ends of the packet that an ICMP error is about; false when it does not say.
bool look_inside(const std::uint8_t* frame, const Seen& error, Seen& quoted);

}  // namespace sluice::model
