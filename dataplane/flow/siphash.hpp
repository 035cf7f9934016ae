// SipHash-2-4 (Aumasson, Bernstein 2012): a hash of 64 bits that nobody without the secret can steer, so that
// traffic can't choose where it lands in a table. Pure, any thread.
#pragma once

#include <array>
#include <cstdint>

#include "rules/base/bytes.hpp"

namespace sluice {

using Secret = std::array<std::uint8_t, 16>;

std::uint64_t siphash(const Secret& secret, ByteView bytes) noexcept;

}  // namespace sluice
