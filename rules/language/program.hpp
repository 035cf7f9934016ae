// A compiled match expression: a run of Nodes without pointers, so that it lives in the image and is evaluated there.
#pragma once

#include <cstdint>

namespace sluice::language {

// Children come before their parent; the root is the last node. `a` and `b` are indices from the program's first node.
struct Node {
  std::uint8_t op = 0;
  std::uint8_t flags = 0;
  std::uint16_t protocol = 0xffff;
  std::uint16_t field = 0xffff;
  std::uint16_t pad = 0;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint64_t number = 0;
};

}  // namespace sluice::language
