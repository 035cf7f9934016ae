#include "dataplane/port/interface.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace sluice {
namespace {

bool is_packet_socket_of(int fd, std::uint32_t index) noexcept {
  int domain = 0;
  socklen_t size = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_PACKET) return false;
  sockaddr_ll address{};
  size = sizeof address;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         static_cast<std::uint32_t>(address.sll_ifindex) == index;
}

std::vector<int> open_files() {
  std::vector<int> found;
  const auto close = [](DIR* directory) { closedir(directory); };
  const std::unique_ptr<DIR, decltype(close)> directory{opendir("/proc/self/fd"), close};
  if (directory == nullptr) return found;
  while (const auto* entry = readdir(directory.get())) {
    if (entry->d_name[0] != '.') found.push_back(std::atoi(entry->d_name));
  }
  return found;
}

constexpr std::uint32_t ancillary(int what) noexcept { return static_cast<std::uint32_t>(SKF_AD_OFF + what); }

}  // namespace

Result<Interface> find_interface(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ || name.find_first_of(",=/ ") != std::string::npos) {
    return failure("\"" + name + "\" can't be the name of a network interface");
  }
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure(std::string{"no socket to ask for interfaces: "} + std::strerror(errno));
  const bool indexed = ioctl(fd, SIOCGIFINDEX, &request) == 0;
  const auto index = static_cast<std::uint32_t>(request.ifr_ifindex);
  const bool measured = indexed && ioctl(fd, SIOCGIFMTU, &request) == 0;
  const auto mtu = static_cast<std::uint32_t>(request.ifr_mtu);
  close(fd);
  if (!measured)
    return failure("there is no network interface \"" + name + "\"", "see `ip link` for those there are");
  return Interface{index, mtu};
}

Result<std::vector<int>> filter_packet_sockets(const std::string& name, const Interface& interface,
                                               std::uint32_t most) {
  // A jump counts from the instruction behind it.
  std::array<sock_filter, 11> code = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ancillary(SKF_AD_PKTTYPE)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 8, 0),                              // to: nothing
      BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, most, 5, 0),  // to: one byte
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ancillary(SKF_AD_VLAN_TAG_PRESENT)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0),  // to: whole
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ancillary(SKF_AD_VLAN_TPID)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_8021Q, 0, 1),  // to: whole, one byte
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),                   // whole
      BPF_STMT(BPF_RET | BPF_K, 1),                            // one byte
      BPF_STMT(BPF_RET | BPF_K, 0),                            // nothing
  }};
  const sock_fprog program{code.size(), code.data()};
  std::vector<int> filtered;
  for (const int fd : open_files()) {
    if (!is_packet_socket_of(fd, interface.index)) continue;
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
      return failure("no filter on the packet socket of \"" + name + "\": " + std::strerror(errno));
    }
    filtered.push_back(fd);
  }
  if (filtered.empty()) return failure("net_af_packet opened no packet socket on \"" + name + "\"");
  return filtered;
}

std::uint64_t take_lost(int packet_socket) noexcept {
  tpacket_stats lost{};  // the kernel starts again from zero
  socklen_t size = sizeof lost;
  return getsockopt(packet_socket, SOL_PACKET, PACKET_STATISTICS, &lost, &size) == 0 ? lost.tp_drops : 0;
}

}  // namespace sluice
