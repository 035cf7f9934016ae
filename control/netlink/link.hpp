// An interface of the kernel: how it is, how it is wished, and the difference, which becomes one message.
// difference() is pure; find() and apply() talk to the kernel.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/netlink/socket.hpp"

namespace sluice::netlink {

struct Link {
  int index = 0;
  std::string name;
  std::array<std::uint8_t, 6> mac{};
  std::uint32_t mtu = 0;
  std::uint32_t least_mtu = 0;  // 0: the driver doesn't say
  std::uint32_t most_mtu = 0;
  bool up = false;
  bool promiscuous = false;
  bool carrier = false;
  std::string master;  // "bridge", "bond": another owner; empty: none
};

struct LinkWish {
  bool up = true;
  bool promiscuous = true;
  std::optional<std::uint32_t> mtu;
};

struct LinkChange {
  std::uint32_t flags = 0;  // IFF_… to set to 1 where `mask` has 1
  std::uint32_t mask = 0;
  std::optional<std::uint32_t> mtu;
  [[nodiscard]] bool empty() const noexcept { return mask == 0 && !mtu; }
};
LinkChange difference(const Link& link, const LinkWish& wish) noexcept;

Result<Link> find_link(Socket& route, std::string_view name);
Result<void> apply(Socket& route, const Link& link, const LinkChange& change);

// Addresses of the interface, as text.
Result<std::vector<std::string>> addresses_of(Socket& route, const Link& link);

}  // namespace sluice::netlink
