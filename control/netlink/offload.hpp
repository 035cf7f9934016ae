// Offloads: what the kernel or the card does to frames before or after the program sees them. Those that
// merge, split or finish frames later break inspection: what is read is not what was on the wire, or what is
// sent is not yet whole. Through ethtool's generic netlink family (Linux 5.6).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "control/netlink/link.hpp"

namespace sluice::netlink {

// The kernel's names of those that must be off.
bool breaks_inspection(std::string_view feature) noexcept;

struct Features {
  std::map<std::string, bool, std::less<>> active;
};

class Ethtool {
 public:
  static Result<Ethtool> open();

  Result<Features> features(const Link& link);
  Result<void> turn_off(const Link& link, const std::vector<std::string>& names);

 private:
  Ethtool(Socket socket, std::uint16_t family) noexcept : socket_{std::move(socket)}, family_{family} {}

  Socket socket_;
  std::uint16_t family_;
};

// Of those that break inspection, the ones that are on.
std::vector<std::string> unwanted(const Features& features);

}  // namespace sluice::netlink
