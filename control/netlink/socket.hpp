// One netlink socket: a request, and all that answers it. Blocks at most kPatience for each answer. One
// thread; not copied.
#pragma once

#include <libmnl/libmnl.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>

#include "rules/base/result.hpp"

namespace sluice::netlink {

inline constexpr std::size_t kMessageRoom = 8192;
inline constexpr int kPatienceMs = 5000;

// A request under construction. Attributes are added with mnl_attr_put… to get().
class Message {
 public:
  Message(std::uint16_t type, std::uint16_t flags) : header_{mnl_nlmsg_put_header(room_->data())} {
    header_->nlmsg_type = type;
    header_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  }
  [[nodiscard]] nlmsghdr* get() const noexcept { return header_; }
  // The family's own header behind the netlink header, zeroed.
  template <class Extra>
  Extra& extra() {
    return *static_cast<Extra*>(mnl_nlmsg_put_extra_header(header_, sizeof(Extra)));
  }

 private:
  std::unique_ptr<std::array<char, kMessageRoom>> room_ = std::make_unique<std::array<char, kMessageRoom>>();
  nlmsghdr* header_;
};

class Socket {
 public:
  static Result<Socket> open(int bus);  // NETLINK_ROUTE, NETLINK_GENERIC

  using Take = std::function<void(const nlmsghdr&)>;
  // Sends, and gives every answering message to `take` until the end or the acknowledgement. last_errno()
  // tells a refusal.
  Result<void> ask(const Message& message, const Take& take = {});
  [[nodiscard]] int last_errno() const noexcept { return last_errno_; }

 private:
  struct Close {
    void operator()(mnl_socket* socket) const noexcept { mnl_socket_close(socket); }
  };
  explicit Socket(mnl_socket* socket) noexcept : socket_{socket} {}

  std::unique_ptr<mnl_socket, Close> socket_;
  std::uint32_t sequence_ = 0;
  int last_errno_ = 0;
};

template <class Take>
int give_attribute(const nlattr* attribute, void* take) {
  (*static_cast<std::remove_reference_t<Take>*>(take))(*attribute);
  return MNL_CB_OK;
}

// Calls `take` for each attribute behind a family header of `extra` bytes.
template <class Take>
void each_attribute(const nlmsghdr& message, std::size_t extra, Take&& take) {
  (void)mnl_attr_parse(&message, static_cast<unsigned>(extra), give_attribute<Take>, &take);
}
template <class Take>
void each_nested(const nlattr& parent, Take&& take) {
  (void)mnl_attr_parse_nested(&parent, give_attribute<Take>, &take);
}

}  // namespace sluice::netlink
