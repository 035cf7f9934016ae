// sluice-dataplane: ports, one worker, and the thread that listens to signals and to the control daemon.
#include <fmt/core.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "dataplane/app/options.hpp"
#include "dataplane/app/worker.hpp"
#include "dataplane/port/dpdk.hpp"

namespace {

using namespace sluice;

// Until the engine is linked in: nothing passes.
struct Rules {};
struct Closed {
  void burst(std::span<const Frame>, Time, const Rules&) noexcept {}
  void tick(Time, const Rules&) noexcept {}
  void drain() noexcept {}
};

}  // namespace

int main(int count, char** words) {
  auto parsed = parse_options(count, words);
  if (const auto* code = std::get_if<int>(&parsed)) return *code;
  const auto& options = std::get<Options>(parsed);

  // All threads of the process, DPDK's too, leave these signals to the one that reads them here.
  sigset_t ending;
  sigemptyset(&ending);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&ending, signal);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  const int signals = signalfd(-1, &ending, SFD_CLOEXEC);
  const auto started = monotonic();

  auto ports = DpdkPorts::open(options.ports);
  if (!ports) {
    fmt::print(stderr, "sluice-dataplane: {}\n", ports.error().text());
    return 1;
  }
  for (std::uint16_t i = 0; i < (*ports)->size(); ++i)
    fmt::print(stderr, "port {}\n", (*ports)->describe(PortId{i}));

  Published<Rules> rules{1};
  Closed closed;
  Worker worker{0, **ports, closed, rules, options.shared_core ? Rest::Core::shared : Rest::Core::owned};
  std::atomic<bool> stop{false};
  std::thread thread{[&] {
    prctl(PR_SET_TIMERSLACK, 1);
    if (!options.cores.empty()) {
      cpu_set_t own;
      CPU_ZERO(&own);
      CPU_SET(options.cores.front(), &own);
      sched_setaffinity(0, sizeof own, &own);
    }
    (*ports)->attach_worker();
    worker.run(stop);
    (*ports)->detach_worker();
  }};
  fmt::print(stderr, "ready after {} ms\n", (monotonic() - started).ns / 1'000'000);
  signalfd_siginfo signal{};
  while (read(signals, &signal, sizeof signal) < 0) continue;
  stop = true;
  thread.join();
  return 0;
}
