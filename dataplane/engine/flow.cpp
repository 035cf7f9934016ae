#include "dataplane/engine/flow.hpp"

#include <algorithm>

#include "rules/base/reader.hpp"

namespace sluice {
namespace {

bool ipv4(const Address& address) noexcept {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

}  // namespace

void LinkHeader::keep(const Packet& packet) noexcept {
  const std::uint32_t network = packet.depth != 0 ? packet.outers[0].network_offset : packet.network_offset;
  if (size != 0 || network > bytes.size() || packet.frame.length < network) return;
  size = static_cast<std::uint8_t>(network);
  std::copy_n(packet.frame.data, size, bytes.begin());
}

// A packet of the flow that was never received, for a frame in its place: layers 2 and 3 and the ports.
Packet LinkHeader::packet_of(const FlowKey& key, Direction direction, PortId port) noexcept {
  Packet packet;
  packet.frame.data = bytes.data();
  packet.frame.length = packet.frame.wire_length = size;
  packet.frame.port = port;
  packet.network_offset = size;
  packet.tunnel_mark = key.tunnel;
  Reader reader{{bytes.data(), size}};
  const auto destination = reader.take(6);
  const auto source = reader.take(6);
  std::copy(destination.begin(), destination.end(), packet.destination_mac.begin());
  std::copy(source.begin(), source.end(), packet.source_mac.begin());
  for (reader.skip(2); reader.remaining() >= 4 && packet.vlan_count < packet.vlans.size(); reader.skip(2))
    packet.vlans[packet.vlan_count++] = reader.be16() & 0x0fffU;
  packet.network = ipv4(key.low) ? Network::ipv4 : Network::ipv6;
  packet.transportation = Transportation::tcp;
  const bool forth = direction == Direction::forth;
  packet.source = forth ? key.low : key.high;
  packet.destination = forth ? key.high : key.low;
  packet.source_port = forth ? key.low_port : key.high_port;
  packet.destination_port = forth ? key.high_port : key.low_port;
  return packet;
}

}  // namespace sluice
