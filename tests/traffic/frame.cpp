#include "tests/traffic/frame.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::traffic {
namespace {

std::uint64_t add(const std::uint8_t* at, std::uint32_t size, std::uint64_t total = 0) {
  for (; size >= 2; at += 2, size -= 2) total += get16(at);
  return size == 0 ? total : total + static_cast<std::uint32_t>(at[0] << 8);
}

std::uint32_t fold(std::uint64_t total) {
  while (total >> 16U != 0) total = (total & 0xffffU) + (total >> 16U);
  return static_cast<std::uint32_t>(total ^ 0xffffU);
}

std::uint32_t checksum_at(std::uint8_t protocol) {
  return protocol == 6 ? 16 : protocol == 17 ? 6 : protocol == 1 || protocol == 58 ? 2 : 0;
}

std::uint32_t ethernet(Frame& frame, const Way& way, std::uint16_t type) {
  auto* at = frame.bytes.data();
  std::copy(way.to.begin(), way.to.end(), at);
  std::copy(way.from.begin(), way.from.end(), at + 6);
  std::uint32_t next = 12;
  if (way.tags >> 24U != 0) {
    put16(at + 12, 0x88a8);
    put16(at + 14, way.tags >> 12U & 0xfffU);
    next = 16;
  }
  if (way.tags != 0) {
    put16(at + next, 0x8100);
    put16(at + next + 2, way.tags & 0xfffU);
    next += 4;
  }
  put16(at + next, type);
  return next + 2;
}

// The header of a datagram with `size` bytes behind it; where these go.
std::uint32_t internet(Frame& frame, const Way& way, std::uint8_t protocol, std::uint32_t size) {
  const bool six = !model::is_ipv4(way.source);
  const auto network = ethernet(frame, way, six ? 0x86dd : 0x0800);
  auto* at = frame.bytes.data() + network;
  std::memset(at, 0, six ? 40 : 20);
  if (six) {
    at[0] = 0x60;
    put16(at + 4, size);
    at[6] = protocol;
    at[7] = way.ttl;
    std::copy(way.source.begin(), way.source.end(), at + 8);
    std::copy(way.destination.begin(), way.destination.end(), at + 24);
  } else {
    at[0] = 0x45;
    put16(at + 2, 20 + size);
    put16(at + 4, way.identification);
    put16(at + 6, 0x4000);
    at[8] = way.ttl;
    at[9] = protocol;
    std::copy(way.source.begin() + 12, way.source.end(), at + 12);
    std::copy(way.destination.begin() + 12, way.destination.end(), at + 16);
    put16(at + 10, fold(add(at, 20)));
  }
  const auto transport = network + (six ? 40U : 20U);
  frame.size = frame.wire_size = std::max(transport + size, 60U);
  std::fill(frame.bytes.begin() + transport + size, frame.bytes.begin() + frame.size, std::uint8_t{0});
  return transport;
}

void finish(Frame& frame, const Way& way, std::uint8_t protocol, std::uint32_t transport,
            std::uint32_t size) {
  auto* at = frame.bytes.data() + transport;
  const auto where = checksum_at(protocol);
  put16(at + where, 0);
  std::uint64_t start = 0;
  if (protocol != 1) {
    start = protocol + size;
    const bool six = !model::is_ipv4(way.source);
    start = add(way.source.data() + (six ? 0 : 12), six ? 16 : 4, start);
    start = add(way.destination.data() + (six ? 0 : 12), six ? 16 : 4, start);
  }
  const auto sum = fold(add(at, size, start));
  put16(at + where, protocol == 17 && sum == 0 ? 0xffff : sum);
}

}  // namespace

void put16(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8U);
  at[1] = static_cast<std::uint8_t>(value);
}
void put32(std::uint8_t* at, std::uint32_t value) {
  put16(at, value >> 16U);
  put16(at + 2, value);
}
std::uint32_t get16(const std::uint8_t* at) { return static_cast<std::uint32_t>(at[0] << 8 | at[1]); }

void write_tcp(Frame& frame, const Way& way, const Segment& segment) {
  const std::uint32_t header = 20 + segment.options_size;
  const auto transport = internet(frame, way, 6, header + segment.size);
  auto* at = frame.bytes.data() + transport;
  put16(at, segment.from);
  put16(at + 2, segment.to);
  put32(at + 4, segment.sequence);
  put32(at + 8, segment.acknowledgement);
  at[12] = static_cast<std::uint8_t>(header / 4 << 4U);
  at[13] = segment.flags;
  put16(at + 14, segment.window);
  put16(at + 18, segment.urgent);
  if (segment.options_size != 0) std::memcpy(at + 20, segment.options, segment.options_size);
  if (segment.size != 0) std::memcpy(at + header, segment.payload, segment.size);
  finish(frame, way, 6, transport, header + segment.size);
}

void write_udp(Frame& frame, const Way& way, std::uint16_t from, std::uint16_t to,
               const std::uint8_t* payload, std::uint32_t size) {
  const auto transport = internet(frame, way, 17, 8 + size);
  auto* at = frame.bytes.data() + transport;
  put16(at, from);
  put16(at + 2, to);
  put16(at + 4, 8 + size);
  std::copy_n(payload, size, at + 8);
  finish(frame, way, 17, transport, 8 + size);
}

void write_icmp(Frame& frame, const Way& way, std::uint8_t type, std::uint8_t code, const std::uint8_t* rest,
                std::uint32_t size) {
  const std::uint8_t protocol = model::is_ipv4(way.source) ? 1 : 58;
  const auto transport = internet(frame, way, protocol, 8 + size);
  auto* at = frame.bytes.data() + transport;
  std::memset(at, 0, 8);
  at[0] = type;
  at[1] = code;
  std::copy_n(rest, size, at + 8);
  finish(frame, way, protocol, transport, 8 + size);
}

void write_ip(Frame& frame, const Way& way, std::uint8_t protocol, const std::uint8_t* payload,
              std::uint32_t size) {
  const auto transport = internet(frame, way, protocol, size);
  std::memmove(frame.bytes.data() + transport, payload, size);
}

void write_link(Frame& frame, const Way& way, std::uint16_t type, const std::uint8_t* payload,
                std::uint32_t size) {
  const auto at = ethernet(frame, way, type);
  if (size != 0) std::memmove(frame.bytes.data() + at, payload, size);
  frame.size = frame.wire_size = std::max(at + size, 60U);
  std::fill(frame.bytes.begin() + at + size, frame.bytes.begin() + frame.size, std::uint8_t{0});
}

Place place_of(const Frame& frame) {
  Place place;
  const auto* at = frame.bytes.data();
  std::uint32_t next = 12;
  while (next + 6 < frame.size && (get16(at + next) == 0x8100 || get16(at + next) == 0x88a8)) next += 4;
  if (next + 2 > frame.size) return place;
  const auto type = get16(at + next);
  place.network = next + 2;
  const auto here = frame.size - place.network;
  if (type == 0x0800 && here >= 20) {
    const auto header = (at[place.network] & 15U) * 4U;
    const auto total = get16(at + place.network + 2);
    place.protocol = at[place.network + 9];
    place.transport = place.network + header;
    place.end = place.network + total;
    place.found = header >= 20 && total >= header && total <= here;
  } else if (type == 0x86dd && here >= 40) {
    const auto total = 40 + get16(at + place.network + 4);
    place.six = true;
    place.protocol = at[place.network + 6];
    place.transport = place.network + 40;
    place.end = place.network + total;
    place.found = total <= here;
  }
  return place;
}

void repair(Frame& frame) {
  const auto place = place_of(frame);
  if (!place.found) return;
  auto* at = frame.bytes.data();
  auto* ip = at + place.network;
  const auto size = place.end - place.transport;
  if (!place.six) {
    put16(ip + 10, 0);
    put16(ip + 10, fold(add(ip, place.transport - place.network)));
    if ((get16(ip + 6) & 0x3fffU) != 0) return;
  }
  const auto where = checksum_at(place.protocol);
  if (where == 0 || size < where + 2) return;
  put16(at + place.transport + where, 0);
  std::uint64_t start = place.protocol + size;
  start = place.six ? add(ip + 8, 32, start) : add(ip + 12, 8, start);
  const auto sum = fold(add(at + place.transport, size, place.protocol == 1 ? 0 : start));
  put16(at + place.transport + where, place.protocol == 17 && sum == 0 ? 0xffff : sum);
}

}  // namespace sluice::traffic
