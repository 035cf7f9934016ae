#include "dataplane/app/notifier.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace sluice {

Notifier::Notifier(const char* socket, const char* watchdog_microseconds) {
  const std::string_view path = socket == nullptr ? "" : socket;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return;
  std::ranges::copy(path, address.sun_path);
  if (path.front() == '@') address.sun_path[0] = '\0';  // a name that is no file
  channel::Descriptor opened{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (connect(opened.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return;
  socket_ = std::move(opened);
  const std::string_view time = watchdog_microseconds == nullptr ? "" : watchdog_microseconds;
  std::uint64_t microseconds = 0;
  std::from_chars(time.data(), time.data() + time.size(), microseconds);
  watchdog_ = {std::min<std::uint64_t>(microseconds, 86'400'000'000U) * 1000U};
}

void Notifier::alive(Time now, Time alive) noexcept {
  if (watchdog_.ns == 0 || now - alive >= Duration{watchdog_.ns / 2}) return;
  if (told_ && now - *told_ < Duration{watchdog_.ns / 2}) return;
  told_ = now;
  send("WATCHDOG=1");
}

void Notifier::send(std::string_view message) noexcept {
  if (socket_.open()) (void)::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL);
}

}  // namespace sluice
