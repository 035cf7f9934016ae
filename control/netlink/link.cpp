#include "control/netlink/link.hpp"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cerrno>
#include <cstring>

namespace sluice::netlink {

LinkChange difference(const Link& link, const LinkWish& wish) noexcept {
  LinkChange change;
  const auto want = [&](std::uint32_t flag, bool is, bool wished) noexcept {
    if (is == wished) return;
    change.mask |= flag;
    if (wished) change.flags |= flag;
  };
  want(IFF_UP, link.up, wish.up);
  want(IFF_PROMISC, link.promiscuous, wish.promiscuous);
  if (wish.mtu && *wish.mtu != link.mtu) change.mtu = wish.mtu;
  return change;
}

Result<Link> find_link(Socket& route, std::string_view name) {
  Message message{RTM_GETLINK, 0};
  message.extra<ifinfomsg>().ifi_family = AF_UNSPEC;
  const std::string terminated{name};
  mnl_attr_put_strz(message.get(), IFLA_IFNAME, terminated.c_str());
  Link link;
  auto done = route.ask(message, [&](const nlmsghdr& answer) {
    if (answer.nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(&answer) < sizeof(ifinfomsg)) return;
    const auto& info = *static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&answer));
    link.index = info.ifi_index;
    link.up = (info.ifi_flags & IFF_UP) != 0;
    link.promiscuous = (info.ifi_flags & IFF_PROMISC) != 0;
    link.carrier = (info.ifi_flags & IFF_RUNNING) != 0;
    each_attribute(answer, sizeof info, [&](const nlattr& attribute) {
      const auto number = [&] {
        return mnl_attr_validate(&attribute, MNL_TYPE_U32) < 0 ? 0 : mnl_attr_get_u32(&attribute);
      };
      switch (mnl_attr_get_type(&attribute)) {
        case IFLA_IFNAME:
          if (mnl_attr_validate(&attribute, MNL_TYPE_NUL_STRING) >= 0)
            link.name = mnl_attr_get_str(&attribute);
          break;
        case IFLA_ADDRESS:
          if (mnl_attr_get_payload_len(&attribute) == link.mac.size()) {
            std::memcpy(link.mac.data(), mnl_attr_get_payload(&attribute), link.mac.size());
          }
          break;
        case IFLA_MTU:
          link.mtu = number();
          break;
        case IFLA_MIN_MTU:
          link.least_mtu = number();
          break;
        case IFLA_MAX_MTU:
          link.most_mtu = number();
          break;
        case IFLA_MASTER:
          link.master = "interface " + std::to_string(number());
          break;
        default:
          break;
      }
    });
  });
  if (!done) {
    if (route.last_errno() == ENODEV) {
      return failure("there is no interface `" + std::string{name} + '`',
                     "`ip link` lists those of this box");
    }
    return tl::unexpected{done.error()};
  }
  if (link.index == 0) return failure("the kernel does not describe interface `" + std::string{name} + '`');
  return link;
}

Result<void> apply(Socket& route, const Link& link, const LinkChange& change) {
  if (change.empty()) return {};
  Message message{RTM_NEWLINK, 0};
  auto& info = message.extra<ifinfomsg>();
  info.ifi_family = AF_UNSPEC;
  info.ifi_index = link.index;
  info.ifi_flags = change.flags;
  info.ifi_change = change.mask;
  if (change.mtu) mnl_attr_put_u32(message.get(), IFLA_MTU, *change.mtu);
  auto done = route.ask(message);
  if (!done) {
    return failure("interface `" + link.name + "` can't be changed: " + done.error().text(),
                   route.last_errno() == EPERM ? "run as root or with CAP_NET_ADMIN" : "");
  }
  return {};
}

Result<std::vector<std::string>> addresses_of(Socket& route, const Link& link) {
  Message message{RTM_GETADDR, NLM_F_DUMP};
  message.extra<ifaddrmsg>().ifa_family = AF_UNSPEC;
  std::vector<std::string> out;
  auto done = route.ask(message, [&](const nlmsghdr& answer) {
    if (answer.nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(&answer) < sizeof(ifaddrmsg)) return;
    const auto& info = *static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(&answer));
    if (static_cast<int>(info.ifa_index) != link.index) return;
    each_attribute(answer, sizeof info, [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) != IFA_ADDRESS) return;
      const std::size_t wanted = info.ifa_family == AF_INET ? 4 : 16;
      std::array<char, INET6_ADDRSTRLEN> text{};
      if (mnl_attr_get_payload_len(&attribute) == wanted &&
          inet_ntop(info.ifa_family, mnl_attr_get_payload(&attribute), text.data(), text.size()) != nullptr) {
        out.emplace_back(text.data());
      }
    });
  });
  if (!done) return tl::unexpected{done.error()};
  return out;
}

}  // namespace sluice::netlink
