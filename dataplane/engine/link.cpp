#include "dataplane/engine/link.hpp"

#include <algorithm>

#include "rules/base/reader.hpp"

namespace sluice {
namespace {

constexpr std::uint8_t kLlcSpanningTree = 0x42;  // IEEE 802.1D 9.3

std::optional<Groundwork> by_ethertype(std::uint16_t ethertype) noexcept {
  switch (ethertype) {
    case 0x88cc:
      return Groundwork::lldp;
    case 0x88e3:
      return Groundwork::mrp;  // IEC 62439-2
    case 0x80e1:
      return Groundwork::dlr;  // EtherNet/IP device level ring
    case 0x88fb:
      return Groundwork::prp;  // IEC 62439-3, also supervision of HSR
    case 0x892f:
      return Groundwork::hsr;
    case 0x88f7:
      return Groundwork::ptp;  // IEEE 1588
    case 0x8809:
      return Groundwork::lacp;  // IEEE 802.3 slow protocols
    default:
      return std::nullopt;
  }
}

bool listed(const image::ImageView& image, const Ruleset::Place& place, const Address& address) noexcept {
  const auto zone = image.zone_of(address);
  const auto& side = image.conduits()[place.conduit.value].sides[place.side];
  const auto zones = image::ImageView::slice(image.side_zones(), side.zones);
  return std::find(zones.begin(), zones.end(), zone) != zones.end();
}

Address mapped(ByteView ipv4) noexcept {
  Address address{};
  address[10] = address[11] = 0xff;
  std::copy_n(ipv4.begin(), std::min<std::size_t>(ipv4.size(), 4), address.begin() + 12);
  return address;
}

bool link_local(const Address& address) noexcept {
  return address[0] == 0xfe && (address[1] & 0xc0U) == 0x80;
}

// May who is on this side speak for the address, with that MAC address?
bool claims(const Ruleset& rules, const Ruleset::Place& place, const Address& address,
            ByteView hardware) noexcept {
  const auto& image = rules.image();
  if (!listed(image, place, address)) return false;
  const auto asset = image.asset_of(address);
  if (asset == image::kNone || !rules.has_mac(asset)) return true;
  Mac mac{};
  std::copy_n(hardware.begin(), std::min(hardware.size(), mac.size()), mac.begin());
  return image.asset_of(mac) == asset;
}

// A neighbour message (RFC 4861 4): the address that it is about and the MAC address that it gives for it. In
// a solicitation the option is about the sender, in an advertisement about the target.
bool sound_neighbour(const Ruleset& rules, const Ruleset::Place& place, const Packet& packet) noexcept {
  constexpr std::uint16_t kRouterSolicitation = 133, kRouterAdvertisement = 134, kAdvertisement = 136;
  constexpr std::uint8_t kSourceLink = 1, kTargetLink = 2;
  if (packet.ttl != 255 || packet.destination_port != 0) return false;
  const auto type = packet.source_port;
  Reader reader{packet.payload()};
  Address about = packet.source;
  if (type == kRouterAdvertisement) {
    reader.skip(8);
  } else if (type != kRouterSolicitation) {
    const auto target = reader.take(16);
    if (reader.ok() && type == kAdvertisement) std::copy_n(target.begin(), about.size(), about.begin());
  }
  if (!reader.ok()) return false;
  const auto free = [](const Address& address) { return address == Address{} || link_local(address); };
  if (!free(packet.source) && !listed(rules.image(), place, packet.source)) return false;
  ByteView hardware{packet.source_mac};
  while (reader.remaining() > 0) {
    const auto kind = reader.u8();
    const auto length = reader.u8() * 8U;  // in words of 8 bytes, the first two bytes included
    if (length == 0) return false;
    const auto value = reader.take(length - 2U);
    if (!reader.ok()) return false;
    if (kind == (type == kAdvertisement ? kTargetLink : kSourceLink)) hardware = value;
  }
  return free(about) || claims(rules, place, about, hardware);
}

}  // namespace

std::optional<Groundwork> groundwork_of(const Packet& packet) noexcept {
  if (packet.ethertype == 0) {
    if (packet.llc_dsap == kLlcSpanningTree) return Groundwork::stp;
    return std::nullopt;
  }
  if (packet.network == Network::arp) return Groundwork::arp;
  if (packet.network == Network::none) return by_ethertype(packet.ethertype);
  if (packet.ip_protocol == 2) return Groundwork::igmp_mld;  // RFC 3376 4
  const auto type = packet.source_port;
  switch (packet.transportation) {
    case Transportation::icmp:
      if (type == 3 || type == 11 || type == 12) return Groundwork::icmp_errors;  // RFC 792
      break;
    case Transportation::icmpv6:
      if (type >= 1 && type <= 4) return Groundwork::icmp_errors;                    // RFC 4443 3
      if (type >= 133 && type <= 136) return Groundwork::nd;                         // RFC 4861 4
      if ((type >= 130 && type <= 132) || type == 143) return Groundwork::igmp_mld;  // RFC 3810 5
      break;
    case Transportation::udp: {
      const auto from = packet.source_port;
      const auto to = packet.destination_port;
      if ((from == 67 || from == 68) && (to == 67 || to == 68)) return Groundwork::dhcp;      // RFC 2131 4.1
      if ((from == 546 || from == 547) && (to == 546 || to == 547)) return Groundwork::dhcp;  // RFC 8415 7.2
      if (to == 319 || to == 320) return Groundwork::ptp;  // IEEE 1588 annex C
      break;
    }
    case Transportation::none:
    case Transportation::tcp:
    case Transportation::other:
      break;
  }
  return std::nullopt;
}

bool claims_own_zone(const Ruleset& rules, const Ruleset::Place& place, const Packet& packet) noexcept {
  const auto& image = rules.image();
  switch (packet.network) {
    case Network::arp: {
      Reader reader{packet.network_payload()};
      reader.skip(6);  // types and sizes: parse() saw Ethernet and IPv4
      const auto operation = reader.be16();
      const auto hardware = reader.take(6);
      if (!reader.ok() || operation < 1 || operation > 2) return false;  // request, reply (RFC 826)
      // Whoever answers for another's MAC is no neighbour but a spoofer.
      if (!std::equal(hardware.begin(), hardware.end(), packet.source_mac.begin())) return false;
      return packet.source == mapped({}) || claims(rules, place, packet.source, hardware);
    }
    case Network::ipv6: {
      const bool neighbour = packet.transportation == Transportation::icmpv6 && packet.source_port >= 133 &&
                             packet.source_port <= 136;
      if (neighbour) return sound_neighbour(rules, place, packet);
      return packet.source == Address{} || link_local(packet.source) || listed(image, place, packet.source);
    }
    case Network::ipv4:
      // 0.0.0.0 has no address yet (RFC 2131 4.1) or needs none (RFC 3376 4.2.13).
      return packet.source == mapped({}) || listed(image, place, packet.source);
    case Network::none:
      return true;
  }
  return true;
}

}  // namespace sluice
