#include "dataplane/packet/edit.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "dataplane/packet/change.hpp"
#include "dataplane/packet/checksum.hpp"
#include "rules/base/reader.hpp"

namespace sluice {

using edit::change;
using edit::put16;
using edit::ZeroChecksum;

namespace {

constexpr std::uint32_t kLeastFrame = 60;
constexpr std::uint32_t kTcpHeader = 20, kIpv4Header = 20, kIpv6Header = 40, kMacs = 12;

void put32(std::uint8_t* at, std::uint32_t number) noexcept {
  put16(at, number >> 16);
  put16(at + 2, number);
}

// Lengths of the IP header for a datagram that now ends at network_end, and the IPv4 checksum.
void write_ip_length(Packet& packet) noexcept {
  std::uint8_t* ip = packet.frame.data + packet.network_offset;
  const std::uint32_t length = packet.network_end - packet.network_offset;
  if (packet.network == Network::ipv6) {
    put16(ip + 4, length - kIpv6Header);
    return;
  }
  put16(ip + 2, length);
  put16(ip + 10, 0);
  const std::size_t header = (ip[0] & 15U) * 4U;
  put16(ip + 10, internet_checksum({ip, header}));
}

void write_tcp_checksum(Packet& packet) noexcept {
  std::uint8_t* tcp = packet.frame.data + packet.transport_offset;
  const std::uint32_t length = packet.network_end - packet.transport_offset;
  put16(tcp + 16, 0);
  put16(tcp + 16, fold(add(pseudo_header(packet, length), ByteView{tcp, length})));
}

// Overwrites bytes behind the transport header's first ones, in place; checksums by the difference.
void overwrite(Packet& packet, std::uint32_t first, ByteView bytes) noexcept {
  std::uint8_t* target = packet.frame.data + first;
  std::uint32_t checksum_at = 0;
  if (packet.transportation == Transportation::tcp) checksum_at = packet.transport_offset + 16U;
  if (packet.transportation == Transportation::udp) checksum_at = packet.transport_offset + 6U;
  const auto edit = [&] { std::memcpy(target, bytes.data(), bytes.size()); };
  if (checksum_at == 0) return edit();
  const std::uint32_t last = first + static_cast<std::uint32_t>(bytes.size());
  const auto zero = packet.transportation == Transportation::udp ? ZeroChecksum::none : ZeroChecksum::number;
  change(packet, {packet.transport_offset, packet.network_end, checksum_at}, first, last, zero, edit);
}

}  // namespace

void strip_payload(Packet& packet) noexcept {
  if (packet.transportation != Transportation::tcp) return;
  constexpr std::uint8_t kGone = tcp_flag::fin | tcp_flag::psh | tcp_flag::urg;
  packet.tcp.flags &= static_cast<std::uint8_t>(~kGone);
  packet.tcp.urgent = 0;
  std::uint8_t* tcp = packet.frame.data + packet.transport_offset;
  tcp[13] = packet.tcp.flags;
  put16(tcp + 18, 0);
  packet.network_end = packet.payload_offset;
  packet.payload_length = 0;
  write_ip_length(packet);
  write_tcp_checksum(packet);
  const std::uint32_t length = std::max(packet.network_end, std::min(packet.frame.length, kLeastFrame));
  std::fill(packet.frame.data + packet.network_end, packet.frame.data + length, std::uint8_t{0});
  packet.frame.length = packet.frame.wire_length = length;
}

void overwrite_payload(Packet& packet, std::uint32_t at, ByteView bytes) noexcept {
  if (at >= packet.payload_length || bytes.empty()) return;
  overwrite(packet, packet.payload_offset + at,
            bytes.first(std::min<std::size_t>(bytes.size(), packet.payload_length - at)));
}

bool set_timestamp(Packet& packet, std::uint32_t value) noexcept {
  if (packet.transportation != Transportation::tcp) return false;
  Reader reader{packet.frame.bytes().subspan(packet.tcp.options, packet.tcp.options_length)};
  while (reader.remaining() > 0) {
    const auto kind = reader.u8();
    if (kind == 0) return false;
    if (kind == 1) continue;
    const auto length = reader.u8();
    if (!reader.ok() || length < 2) return false;
    if (kind == 8 && length == 10) {  // RFC 7323 3.2
      const auto ahead = static_cast<std::uint32_t>(reader.remaining());
      std::array<std::uint8_t, 4> bytes{};
      put32(bytes.data(), value);
      overwrite(packet, packet.tcp.options + packet.tcp.options_length - ahead, bytes);
      packet.tcp.timestamp = value;
      return true;
    }
    reader.skip(length - 2U);
  }
  return false;
}

void clear_trailer(Packet& packet, std::uint32_t keep) noexcept {
  const std::uint32_t length = packet.trailer_length();
  if (keep > length) return;
  std::fill_n(packet.frame.data + packet.network_end, length - keep, std::uint8_t{0});
}

Frame make_bare(const Packet& model, Towards towards, const Bare& bare, Buffers& buffers) noexcept {
  const bool six = model.network == Network::ipv6;
  if (model.transportation != Transportation::tcp || model.tunnel_mark != 0) return {};
  const std::uint32_t transport = model.network_offset + (six ? kIpv6Header : kIpv4Header);
  const std::uint32_t end = transport + kTcpHeader;
  const std::uint32_t length = std::max(end, kLeastFrame);
  Frame frame = buffers.allocate(length);
  if (frame.data == nullptr) return {};
  frame.length = frame.wire_length = length;
  std::fill(frame.data, frame.data + length, std::uint8_t{0});

  const bool swapped = towards == Towards::source;
  Packet packet = model;
  packet.frame = frame;
  packet.ip_protocol = 6;
  packet.transport_offset = static_cast<std::uint16_t>(transport);
  packet.network_end = end;
  if (swapped) {
    std::swap(packet.source, packet.destination);
    std::swap(packet.source_mac, packet.destination_mac);
    std::swap(packet.source_port, packet.destination_port);
  }
  std::copy(packet.destination_mac.begin(), packet.destination_mac.end(), frame.data);
  std::copy(packet.source_mac.begin(), packet.source_mac.end(), frame.data + packet.destination_mac.size());
  std::copy(model.frame.data + kMacs, model.frame.data + model.network_offset, frame.data + kMacs);

  std::uint8_t* ip = frame.data + model.network_offset;
  if (six) {
    ip[0] = 0x60;
    ip[6] = 6;
    ip[7] = 64;
    std::copy(packet.source.begin(), packet.source.end(), ip + 8);
    std::copy(packet.destination.begin(), packet.destination.end(), ip + 24);
  } else {
    ip[0] = 0x45;
    ip[6] = 0x40;  // don't fragment
    ip[8] = 64;
    ip[9] = 6;
    std::copy(packet.source.begin() + 12, packet.source.end(), ip + 12);
    std::copy(packet.destination.begin() + 12, packet.destination.end(), ip + 16);
  }
  write_ip_length(packet);

  std::uint8_t* tcp = frame.data + transport;
  put16(tcp, packet.source_port);
  put16(tcp + 2, packet.destination_port);
  put32(tcp + 4, bare.sequence);
  put32(tcp + 8, (bare.flags & tcp_flag::ack) != 0 ? bare.acknowledgement : 0);
  tcp[12] = kTcpHeader / 4 << 4;
  tcp[13] = bare.flags;
  put16(tcp + 14, bare.window);
  write_tcp_checksum(packet);
  return frame;
}

}  // namespace sluice
