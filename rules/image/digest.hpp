// The digests of an image: BLAKE2b-256. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "rules/base/bytes.hpp"

namespace sluice::image {

using Digest = std::array<std::uint8_t, 32>;

Digest blake2b(ByteView bytes) noexcept;

// Of a whole image, read with the digest and the generation as zero. `image` holds at least a Header.
Digest digest_of(ByteView image) noexcept;

// Writes the number of the generation, which the digest does not cover. False when `image` is shorter than a
// Header.
bool set_generation(std::span<std::uint8_t> image, std::uint64_t generation) noexcept;

}  // namespace sluice::image
