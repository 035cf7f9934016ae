// Sandbox: what a process that reads hostile text takes from itself first. There is no way back.
#pragma once

#include <cstdint>

#include "rules/base/result.hpp"

namespace sluice {

struct SandboxLimits {
  std::uint64_t memory = std::uint64_t{2}
                         << 30;  // bytes of address space; not applied under AddressSanitizer
  std::uint64_t cpu_seconds = 60;
  std::uint64_t file_size = std::uint64_t{1} << 30;
};

// Limits of the kernel: memory, CPU time, size of files, no core, no other process, no new privileges.
Result<void> limit_resources(const SandboxLimits& limits);

// From here on only memory, the open files, clocks and exit: any other system call kills the process.
Result<void> limit_system_calls();

}  // namespace sluice
