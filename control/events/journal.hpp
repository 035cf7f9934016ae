// Journal: the event file, a line an event. What can't be written (full or failing disk) is counted and gone:
// events wait for nobody. After an error it is opened anew, at most once a second, so that it goes on when
// the disk does. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/channel/socket.hpp"
#include "rules/base/clock.hpp"

namespace sluice::events {

class Journal {
 public:
  explicit Journal(std::string path) : path_{std::move(path)} {}

  // Whole lines, each with its end.
  void write(std::string_view lines, Time now);
  // The file was moved away: the next write makes a new one.
  void reopen() { file_.reset(); }

  [[nodiscard]] std::uint64_t written() const noexcept { return written_; }  // lines
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }
  [[nodiscard]] const std::string& error() const noexcept {
    return error_;
  }  // of the last write; empty: it went well

 private:
  bool open(Time now);
  void fail(std::string_view lines, Time now);

  std::string path_;
  channel::Descriptor file_;
  bool torn_ = false;  // the file may end within a line
  Time again_{};       // not to be opened before
  std::uint64_t written_ = 0;
  std::uint64_t lost_ = 0;
  std::string error_;
};

}  // namespace sluice::events
