// FlowKey: what makes packets one flow. The two ends are ordered, so both directions have the same key;
// Direction says which of the ordered ends sent a packet.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "dataplane/packet/packet.hpp"

namespace sluice {

enum class Direction : std::uint8_t { forth, back };  // forth: from the lower end to the upper
constexpr Direction opposite(Direction direction) noexcept {
  return direction == Direction::forth ? Direction::back : Direction::forth;
}

struct FlowKey {
  Address low{};
  Address high{};
  std::uint16_t low_port = 0;
  std::uint16_t high_port = 0;
  std::uint32_t lane = 0;    // the same addresses on two wires are two flows
  std::uint16_t tunnel = 0;  // and so are those inside of a tunnel and outside of it
  std::uint8_t ip_protocol = 0;
  std::uint8_t pad = 0;
  auto operator<=>(const FlowKey&) const noexcept = default;
};
static_assert(sizeof(FlowKey) == 44);

struct Keyed {
  FlowKey key;
  Direction direction;
};
// TCP and UDP have their ports; every other IP protocol, ICMP too, is one flow per pair of addresses, and so
// are fragments. What is not IP is one flow per pair of MAC addresses and EtherType (or LLC DSAP), which
// stands in for both ports.
Keyed key_of(const Packet& packet, std::uint32_t lane) noexcept;

// The wire that a packet is on: its tags and the pair of ports, of which `lower` is the lower number. Both
// outlive a generation, conduit numbers do not. A priority tag alone is none.
std::uint32_t lane_of(const Packet& packet, PortId lower) noexcept;

}  // namespace sluice
