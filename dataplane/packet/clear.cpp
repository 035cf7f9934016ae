// Headers made ordinary: see edit.hpp.
#include <algorithm>

#include "dataplane/packet/change.hpp"
#include "dataplane/packet/edit.hpp"
#include "rules/base/reader.hpp"

namespace sluice {
namespace {

constexpr std::uint8_t kEnd = 0, kNoOperation = 1;  // of IPv4 (RFC 791 3.1) and TCP (RFC 9293 3.1) alike
constexpr std::uint32_t kIpv4Header = 20;
constexpr std::uint32_t kFlags = 12;  // data offset and reserved bits, flags
constexpr std::uint32_t kUrgent = 18;

template <class Edit>
void change_tcp(Packet& packet, std::uint32_t first, std::uint32_t last, Edit edit) noexcept {
  const std::uint32_t tcp = packet.transport_offset;
  edit::change(packet, {tcp, packet.network_end, tcp + 16}, first, last, edit::ZeroChecksum::number, edit);
}

void fill(Packet& packet, std::uint32_t first, std::uint32_t last, std::uint8_t value) noexcept {
  std::fill(packet.frame.data + first, packet.frame.data + last, value);
}

std::uint32_t ip_options_end(const Packet& packet) noexcept {
  return packet.network_offset + (packet.frame.data[packet.network_offset] & 15U) * 4U;
}

bool is_fast_open(std::uint8_t kind, ByteView value) noexcept {
  if (kind == 34) return true;
  const bool experiment = kind == 253 || kind == 254;
  return experiment && value.size() >= 2 && value[0] == 0xf9 && value[1] == 0x89;
}

// Calls visit(kind, value, first, last) for each option with a length, and behind the end of the list once
// with kEnd. parse() found the list good; a list that is not ends the walk.
template <class Visit>
void each_tcp_option(const Packet& packet, Visit visit) noexcept {
  if (packet.transportation != Transportation::tcp) return;
  const std::uint32_t start = packet.tcp.options;
  const std::uint32_t end = start + packet.tcp.options_length;
  Reader reader{packet.frame.bytes().subspan(start, packet.tcp.options_length)};
  while (reader.remaining() > 0) {
    const auto first = start + static_cast<std::uint32_t>(reader.position());
    const auto kind = reader.u8();
    if (kind == kEnd) return visit(kEnd, ByteView{}, first + 1, end);
    if (kind == kNoOperation) continue;
    const auto length = reader.u8();
    if (!reader.ok() || length < 2) return;
    const auto value = reader.take(length - 2U);
    if (!reader.ok()) return;
    visit(kind, value, first, first + length);
  }
}

// Which options of a list, from its front, are odd: as parse() finds them.
class OddOptions {
 public:
  explicit OddOptions(const Packet& packet) : syn_{(packet.tcp.flags & tcp_flag::syn) != 0} {}

  bool take(std::uint8_t kind) noexcept {
    const bool of_syn = kind >= 2 && kind <= 4;
    if (!of_syn && kind != 5 && kind != 8) return true;
    const bool doubled = (seen_ >> kind & 1U) != 0;
    seen_ |= 1U << kind;
    return doubled || (of_syn && !syn_);
  }

 private:
  bool syn_;
  std::uint32_t seen_ = 0;
};

}  // namespace

bool only_no_operations(const Packet& packet) noexcept {
  const auto options = packet.frame.bytes().subspan(
      packet.network_offset + kIpv4Header, ip_options_end(packet) - packet.network_offset - kIpv4Header);
  return std::all_of(options.begin(), options.end(), [](std::uint8_t byte) { return byte == kNoOperation; });
}

void clear_ip_options(Packet& packet) noexcept {
  if (packet.network != Network::ipv4) return;
  const std::uint32_t ip = packet.network_offset;
  const std::uint32_t first = ip + kIpv4Header;
  const std::uint32_t last = ip_options_end(packet);
  if (last <= first) return;
  edit::change(packet, {ip, last, ip + 10}, first, last, edit::ZeroChecksum::number,
               [&] { fill(packet, first, last, kNoOperation); });
  packet.ip_options = ip_option::other;  // as parse() calls them
}

void clear_urgent(Packet& packet) noexcept {
  if (packet.transportation != Transportation::tcp) return;
  std::uint8_t* tcp = packet.frame.data + packet.transport_offset;
  const auto flags = static_cast<std::uint8_t>(packet.tcp.flags & ~tcp_flag::urg);
  change_tcp(packet, packet.transport_offset + kFlags, packet.transport_offset + kFlags + 2,
             [&] { tcp[kFlags + 1] = flags; });
  change_tcp(packet, packet.transport_offset + kUrgent, packet.transport_offset + kUrgent + 2,
             [&] { edit::put16(tcp + kUrgent, 0); });
  packet.tcp.flags = flags;
  packet.tcp.urgent = 0;
}

void clear_reserved(Packet& packet) noexcept {
  if (packet.transportation != Transportation::tcp) return;
  std::uint8_t* tcp = packet.frame.data + packet.transport_offset;
  change_tcp(packet, packet.transport_offset + kFlags, packet.transport_offset + kFlags + 2,
             [&] { tcp[kFlags] &= 0xf0U; });
  packet.tcp.reserved = 0;
}

void clear_odd_options(Packet& packet) noexcept {
  OddOptions odd{packet};
  each_tcp_option(packet, [&](std::uint8_t kind, ByteView, std::uint32_t first, std::uint32_t last) noexcept {
    if (!odd.take(kind) || first == last) return;
    change_tcp(packet, first, last, [&] { fill(packet, first, last, kind == kEnd ? 0 : kNoOperation); });
  });
  packet.tcp.odd_options = 0;
  if ((packet.tcp.flags & tcp_flag::syn) == 0) {
    packet.tcp.mss = 0;
    packet.tcp.window_scale = TcpHeader{}.window_scale;
  }
}

bool only_fast_open_is_odd(const Packet& packet) noexcept {
  bool only = true;
  OddOptions odd{packet};
  each_tcp_option(
      packet, [&](std::uint8_t kind, ByteView value, std::uint32_t first, std::uint32_t last) noexcept {
        if (kind == kEnd) {
          const auto rest = packet.frame.bytes().subspan(first, last - first);
          only &= std::all_of(rest.begin(), rest.end(), [](std::uint8_t byte) { return byte == 0; });
        } else {
          only &= !odd.take(kind) || is_fast_open(kind, value);
        }
      });
  return only;
}

void clear_fast_open(Packet& packet) noexcept {
  each_tcp_option(packet,
                  [&](std::uint8_t kind, ByteView value, std::uint32_t first, std::uint32_t last) noexcept {
                    if (is_fast_open(kind, value)) {
                      change_tcp(packet, first, last, [&] { fill(packet, first, last, kNoOperation); });
                    }
                  });
}

bool has_fast_open(const Packet& packet) noexcept {
  bool found = false;
  each_tcp_option(packet, [&](std::uint8_t kind, ByteView value, std::uint32_t, std::uint32_t) noexcept {
    found |= is_fast_open(kind, value);
  });
  return found;
}

std::uint32_t prp_trailer(const Packet& packet) noexcept {
  constexpr std::uint32_t kLength = 6;  // sequence, LAN (4 bits) and size of the LSDU (12), 0x88fb
  if (packet.depth != 0 || packet.trailer_length() < kLength) return 0;
  Reader reader{packet.frame.bytes().last(kLength)};
  reader.skip(2);
  const auto lan_and_size = reader.be16();
  const auto suffix = reader.be16();
  const std::uint32_t lan = lan_and_size >> 12U;
  const bool right = suffix == 0x88fb && (lan == 0xa || lan == 0xb) &&
                     (lan_and_size & 0xfffU) == packet.frame.length - packet.network_offset;
  return right ? kLength : 0;
}

}  // namespace sluice
