#include "control/netlink/socket.hpp"

#include <poll.h>

#include <cerrno>
#include <vector>

#include "dataplane/channel/socket.hpp"

namespace sluice::netlink {
namespace {

int give(const nlmsghdr* message, void* take) {
  const auto& function = *static_cast<const Socket::Take*>(take);
  if (function) function(*message);
  return MNL_CB_OK;
}

}  // namespace

Result<Socket> Socket::open(int bus) {
  Socket socket{mnl_socket_open2(bus, SOCK_CLOEXEC)};
  if (socket.socket_ == nullptr) return failure(channel::errno_text("netlink socket"));
  if (mnl_socket_bind(socket.socket_.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
    return failure(channel::errno_text("netlink bind"));
  }
  // Refusals come with the kernel's own words where it has some; errno is enough for us, long answers are
  // not.
  int on = 1;
  (void)mnl_socket_setsockopt(socket.socket_.get(), NETLINK_CAP_ACK, &on, sizeof on);
  return socket;
}

Result<void> Socket::ask(const Message& message, const Take& take) {
  auto* const header = message.get();
  header->nlmsg_seq = ++sequence_;
  header->nlmsg_flags |= NLM_F_ACK;
  last_errno_ = 0;
  if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) {
    last_errno_ = errno;
    return failure(channel::errno_text("netlink send"));
  }
  std::vector<char> buffer(64U * 1024U);
  for (;;) {
    pollfd entry{mnl_socket_get_fd(socket_.get()), POLLIN, 0};
    const int ready = poll(&entry, 1, kPatienceMs);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return failure("the kernel does not answer over netlink");
    const auto size = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (size < 0) {
      last_errno_ = errno;
      return failure(channel::errno_text("netlink receive"));
    }
    const int more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), header->nlmsg_seq,
                                mnl_socket_get_portid(socket_.get()), give, const_cast<Take*>(&take));
    if (more < 0) {
      last_errno_ = errno;
      return failure(channel::errno_text("netlink"));
    }
    if (more == MNL_CB_STOP) return {};
  }
}

}  // namespace sluice::netlink
