// Addresses that no honest packet has (E10), and the frames of industrial link protocols (E06).
#include <algorithm>

#include "dataplane/engine/normalise.hpp"
#include "dataplane/engine/policy.hpp"
#include "rules/base/reader.hpp"

namespace sluice {
namespace {

bool group(const Mac& mac) noexcept { return (mac[0] & 1U) != 0; }
bool broadcast(const Mac& mac) noexcept {
  return std::all_of(mac.begin(), mac.end(), [](std::uint8_t byte) { return byte == 0xff; });
}

// The last address of a network behind one of the sides: its broadcast address, if it is a whole subnet.
bool directed_broadcast(const image::ImageView& image, const image::Conduit& conduit,
                        const Address& address) noexcept {
  constexpr unsigned kMostBits = 126;  // a network of two addresses has no broadcast (RFC 3021)
  const auto* const network = image.network_of(address);
  if (network == nullptr || network->prefix > kMostBits) return false;
  for (unsigned at = network->prefix; at < 128; ++at) {
    if ((address[at / 8] & 0x80U >> (at % 8)) == 0) return false;
  }
  return std::any_of(conduit.sides.begin(), conduit.sides.end(),
                     [&](const image::Side& side) { return lists(image, side, network->zone); });
}

bool odd_ipv4(const image::ImageView& image, const image::Conduit& conduit, const Packet& packet,
              std::optional<Groundwork> groundwork) noexcept {
  const auto* const from = packet.source.data() + 12;
  const auto* const to = packet.destination.data() + 12;
  const auto all = [](const std::uint8_t* address, std::uint8_t value) {
    return std::all_of(address, address + 4, [&](std::uint8_t byte) { return byte == value; });
  };
  if (from[0] >= 224 || from[0] == 127) return true;
  if (from[0] == 0) {
    // Who has no address yet (RFC 2131 4.1), or needs none (RFC 3376 4.2.13).
    const bool none_yet = groundwork == Groundwork::dhcp || groundwork == Groundwork::igmp_mld;
    if (!none_yet || !all(from, 0)) return true;
  }
  const Mac& mac = packet.destination_mac;
  if (to[0] == 0 || to[0] == 127) return true;
  if (to[0] >= 240) return !all(to, 0xff) || !broadcast(mac);
  if (to[0] >= 224) {  // RFC 1112 6.4
    const Mac mapped = {0x01, 0x00, 0x5e, static_cast<std::uint8_t>(to[1] & 0x7fU), to[2], to[3]};
    return mac != mapped;
  }
  if (!group(mac)) return false;
  return !broadcast(mac) || !directed_broadcast(image, conduit, packet.destination);
}

// ::/96 and ::ffff:0:0/96: unspecified, loopback, and IPv4 in an IPv6 coat (RFC 4291 2.5.5).
bool embeds_ipv4(const Address& address) noexcept {
  const auto zero = [](std::uint8_t byte) { return byte == 0; };
  return std::all_of(address.begin(), address.begin() + 10, zero) &&
         ((address[10] == 0 && address[11] == 0) || (address[10] == 0xff && address[11] == 0xff));
}

bool odd_ipv6(const Packet& packet, std::optional<Groundwork> groundwork) noexcept {
  const Address& to = packet.destination;
  if (packet.source[0] == 0xff || embeds_ipv4(to)) return true;
  if (embeds_ipv4(packet.source)) {
    // Who has no address yet (RFC 4862 5.4.2, RFC 3590).
    const bool none_yet = groundwork == Groundwork::nd || groundwork == Groundwork::igmp_mld;
    if (!none_yet || packet.source != Address{}) return true;
  }
  const Mac& mac = packet.destination_mac;
  if (to[0] != 0xff) return group(mac);
  if ((to[1] & 0x0fU) < 2) return true;  // of one interface, which no wire is (RFC 4291 2.7)
  const Mac mapped = {0x33, 0x33, to[12], to[13], to[14], to[15]};  // RFC 2464 7
  return mac != mapped;
}

}  // namespace

bool odd_address(const image::ImageView& image, const image::Conduit& conduit, const Packet& packet,
                 std::optional<Groundwork> groundwork) noexcept {
  if (group(packet.source_mac)) return true;  // IEEE 802.3 3.2.4
  switch (packet.network) {
    case Network::ipv4:
      return packet.source == packet.destination || odd_ipv4(image, conduit, packet, groundwork);
    case Network::ipv6:
      return packet.source == packet.destination || odd_ipv6(packet, groundwork);
    case Network::none:
    case Network::arp:
      return false;
  }
  return false;
}

bool sound_link_frame(const Packet& packet) noexcept {
  const auto bytes = packet.network_payload();
  Reader reader{bytes};
  switch (packet.ethertype) {
    case 0x88b8:    // GOOSE
    case 0x88b9:    // GSE management
    case 0x88ba: {  // sampled values: APPID, length from there on, two reserved words (IEC 61850-8-1 annex C)
      reader.skip(2);
      const auto length = reader.be16();
      return reader.ok() && length >= 8 && length <= bytes.size();
    }
    case 0x8892: {  // PROFINET: frame id; of DCP also service, type, xid, delay and the length of its blocks
      const auto frame = reader.be16();
      const bool dcp = frame >= 0xfefc && frame <= 0xfeff;
      if (!dcp) return bytes.size() >= 6;
      reader.skip(8);
      const auto length = reader.be16();
      return reader.ok() && length <= reader.remaining();
    }
    case 0x88a4: {  // EtherCAT: little-endian, 11 bits of length
      const auto low = reader.u8();
      const auto high = reader.u8();
      return reader.ok() && (low | (high & 7U) << 8U) <= reader.remaining();
    }
    case 0x892f:    // HSR tag: path and size, sequence, then what is inside (IEC 62439-3 5.6)
    case 0xf1c1: {  // R-TAG: reserved, sequence, then what is inside (IEEE 802.1CB 7.8)
      reader.skip(4);
      const auto inside = reader.be16();
      return reader.ok() && packet.ethertype == 0x892f && inside == 0x88fb;
    }
    default:
      return true;
  }
}

}  // namespace sluice
