#include "dataplane/app/notifier.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

namespace sluice {
namespace {

// A service manager that listens at an abstract name.
class Manager {
 public:
  Manager() : name_{"@sluice-notifier-test-" + std::to_string(getpid())} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name_.copy(address.sun_path, sizeof address.sun_path - 1);
    address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  const char* name() const { return name_.c_str(); }
  std::string heard() {
    std::array<char, 100> bytes{};
    const auto size = recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(bytes.data(), static_cast<std::size_t>(size));
  }

 private:
  std::string name_;
  channel::Descriptor socket_{socket(AF_UNIX, SOCK_DGRAM, 0)};
};

TEST(Notifier, tells_when_it_is_ready_and_when_it_stops) {
  Manager manager;
  Notifier notifier{manager.name(), nullptr};
  notifier.ready();
  notifier.stopping();
  EXPECT_EQ(manager.heard(), "READY=1");
  EXPECT_EQ(manager.heard(), "STOPPING=1");
}

TEST(Notifier, feeds_the_watchdog_twice_in_its_time_while_the_worker_lives) {
  Manager manager;
  Notifier notifier{manager.name(), "2000000"};
  Time now{seconds(10).ns};
  int told = 0;
  for (int i = 0; i < 100; ++i, now = now + milliseconds(100)) {
    notifier.alive(now, now);
    told += manager.heard() == "WATCHDOG=1" ? 1 : 0;
  }
  EXPECT_EQ(told, 10);
  const auto last = now;
  now = now + seconds(2);
  notifier.alive(now, last);
  EXPECT_EQ(manager.heard(), "") << "a worker that hangs is the watchdog's business";
}

TEST(Notifier, without_a_manager_says_nothing) {
  const std::string long_name(200, 'x');
  const std::array<const char*, 4> names = {nullptr, "", "/nonexistent/notify", long_name.c_str()};
  for (const char* name : names) {
    Notifier notifier{name, "abc"};
    notifier.ready();
    notifier.alive(Time{seconds(1).ns}, Time{seconds(1).ns});
  }
}

}  // namespace
}  // namespace sluice
