// A file in memory, for fuzz targets of code that opens files by name. Ends the process when there can be
// none.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "rules/base/fuzz.hpp"

namespace sluice::fuzz {

class File {
 public:
  explicit File(const char* name)
      : fd_{memfd_create(name, MFD_CLOEXEC)}, path_{"/proc/self/fd/" + std::to_string(fd_)} {
    expect(fd_ >= 0, "a file in memory can be made");
  }
  void hold(ByteView bytes) const {
    expect(ftruncate(fd_, 0) == 0 &&
               pwrite(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
           "a file in memory can be written");
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  int fd_;
  std::string path_;
};

}  // namespace sluice::fuzz
