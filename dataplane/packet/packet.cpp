#include "dataplane/packet/packet.hpp"

#include <algorithm>

#include "dataplane/packet/layers.hpp"
#include "rules/base/reader.hpp"

namespace sluice {
namespace layers {
namespace {

constexpr std::uint16_t kIpv4 = 0x0800, kArp = 0x0806, kIpv6 = 0x86dd;
constexpr std::uint16_t kGreatestLength = 1500, kLeastEthertype = 0x0600;  // IEEE 802.3 3.2.6

constexpr bool is_tag(std::uint16_t type) noexcept {
  return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

Mac mac(ByteView bytes) noexcept {
  Mac out{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
  return out;
}

// IP in an 802.3 frame (LLC 0x06, or SNAP with an EtherType) is a second way to write what EtherType says:
// refused.
Reason llc(Packet& packet, const Context& context, std::uint16_t length) noexcept {
  const std::uint32_t here = context.here(packet) - packet.network_offset;
  const std::uint32_t on_wire = context.on_wire(packet) - packet.network_offset;
  if (length > on_wire || length < 3) return Reason::bad_ethernet;
  packet.network_end = packet.network_offset + std::min<std::uint32_t>(length, here);
  packet.missing = packet.network_offset + length - packet.network_end;
  Reader reader{packet.network_payload()};
  packet.llc_dsap = reader.u8();
  const auto ssap = reader.u8();
  reader.skip(1);
  if (!reader.ok()) return Reason::bad_ethernet;
  packet.payload_offset = packet.network_offset;
  packet.payload_length = packet.network_end - packet.network_offset;
  if (packet.llc_dsap == 0x06 || ssap == 0x06) return Reason::bad_ethernet;
  if (packet.llc_dsap == 0xaa && ssap == 0xaa) {
    const auto organisation = reader.be24();
    const auto type = reader.be16();
    const bool encapsulates = organisation == 0 || organisation == 0x0000f8;  // RFC 1042, IEEE 802.1H
    if (!reader.ok()) return Reason::bad_ethernet;
    if (encapsulates && (type == kIpv4 || type == kArp || type == kIpv6 || is_tag(type)))
      return Reason::bad_ethernet;
  }
  return Reason::none;
}

}  // namespace

Reason ethernet(Packet& packet, Context& context) noexcept {
  Reader reader{between(packet, packet.link_offset, context.here(packet))};
  const auto destination = reader.take(6);
  const auto source = reader.take(6);
  auto type = reader.be16();
  if (!reader.ok()) return Reason::bad_ethernet;
  packet.destination_mac = mac(destination);
  packet.source_mac = mac(source);
  packet.network_offset = static_cast<std::uint16_t>(packet.link_offset + reader.position());
  packet.network_end = context.here(packet);
  while (is_tag(type)) {
    if (packet.vlan_count == packet.vlans.size()) return Reason::bad_ethernet;
    const auto control = reader.be16();
    const auto inner = reader.be16();
    if (!reader.ok()) return Reason::bad_ethernet;
    if (packet.vlan_count == 0) packet.priority = static_cast<std::uint8_t>(control >> 13);
    packet.vlans[packet.vlan_count++] = control & 0x0fffU;
    packet.network_offset = static_cast<std::uint16_t>(packet.link_offset + reader.position());
    type = inner;
  }
  if (type <= kGreatestLength) return llc(packet, context, type);
  if (type < kLeastEthertype) return Reason::bad_ethernet;
  packet.ethertype = type;
  packet.missing = context.on_wire(packet) - context.here(packet);
  packet.payload_offset = packet.transport_offset = packet.network_offset;
  packet.payload_length = packet.network_end - packet.network_offset;
  switch (type) {
    case kArp:
      return arp(packet);
    case kIpv4:
      return ipv4(packet, context);
    case kIpv6:
      return ipv6(packet, context);
    default:
      return Reason::none;
  }
}

Reason arp(Packet& packet) noexcept {
  Reader reader{packet.network_payload()};
  const auto hardware = reader.be16();
  const auto protocol = reader.be16();
  const auto hardware_length = reader.u8();
  const auto protocol_length = reader.u8();
  const auto operation = reader.be16();
  if (!reader.ok()) return Reason::bad_ip;
  packet.network = Network::arp;
  packet.source_port = operation;
  if (hardware != 1 || protocol != kIpv4 || hardware_length != 6 || protocol_length != 4)
    return Reason::bad_ip;
  reader.skip(6);
  const auto sender = reader.take(4);
  reader.skip(6);
  const auto target = reader.take(4);
  if (!reader.ok()) return Reason::bad_ip;
  packet.source = mapped(sender);
  packet.destination = mapped(target);
  packet.network_end = packet.network_offset + static_cast<std::uint32_t>(reader.position());
  packet.payload_length = packet.network_end - packet.network_offset;
  packet.missing = 0;
  return Reason::none;
}

}  // namespace layers

bool Packet::tunnel() const noexcept {
  if (network == Network::ipv4 || network == Network::ipv6) {
    switch (ip_protocol) {
      case 4:    // IPv4 in IP, RFC 2003
      case 41:   // IPv6 in IP, RFC 4213
      case 47:   // GRE, RFC 2784
      case 55:   // minimal encapsulation, RFC 2004
      case 94:   // IPIP
      case 97:   // EtherIP, RFC 3378
      case 98:   // encapsulation, RFC 1241
      case 115:  // L2TP, RFC 3931
      case 137:  // MPLS in IP, RFC 4023
      case 143:  // Ethernet, RFC 8986
        return true;
      default:
        return false;
    }
  }
  switch (ethertype) {
    case 0x6558:  // transparent Ethernet bridging
    case 0x8847:  // MPLS, RFC 3032
    case 0x8848:
    case 0x8864:  // PPPoE session, RFC 2516
    case 0x88e7:  // 802.1ah
    case 0x894f:  // NSH, RFC 8300
      return true;
    default:
      return false;
  }
}

ParseResult parse(const Frame& frame, Checksums checksums, Packet& packet, Lengths lengths) noexcept {
  const Frame copy = frame;  // may be packet's own
  packet = Packet{};
  packet.frame = copy;
  layers::Context context{checksums, lengths};
  Reason reason = layers::ethernet(packet, context);
  if (copy.cut()) reason = Reason::cut;
  return {reason, context.wrong_checksum};
}

bool parse_quoted(const Packet& error, Packet& quoted) noexcept {
  const auto type = error.source_port;
  const bool four = error.transportation == Transportation::icmp;
  const bool is_error =
      four ? type == 3 || type == 4 || type == 5 || type == 11 || type == 12            // RFC 792
           : error.transportation == Transportation::icmpv6 && type >= 1 && type <= 4;  // RFC 4443
  if (!is_error) return false;
  quoted = error;
  quoted.network = four ? Network::ipv4 : Network::ipv6;
  quoted.network_offset = static_cast<std::uint16_t>(error.payload_offset);
  quoted.network_end = error.payload_offset + error.payload_length;
  quoted.transportation = Transportation::none;
  quoted.payload_length = quoted.missing = 0;
  quoted.ip_options = 0;
  quoted.tcp = {};
  return layers::quote(quoted);
}

}  // namespace sluice
