#include "rules/base/utf8.hpp"

namespace sluice {

std::size_t utf8_length(ByteView bytes) noexcept {
  if (bytes.empty()) return 0;
  const unsigned lead = bytes[0];
  if (lead < 0x80) return 1;
  // RFC 3629 section 4: the second byte's bounds depend on the first.
  const std::size_t length = lead >= 0xc2 && lead < 0xe0   ? 2U
                             : lead >= 0xe0 && lead < 0xf0 ? 3U
                             : lead >= 0xf0 && lead < 0xf5 ? 4U
                                                           : 0U;
  if (length == 0 || bytes.size() < length) return 0;
  const unsigned low = lead == 0xe0 ? 0xa0U : lead == 0xf0 ? 0x90U : 0x80U;
  const unsigned high = lead == 0xed ? 0x9fU : lead == 0xf4 ? 0x8fU : 0xbfU;
  if (bytes[1] < low || bytes[1] > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((bytes[i] & 0xc0U) != 0x80U) return 0;
  }
  return length;
}

bool is_utf8(ByteView bytes) noexcept {
  while (!bytes.empty()) {
    const auto length = utf8_length(bytes);
    if (length == 0) return false;
    bytes = bytes.subspan(length);
  }
  return true;
}

}  // namespace sluice
