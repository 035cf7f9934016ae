// A wire, for the tests of ports: what comes in by one port of a pair leaves by the other, whole, and nothing
// looks at it. Runs the worker of sluice-dataplane, and is no part of the product. Prints a line of counters
// per port at its end.
#include <fmt/core.h>
#include <pthread.h>

#include <csignal>
#include <memory>
#include <thread>

#include "dataplane/app/options.hpp"
#include "dataplane/app/worker.hpp"
#include "dataplane/port/dpdk.hpp"

namespace {

using namespace sluice;

struct Rules {};
struct Wire {
  explicit Wire(DpdkPorts& group) : ports{group} {}
  void burst(std::span<const Frame> frames, Time, const Rules&) noexcept {
    for (const auto& frame : frames) {
      if (frame.cut()) {
        ports.release(frame);
      } else {
        ports.forward(frame, PortId{static_cast<std::uint16_t>(frame.port.value ^ 1U)});
      }
    }
  }
  void closed(std::span<const Frame>, Time) noexcept {}
  void tick(Time, const Rules*) noexcept {}
  void drain() noexcept {}
  DpdkPorts& ports;
};

}  // namespace

int main(int count, char** words) {
  auto parsed = parse_options(count, words);
  if (const auto* code = std::get_if<int>(&parsed)) return *code;
  const auto& options = std::get<Options>(parsed);
  sigset_t ending;
  sigemptyset(&ending);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&ending, signal);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  auto ports = DpdkPorts::open(options.ports);
  if (!ports) {
    fmt::print(stderr, "wire: {}\n", ports.error().text());
    return 1;
  }
  Published<Rules> rules{1};
  rules.publish(std::make_unique<const Rules>());
  Wire wire{**ports};
  Worker worker{0, **ports, wire, rules, options.shared_core ? Rest::Core::shared : Rest::Core::owned};
  std::atomic<bool> stop{false};
  std::thread thread{[&] {
    (*ports)->attach_worker();
    worker.run(stop);
    (*ports)->detach_worker();
  }};
  fmt::print("ready\n");
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ending, &signal);
  stop = true;
  thread.join();
  for (std::uint16_t i = 0; i < (*ports)->size(); ++i) {
    const auto counters = (*ports)->counters(PortId{i});
    fmt::print("{} received={} cut={} sent={} unsent={}\n", options.ports.ports[i].name, counters.received,
               counters.cut, counters.sent, counters.unsent);
  }
  return 0;
}
