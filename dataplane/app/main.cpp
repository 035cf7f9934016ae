// sluice-dataplane: ports, a worker, and the thread that listens to signals and to the control daemon. In
// this order: all is opened, the worker starts, the sandbox closes, "ready" is told, then only the two loops
// run.
#include <fmt/core.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <semaphore>
#include <thread>

#include "dataplane/app/handover.hpp"
#include "dataplane/app/inspection.hpp"
#include "dataplane/app/notifier.hpp"
#include "dataplane/app/options.hpp"
#include "dataplane/app/sandbox.hpp"
#include "dataplane/app/worker.hpp"
#include "dataplane/port/dpdk.hpp"
#include "rules/image/format.hpp"

namespace {

using namespace sluice;

constexpr std::uint32_t kWorkers = 1;
constexpr Duration kListen = milliseconds(20);

void say(const std::string& line) { fmt::print(stderr, "sluice-dataplane: {}\n", line); }

int give_up(const Error& error) {
  say(error.text());
  return 1;
}

// A descriptor that says when to end. All threads of the process, DPDK's too, leave these signals to it.
channel::Descriptor watch_signals() {
  sigset_t ending;
  sigemptyset(&ending);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&ending, signal);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return channel::Descriptor{signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK)};
}

bool told_to_end(const channel::Descriptor& signals, Duration wait) {
  const auto readable = channel::wait_readable(signals.get(), wait);
  return readable && *readable;
}

void pin_to(std::uint32_t core) noexcept {
  cpu_set_t own;
  CPU_ZERO(&own);
  CPU_SET(core, &own);
  sched_setaffinity(0, sizeof own, &own);
}

void load_start_image(Handover& handover, std::string path) {
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) path += "/image";
  auto image = read_image(path, image::kMostBytes);
  if (image) {
    handover.start(std::move(*image));
  } else {
    handover.refuse_start(image.error());
  }
}

channel::PortCounters counters_of(DpdkPorts& ports, PortId port) noexcept {
  const auto ours = ports.counters(port);
  const auto theirs = ports.statistics(port);
  return {.received = ours.received,
          .sent = ours.sent,
          .received_bytes = ours.received_bytes,
          .sent_bytes = ours.sent_bytes,
          .missed = theirs.missed,
          .errors = theirs.errors + ours.refused,
          .unsent = ours.unsent,
          .no_buffer = theirs.no_buffer,
          .link_up = theirs.link_up ? 1U : 0U,
          .link_changes = theirs.link_changes};
}

int run(const Options& options) {
  const auto begun = monotonic();
  const auto signals = watch_signals();
  Notifier manager{std::getenv("NOTIFY_SOCKET"), std::getenv("WATCHDOG_USEC")};
  std::vector<std::string> names;
  for (const auto& port : options.ports.ports) names.push_back(port.name);

  channel::Descriptor listener;
  if (!options.control.empty()) {
    auto listening = channel::listen_at(options.control);
    if (!listening) return give_up(listening.error());
    listener = std::move(*listening);
  }
  auto opened = DpdkPorts::open(options.ports);
  if (!opened) return give_up(opened.error());
  auto& ports = **opened;
  auto shared =
      channel::SharedMemory::create({.workers = kWorkers, .ports = static_cast<std::uint32_t>(names.size())});
  if (!shared) return give_up(shared.error());

  Published<Ruleset> rules{kWorkers};
  Handover handover{rules, names, kWorkers, monotonic, say};
  if (!options.image.empty()) load_start_image(handover, options.image);

  EngineOptions engine;
  std::uint64_t seed = 0;
  if (getentropy(engine.hash_key.data(), engine.hash_key.size()) != 0 ||
      getentropy(&seed, sizeof seed) != 0) {
    return give_up({{}, "the kernel gives no random numbers", {}});
  }
  Inspection inspection{0, engine, seed, ports, *shared};
  Worker worker{0, ports, inspection, rules, options.shared_core ? Rest::Core::shared : Rest::Core::owned};
  std::atomic<bool> stop{false};
  std::binary_semaphore started{0};
  std::thread thread{[&] {
    prctl(PR_SET_NAME, "worker-0");
    prctl(PR_SET_TIMERSLACK, 1);
    if (!options.cores.empty()) pin_to(options.cores.front());
    ports.attach_worker();
    drop_capabilities();
    started.release();
    worker.run(stop);
    ports.detach_worker();
  }};
  started.acquire();
  const auto end_worker = [&] {
    stop = true;
    thread.join();
  };
  if (!ports.run_on_driver_thread(drop_capabilities) || !drop_capabilities()) {
    end_worker();
    return give_up({{}, "capabilities can't be given up", {}});
  }
  if (auto closed = close_sandbox(); !closed) {
    end_worker();
    return give_up(closed.error());
  }
  ports.leave_open();

  std::string line = "ready: ";
  for (std::uint16_t i = 0; i < names.size(); ++i) line += (i == 0 ? "" : ", ") + ports.describe(PortId{i});
  say(fmt::format("{}, generation {}, {} ms", line, handover.running().value,
                  (monotonic() - begun).ns / 1'000'000));
  manager.ready();

  const bool listens = listener.open();
  channel::Server server{std::move(listener), *shared, handover};
  while (!told_to_end(signals, listens ? Duration{} : kListen)) {
    if (listens) server.serve(kListen);
    handover.tick();
    manager.alive(monotonic(), shared->heartbeat(0));
    for (std::uint16_t i = 0; i < names.size(); ++i) shared->publish(i, counters_of(ports, PortId{i}));
  }
  manager.stopping();
  end_worker();
  say("ended");
  return 0;
}

}  // namespace

int main(int count, char** words) {
  auto parsed = parse_options(count, words);
  if (const auto* code = std::get_if<int>(&parsed)) return *code;
  return run(std::get<Options>(parsed));
}
