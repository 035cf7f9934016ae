// Changing bytes under a checksum, by the difference (RFC 1624): a wrong checksum stays wrong. Of this folder
// only.
#pragma once

#include <algorithm>
#include <cstdint>

#include "dataplane/packet/checksum.hpp"
#include "dataplane/packet/packet.hpp"

namespace sluice::edit {

inline void put16(std::uint8_t* at, std::uint32_t number) noexcept {
  at[0] = static_cast<std::uint8_t>(number >> 8);
  at[1] = static_cast<std::uint8_t>(number);
}
inline std::uint16_t get16(const std::uint8_t* at) noexcept {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}

// What a checksum in the frame is about; offsets from the start of the frame.
struct Summed {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t checksum_at = 0;
};

enum class ZeroChecksum : std::uint8_t {
  number,  // like any other
  none,    // UDP (RFC 768): there is no checksum, and a computed zero is written as 0xffff
};

// Lets `edit` change bytes from `first` up to `last`, which lie inside of what is summed.
template <class Edit>
void change(Packet& packet, const Summed& summed, std::uint32_t first, std::uint32_t last, ZeroChecksum zero,
            Edit edit) noexcept {
  // The words that change, at even distances from the start.
  const std::uint32_t begin = first - (first - summed.begin) % 2;
  const std::uint32_t end = std::min(last + (last - summed.begin) % 2, summed.end);
  const ByteView words = packet.frame.bytes().subspan(begin, end - begin);
  const auto sum = [&] { return static_cast<std::uint16_t>(~internet_checksum(words)); };
  const auto before = sum();
  edit();
  std::uint8_t* checksum = packet.frame.data + summed.checksum_at;
  const auto old = get16(checksum);
  if (zero == ZeroChecksum::none && old == 0) return;
  const auto updated = updated_checksum(old, before, sum());
  put16(checksum, zero == ZeroChecksum::none && updated == 0 ? 0xffffU : updated);
}

}  // namespace sluice::edit
