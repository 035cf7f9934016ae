#include "control/events/journal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice::events {

bool Journal::open(Time now) {
  if (file_.open()) return true;
  if (now < again_) return false;
  // O_NONBLOCK: a fifo without a reader must not hold the thread.
  file_ = channel::Descriptor{::open(path_.c_str(),
                                     O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                                     S_IRUSR | S_IWUSR | S_IRGRP)};
  if (!file_.open()) return false;
  const auto end = lseek(file_.get(), 0, SEEK_END);
  char last = '\n';
  torn_ = end > 0 && pread(file_.get(), &last, 1, end - 1) == 1 && last != '\n';
  return true;
}

void Journal::write(std::string_view lines, Time now) {
  if (lines.empty()) return;
  if (!open(now)) {
    if (now >= again_) error_ = channel::errno_text(path_);
    fail(lines, now);
    return;
  }
  if (torn_) {
    if (::write(file_.get(), "\n", 1) != 1) {
      error_ = channel::errno_text(path_);
      fail(lines, now);
      return;
    }
    torn_ = false;
  }
  while (!lines.empty()) {
    const auto wrote = ::write(file_.get(), lines.data(), lines.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      error_ = channel::errno_text(path_);
      fail(lines, now);
      return;
    }
    const auto part = lines.substr(0, static_cast<std::size_t>(wrote));
    written_ += static_cast<std::uint64_t>(std::ranges::count(part, '\n'));
    torn_ = part.back() != '\n';
    lines.remove_prefix(part.size());
  }
  error_.clear();
}

void Journal::fail(std::string_view lines, Time now) {
  lost_ += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
  file_.reset();
  if (now >= again_) again_ = now + seconds(1);
}

}  // namespace sluice::events
