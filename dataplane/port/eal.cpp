#include "dataplane/port/eal.hpp"

#include <bpf/libbpf.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace sluice {
namespace {

constexpr std::uint64_t kMebibyte = 1U << 20U;

std::uint64_t free_hugepage_bytes() {
  std::uint64_t total = 0;
  std::error_code none;
  for (const auto& size : std::filesystem::directory_iterator{"/sys/kernel/mm/hugepages", none}) {
    unsigned long long kilobytes = 0;
    if (std::sscanf(size.path().filename().c_str(), "hugepages-%llukB", &kilobytes) != 1) continue;
    std::uint64_t pages = 0;
    std::ifstream{size.path() / "free_hugepages"} >> pages;
    total += pages * kilobytes * 1024U;
  }
  return total;
}

// The one lcore floats over all processors that this process may use: placing threads is the worker's
// business.
std::string floating_lcore(const cpu_set_t& allowed) {
  std::string list;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) list += (list.empty() ? "" : ",") + std::to_string(cpu);
  }
  return "0@(" + list + ")";
}

}  // namespace

#ifdef __SANITIZE_ADDRESS__
// libxdp 1.3 keeps what it made for each socket.
extern "C" const char* __lsan_default_suppressions() { return "leak:libxdp.so\n"; }
extern "C" const char* __lsan_default_options() { return "print_suppressions=0"; }
#endif

Result<void> start_eal(const EalOptions& options) {
  // The drivers say what failed; what the libraries under them say of each load is noise. Without libxdp's
  // dispatcher one program is loaded the same way with and without a BPF file system, and nothing stays
  // pinned there.
  libbpf_set_print(nullptr);
  libxdp_set_print(nullptr);
  setenv("LIBXDP_SKIP_DISPATCHER", "1", 1);

  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
    return failure("can't read the processors allowed");

  std::vector<std::string> words = {"sluice-dataplane", "--no-telemetry", "--log-level=*:warning",
                                    "--lcores=" + floating_lcore(allowed),
                                    "--file-prefix=sluice-" + std::to_string(getpid())};
  // In memory and without huge pages exclude each other; without shared files each leaves nothing behind.
  words.emplace_back(free_hugepage_bytes() >= options.memory_bytes ? "--in-memory" : "--no-huge");
  if (words.back() == "--no-huge") words.emplace_back("--no-shconf");
  words.emplace_back("-m");
  words.push_back(std::to_string((options.memory_bytes + kMebibyte - 1) / kMebibyte));
  if (options.cards.empty()) words.emplace_back("--no-pci");
  for (const auto& card : options.cards) {
    words.emplace_back("-a");
    words.push_back(card);
  }
  static std::vector<char*> arguments;  // EAL keeps the pointers
  static std::vector<std::string> kept;
  kept = std::move(words);
  arguments.clear();
  for (auto& word : kept) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const auto count = rte_eal_init(static_cast<int>(kept.size()), arguments.data());
  if (count < 0) {
    return failure(std::string{"DPDK does not start: "} + rte_strerror(rte_errno),
                   "its own lines above say why; without hugepages it needs " +
                       std::to_string(options.memory_bytes / kMebibyte) + " MiB of memory");
  }
  return {};
}

}  // namespace sluice
