// Feed: the last events, for those who follow. Bounded in lines and bytes; a follower that is too slow misses
// lines and is told how many. Any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace sluice::events {

class Feed {
 public:
  static constexpr std::size_t kMostLines = 4000;
  static constexpr std::size_t kMostBytes = 4U << 20U;

  void add(std::string line);  // without its end

  struct Page {
    std::string lines;         // each with its end
    std::uint64_t next = 0;    // where to go on
    std::uint64_t missed = 0;  // lines that were there to be read, and are gone
  };
  // Lines from number `from` on, about `most` bytes.
  [[nodiscard]] Page read(std::uint64_t from, std::size_t most) const;
  // The number of the line that is `last` before the next one.
  [[nodiscard]] std::uint64_t before_end(std::uint64_t last) const;

 private:
  mutable std::mutex lock_;
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t first_ = 0;  // number of lines_.front()
};

}  // namespace sluice::events
