#include <algorithm>

#include "dataplane/packet/checksum.hpp"
#include "dataplane/packet/layers.hpp"
#include "rules/base/reader.hpp"

namespace sluice::layers {
namespace {

// TCP options, RFC 9293 3.1. False when one contradicts itself or runs past the header.
bool tcp_options(ByteView options, TcpHeader& tcp) noexcept {
  const bool syn = (tcp.flags & tcp_flag::syn) != 0;
  std::uint32_t seen = 0;  // kinds below 32
  Reader reader{options};
  while (reader.remaining() > 0) {
    const auto kind = reader.u8();
    if (kind == 0) {  // what stands behind the end is padding, and zero
      const auto rest = reader.take(reader.remaining());
      if (std::any_of(rest.begin(), rest.end(), [](std::uint8_t byte) { return byte != 0; })) {
        tcp.odd_options = 1;
      }
      return true;
    }
    if (kind == 1) continue;
    const auto length = reader.u8();
    if (!reader.ok() || length < 2 || length - 2U > reader.remaining()) return false;
    Reader value{reader.take(length - 2U)};
    const bool doubled = kind < 32 && (seen >> kind & 1U) != 0;
    if (kind < 32) seen |= 1U << kind;
    bool of_syn = false;
    switch (kind) {
      case 2:
        if (length != 4) return false;
        if (!doubled) tcp.mss = value.be16();
        of_syn = true;
        break;
      case 3:  // RFC 7323 2.2, 2.3
        if (length != 3) return false;
        if (!doubled) tcp.window_scale = std::min<std::uint8_t>(value.u8(), 14);
        of_syn = true;
        break;
      case 4:  // SACK permitted, RFC 2018 2
        if (length != 2) return false;
        of_syn = true;
        break;
      case 5:  // SACK: one to four blocks, RFC 2018 3
        if (length < 10 || length > 34 || (length - 2) % 8 != 0) return false;
        break;
      case 8:  // RFC 7323 3.2
        if (length != 10) return false;
        if (!doubled) {
          tcp.has_timestamp = 1;
          tcp.timestamp = value.be32();
          tcp.echo = value.be32();
        }
        break;
      default:
        tcp.odd_options = 1;
    }
    if (doubled || (of_syn && !syn)) tcp.odd_options = 1;
  }
  return true;
}

Reason tcp(Packet& packet, Context& context) noexcept {
  const ByteView bytes = between(packet, packet.transport_offset, packet.network_end);
  packet.transportation = Transportation::other;
  Reader reader{bytes};
  TcpHeader tcp;
  const auto source_port = reader.be16();
  const auto destination_port = reader.be16();
  tcp.sequence = reader.be32();
  tcp.acknowledgement = reader.be32();
  const auto offset = reader.u8();
  tcp.flags = reader.u8();
  tcp.window = reader.be16();
  reader.skip(2);
  tcp.urgent = reader.be16();
  if (!reader.ok()) return Reason::bad_transport;
  tcp.reserved = offset & 15U;
  packet.transportation = Transportation::tcp;
  packet.source_port = source_port;
  packet.destination_port = destination_port;
  packet.tcp = tcp;
  const std::uint32_t header = (offset >> 4) * 4U;
  if (header < 20) return Reason::bad_transport;
  const auto options = reader.take(header - 20);
  if (!reader.ok()) return Reason::bad_transport;
  packet.tcp.options = static_cast<std::uint16_t>(packet.transport_offset + 20U);
  packet.tcp.options_length = static_cast<std::uint16_t>(header - 20);
  packet.payload_offset = packet.transport_offset + header;
  packet.payload_length = packet.network_end - packet.payload_offset;
  if (!tcp_options(options, packet.tcp)) return Reason::bad_transport;
  if (packet.missing != 0) return Reason::none;
  const auto sum = pseudo_header(packet, static_cast<std::uint32_t>(bytes.size()));
  return fold(add(sum, bytes)) == 0 ? Reason::none : context.wrong(Reason::bad_checksum);
}

Reason udp(Packet& packet, Context& context) noexcept {
  const ByteView bytes = between(packet, packet.transport_offset, packet.network_end);
  packet.transportation = Transportation::other;
  Reader reader{bytes};
  const auto source_port = reader.be16();
  const auto destination_port = reader.be16();
  const auto length = reader.be16();
  const auto checksum = reader.be16();
  if (!reader.ok()) return Reason::bad_transport;
  packet.transportation = Transportation::udp;
  packet.source_port = source_port;
  packet.destination_port = destination_port;
  packet.payload_offset = packet.transport_offset + 8U;
  packet.payload_length = packet.network_end - packet.payload_offset;
  if (length != bytes.size() + packet.missing) return Reason::bad_transport;
  if (packet.missing != 0) return Reason::none;
  if (checksum == 0) {  // none: allowed over IPv4 (RFC 768), not over IPv6 (RFC 8200 8.1)
    return packet.network == Network::ipv4 ? Reason::none : context.wrong(Reason::bad_checksum);
  }
  const auto sum = pseudo_header(packet, static_cast<std::uint32_t>(bytes.size()));
  return fold(add(sum, bytes)) == 0 ? Reason::none : context.wrong(Reason::bad_checksum);
}

// RFC 792 and RFC 4443 2.1: every message has at least 8 bytes.
Reason icmp(Packet& packet, Context& context) noexcept {
  const ByteView bytes = between(packet, packet.transport_offset, packet.network_end);
  packet.transportation = Transportation::other;
  Reader reader{bytes};
  const auto type = reader.u8();
  const auto code = reader.u8();
  reader.skip(6);
  if (!reader.ok()) return Reason::bad_transport;
  const bool six = packet.network == Network::ipv6;
  packet.transportation = six ? Transportation::icmpv6 : Transportation::icmp;
  packet.source_port = type;
  packet.destination_port = code;
  packet.payload_offset = packet.transport_offset + 8U;
  packet.payload_length = packet.network_end - packet.payload_offset;
  if (packet.missing != 0) return Reason::none;
  const auto sum = six ? pseudo_header(packet, static_cast<std::uint32_t>(bytes.size())) : Sum{};
  return fold(add(sum, bytes)) == 0 ? Reason::none : context.wrong(Reason::bad_checksum);
}

}  // namespace

Reason transport(Packet& packet, Context& context) noexcept {
  const bool six = packet.network == Network::ipv6;
  if (packet.ip_protocol == 6) return tcp(packet, context);
  if (packet.ip_protocol == 17) return udp(packet, context);
  if (packet.ip_protocol == (six ? 58 : 1)) return icmp(packet, context);
  packet.transportation = Transportation::other;
  packet.payload_offset = packet.transport_offset;
  packet.payload_length = packet.network_end - packet.transport_offset;
  return Reason::none;
}

}  // namespace sluice::layers
