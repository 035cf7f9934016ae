#include "dataplane/packet/builder.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <utility>

#include "dataplane/packet/checksum.hpp"

namespace sluice::build {
namespace {

void put16(Bytes& out, std::uint32_t number) {
  out.push_back(static_cast<std::uint8_t>(number >> 8));
  out.push_back(static_cast<std::uint8_t>(number));
}
void put32(Bytes& out, std::uint32_t number) {
  put16(out, number >> 16);
  put16(out, number & 0xffffU);
}
void put(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void set16(Bytes& out, std::size_t at, std::uint32_t number) {
  out[at] = static_cast<std::uint8_t>(number >> 8);
  out[at + 1] = static_cast<std::uint8_t>(number);
}

bool is_ipv6(const Link& link) { return link.source.find(':') != std::string::npos; }

Bytes padded(Bytes options) {
  while (options.size() % 4 != 0) options.push_back(0);
  return options;
}

Sum pseudo_sum(const Link& link, std::uint8_t protocol, std::size_t length) {
  Packet packet;
  packet.network = is_ipv6(link) ? Network::ipv6 : Network::ipv4;
  packet.source = address(link.source);
  packet.destination = address(link.destination);
  packet.ip_protocol = protocol;
  return pseudo_header(packet, static_cast<std::uint32_t>(length));
}

Bytes with_header(const Link& link, std::uint16_t type_or_length, const Bytes& payload) {
  Bytes out;
  put(out, link.destination_mac);
  put(out, link.source_mac);
  for (const auto& tag : link.tags) {
    put16(out, tag.type);
    put16(out, static_cast<std::uint32_t>(tag.priority << 13) | tag.id);
  }
  put16(out, type_or_length);
  put(out, payload);
  put(out, link.trailer);
  if (out.size() < link.least) out.resize(link.least);
  return out;
}

std::uint16_t not_zero(std::uint16_t checksum) { return checksum == 0 ? 0xffff : checksum; }

}  // namespace

Address address(std::string_view text) {
  Address out{};
  const std::string copy{text};
  if (copy.find(':') != std::string::npos) {
    const bool good = inet_pton(AF_INET6, copy.c_str(), out.data()) == 1;
    assert(good);
    if (!good) std::abort();
    return out;
  }
  out[10] = out[11] = 0xff;
  const bool good = inet_pton(AF_INET, copy.c_str(), out.data() + 12) == 1;
  assert(good);
  if (!good) std::abort();
  return out;
}

Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

Bytes hex(std::string_view digits) {
  Bytes out;
  int high = -1;
  for (const char c : digits) {
    if (c == ' ' || c == '\n') continue;
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c - 'A' + 10;
    assert(value >= 0 && value < 16);
    if (high < 0) {
      high = value;
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | value));
      high = -1;
    }
  }
  assert(high < 0);
  return out;
}

Frame frame_over(Bytes& bytes, PortId port) {
  Frame frame;
  frame.data = bytes.data();
  frame.length = frame.wire_length = static_cast<std::uint32_t>(bytes.size());
  frame.port = port;
  return frame;
}

Bytes ethernet(const Link& link, std::uint16_t type, const Bytes& payload) {
  return with_header(link, type, payload);
}

Bytes llc(const Link& link, const Bytes& payload) {
  return with_header(link, static_cast<std::uint16_t>(payload.size()), payload);
}

Bytes ip(const Link& link, std::uint8_t protocol, const Bytes& payload) {
  const auto source = address(link.source);
  const auto destination = address(link.destination);
  Bytes out;
  if (is_ipv6(link)) {
    put32(out, 0x60000000);
    put16(out, static_cast<std::uint32_t>(link.extensions.size() + payload.size()));
    out.push_back(link.extensions.empty() ? protocol : link.first_extension);
    out.push_back(link.ttl);
    put(out, source);
    put(out, destination);
    put(out, link.extensions);
    put(out, payload);
    return with_header(link, 0x86dd, out);
  }
  const auto options = padded(link.options);
  const auto header = 20 + options.size();
  out.push_back(static_cast<std::uint8_t>(0x40 | header / 4));
  out.push_back(0);
  put16(out, static_cast<std::uint32_t>(header + payload.size()));
  put16(out, link.identification);
  put16(out, link.fragment);
  out.push_back(link.ttl);
  out.push_back(protocol);
  put16(out, 0);
  put(out, ByteView{source}.subspan(12));
  put(out, ByteView{destination}.subspan(12));
  put(out, options);
  set16(out, 10, internet_checksum(out));
  put(out, payload);
  return with_header(link, 0x0800, out);
}

Bytes tcp(const Link& link, const Segment& segment) {
  const auto options = padded(segment.options);
  Bytes out;
  put16(out, segment.source_port);
  put16(out, segment.destination_port);
  put32(out, segment.sequence);
  put32(out, segment.acknowledgement);
  out.push_back(static_cast<std::uint8_t>((5 + options.size() / 4) << 4 | segment.reserved));
  out.push_back(segment.flags);
  put16(out, segment.window);
  put16(out, 0);
  put16(out, segment.urgent);
  put(out, options);
  put(out, segment.payload);
  set16(out, 16, fold(add(pseudo_sum(link, 6, out.size()), out)));
  return ip(link, 6, out);
}

Bytes udp(const Link& link, const Datagram& datagram) {
  Bytes out;
  put16(out, datagram.source_port);
  put16(out, datagram.destination_port);
  put16(out, static_cast<std::uint32_t>(8 + datagram.payload.size()));
  put16(out, 0);
  put(out, datagram.payload);
  set16(out, 6, not_zero(fold(add(pseudo_sum(link, 17, out.size()), out))));
  return ip(link, 17, out);
}

Bytes icmp(const Link& link, const Icmp& icmp) {
  const bool six = is_ipv6(link);
  Bytes out{icmp.type, icmp.code, 0, 0};
  put32(out, icmp.rest);
  put(out, icmp.payload);
  set16(out, 2, fold(add(six ? pseudo_sum(link, 58, out.size()) : Sum{}, out)));
  return ip(link, six ? 58 : 1, out);
}

Bytes arp(const Link& link, const Arp& arp) {
  const auto source = address(link.source);
  const auto destination = address(link.destination);
  Bytes out = hex("0001 0800 06 04");
  put16(out, arp.operation);
  put(out, link.source_mac);
  put(out, ByteView{source}.subspan(12));
  put(out, arp.operation == 1 ? ByteView{Mac{}} : ByteView{link.destination_mac});
  put(out, ByteView{destination}.subspan(12));
  return with_header(link, 0x0806, out);
}

Bytes fragment(const Bytes& whole, const Part& part, const Bytes& other) {
  auto copy = whole;
  Packet packet;
  (void)parse(frame_over(copy), Checksums::count, packet);
  const bool six = packet.network == Network::ipv6;
  const std::size_t ip = packet.network_offset;
  const auto payload = ip + (six ? 40U : 20U);
  Bytes data = other;
  for (auto at = part.offset; other.empty() && at < part.offset + part.length; ++at) {
    data.push_back(payload + at < packet.network_end ? whole[payload + at] : std::uint8_t{0});
  }
  Bytes out{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(payload)};
  const auto position =
      six ? part.offset | (part.more ? 1U : 0U) : part.offset / 8 | (part.more ? 0x2000U : 0U);
  if (six) {
    set16(out, ip + 4, static_cast<std::uint32_t>(8 + data.size()));
    const auto next = std::exchange(out[ip + 6], std::uint8_t{44});
    put(out, Bytes{next, 0});
    put16(out, position);
    put32(out, part.identification);
  } else {
    set16(out, ip + 2, static_cast<std::uint32_t>(20 + data.size()));
    set16(out, ip + 4, part.identification);
    set16(out, ip + 6, position);
    set16(out, ip + 10, 0);
    set16(out, ip + 10, internet_checksum(ByteView{out}.subspan(ip, 20)));
  }
  put(out, data);
  return out;
}

std::vector<Bytes> fragments(const Bytes& whole, std::uint32_t size, std::uint32_t identification) {
  auto copy = whole;
  Packet packet;
  (void)parse(frame_over(copy), Checksums::count, packet);
  const std::uint32_t header = packet.network == Network::ipv6 ? 40 : 20;
  const std::uint32_t length = packet.network_end - packet.network_offset - header;
  std::vector<Bytes> all;
  for (std::uint32_t at = 0; at < length; at += size) {
    const bool more = length - at > size;
    all.push_back(fragment(whole, {at, more ? size : length - at, more, identification}));
  }
  return all;
}

void repair_checksums(Bytes& frame) {
  Packet packet;
  (void)parse(frame_over(frame), Checksums::count, packet);
  if (packet.network == Network::ipv4) {
    const std::size_t start = packet.network_offset;
    set16(frame, start + 10, 0);
    set16(frame, start + 10,
          internet_checksum(ByteView{frame}.subspan(start, packet.transport_offset - start)));
  }
  std::size_t at = 0;
  bool pseudo = true;
  switch (packet.transportation) {
    case Transportation::tcp:
      at = 16;
      break;
    case Transportation::udp:
      at = 6;
      break;
    case Transportation::icmp:
      at = 2, pseudo = false;
      break;
    case Transportation::icmpv6:
      at = 2;
      break;
    case Transportation::none:
    case Transportation::other:
      return;
  }
  const auto length = packet.network_end - packet.transport_offset;
  set16(frame, packet.transport_offset + at, 0);
  const auto sum = pseudo ? pseudo_header(packet, length) : Sum{};
  const auto checksum = fold(add(sum, ByteView{frame}.subspan(packet.transport_offset, length)));
  set16(frame, packet.transport_offset + at,
        packet.transportation == Transportation::udp ? not_zero(checksum) : checksum);
}

}  // namespace sluice::build
