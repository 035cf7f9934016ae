// The clock of the dataplane: CLOCK_MONOTONIC, as events and heartbeats carry it. Any thread. A read of
// memory that the kernel maps, not a system call, where the kernel's clock source allows it.
#pragma once

#include <time.h>

#include "rules/base/clock.hpp"

namespace sluice {

inline Time monotonic() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return {static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec)};
}

}  // namespace sluice
