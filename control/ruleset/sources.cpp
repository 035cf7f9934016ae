#include "control/ruleset/sources.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace sluice {
namespace {

void cannot(const std::string& path, std::string_view what, Diagnostics& diagnostics) {
  diagnostics.add({path}, "can't be read: " + std::string{what}, "name a .toml file, or a directory of them");
}

void read_file(int directory, const std::string& name, const std::string& shown, std::size_t& left,
               std::vector<compile::Source>& sources, Diagnostics& diagnostics) {
  // Nonblocking, so that a pipe without a writer can't stop us before we know that it is one.
  const int fd = openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    cannot(shown, fd < 0 ? std::strerror(errno) : "not a file", diagnostics);
    if (fd >= 0) close(fd);
    return;
  }
  compile::Source source{shown, {}};
  std::string block(std::size_t{1} << 16, '\0');
  ssize_t count = 0;
  while ((count = read(fd, block.data(), block.size())) > 0) {
    if (static_cast<std::size_t>(count) > left) {
      cannot(shown, "the configuration has more than " + std::to_string(compile::kMostText) + " bytes",
             diagnostics);
      break;
    }
    left -= static_cast<std::size_t>(count);
    source.text.append(block, 0, static_cast<std::size_t>(count));
  }
  if (count < 0) cannot(shown, std::strerror(errno), diagnostics);
  close(fd);
  sources.push_back(std::move(source));
}

}  // namespace

std::vector<compile::Source> read_sources(const std::string& path, Diagnostics& diagnostics) {
  std::vector<compile::Source> sources;
  std::size_t left = compile::kMostText;
  struct stat status {};
  if (path.empty() || stat(path.c_str(), &status) != 0) {
    cannot(path, path.empty() ? "no name" : std::strerror(errno), diagnostics);
    return sources;
  }
  if (!S_ISDIR(status.st_mode)) {
    read_file(AT_FDCWD, path, path, left, sources, diagnostics);
    return sources;
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> directory{opendir(path.c_str()), closedir};
  if (directory == nullptr) {
    cannot(path, std::strerror(errno), diagnostics);
    return sources;
  }
  std::vector<std::string> names;
  while (const auto* entry = readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name.starts_with('.') || !name.ends_with(".toml")) continue;
    if (fstatat(dirfd(directory.get()), name.c_str(), &status, 0) == 0 && S_ISDIR(status.st_mode)) continue;
    names.push_back(name);
    if (names.size() > compile::kMostSources) break;
  }
  if (names.empty()) cannot(path, "no .toml file in it", diagnostics);
  if (names.size() > compile::kMostSources) {
    cannot(path, "more than " + std::to_string(compile::kMostSources) + " files", diagnostics);
    return sources;
  }
  std::sort(names.begin(), names.end());
  const std::string prefix = path.ends_with('/') ? path : path + "/";
  for (const auto& name : names)
    read_file(dirfd(directory.get()), name, prefix + name, left, sources, diagnostics);
  return sources;
}

}  // namespace sluice
