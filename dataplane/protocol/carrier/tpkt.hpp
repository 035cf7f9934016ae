// TPKT: how ISO transport is cut out of TCP (RFC 1006 6). Four bytes (version 3, a reserved zero, the length
// of the whole) in front of each TPDU. Shared by all that runs on port 102. Pure.
#pragma once

#include <cstdint>

#include "dataplane/protocol/protocol.hpp"
#include "rules/base/reader.hpp"

namespace sluice::carrier {

inline constexpr std::size_t kTpktHeader = 4;
inline constexpr std::uint8_t kTpktVersion = 3;
inline constexpr std::uint32_t kLeastTpkt = 7;  // RFC 1006 6: the smallest TPDU has three bytes
// The greatest TPDU that X.224 13.3.4 b can agree on. RFC 1006 would allow 65,535.
inline constexpr std::uint32_t kMostTpkt = kTpktHeader + 8192;

inline Framing tpkt_frame(ByteView bytes) noexcept {
  Reader reader{bytes};
  const auto version = reader.u8();
  if (reader.ok() && version != kTpktVersion) return Framing::bad();
  const auto reserved = reader.u8();
  if (reader.ok() && reserved != 0) return Framing::bad();
  const std::uint32_t length = reader.be16();
  if (!reader.ok()) return Framing::need_more(kTpktHeader);
  if (length < kLeastTpkt || length > kMostTpkt) return Framing::bad();
  return bytes.size() < length ? Framing::need_more(length) : Framing::pdu(length);
}

}  // namespace sluice::carrier
