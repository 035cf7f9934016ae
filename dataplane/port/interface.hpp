// What a port has to know of a kernel interface, and the filter that closes the traps of packet sockets. Main
// thread, before the sandbox closes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/base/result.hpp"

namespace sluice {

struct Interface {
  std::uint32_t index = 0;
  std::uint32_t mtu = 0;
};
Result<Interface> find_interface(const std::string& name);

// Puts a filter on every packet socket of this process that is bound to `interface`. Frames that the host
// itself sends are not received; of a frame longer than `most` bytes, or with an outer tag other than 802.1Q
// (which the driver would write back as 802.1Q), one byte is handed over. The sockets; an error when there is
// none.
Result<std::vector<int>> filter_packet_sockets(const std::string& name, const Interface& interface,
                                               std::uint32_t most);

// Frames that a packet socket lost for want of room since this was asked last.
std::uint64_t take_lost(int packet_socket) noexcept;

}  // namespace sluice
