#include "tests/model/frame.hpp"

#include <algorithm>

namespace sluice::model {
namespace {

using At = const std::uint8_t*;
std::uint32_t u16(At at) { return static_cast<std::uint32_t>(at[0] << 8 | at[1]); }
std::uint32_t u32(At at) { return u16(at) << 16 | u16(at + 2); }

// RFC 1071: zero when the checksum inside is right.
std::uint32_t sum(At at, std::size_t size, std::uint64_t start = 0) {
  std::uint64_t total = start;
  for (; size >= 2; at += 2, size -= 2) total += u16(at);
  if (size != 0) total += static_cast<std::uint32_t>(at[0] << 8);
  while (total >> 16U != 0) total = (total & 0xffffU) + (total >> 16U);
  return static_cast<std::uint32_t>(total ^ 0xffffU);
}

std::uint64_t pseudo(At source, At destination, std::size_t width, std::uint32_t protocol,
                     std::size_t length) {
  std::uint64_t total = protocol + length;
  for (std::size_t i = 0; i < width; i += 2) total += u16(source + i) + u16(destination + i);
  return total;
}

Ip from_v4(At at) { return ipv4(at[0], at[1], at[2], at[3]); }

const char* tcp(At at, std::size_t size, Seen& seen) {
  if (size < 20) return "TCP header cut short";
  seen.source_port = static_cast<std::uint16_t>(u16(at));
  seen.destination_port = static_cast<std::uint16_t>(u16(at + 2));
  seen.sequence = u32(at + 4);
  seen.acknowledgement = u32(at + 8);
  seen.flags = at[13];
  const std::size_t header = static_cast<std::size_t>(at[12] >> 4U) * 4;
  if (header < 20 || header > size) return "TCP data offset";
  seen.payload = seen.transport + header;
  for (std::size_t i = 20; i < header;) {  // RFC 9293 3.1
    if (at[i] == 0) break;
    if (at[i] == 1) {
      ++i;
      continue;
    }
    if (i + 1 >= header || at[i + 1] < 2 || i + at[i + 1] > header) return "TCP options";
    i += at[i + 1];
  }
  return nullptr;
}

const char* transport(At frame, Seen& seen, std::uint64_t start, bool six) {
  const At at = frame + seen.transport;
  const std::size_t size = seen.end - seen.transport;
  seen.payload = seen.transport;
  if (seen.protocol == 6) {
    if (const auto* wrong = tcp(at, size, seen)) return wrong;
    return sum(at, size, start) == 0 ? nullptr : "TCP checksum";
  }
  if (seen.protocol == 17) {
    if (size < 8 || u16(at + 4) != size) return "UDP length";
    seen.source_port = static_cast<std::uint16_t>(u16(at));
    seen.destination_port = static_cast<std::uint16_t>(u16(at + 2));
    seen.payload = seen.transport + 8;
    if (u16(at + 6) == 0) return six ? "UDP without a checksum" : nullptr;
    return sum(at, size, start) == 0 ? nullptr : "UDP checksum";
  }
  if (seen.protocol == (six ? 58 : 1)) {
    if (size < 8) return "ICMP cut short";
    seen.source_port = at[0];
    seen.destination_port = at[1];
    seen.payload = seen.transport + 8;
    return sum(at, size, six ? start : 0) == 0 ? nullptr : "ICMP checksum";
  }
  return nullptr;
}

const char* four(At frame, std::size_t size, Seen& seen) {
  const At at = frame + seen.network;
  const std::size_t here = size - seen.network;
  if (here < 20 || at[0] >> 4U != 4) return "IPv4 header";
  const std::size_t header = (at[0] & 15U) * std::size_t{4}, total = u16(at + 2);
  if (header < 20 || total < header || total > here) return "IPv4 lengths";
  if (sum(at, header) != 0) return "IPv4 checksum";
  if ((u16(at + 6) & 0xbfffU) != 0) return "a fragment";  // RFC 791 3.1; 0x4000 is "don't fragment"
  seen.ttl = at[8];
  seen.protocol = at[9];
  seen.source = from_v4(at + 12);
  seen.destination = from_v4(at + 16);
  seen.options = header > 20;
  seen.router_alert = header == 24 && at[20] == 148 && at[21] == 4;  // RFC 2113
  seen.transport = seen.network + header;
  seen.end = seen.network + total;
  const auto length = seen.end - seen.transport;
  return transport(frame, seen, pseudo(at + 12, at + 16, 4, seen.protocol, length), false);
}

const char* six(At frame, std::size_t size, Seen& seen) {
  const At at = frame + seen.network;
  const std::size_t here = size - seen.network;
  if (here < 40 || at[0] >> 4U != 6) return "IPv6 header";
  const std::size_t total = 40 + u16(at + 4);
  if (total > here) return "IPv6 length";
  seen.ttl = at[7];
  seen.protocol = at[6];
  std::copy_n(at + 8, 16, seen.source.begin());
  std::copy_n(at + 24, 16, seen.destination.begin());
  std::size_t next = 40;
  if (seen.protocol == 0) {  // hop by hop: MLD alone has a reason for it
    if (total < 48 || at[41] != 0) return "IPv6 hop-by-hop header";
    seen.options = true;
    seen.router_alert = at[42] == 5 && at[43] == 2;  // RFC 2711; then padding
    seen.protocol = at[40];
    next = 48;
  }
  if (seen.protocol == 44) return "a fragment";
  if (seen.protocol == 0 || seen.protocol == 43 || seen.protocol == 51 || seen.protocol == 60)
    return "IPv6 extension headers";
  seen.transport = seen.network + next;
  seen.end = seen.network + total;
  return transport(frame, seen, pseudo(at + 8, at + 24, 16, seen.protocol, total - next), true);
}

}  // namespace

Seen look(const std::uint8_t* frame, std::size_t size) {
  Seen seen;
  if (size < 14) {
    seen.wrong = "no Ethernet header";
    return seen;
  }
  std::copy_n(frame, 6, seen.to.begin());
  std::copy_n(frame + 6, 6, seen.from.begin());
  std::size_t at = 12;
  while (u16(frame + at) == 0x8100 || u16(frame + at) == 0x88a8 || u16(frame + at) == 0x9100) {
    if (at + 6 > size) {
      seen.wrong = "a tag cut short";
      return seen;
    }
    const Tags vlan = u16(frame + at + 2) & 0x0fffU;
    seen.tagged = seen.tags == 0 ? vlan : two_tags(seen.tagged, vlan);
    if (++seen.tags > 2) {
      seen.wrong = "three tags";
      seen.tagged = ~Tags{0};
      return seen;
    }
    at += 4;
  }
  seen.type = static_cast<std::uint16_t>(u16(frame + at));
  seen.network = seen.payload = at + 2;
  seen.end = size;
  if (seen.type < 0x0600) {
    if (seen.type > 1500 || seen.type < 3 || seen.type > size - seen.network) {
      seen.wrong = "802.3 length";
      return seen;
    }
    seen.end = seen.network + seen.type;
    seen.llc = frame[seen.network];
  } else if (seen.type == 0x0800 || seen.type == 0x86dd) {
    seen.is_ip = true;
    seen.wrong = seen.type == 0x0800 ? four(frame, size, seen) : six(frame, size, seen);
  } else if (seen.type == 0x0806 && size - seen.network < 28) {
    seen.wrong = "ARP cut short";
  }
  return seen;
}

bool look_inside(const std::uint8_t* frame, const Seen& error, Seen& quoted) {
  const At at = frame + error.payload;
  const std::size_t here = error.end - error.payload;
  if (error.type == 0x0800) {
    const std::size_t header = here < 20 ? 0 : (at[0] & 15U) * std::size_t{4};
    if (header < 20 || header + 4 > here) return false;
    quoted.protocol = at[9];
    quoted.source = from_v4(at + 12);
    quoted.destination = from_v4(at + 16);
    quoted.source_port = static_cast<std::uint16_t>(u16(at + header));
    quoted.destination_port = static_cast<std::uint16_t>(u16(at + header + 2));
    return true;
  }
  if (here < 44) return false;
  quoted.protocol = at[6];
  std::copy_n(at + 8, 16, quoted.source.begin());
  std::copy_n(at + 24, 16, quoted.destination.begin());
  quoted.source_port = static_cast<std::uint16_t>(u16(at + 40));
  quoted.destination_port = static_cast<std::uint16_t>(u16(at + 42));
  return true;
}

}  // namespace sluice::model
