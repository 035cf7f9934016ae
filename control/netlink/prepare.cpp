#include "control/netlink/prepare.hpp"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <unistd.h>

#include <cerrno>

#include "control/netlink/offload.hpp"
#include "dataplane/channel/socket.hpp"

namespace sluice::netlink {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

// Without it the kernel solicits routers and reports groups on the plant's wire as soon as the link is up.
Result<bool> silence_ipv6(const std::string& name) {
  const auto path = "/proc/sys/net/ipv6/conf/" + name + "/disable_ipv6";
  const channel::Descriptor file{open(path.c_str(), O_RDWR | O_CLOEXEC)};
  if (!file.open()) {
    if (errno == ENOENT) return false;  // a kernel without IPv6
    return failure(channel::errno_text(path));
  }
  char now = '0';
  if (read(file.get(), &now, 1) == 1 && now == '1') return false;
  if (pwrite(file.get(), "1", 1, 0) != 1) return failure(channel::errno_text(path));
  return true;
}

Result<void> check_mtu(const Link& link, const config::Port& port) {
  if (!port.mtu) return {};
  if ((link.least_mtu != 0 && *port.mtu < link.least_mtu) ||
      (link.most_mtu != 0 && *port.mtu > link.most_mtu)) {
    return failure("interface `" + link.name + "` can't have an MTU of " + std::to_string(*port.mtu),
                   "choose " + std::to_string(link.least_mtu) + " to " + std::to_string(link.most_mtu));
  }
  return {};
}

Result<Prepared> prepare_here(const config::Port& port) {
  auto route = Socket::open(NETLINK_ROUTE);
  if (!route) return tl::unexpected{route.error()};
  auto ethtool = Ethtool::open();
  if (!ethtool) return tl::unexpected{ethtool.error()};
  auto link = find_link(*route, port.name);
  if (!link) return tl::unexpected{link.error()};
  if (!link->master.empty()) {
    return failure("interface `" + port.name + "` belongs to " + link->master,
                   "take it out of the bridge or bond");
  }
  if (auto fine = check_mtu(*link, port); !fine) return tl::unexpected{fine.error()};

  Prepared prepared;
  auto silenced = silence_ipv6(port.name);
  if (!silenced) return tl::unexpected{silenced.error()};
  if (*silenced) prepared.changed.emplace_back("IPv6 off");
  const auto addresses = addresses_of(*route, *link);
  if (!addresses) return tl::unexpected{addresses.error()};
  if (!addresses->empty()) {
    return failure("interface `" + port.name + "` has the address " + joined(*addresses),
                   "a data port has none: remove it, or choose another interface");
  }

  auto features = ethtool->features(*link);
  if (!features) return tl::unexpected{features.error()};
  const auto off = unwanted(*features);
  if (auto done = ethtool->turn_off(*link, off); !done) return tl::unexpected{done.error()};
  if (!off.empty()) prepared.changed.push_back("off: " + joined(off));

  const LinkWish wish{true, true, port.mtu};
  const auto change = difference(*link, wish);
  if (auto done = apply(*route, *link, change); !done) return tl::unexpected{done.error()};
  if ((change.mask & IFF_UP) != 0) prepared.changed.emplace_back("up");
  if ((change.mask & IFF_PROMISC) != 0) prepared.changed.emplace_back("promiscuous");
  if (change.mtu) prepared.changed.push_back("MTU " + std::to_string(*change.mtu));

  auto now = find_link(*route, port.name);
  if (!now) return tl::unexpected{now.error()};
  if (!difference(*now, wish).empty())
    return failure("interface `" + port.name + "` does not keep what it was set to");
  features = ethtool->features(*now);
  if (!features) return tl::unexpected{features.error()};
  if (const auto left = unwanted(*features); !left.empty()) {
    return failure("interface `" + port.name + "` can't turn off " + joined(left),
                   "these offloads change frames before they are judged: use another card");
  }
  prepared.link = std::move(*now);
  return prepared;
}

}  // namespace

Result<Prepared> prepare(const config::Port& port) {
  auto prepared = prepare_here(port);
  if (!prepared && prepared.error().where.file.empty()) prepared.error().where = port.where;
  return prepared;
}

}  // namespace sluice::netlink
