#include "control/netlink/offload.hpp"

#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sluice::netlink {
namespace {

// As `ethtool -k` of the kernel's names (net/ethtool/common.c, netdev_features_strings).
constexpr std::array<std::string_view, 24> kUnwanted = {
    "tx-checksum-ipv4",  // frames would leave, or reach us over a veth, with unfinished checksums
    "tx-checksum-ipv6",
    "tx-checksum-ip-generic",
    "tx-checksum-sctp",
    "tx-checksum-fcoe-crc",
    "tx-generic-segmentation",  // several frames in one
    "tx-tcp-segmentation",
    "tx-tcp6-segmentation",
    "tx-tcp-ecn-segmentation",
    "tx-tcp-mangleid-segmentation",
    "tx-udp-segmentation",
    "tx-sctp-segmentation",
    "tx-gso-list",
    "tx-gso-partial",
    "rx-gro",
    "rx-gro-hw",
    "rx-gro-list",
    "rx-udp-gro-forwarding",
    "rx-lro",
    "rx-vlan-hw-parse",  // tags beside the frame instead of in it
    "rx-vlan-stag-hw-parse",
    "tx-vlan-hw-insert",
    "tx-vlan-stag-hw-insert",
    "tx-scatter-gather-fraglist",
};

void put_request(Message& message, std::uint8_t command, const Link& link, std::uint16_t header_type) {
  auto& extra = message.extra<genlmsghdr>();
  extra.cmd = command;
  extra.version = ETHTOOL_GENL_VERSION;
  auto* const header = mnl_attr_nest_start(message.get(), header_type);
  mnl_attr_put_u32(message.get(), ETHTOOL_A_HEADER_DEV_INDEX, static_cast<std::uint32_t>(link.index));
  mnl_attr_nest_end(message.get(), header);
}

void read_bits(const nlattr& bitset, Features& out) {
  each_nested(bitset, [&](const nlattr& bits) {
    if (mnl_attr_get_type(&bits) != ETHTOOL_A_BITSET_BITS) return;
    each_nested(bits, [&](const nlattr& bit) {
      std::string name;
      each_nested(bit, [&](const nlattr& part) {
        if (mnl_attr_get_type(&part) == ETHTOOL_A_BITSET_BIT_NAME &&
            mnl_attr_validate(&part, MNL_TYPE_NUL_STRING) >= 0) {
          name = mnl_attr_get_str(&part);
        }
      });
      if (!name.empty()) out.active[name] = true;
    });
  });
}

}  // namespace

bool breaks_inspection(std::string_view feature) noexcept {
  return std::ranges::find(kUnwanted, feature) != kUnwanted.end();
}

std::vector<std::string> unwanted(const Features& features) {
  std::vector<std::string> out;
  for (const auto& [name, on] : features.active) {
    if (on && breaks_inspection(name)) out.push_back(name);
  }
  return out;
}

Result<Ethtool> Ethtool::open() {
  auto socket = Socket::open(NETLINK_GENERIC);
  if (!socket) return tl::unexpected{socket.error()};
  Message message{GENL_ID_CTRL, 0};
  auto& extra = message.extra<genlmsghdr>();
  extra.cmd = CTRL_CMD_GETFAMILY;
  extra.version = 1;
  mnl_attr_put_strz(message.get(), CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME);
  std::uint16_t family = 0;
  auto done = socket->ask(message, [&](const nlmsghdr& answer) {
    each_attribute(answer, sizeof(genlmsghdr), [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) == CTRL_ATTR_FAMILY_ID &&
          mnl_attr_validate(&attribute, MNL_TYPE_U16) >= 0) {
        family = mnl_attr_get_u16(&attribute);
      }
    });
  });
  if (!done || family == 0) {
    return failure("this kernel has no ethtool over netlink",
                   "use Linux 5.6 or later with CONFIG_ETHTOOL_NETLINK");
  }
  return Ethtool{std::move(*socket), family};
}

Result<Features> Ethtool::features(const Link& link) {
  Message message{family_, 0};
  put_request(message, ETHTOOL_MSG_FEATURES_GET, link, ETHTOOL_A_FEATURES_HEADER);
  Features features;
  auto done = socket_.ask(message, [&](const nlmsghdr& answer) {
    each_attribute(answer, sizeof(genlmsghdr), [&](const nlattr& attribute) {
      // A bitset of values without a mask lists the bits that are set.
      if (mnl_attr_get_type(&attribute) == ETHTOOL_A_FEATURES_ACTIVE) read_bits(attribute, features);
    });
  });
  if (!done) return failure("the offloads of `" + link.name + "` can't be read: " + done.error().text());
  return features;
}

Result<void> Ethtool::turn_off(const Link& link, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  Message message{family_, 0};
  put_request(message, ETHTOOL_MSG_FEATURES_SET, link, ETHTOOL_A_FEATURES_HEADER);
  auto* const wanted = mnl_attr_nest_start(message.get(), ETHTOOL_A_FEATURES_WANTED);
  auto* const bits = mnl_attr_nest_start(message.get(), ETHTOOL_A_BITSET_BITS);
  for (const auto& name : names) {
    // Named and without ETHTOOL_A_BITSET_BIT_VALUE: to be off.
    auto* const bit = mnl_attr_nest_start(message.get(), ETHTOOL_A_BITSET_BITS_BIT);
    mnl_attr_put_strz(message.get(), ETHTOOL_A_BITSET_BIT_NAME, name.c_str());
    mnl_attr_nest_end(message.get(), bit);
  }
  mnl_attr_nest_end(message.get(), bits);
  mnl_attr_nest_end(message.get(), wanted);
  auto done = socket_.ask(message);
  if (!done) {
    return failure("the offloads of `" + link.name + "` can't be turned off: " + done.error().text(),
                   socket_.last_errno() == EPERM ? "run as root or with CAP_NET_ADMIN" : "");
  }
  return {};
}

}  // namespace sluice::netlink
