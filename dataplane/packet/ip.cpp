#include <algorithm>

#include "dataplane/packet/checksum.hpp"
#include "dataplane/packet/layers.hpp"
#include "rules/base/reader.hpp"

namespace sluice::layers {
namespace {

constexpr std::uint32_t kGreatestDatagram = 65535;

// The datagram has `length` bytes from network_offset on, by its own word. False when the wire did not carry
// as many.
bool bound(Packet& packet, const Context& context, std::uint32_t length) noexcept {
  const std::uint32_t on_wire = context.on_wire(packet) - packet.network_offset;
  if (context.lengths == Lengths::captured && length > on_wire) length = on_wire;
  if (length > on_wire) return false;
  packet.network_end = std::min(packet.network_offset + length, packet.frame.length);
  packet.missing = packet.network_offset + length - packet.network_end;
  return true;
}

// IPv4 options, RFC 791 3.1. False when one runs past the header.
bool ipv4_options(ByteView options, std::uint16_t& found) noexcept {
  Reader reader{options};
  while (reader.remaining() > 0) {
    const auto type = reader.u8();
    if (type <= 1) {  // end of list, no operation
      found |= ip_option::other;
      if (type == 0) return true;
      continue;
    }
    const auto length = reader.u8();
    if (length < 2) return false;
    reader.skip(length - 2U);
    if (!reader.ok()) return false;
    switch (type) {
      case 131:  // loose source route
      case 137:  // strict source route
        found |= ip_option::source_route;
        break;
      case 7:   // record route
      case 68:  // timestamp
        found |= ip_option::record;
        break;
      case 148:  // router alert, RFC 2113
        if (length != 4) return false;
        found |= ip_option::router_alert;
        break;
      default:
        found |= ip_option::other;
    }
  }
  return true;
}

// Options of a hop-by-hop or destination header, RFC 8200 4.2. False for what is broken, and for a jumbogram.
bool ipv6_options(ByteView options, std::uint16_t& found) noexcept {
  Reader reader{options};
  while (reader.remaining() > 0) {
    const auto type = reader.u8();
    if (type == 0) continue;  // Pad1
    const auto length = reader.u8();
    reader.skip(length);
    if (!reader.ok() || type == 0xc2) return false;  // jumbo payload, RFC 2675
    if (type == 5 && length == 2) {
      found |= ip_option::router_alert;  // RFC 2711
    } else if (type != 1) {
      found |= ip_option::other;
    }
  }
  return true;
}

// What an IPv6 extension header is; the order is the one of RFC 8200 4.1.
enum class Extension : std::uint8_t {
  hop_by_hop,
  destination_first,
  routing,
  fragment,
  authentication,
  destination,
  none
};

constexpr Extension extension_of(std::uint8_t protocol) noexcept {
  switch (protocol) {
    case 0:
      return Extension::hop_by_hop;
    case 43:
      return Extension::routing;
    case 44:
      return Extension::fragment;
    case 51:
      return Extension::authentication;
    case 60:
      return Extension::destination;
    default:
      return Extension::none;
  }
}

// Tells whether this header may come now, and advances the place in the order of RFC 8200 4.1. Each header
// comes at most once, destination options twice: before a routing header, and last.
class Order {
 public:
  bool take(Extension next) noexcept {
    if (next == Extension::destination && !seen_destination_ &&
        last_ <= static_cast<int>(Extension::hop_by_hop)) {
      seen_destination_ = true;
      last_ = static_cast<int>(Extension::destination_first);
      return true;
    }
    if (static_cast<int>(next) <= last_) return false;
    last_ = static_cast<int>(next);
    return true;
  }

 private:
  int last_ = -1;
  bool seen_destination_ = false;
};

enum class Chain : std::uint8_t { whole, part, bad };

// Offset and "more" of a fragment, in bytes (RFC 791 3.2, RFC 8200 4.5): inner pieces end on 8 bytes, none
// passes 65,535.
bool fits(std::uint32_t offset, bool more, std::uint32_t length) noexcept {
  if (more && (length == 0 || length % 8 != 0)) return false;
  return offset + length <= kGreatestDatagram;
}

// Walks the extension headers: at most one of each place in the order, so at most six.
Chain extensions(Packet& packet, Reader& reader) noexcept {
  Order order;
  for (;;) {
    const auto extension = extension_of(packet.ip_protocol);
    if (extension == Extension::none) return Chain::whole;
    if (!order.take(extension)) return Chain::bad;
    const auto next = reader.u8();
    const auto size = reader.u8();
    switch (extension) {
      case Extension::fragment: {
        const auto header = 40U + static_cast<std::uint32_t>(reader.position()) - 2U;
        const auto position = reader.be16();
        const auto identification = reader.be32();
        if (!reader.ok()) return Chain::bad;
        packet.ip_protocol = next;
        const std::uint32_t offset = position & 0xfff8U;
        const bool more = (position & 1U) != 0;
        if (!fits(offset, more, static_cast<std::uint32_t>(reader.remaining()) + packet.missing))
          return Chain::bad;
        if (offset != 0 || more) {
          packet.piece = {identification, static_cast<std::uint16_t>(offset),
                          static_cast<std::uint16_t>(header), static_cast<std::uint8_t>(more ? 1 : 0)};
          return Chain::part;
        }
        packet.ip_options |= ip_option::atomic_fragment;
        continue;
      }
      case Extension::authentication:  // RFC 4302 2.2: in words of 4 bytes, less 2
        reader.skip((size + 2U) * 4U - 2U);
        packet.ip_options |= ip_option::authentication;
        break;
      case Extension::routing:
        reader.skip(6U + size * 8U);
        packet.ip_options |= ip_option::source_route;
        break;
      case Extension::hop_by_hop:
      case Extension::destination_first:
      case Extension::destination:
        packet.ip_options |=
            extension == Extension::hop_by_hop ? ip_option::hop_by_hop : ip_option::destination;
        if (!ipv6_options(reader.take(6U + size * 8U), packet.ip_options)) return Chain::bad;
        break;
      case Extension::none:
        return Chain::whole;
    }
    if (!reader.ok()) return Chain::bad;
    packet.ip_protocol = next;
  }
}

// A quoted header, read from `quoted.network_offset` on; only its flow is wanted.
bool quoted_ipv4(Packet& quoted) noexcept {
  Reader reader{quoted.network_payload()};
  const auto version_and_length = reader.u8();
  reader.skip(5);
  const auto position = reader.be16();
  quoted.ttl = reader.u8();
  quoted.ip_protocol = reader.u8();
  reader.skip(2);
  const auto source = reader.take(4);
  const auto destination = reader.take(4);
  const std::uint32_t header = (version_and_length & 15U) * 4U;
  if (!reader.ok() || version_and_length >> 4 != 4 || header < 20) return false;
  reader.skip(header - 20);
  if (!reader.ok()) return false;
  quoted.network = Network::ipv4;
  quoted.source = mapped(source);
  quoted.destination = mapped(destination);
  quoted.transport_offset = static_cast<std::uint16_t>(quoted.network_offset + header);
  if ((position & 0x1fffU) != 0) quoted.fragment = 1;
  return quoted.fragment == 0;
}

bool quoted_ipv6(Packet& quoted) noexcept {
  Reader reader{quoted.network_payload()};
  const auto version = reader.be32() >> 28;
  reader.skip(2);
  quoted.ip_protocol = reader.u8();
  quoted.ttl = reader.u8();
  const auto source = reader.take(16);
  const auto destination = reader.take(16);
  if (!reader.ok() || version != 6) return false;
  quoted.network = Network::ipv6;
  std::copy_n(source.begin(), 16, quoted.source.begin());
  std::copy_n(destination.begin(), 16, quoted.destination.begin());
  const auto chain = extensions(quoted, reader);
  quoted.transport_offset = static_cast<std::uint16_t>(quoted.network_offset + reader.position());
  if (chain == Chain::part) quoted.fragment = 1;
  return chain == Chain::whole;
}

}  // namespace

Reason ipv4(Packet& packet, Context& context) noexcept {
  const ByteView bytes = between(packet, packet.network_offset, context.here(packet));
  Reader reader{bytes};
  const auto version_and_length = reader.u8();
  reader.skip(1);
  const auto total = reader.be16();
  const auto identification = reader.be16();
  const auto position = reader.be16();
  const auto ttl = reader.u8();
  const auto protocol = reader.u8();
  reader.skip(2);
  const auto source = reader.take(4);
  const auto destination = reader.take(4);
  const std::uint32_t header = (version_and_length & 15U) * 4U;
  if (!reader.ok() || version_and_length >> 4 != 4 || header < 20) return Reason::bad_ip;
  packet.network = Network::ipv4;
  packet.ttl = ttl;
  packet.ip_protocol = protocol;
  packet.source = mapped(source);
  packet.destination = mapped(destination);
  const bool unfilled = total == 0 && context.lengths == Lengths::captured;
  const std::uint32_t length = unfilled ? context.here(packet) - packet.network_offset : total;
  if (length < header || !bound(packet, context, length)) return Reason::bad_ip;
  const auto options = reader.take(header - 20);
  if (!reader.ok()) return Reason::bad_ip;
  packet.transport_offset = static_cast<std::uint16_t>(packet.network_offset + header);
  packet.payload_offset = packet.transport_offset;
  packet.payload_length = 0;
  if (internet_checksum(bytes.first(header)) != 0) {
    const auto reason = context.wrong(Reason::bad_ip_checksum);
    if (reason != Reason::none) return reason;
  }
  if (!ipv4_options(options, packet.ip_options)) return Reason::bad_ip;
  if ((position & 0x8000U) != 0) return Reason::bad_ip;  // reserved, must be zero
  const std::uint32_t offset = (position & 0x1fffU) * 8;
  const bool more = (position & 0x2000U) != 0;
  if (offset != 0 || more) {
    if (!fits(offset, more, total - header)) return Reason::bad_ip;
    packet.fragment = 1;
    packet.piece = {identification, static_cast<std::uint16_t>(offset), static_cast<std::uint16_t>(header),
                    static_cast<std::uint8_t>(more ? 1 : 0)};
    return Reason::none;
  }
  return transport(packet, context);
}

Reason ipv6(Packet& packet, Context& context) noexcept {
  Reader fixed{between(packet, packet.network_offset, context.here(packet))};
  const auto version = fixed.be32() >> 28;
  const std::uint32_t length = fixed.be16();
  const auto next = fixed.u8();
  const auto hop_limit = fixed.u8();
  const auto source = fixed.take(16);
  const auto destination = fixed.take(16);
  if (!fixed.ok() || version != 6) return Reason::bad_ip;
  packet.network = Network::ipv6;
  packet.ttl = hop_limit;
  packet.ip_protocol = next;
  std::copy_n(source.begin(), 16, packet.source.begin());
  std::copy_n(destination.begin(), 16, packet.destination.begin());
  if (!bound(packet, context, 40 + length)) return Reason::bad_ip;
  const std::uint32_t start = packet.network_offset + 40U;
  packet.payload_offset = start;
  packet.payload_length = 0;
  Reader reader{between(packet, start, packet.network_end)};
  const auto chain = extensions(packet, reader);
  if (chain == Chain::bad) return Reason::bad_ip;
  packet.transport_offset = static_cast<std::uint16_t>(start + reader.position());
  packet.payload_offset = packet.transport_offset;
  if (chain == Chain::part) {
    packet.fragment = 1;
    return Reason::none;
  }
  return transport(packet, context);
}

bool quote(Packet& quoted) noexcept {
  const bool four = quoted.network == Network::ipv4;
  if (!(four ? quoted_ipv4(quoted) : quoted_ipv6(quoted))) return false;
  quoted.payload_offset = quoted.transport_offset;
  Reader reader{between(quoted, quoted.transport_offset, quoted.network_end)};
  const auto first = reader.be16();
  const auto second = reader.be16();
  if (!reader.ok()) return false;
  switch (quoted.ip_protocol) {
    case 6:
      quoted.tcp.sequence = reader.be32();
      quoted.transportation = Transportation::tcp;
      break;
    case 17:
      quoted.transportation = Transportation::udp;
      break;
    case 1:
    case 58:
      if (four != (quoted.ip_protocol == 1)) return false;
      quoted.transportation = four ? Transportation::icmp : Transportation::icmpv6;
      quoted.source_port = first >> 8;
      quoted.destination_port = first & 0xffU;
      return true;
    default:
      quoted.transportation = Transportation::other;
      return true;
  }
  quoted.source_port = first;
  quoted.destination_port = second;
  return reader.ok();
}

}  // namespace sluice::layers
