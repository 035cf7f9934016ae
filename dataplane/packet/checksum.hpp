// The Internet checksum (RFC 1071) and its repair after a change (RFC 1624). A Sum is a partial sum in the
// order of the host's bytes, so that whole words are added; only fold() gives the number as the wire has it
// (as a big-endian integer). Pure, any thread; linear in the bytes given.
#pragma once

#include <cstdint>

#include "rules/base/bytes.hpp"

namespace sluice {

struct Packet;

struct Sum {
  std::uint64_t value = 0;  // end-around carry is done at each addition
};

// `bytes` at an even distance from the start of what is summed; an odd end is padded with zero.
Sum add(Sum sum, ByteView bytes) noexcept;
// A 16-bit number of the pseudo-header.
Sum add(Sum sum, std::uint16_t number) noexcept;

// The checksum of what was summed, as a number to store big-endian. Summed with the checksum in place, right
// data gives 0.
std::uint16_t fold(Sum sum) noexcept;

inline std::uint16_t internet_checksum(ByteView bytes) noexcept { return fold(add(Sum{}, bytes)); }

// Addresses, protocol and length as RFC 9293 3.1 and RFC 8200 8.1 want them, for a packet with an IP header.
Sum pseudo_header(const Packet& packet, std::uint32_t transport_length) noexcept;

// The checksum after a 16-bit word at an even offset changed (RFC 1624, equation 3).
constexpr std::uint16_t updated_checksum(std::uint16_t checksum, std::uint16_t old_word,
                                         std::uint16_t new_word) noexcept {
  std::uint32_t sum =
      std::uint32_t{static_cast<std::uint16_t>(~checksum)} + static_cast<std::uint16_t>(~old_word) + new_word;
  sum = (sum & 0xffffU) + (sum >> 16);
  sum = (sum & 0xffffU) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace sluice
