#include "dataplane/packet/tunnel.hpp"

#include <algorithm>

#include "dataplane/packet/checksum.hpp"
#include "dataplane/packet/layers.hpp"
#include "rules/base/reader.hpp"

namespace sluice {
namespace {

using Inner = Encapsulation::Inner;

constexpr std::uint16_t kVxlanPort = 4789, kTeredoPort = 3544;  // RFC 7348 8, RFC 4380 2.7
constexpr std::uint16_t kIpv4 = 0x0800, kIpv6 = 0x86dd, kBridged = 0x6558, kMpls = 0x8847,
                        kMplsMulticast = 0x8848;
constexpr std::uint16_t kGreChecksum = 0x8000, kGreKey = 0x2000, kGreSequence = 0x1000;
constexpr std::uint32_t kGreHeader = 4;

void put16(std::uint8_t* at, std::uint32_t number) noexcept {
  at[0] = static_cast<std::uint8_t>(number >> 8);
  at[1] = static_cast<std::uint8_t>(number);
}

Encapsulation gre(const Packet& packet) noexcept {
  const ByteView bytes = packet.payload();
  Encapsulation around{.tunnel = Tunnel::gre};
  Reader reader{bytes};
  const auto flags = reader.be16();
  const auto type = reader.be16();
  constexpr unsigned kKnown = kGreChecksum | kGreKey | kGreSequence;
  for (const auto option : {kGreChecksum, kGreKey, kGreSequence}) {
    if ((flags & option) != 0) reader.skip(4);
  }
  if (!reader.ok() || (flags & ~kKnown) != 0) return around;  // routing, version, reserved bits
  around.offset = packet.payload_offset + static_cast<std::uint32_t>(reader.position());
  around.readable = type == kIpv4 || type == kIpv6 || type == kBridged;
  around.inner = type == kIpv4 ? Inner::ipv4 : type == kIpv6 ? Inner::ipv6 : Inner::ethernet;
  if ((flags & kGreChecksum) != 0) {  // RFC 2784 2.3; the reserved half of its word is zero
    Reader checksum{bytes};
    checksum.skip(kGreHeader + 2);
    if (checksum.be16() != 0 || internet_checksum(bytes) != 0) around.readable = false;
  }
  return around;
}

std::optional<Encapsulation> vxlan(const Packet& packet, Proof proof) noexcept {
  Reader reader{packet.payload()};
  const auto flags = reader.u8();
  const auto reserved = reader.be24();
  const auto network = reader.be24();
  const auto last = reader.u8();
  const bool right = flags == 0x08 && reserved == 0 && last == 0 && reader.remaining() >= 14;
  // Receivers ignore reserved bits (RFC 7348 5), so they do not make it another protocol.
  if (!reader.ok() || (flags & 0x08U) == 0 || (!right && proof == Proof::header)) return std::nullopt;
  return Encapsulation{.tunnel = Tunnel::vxlan,
                       .inner = Inner::ethernet,
                       .readable = right,
                       .offset = packet.payload_offset + 8,
                       .network = network};
}

// RFC 4380 5.1.1: authentication, then origin, both optional, then the packet.
std::optional<Encapsulation> teredo(const Packet& packet, Proof proof) noexcept {
  Reader reader{packet.payload()};
  const auto begins = [&](std::uint16_t kind) noexcept {
    Reader ahead = reader;
    return ahead.be16() == kind && ahead.ok();
  };
  if (begins(1)) {
    reader.skip(2);
    const std::size_t client = reader.u8();
    const std::size_t authentication = reader.u8();
    reader.skip(client + authentication + 9);
  }
  if (begins(0)) reader.skip(8);
  Reader ahead = reader;
  const auto version = ahead.u8() >> 4;
  ahead.skip(3);
  const std::uint32_t length = ahead.be16();
  if (!reader.ok() || !ahead.ok() || version != 6 || reader.remaining() < 40) return std::nullopt;
  const bool right = reader.remaining() == 40 + length;
  if (!right && proof == Proof::header) return std::nullopt;
  return Encapsulation{.tunnel = Tunnel::teredo,
                       .inner = Inner::ipv6,
                       .readable = right,
                       .offset = packet.payload_offset + static_cast<std::uint32_t>(reader.position())};
}

Encapsulation mpls(const Packet& packet) noexcept {
  constexpr int kMostLabels = 8;
  Encapsulation around{.tunnel = Tunnel::mpls};
  Reader reader{packet.payload()};
  for (int i = 0; i < kMostLabels && reader.ok(); ++i) {
    const bool bottom = (reader.be32() >> 8 & 1U) != 0;
    if (!bottom) continue;
    Reader ahead = reader;
    const auto version = ahead.u8() >> 4;
    around.readable = ahead.ok() && (version == 4 || version == 6);
    around.inner = version == 4 ? Inner::ipv4 : Inner::ipv6;
    around.offset = packet.payload_offset + static_cast<std::uint32_t>(reader.position());
    break;
  }
  return around;
}

// Mixes what tells networks apart into Packet::tunnel_mark, which is zero outside of all tunnels.
std::uint16_t mark(std::uint16_t before, const Encapsulation& around) noexcept {
  std::uint64_t all = std::uint64_t{before} << 40U | std::uint64_t{around.network} << 8U |
                      (static_cast<unsigned>(around.tunnel) + 1U);
  all = (all ^ all >> 31U) * 0x9e3779b97f4a7c15ULL;
  const auto mixed = static_cast<std::uint16_t>(all >> 48U);
  return mixed != 0 ? mixed : std::uint16_t{1};
}

// A datagram to a group that has no Ethernet header of its own gets the group's MAC address (RFC 1112 6.4,
// RFC 2464 7), by which policy knows groups.
void address_group(Packet& packet) noexcept {
  const Address& to = packet.destination;
  if (packet.network == Network::ipv6 && to[0] == 0xff)
    packet.destination_mac = {0x33, 0x33, to[12], to[13], to[14], to[15]};
  if (packet.network != Network::ipv4 || to[12] < 224) return;
  packet.destination_mac = {0x01, 0x00, 0x5e, static_cast<std::uint8_t>(to[13] & 0x7fU), to[14], to[15]};
  if (std::all_of(to.begin() + 12, to.end(), [](std::uint8_t byte) { return byte == 0xff; }))
    packet.destination_mac.fill(0xff);
}

// The sum of the pseudo-header of an outer UDP header, from the bytes of its IP header.
Sum outer_pseudo_header(const Packet& packet, const Outer& outer, std::uint32_t length) noexcept {
  Packet ip;
  const ByteView header = packet.frame.bytes().subspan(outer.network_offset);
  ip.network = outer.network;
  ip.ip_protocol = 17;
  if (outer.network == Network::ipv4) {
    ip.source = layers::mapped(header.subspan(12, 4));
    ip.destination = layers::mapped(header.subspan(16, 4));
  } else {
    std::copy_n(header.begin() + 8, 16, ip.source.begin());
    std::copy_n(header.begin() + 24, 16, ip.destination.begin());
  }
  return pseudo_header(ip, length);
}

void repair(const Packet& packet, const Outer& outer) noexcept {
  std::uint8_t* transport = packet.frame.data + outer.transport_offset;
  const std::uint32_t size = outer.network_end - outer.transport_offset;
  switch (outer.tunnel) {
    case Tunnel::gre:
      if ((transport[0] & 0x80U) != 0 && internet_checksum({transport, size}) != 0) {
        put16(transport + 4, 0);
        put16(transport + 4, internet_checksum({transport, size}));
      }
      break;
    case Tunnel::vxlan:
    case Tunnel::teredo: {
      put16(transport + 4, size);
      if ((transport[6] | transport[7]) == 0) break;
      put16(transport + 6, 0);
      const auto checksum = fold(add(outer_pseudo_header(packet, outer, size), ByteView{transport, size}));
      put16(transport + 6, checksum == 0 ? 0xffffU : checksum);
      break;
    }
    case Tunnel::ipip:
    case Tunnel::six_in_four:
    case Tunnel::four_in_six:
    case Tunnel::six_in_six:
    case Tunnel::mpls:
    case Tunnel::count_:
      break;
  }
  std::uint8_t* ip = packet.frame.data + outer.network_offset;
  const std::uint32_t length = outer.network_end - outer.network_offset;
  if (outer.network == Network::ipv6) put16(ip + 4, length - 40);
  if (outer.network != Network::ipv4) return;
  put16(ip + 2, length);
  const ByteView header{ip, (ip[0] & 15U) * 4U};
  if (internet_checksum(header) == 0) return;
  put16(ip + 10, 0);
  put16(ip + 10, internet_checksum(header));
}

}  // namespace

std::optional<Encapsulation> encapsulation_of(const Packet& packet, Proof proof) noexcept {
  if (packet.fragment != 0) return std::nullopt;
  switch (packet.network) {
    case Network::ipv4:
    case Network::ipv6:
      break;
    case Network::none:
      if (packet.ethertype == kMpls || packet.ethertype == kMplsMulticast) return mpls(packet);
      return std::nullopt;
    case Network::arp:
      return std::nullopt;
  }
  const bool four = packet.network == Network::ipv4;
  const auto ip_in_ip = [&](Tunnel tunnel, Inner inner) noexcept {
    return Encapsulation{.tunnel = tunnel, .inner = inner, .readable = true, .offset = packet.payload_offset};
  };
  switch (packet.ip_protocol) {
    case 4:
      return ip_in_ip(four ? Tunnel::ipip : Tunnel::four_in_six, Inner::ipv4);
    case 41:
      return ip_in_ip(four ? Tunnel::six_in_four : Tunnel::six_in_six, Inner::ipv6);
    case 47:
      return gre(packet);
    case 17:
      if (packet.destination_port == kVxlanPort) return vxlan(packet, proof);
      if (packet.destination_port == kTeredoPort) return teredo(packet, proof);
      if (packet.source_port == kTeredoPort) return teredo(packet, Proof::header);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

ParseResult parse_inner(const Packet& outer, const Encapsulation& encapsulation, Checksums checksums,
                        Packet& inner, Lengths lengths) noexcept {
  inner = Packet{};
  inner.frame = outer.frame;
  inner.destination_mac = outer.destination_mac;
  inner.source_mac = outer.source_mac;
  inner.vlan_count = outer.vlan_count;
  inner.vlans = outer.vlans;
  inner.priority = outer.priority;
  inner.link_offset = outer.link_offset;
  inner.outers = outer.outers;
  inner.tunnel_mark = mark(outer.tunnel_mark, encapsulation);
  if (outer.depth == kMostTunnels) return {Reason::tunnel, false};
  inner.depth = static_cast<std::uint8_t>(outer.depth + 1);
  Outer& around = inner.outers[outer.depth];
  around = {encapsulation.tunnel,   outer.network,     outer.network_offset,
            outer.transport_offset, outer.network_end, 0};
  const std::uint32_t offset = encapsulation.readable ? encapsulation.offset : outer.payload_offset;
  inner.network_offset = static_cast<std::uint16_t>(offset);
  inner.network_end = inner.payload_offset = offset;
  if (!encapsulation.readable) return {Reason::tunnel, false};

  layers::Context context{checksums, lengths};
  context.end = outer.network_end;
  inner.network_end = outer.network_end;
  Reason reason = Reason::none;
  switch (encapsulation.inner) {
    case Inner::ipv4:
      inner.ethertype = kIpv4;
      reason = layers::ipv4(inner, context);
      address_group(inner);
      break;
    case Inner::ipv6:
      inner.ethertype = kIpv6;
      reason = layers::ipv6(inner, context);
      address_group(inner);
      break;
    case Inner::ethernet: {
      inner.link_offset = static_cast<std::uint16_t>(encapsulation.offset);
      inner.vlan_count = 0;
      reason = layers::ethernet(inner, context);
      if (inner.vlan_count != 0) reason = Reason::tunnel;  // RFC 7348 6.1
      inner.vlan_count = outer.vlan_count;
      inner.vlans = outer.vlans;
      inner.priority = outer.priority;
      break;
    }
  }
  around.tail = outer.network_end - std::min(inner.network_end, outer.network_end);
  const bool padded = encapsulation.inner == Inner::ethernet || encapsulation.tunnel == Tunnel::mpls;
  if (reason == Reason::none && around.tail != 0 && !padded) reason = Reason::bad_ip;
  return {reason, context.wrong_checksum};
}

void repair_outers(Packet& packet) noexcept {
  std::uint32_t end = packet.network_end;
  for (std::size_t i = packet.depth; i-- != 0;) {
    Outer& outer = packet.outers[i];
    end = std::min(end + outer.tail, packet.frame.length);
    outer.network_end = end;
    repair(packet, outer);
  }
}

}  // namespace sluice
