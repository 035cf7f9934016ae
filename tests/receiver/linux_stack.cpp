// The kernel's TCP, in a network namespace that this process makes for itself and that ends with it. Frames
// go in and out by a TAP device; the kernel works on a frame before write() returns, so no waiting is needed.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "tests/receiver/stack.hpp"

namespace sluice::receiver {
namespace {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_{number} {}
  Descriptor(Descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int operator*() const { return number_; }
  [[nodiscard]] bool open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

class Linux final : public Stack {
 public:
  bool start(std::string& why) {
    if (::unshare(CLONE_NEWNET) != 0) {
      why = std::string{"no network namespace: "} + std::strerror(errno);
      return false;
    }
    tap_ = Descriptor{::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)};
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    std::strncpy(request.ifr_name, "tap0", IFNAMSIZ - 1);
    if (!tap_.open() || ::ioctl(*tap_, TUNSETIFF, &request) != 0) {
      why = std::string{"no TAP device: "} + std::strerror(errno);
      return false;
    }
    const char* const commands =
        "set -e; ip link set lo up; echo 1 > /proc/sys/net/ipv6/conf/tap0/disable_ipv6;"
        "echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter; echo 0 > /proc/sys/net/ipv4/conf/tap0/rp_filter;"
        "ip link set tap0 address 02:00:00:00:00:02 up; ip address add 10.0.1.2/24 dev tap0;"
        "ip neighbour add 10.0.1.1 lladdr 02:00:00:00:00:01 nud permanent dev tap0;"
        "ip route add 10.0.0.0/24 via 10.0.1.1";
    if (std::system(commands) != 0) {
      why = "the namespace can't be set up";
      return false;
    }
    for (Descriptor& listener : listeners_) {
      listener = Descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
      const int yes = 1;
      ::setsockopt(*listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(&listener == listeners_ ? kDecodedPort : kOpaquePort);
      address.sin_addr.s_addr = htonl(INADDR_ANY);
      if (::bind(*listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
          ::listen(*listener, 64) != 0) {
        why = std::string{"no listener: "} + std::strerror(errno);
        return false;
      }
    }
    return true;
  }

  void take(ByteView frame) override {
    while (::write(*tap_, frame.data(), frame.size()) < 0 && errno == EINTR) {
    }
  }

  bool next(std::vector<std::uint8_t>& frame) override {
    std::uint8_t bytes[2048];
    for (;;) {
      const auto length = ::read(*tap_, bytes, sizeof bytes);
      if (length < 0 && errno == EINTR) continue;
      if (length <= 0) return false;
      const bool tcp = length > 34 && bytes[12] == 8 && bytes[13] == 0 && bytes[23] == 6;
      if (!tcp) continue;
      frame.assign(bytes, bytes + length);
      return true;
    }
  }

  std::string read() override {
    accept();
    std::string all;
    char bytes[4096];
    while (connection_.open()) {
      const auto length = ::recv(*connection_, bytes, sizeof bytes, 0);
      if (length < 0 && errno == EINTR) continue;
      if (length > 0) {
        all.append(bytes, static_cast<std::size_t>(length));
        continue;
      }
      if (length == 0) ::shutdown(*connection_, SHUT_WR);
      break;
    }
    return all;
  }

  [[nodiscard]] std::uint64_t connections() const override { return connections_; }

  void write(ByteView bytes) override {
    if (connection_.open()) (void)!::send(*connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  void pass(std::uint64_t) override {}

  void abort() override {
    accept();
    if (!connection_.open()) return;
    const linger now{1, 0};
    ::setsockopt(*connection_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    connection_ = Descriptor{};
  }

 private:
  void accept() {
    for (const Descriptor& listener : listeners_) {
      Descriptor fresh{::accept4(*listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (!fresh.open()) continue;
      const int yes = 1;
      ::setsockopt(*fresh, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      connection_ = std::move(fresh);
      ++connections_;
    }
  }

  Descriptor tap_;
  Descriptor listeners_[2];
  Descriptor connection_;
  std::uint64_t connections_ = 0;
};

}  // namespace

std::unique_ptr<Stack> make_linux(std::string& why) {
  auto stack = std::make_unique<Linux>();
  if (!stack->start(why)) return nullptr;
  return stack;
}

}  // namespace sluice::receiver
