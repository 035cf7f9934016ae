#include "control/ruleset/compile_child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>

#include "control/ruleset/report.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/view.hpp"

namespace sluice {
namespace {

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_{fd} {}
  ~Fd() { reset(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  void reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string program_of(const CompileOptions& options) {
  if (!options.program.empty()) return options.program;
  std::array<char, PATH_MAX> self{};
  const auto length = readlink("/proc/self/exe", self.data(), self.size());
  if (length <= 0) return "sluice-compile";
  const std::string path{self.data(), static_cast<std::size_t>(length)};
  return path.substr(0, path.find_last_of('/') + 1) + "sluice-compile";
}

using Deadline = std::chrono::steady_clock::time_point;

bool readable(int fd, Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd event{fd, POLLIN, 0};
    const int ready = poll(&event, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

class Child {
 public:
  Child() = default;
  ~Child() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    (void)wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // 0 or an errno.
  int start(const std::string& program, const std::string& path, int image, int report) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, image, kCompileImageFd);
    posix_spawn_file_actions_adddup2(&files, report, kCompileReportFd);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::string name = "sluice-compile";
    std::string dashes = "--";
    std::string argument = path;
    std::array<char*, 4> arguments = {name.data(), dashes.data(), argument.data(), nullptr};
    // Nothing of our environment is the child's business, and a key might be in it.
    std::string language = "LC_ALL=C.UTF-8";
    std::array<char*, 2> environment = {language.data(), nullptr};
    const int error =
        posix_spawn(&pid_, program.c_str(), &files, &attributes, arguments.data(), environment.data());
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) pid_ = -1;
    return error;
  }

  // Waits for its end without taking it.
  [[nodiscard]] bool ended(Deadline deadline) const {
    const Fd process{static_cast<int>(syscall(SYS_pidfd_open, pid_, 0))};
    return process.get() >= 0 && readable(process.get(), deadline);
  }

  // The status of waitpid.
  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  void end() const { kill(pid_, SIGKILL); }

 private:
  pid_t pid_ = -1;
};

// A descriptor above those that the child gets, so that moving one there can't overwrite the other.
int above(int fd) {
  const int moved = fcntl(fd, F_DUPFD_CLOEXEC, 10);
  close(fd);
  return moved;
}

// Reads until the child closes its end. False when there was too much, or not in time.
bool drain(int fd, Deadline deadline, std::string& text) {
  std::array<char, 65536> block{};
  for (;;) {
    if (!readable(fd, deadline)) return false;
    const auto count = read(fd, block.data(), block.size());
    if (count == 0) return true;
    if (count < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    if (text.size() + static_cast<std::size_t>(count) > kMostReport) return false;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
}

bool read_image(int fd, std::vector<std::uint8_t>& image) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || status.st_size <= 0 ||
      static_cast<std::uint64_t>(status.st_size) > image::kMostBytes)
    return false;
  image.resize(static_cast<std::size_t>(status.st_size));
  for (std::size_t at = 0; at < image.size();) {
    const auto count = pread(fd, image.data() + at, image.size() - at, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += static_cast<std::size_t>(count);
  }
  return true;
}

std::string death(int status) {
  if (WIFSIGNALED(status)) {
    switch (WTERMSIG(status)) {
      case SIGXCPU:
        return "used up its time";
      case SIGSYS:
        return "was stopped by its sandbox";
      case SIGABRT:
      case SIGKILL:
        return "was stopped, perhaps for its use of memory";
      default:
        return std::string{"died: "} + strsignal(WTERMSIG(status));
    }
  }
  return "ended with code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

std::optional<CompiledImage> compile_in_child(const std::string& path, Schemas schemas,
                                              const CompileOptions& options, Diagnostics& diagnostics) {
  const auto failed = [&](std::string what, std::string remedy = {}) {
    diagnostics.add({}, std::move(what), std::move(remedy));
    return std::nullopt;
  };
  const auto program = program_of(options);
  Fd memory{above(memfd_create("sluice-image", MFD_CLOEXEC))};
  std::array<int, 2> ends = {-1, -1};
  if (memory.get() < 0 || pipe2(ends.data(), O_CLOEXEC) != 0) {
    return failed(std::string{"the compiler can't be started: "} + std::strerror(errno));
  }
  const Fd reading{above(ends[0])};
  Fd writing{above(ends[1])};
  Child child;
  if (const int error = child.start(program, path, memory.get(), writing.get()); error != 0) {
    return failed("the compiler can't be started: " + program + ": " + std::strerror(error),
                  "install Sluice's programs in one directory");
  }
  writing.reset();

  const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds{options.timeout.ns};
  std::string text;
  const bool in_time = drain(reading.get(), deadline, text) && child.ended(deadline);
  if (!in_time) child.end();
  const int status = child.wait();
  if (!in_time) {
    return failed("the compiler took more than " + std::to_string(options.timeout.ns / 1'000'000'000U) +
                      " s, or said more than it may",
                  "make the configuration smaller, or the patterns of its patches simpler");
  }
  const auto report = WIFEXITED(status) ? parse_report(text) : std::nullopt;
  if (!report) {
    return failed("the compiler " + death(status) + " without an answer",
                  "make the configuration smaller, or the patterns of its patches simpler");
  }
  for (const auto& error : report->diagnostics.errors()) diagnostics.add(error);
  if (!report->compiled) return std::nullopt;

  CompiledImage compiled;
  compiled.summary = report->summary;
  compiled.source_digest = report->source_digest;
  if (!read_image(memory.get(), compiled.image)) return failed("the compiler left no image");
  const auto aligned = image::AlignedBytes::copy(compiled.image);
  const auto view = image::ImageView::open(aligned.view(), schemas);
  if (!view) {
    diagnostics.add(view.error());
    return std::nullopt;
  }
  return compiled;
}

}  // namespace sluice
