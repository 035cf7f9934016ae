// Notifier: tells the service manager how it goes, as sd_notify(3) describes it. Opened before the sandbox
// closes, since no socket can be made afterwards; libsystemd opens one for each message, and brings five
// libraries along. Without a manager it says nothing. One thread; never waits.
#pragma once

#include <optional>
#include <string_view>

#include "dataplane/channel/socket.hpp"
#include "rules/base/clock.hpp"

namespace sluice {

class Notifier {
 public:
  // The values of NOTIFY_SOCKET and WATCHDOG_USEC; null when the environment has none.
  Notifier(const char* socket, const char* watchdog_microseconds);

  void ready() noexcept { send("READY=1"); }
  void stopping() noexcept { send("STOPPING=1"); }

  // To be called often. While `alive` was true of late, the manager's watchdog is told so, twice in its time.
  void alive(Time now, Time alive) noexcept;

 private:
  void send(std::string_view message) noexcept;

  channel::Descriptor socket_;
  Duration watchdog_;  // zero: none
  std::optional<Time> told_;
};

}  // namespace sluice
