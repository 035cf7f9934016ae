// Makes an interface fit to be a data port: up, promiscuous, of the MTU asked for, no offload that breaks
// inspection, no address and no IPv6 of the kernel's own, and reads back that it is so. Done again it changes
// nothing. In the network namespace of the caller.
#pragma once

#include "control/config/config.hpp"
#include "control/netlink/link.hpp"

namespace sluice::netlink {

struct Prepared {
  Link link;                         // as read back
  std::vector<std::string> changed;  // for the log
};

Result<Prepared> prepare(const config::Port& port);

}  // namespace sluice::netlink
