#include <algorithm>

#include "rules/compile/places.hpp"
#include "rules/schema/reason.hpp"

namespace sluice::compile {

using image::kNone;

void Places::write(image::Writer& writer) const {
  for (const auto& row : rows_.zones) {
    image::Zone zone;
    zone.name = writer.intern(row.name.text);
    zone.security_level = row.security_level;
    writer.zones.push_back(zone);
  }
  for (const auto& net : networks_) {
    image::Network network;
    network.address = net.prefix.address;
    network.zone = net.zone;
    network.prefix = net.prefix.bits;
    writer.networks.push_back(network);
  }
  for (std::uint32_t i = 0; i < rows_.assets.size(); ++i) {
    const auto& row = rows_.assets[i];
    image::Asset asset;
    asset.name = writer.intern(row.name.text);
    asset.vendor = writer.intern(row.vendor);
    asset.product = writer.intern(row.product);
    asset.firmware = writer.intern(row.firmware);
    asset.zone = asset_zones_[i];
    asset.gateway = gateways_[i];
    asset.unit = gateways_[i] == kNone ? kNone : row.behind->unit;
    asset.neutralise = row.neutralise ? 1 : 0;
    asset.whole_segments = row.whole_segments ? 1 : 0;
    writer.assets.push_back(asset);
    for (const auto& [address, spot] : row.addresses) writer.asset_addresses.push_back({address, i});
    for (const auto& [mac, spot] : row.macs) {
      image::AssetMac entry;
      entry.mac = mac;
      entry.asset = i;
      writer.asset_macs.push_back(entry);
    }
  }
  std::sort(writer.asset_addresses.begin(), writer.asset_addresses.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  std::sort(writer.asset_macs.begin(), writer.asset_macs.end(),
            [](const auto& a, const auto& b) { return a.mac < b.mac; });
  for (std::size_t i = 0; i < rows_.conduits.size(); ++i) {
    const auto& row = rows_.conduits[i];
    image::Conduit conduit;
    conduit.name = writer.intern(row.name.text);
    for (std::size_t side = 0; side < 2; ++side) {
      conduit.sides[side].port = writer.intern(row.sides[side].port.text);
      conduit.sides[side].zones =
          image::Writer::append(writer.side_zones, std::span<const std::uint32_t>{side_zones_[i][side]});
    }
    auto vlans = row.vlans;
    if (vlans.empty()) vlans.push_back(image::kUntagged);
    std::sort(vlans.begin(), vlans.end());
    vlans.erase(std::unique(vlans.begin(), vlans.end()), vlans.end());
    conduit.vlans = image::Writer::append(writer.vlans, std::span<const std::uint32_t>{vlans});
    conduit.groundwork = row.groundwork;
    conduit.tunnels = row.tunnels;
    conduit.mode = row.mode;
    conduit.on_failure = row.on_failure;
    conduit.midstream = row.midstream;
    conduit.deny = row.deny;
    for (std::size_t reason = 0; reason < kReasonCount; ++reason) {
      conduit.actions[reason] =
          static_cast<std::uint8_t>(default_action(static_cast<Reason>(reason), row.deny));
    }
    conduit.treatments = row.treatments;
    conduit.ttl_floor = row.ttl_floor;
    writer.conduits.push_back(conduit);
  }
}

}  // namespace sluice::compile
