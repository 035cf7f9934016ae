// Disk: what the store of generations does to the file system, step by step. Each step is durable when it
// returns. A test may look at every step before it happens, make it fail, or end the process there. One
// thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "rules/base/bytes.hpp"
#include "rules/base/result.hpp"

namespace sluice {

class Disk {
 public:
  // Called before each step with its name; a value other than 0 is the errno with which the step fails.
  using Watch = std::function<int(std::string_view step)>;

  Disk() = default;
  explicit Disk(Watch watch) : watch_{std::move(watch)} {}

  // 0700; fine when it is there.
  Result<void> make_folder(const std::string& path) const;
  // A new file, 0600, written to its end and synced. One that is there is an error.
  Result<void> write_new(const std::string& path, ByteView content) const;
  Result<void> rename(const std::string& from, const std::string& to) const;
  Result<void> link(const std::string& target, const std::string& path) const;  // symbolic
  Result<void> sync_folder(const std::string& path) const;
  // With all that is in it; fine when it is not there. Symbolic links are not followed.
  Result<void> remove(const std::string& path) const;

 private:
  [[nodiscard]] Result<void> step(std::string_view name, const std::string& path) const;

  Watch watch_;
};

}  // namespace sluice
