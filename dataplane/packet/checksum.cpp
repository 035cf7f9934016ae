#include "dataplane/packet/checksum.hpp"

#include <bit>
#include <cstring>

#include "dataplane/packet/packet.hpp"

namespace sluice {
namespace {

constexpr std::uint16_t host_order(std::uint16_t number) noexcept {
  if constexpr (std::endian::native == std::endian::big) return number;
  return static_cast<std::uint16_t>(number << 8 | number >> 8);
}

// 2^64 - 1 is a multiple of 2^16 - 1, so an end-around carry of 64 bits keeps the sum modulo 2^16 - 1.
constexpr std::uint64_t add_word(std::uint64_t sum, std::uint64_t word) noexcept {
  sum += word;
  return sum + (sum < word ? 1 : 0);
}

}  // namespace

Sum add(Sum sum, ByteView bytes) noexcept {
  std::uint64_t value = sum.value;
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    value = add_word(value, word);
    bytes = bytes.subspan(sizeof word);
  }
  if (!bytes.empty()) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), bytes.size());
    value = add_word(value, word);
  }
  return {value};
}

Sum add(Sum sum, std::uint16_t number) noexcept { return {add_word(sum.value, host_order(number))}; }

std::uint16_t fold(Sum sum) noexcept {
  std::uint64_t value = sum.value;
  value = (value & 0xffffffffU) + (value >> 32);
  value = (value & 0xffffU) + (value >> 16);
  value = (value & 0xffffU) + (value >> 16);
  value = (value & 0xffffU) + (value >> 16);
  return host_order(static_cast<std::uint16_t>(~value));
}

Sum pseudo_header(const Packet& packet, std::uint32_t transport_length) noexcept {
  const bool four = packet.network == Network::ipv4;
  const std::size_t skipped = four ? 12 : 0;
  Sum sum = add(Sum{}, ByteView{packet.source}.subspan(skipped));
  sum = add(sum, ByteView{packet.destination}.subspan(skipped));
  sum = add(sum, static_cast<std::uint16_t>(transport_length >> 16));
  sum = add(sum, static_cast<std::uint16_t>(transport_length));
  return add(sum, std::uint16_t{packet.ip_protocol});
}

}  // namespace sluice
