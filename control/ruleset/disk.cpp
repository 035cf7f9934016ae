#include "control/ruleset/disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "dataplane/channel/socket.hpp"

namespace sluice {
namespace {

using channel::Descriptor;
using channel::errno_text;

constexpr std::size_t kChunk = std::size_t{1} << 20U;

}  // namespace

Result<void> Disk::step(std::string_view name, const std::string& path) const {
  if (!watch_) return {};
  errno = watch_(name);
  if (errno != 0) return failure(errno_text(path));
  return {};
}

Result<void> Disk::make_folder(const std::string& path) const {
  if (auto go = step("mkdir", path); !go) return go;
  if (mkdir(path.c_str(), S_IRWXU) == 0) return {};
  struct stat status {};
  const int error = errno;
  if (error == EEXIST && stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  errno = error;
  return failure(errno_text(path));
}

Result<void> Disk::write_new(const std::string& path, ByteView content) const {
  if (auto go = step("create", path); !go) return go;
  const Descriptor file{
      open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR)};
  if (!file.open()) return failure(errno_text(path));
  while (!content.empty()) {
    if (auto go = step("write", path); !go) return go;
    const auto wrote = write(file.get(), content.data(), std::min(content.size(), kChunk));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return failure(errno_text(path), errno == ENOSPC ? "make room on the disk" : "");
    content = content.subspan(static_cast<std::size_t>(wrote));
  }
  if (auto go = step("fsync", path); !go) return go;
  if (fsync(file.get()) != 0) return failure(errno_text(path));
  return {};
}

Result<void> Disk::rename(const std::string& from, const std::string& to) const {
  if (auto go = step("rename", to); !go) return go;
  if (std::rename(from.c_str(), to.c_str()) != 0) return failure(errno_text(to));
  return {};
}

Result<void> Disk::link(const std::string& target, const std::string& path) const {
  if (auto go = step("symlink", path); !go) return go;
  if (symlink(target.c_str(), path.c_str()) != 0) return failure(errno_text(path));
  return {};
}

Result<void> Disk::sync_folder(const std::string& path) const {
  if (auto go = step("fsync folder", path); !go) return go;
  const Descriptor folder{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.open() || fsync(folder.get()) != 0) return failure(errno_text(path));
  return {};
}

Result<void> Disk::remove(const std::string& path) const {
  if (auto go = step("remove", path); !go) return go;
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return failure(path + ": " + error.message());
  return {};
}

}  // namespace sluice
