#include "control/ruleset/sandbox.hpp"

#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sluice {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr std::array kAllowed = {
    SCMP_SYS(read),          SCMP_SYS(write),           SCMP_SYS(pwrite64),
    SCMP_SYS(ftruncate),     SCMP_SYS(close),           SCMP_SYS(brk),
    SCMP_SYS(mmap),          SCMP_SYS(munmap),          SCMP_SYS(mremap),
    SCMP_SYS(mprotect),      SCMP_SYS(madvise),         SCMP_SYS(futex),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),    SCMP_SYS(sched_yield),
    SCMP_SYS(getpid),        SCMP_SYS(gettid),          SCMP_SYS(tgkill),
    SCMP_SYS(rt_sigaction),  SCMP_SYS(rt_sigprocmask),  SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),   SCMP_SYS(restart_syscall), SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

}  // namespace

Result<void> limit_resources(const SandboxLimits& limits) {
  const auto set = [](auto resource, std::uint64_t value, std::uint64_t grace = 0) {
    const rlimit limit{value, value + grace};
    return setrlimit(resource, &limit) == 0;
  };
  const bool fine = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                    set(RLIMIT_CORE, 0) && set(RLIMIT_CPU, limits.cpu_seconds, 1) &&
                    set(RLIMIT_FSIZE, limits.file_size) && set(RLIMIT_NPROC, 0) && set(RLIMIT_NOFILE, 64) &&
                    (kSanitized || set(RLIMIT_AS, limits.memory));
  if (!fine) return failure(std::string{"the sandbox can't be made: "} + std::strerror(errno));
  return {};
}

Result<void> limit_system_calls() {
  const auto filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
  if (filter == nullptr) return failure("the sandbox can't be made: no memory");
  int error = 0;
  for (const int call : kAllowed) {
    if (error == 0) error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
  }
  if (error == 0) error = seccomp_load(filter);
  seccomp_release(filter);
  if (error != 0) return failure(std::string{"the sandbox can't be made: "} + std::strerror(-error));
  return {};
}

}  // namespace sluice
