// What a link needs to live, by the names a conduit lists. Bit positions are part of the image format: add at
// the end.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice {

enum class Groundwork : std::uint8_t {
  arp,
  nd,           // IPv6 neighbour discovery (RFC 4861)
  icmp_errors,  // unreachable, time exceeded, too big, about a flow that lives
  stp,
  lldp,
  dhcp,
  igmp_mld,
  mrp,
  dlr,
  prp,
  ptp,
  hsr,
  lacp,
  count_,
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(Groundwork::count_)> kGroundworkNames =
    {
        "arp", "nd",  "icmp-errors", "stp", "lldp", "dhcp", "igmp-mld",
        "mrp", "dlr", "prp",         "ptp", "hsr",  "lacp",
};

constexpr bool has(std::uint32_t set, Groundwork one) noexcept {
  return (set >> static_cast<unsigned>(one) & 1U) != 0;
}

}  // namespace sluice
