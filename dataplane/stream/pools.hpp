// What the streams of one worker share: memory for retained bytes and slots for held frames.
#pragma once

#include <cstdint>

#include "dataplane/stream/byte_pool.hpp"
#include "dataplane/stream/held_pool.hpp"

namespace sluice {

struct StreamPools {
  BytePool& bytes;
  HeldPool& held;
  std::uint32_t held_per_flow = 32;  // both directions together
};

}  // namespace sluice
