#include "control/events/feed.hpp"

#include <algorithm>

namespace sluice::events {

void Feed::add(std::string line) {
  const std::lock_guard lock{lock_};
  bytes_ += line.size();
  lines_.push_back(std::move(line));
  while (lines_.size() > kMostLines || bytes_ > kMostBytes) {
    bytes_ -= lines_.front().size();
    lines_.pop_front();
    ++first_;
  }
}

Feed::Page Feed::read(std::uint64_t from, std::size_t most) const {
  const std::lock_guard lock{lock_};
  Page page;
  const auto end = first_ + lines_.size();
  page.next = std::min(std::max(from, first_), end);
  page.missed = from < first_ ? first_ - from : 0;
  while (page.next < end && page.lines.size() < most) {
    page.lines += lines_[static_cast<std::size_t>(page.next - first_)];
    page.lines += '\n';
    ++page.next;
  }
  return page;
}

std::uint64_t Feed::before_end(std::uint64_t last) const {
  const std::lock_guard lock{lock_};
  return first_ + lines_.size() - std::min<std::uint64_t>(last, lines_.size());
}

}  // namespace sluice::events
