#include "control/cli/sides.hpp"

#include <algorithm>

#include "dataplane/ruleset/ruleset.hpp"

namespace sluice::cli {
namespace {

template <class Range, class Value>
bool contains(const Range& range, const Value& value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

}  // namespace

std::vector<std::string> ports_of(const image::ImageView& image) {
  std::vector<std::string> ports;
  for (const auto& conduit : image.conduits()) {
    for (const auto& side : conduit.sides) {
      std::string name{image.text_of(side.port)};
      if (!contains(ports, name)) ports.push_back(std::move(name));
    }
  }
  return ports;
}

Sides::Sides(const image::ImageView& image, std::span<const std::string> ports) : image_{image} {
  const auto port_of = [&](const image::Side& side) {
    const auto at = std::ranges::find(ports, image.text_of(side.port));
    return PortId{static_cast<std::uint16_t>(at - ports.begin())};
  };
  const auto zones_of = [&](const image::Side& side) {
    const auto zones = image::ImageView::slice(image.side_zones(), side.zones);
    return std::vector<std::uint32_t>{zones.begin(), zones.end()};
  };
  for (const auto& conduit : image.conduits()) {
    const auto vlans = image::ImageView::slice(image.vlans(), conduit.vlans);
    for (std::size_t i = 0; i < conduit.sides.size(); ++i) {
      const auto& side = conduit.sides[i];
      const auto& other = conduit.sides[1 - i];
      sides_.push_back(
          {port_of(side), port_of(other), zones_of(side), zones_of(other), {vlans.begin(), vlans.end()}});
    }
  }
}

PortId Sides::port_of(ByteView frame, std::uint32_t wire_length) {
  Packet packet;
  // parse() does not write to the frame.
  (void)parse({const_cast<std::uint8_t*>(frame.data()),
               static_cast<std::uint32_t>(frame.size()),
               wire_length,
               {},
               nullptr},
              Checksums::count, packet);
  const std::uint32_t vlan = vlans_of(packet);
  const auto from = zone(packet.source, packet.source_mac, packet.network);
  const auto to = zone(packet.destination, packet.destination_mac, packet.network);

  // The source's zone says it; the VLAN and the destination's zone choose among several sides that have it.
  const Side* best = nullptr;
  int most = 0;
  for (const auto& side : sides_) {
    const bool takes = contains(side.vlans, vlan);
    const bool has_source = contains(side.zones, from);
    const bool has_destination = contains(side.other_zones, to);
    if (!has_source && !has_destination) continue;
    const int score = (has_source ? 4 : 0) + (takes ? 2 : 0) + (has_destination ? 1 : 0);
    if (score > most) {
      most = score;
      best = &side;
    }
  }
  const auto port = best != nullptr ? best->port : by_macs(packet, vlan);
  if (seen_.size() < kMostMacs || seen_.contains(packet.source_mac)) seen_[packet.source_mac] = port;
  return port;
}

std::uint32_t Sides::zone(const Address& address, const Mac& mac, Network network) const {
  if (network != Network::none) {
    if (const auto found = image_.zone_of(address); found != image::kNone) return found;
  }
  const auto asset = image_.asset_of(mac);
  return asset == image::kNone ? image::kNone : image_.assets()[asset].zone;
}

PortId Sides::by_macs(const Packet& packet, std::uint32_t vlan) const {
  if (const auto sender = seen_.find(packet.source_mac); sender != seen_.end()) return sender->second;
  if (const auto receiver = seen_.find(packet.destination_mac); receiver != seen_.end()) {
    for (const auto& side : sides_) {
      if (side.other == receiver->second && contains(side.vlans, vlan)) return side.port;
    }
  }
  for (const auto& side : sides_) {
    if (contains(side.vlans, vlan)) return side.port;
  }
  return sides_.empty() ? PortId{0} : sides_.front().port;
}

}  // namespace sluice::cli
