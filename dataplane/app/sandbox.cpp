#include "dataplane/app/sandbox.hpp"

#include <cap-ng.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace sluice {

bool drop_capabilities() noexcept {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  capng_clear(CAPNG_SELECT_BOTH);
  // Who was given capabilities without being root may not empty the bounding set; without new privileges it
  // is nothing.
  return capng_apply(CAPNG_SELECT_BOTH) == 0 || capng_apply(CAPNG_SELECT_CAPS) == 0;
}

Result<void> close_sandbox() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return failure(std::string{"no way to give up new privileges: "} + std::strerror(errno));
  }
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return {};
#else
  // Rings of the drivers, the daemon's socket, clocks and sleeps, memory that can't be run, and the way out.
  constexpr std::array kAllowed = {
      SCMP_SYS(read),           SCMP_SYS(readv),         SCMP_SYS(write),        SCMP_SYS(writev),
      SCMP_SYS(pread64),        SCMP_SYS(lseek),         SCMP_SYS(close),        SCMP_SYS(fstat),
      SCMP_SYS(newfstatat),     SCMP_SYS(fcntl),         SCMP_SYS(poll),         SCMP_SYS(ppoll),
      SCMP_SYS(epoll_wait),     SCMP_SYS(epoll_pwait),   SCMP_SYS(epoll_ctl),    SCMP_SYS(recvfrom),
      SCMP_SYS(recvmsg),        SCMP_SYS(sendto),        SCMP_SYS(sendmsg),      SCMP_SYS(accept4),
      SCMP_SYS(getsockopt),     SCMP_SYS(shutdown),      SCMP_SYS(futex),        SCMP_SYS(clock_nanosleep),
      SCMP_SYS(nanosleep),      SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(sched_yield),
      SCMP_SYS(munmap),         SCMP_SYS(mremap),        SCMP_SYS(madvise),      SCMP_SYS(brk),
      SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),  SCMP_SYS(rt_sigaction), SCMP_SYS(tgkill),
      SCMP_SYS(getpid),         SCMP_SYS(gettid),        SCMP_SYS(getrandom),    SCMP_SYS(restart_syscall),
      SCMP_SYS(exit),           SCMP_SYS(exit_group),
  };
  const std::unique_ptr<void, decltype(&seccomp_release)> filter{seccomp_init(SCMP_ACT_ERRNO(EPERM)),
                                                                 seccomp_release};
  if (filter == nullptr) return failure("no memory for the filter of system calls");
  int failed = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  for (const int call : kAllowed) failed |= seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0);
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    failed |=
        seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  }
  if (failed != 0) return failure("the filter of system calls can't be made");
  if (const int error = seccomp_load(filter.get()); error != 0) {
    return failure(std::string{"the kernel refuses the filter of system calls: "} + std::strerror(-error));
  }
  return {};
#endif
}

}  // namespace sluice
