// DPDK's environment: memory and threads, once a process, from the main thread. All that it would do on its
// own is off: no probing of cards that nobody named, no telemetry socket, no files shared with other
// processes, no pinning of threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/base/result.hpp"

namespace sluice {

struct EalOptions {
  std::uint64_t memory_bytes =
      0;  // for buffers; from hugepages when there are enough, else from ordinary ones
  std::vector<std::string> cards;  // PCI addresses; no other card is touched
};
Result<void> start_eal(const EalOptions& options);

}  // namespace sluice
