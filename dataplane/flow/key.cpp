#include "dataplane/flow/key.hpp"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

// In front, where no IPv4 address (::ffff:a.b.c.d) has anything but zero.
Address from_mac(const Mac& mac) noexcept {
  Address address{};
  std::copy(mac.begin(), mac.end(), address.begin());
  return address;
}

}  // namespace

Keyed key_of(const Packet& packet, std::uint32_t lane) noexcept {
  std::pair<Address, std::uint16_t> source{packet.source, 0};
  std::pair<Address, std::uint16_t> destination{packet.destination, 0};
  std::uint8_t ip_protocol = packet.ip_protocol;
  switch (packet.network) {
    case Network::none:
    case Network::arp:
      ip_protocol = 0;
      source = {from_mac(packet.source_mac), packet.ethertype != 0 ? packet.ethertype : packet.llc_dsap};
      destination = {from_mac(packet.destination_mac), source.second};
      break;
    case Network::ipv4:
    case Network::ipv6:
      if (packet.transportation == Transportation::tcp || packet.transportation == Transportation::udp) {
        source.second = packet.source_port;
        destination.second = packet.destination_port;
      }
      break;
  }
  const bool forth = source <= destination;
  const auto& low = forth ? source : destination;
  const auto& high = forth ? destination : source;
  Keyed keyed{};
  keyed.key.low = low.first;
  keyed.key.high = high.first;
  keyed.key.low_port = low.second;
  keyed.key.high_port = high.second;
  keyed.key.lane = lane;
  keyed.key.tunnel = packet.tunnel_mark;
  keyed.key.ip_protocol = ip_protocol;
  keyed.direction = forth ? Direction::forth : Direction::back;
  return keyed;
}

std::uint32_t lane_of(const Packet& packet, PortId lower) noexcept {
  constexpr std::uint32_t kInnerPriority = 0xfff;  // no VLAN has this number
  const std::uint32_t outer = packet.vlan_count > 0 ? packet.vlans[0] : 0U;
  std::uint32_t inner = packet.vlan_count > 1 ? packet.vlans[1] : 0U;
  if (packet.vlan_count > 1 && inner == 0) inner = kInnerPriority;
  return outer | inner << 12U | std::uint32_t{lower.value} << 24U;
}

}  // namespace sluice
