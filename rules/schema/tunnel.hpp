// Tunnels by the names that a conduit lists: packets within packets, which are looked into, layer by layer.
// Bit positions are part of the image format: add at the end.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice {

enum class Tunnel : std::uint8_t {
  ipip,         // IPv4 in IPv4, RFC 2003
  six_in_four,  // RFC 4213
  four_in_six,  // RFC 2473
  six_in_six,   // RFC 2473
  gre,          // RFC 2784, 2890: IPv4, IPv6 and Ethernet in it
  vxlan,        // RFC 7348
  teredo,       // RFC 4380
  mpls,         // RFC 3032: IPv4 and IPv6 behind the labels
  count_,
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(Tunnel::count_)> kTunnelNames = {
    "ipip", "6in4", "4in6", "6in6", "gre", "vxlan", "teredo", "mpls",
};

constexpr bool has(std::uint32_t set, Tunnel one) noexcept {
  return (set >> static_cast<unsigned>(one) & 1U) != 0;
}

}  // namespace sluice
