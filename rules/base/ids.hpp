// Numbers with a meaning: an index into one table of the image, never mixed with an index into another.
// Zero-based; none() stands for "no such thing". Trivially copyable, of the width given.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace sluice {

template <class Tag, class Rep = std::uint32_t>
struct Id {
  Rep value = std::numeric_limits<Rep>::max();

  static constexpr Id none() noexcept { return {}; }
  [[nodiscard]] constexpr bool exists() const noexcept { return value != std::numeric_limits<Rep>::max(); }
  constexpr auto operator<=>(const Id&) const noexcept = default;
};

using ZoneId = Id<struct ZoneTag>;
using AssetId = Id<struct AssetTag>;
using ConduitId = Id<struct ConduitTag>;
using RuleId = Id<struct RuleTag>;
using PatchId = Id<struct PatchTag>;
using ProtocolId = Id<struct ProtocolTag, std::uint16_t>;  // index in the registry of schemas
using PortId = Id<struct PortTag, std::uint16_t>;          // a data port of this box

// The number of an activated policy; counts up from 1, 0 is "none yet".
struct Generation {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const Generation&) const noexcept = default;
};

}  // namespace sluice
