// sluiced: the control daemon, in the foreground.
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "control/netlink/prepare.hpp"
#include "control/supervise/daemon.hpp"
#include "dataplane/protocol/protocol.hpp"

namespace {

using namespace sluice;

enum Code : int { kDone = 0, kFindings = 1, kBadUse = 2 };

bool prepare_ports(const config::Config& config, spdlog::logger& log) {
  bool fine = true;
  for (const auto& port : config.ports) {
    const auto prepared = netlink::prepare(port);
    if (!prepared) {
      log.error("{}", prepared.error().text());
      fine = false;
      continue;
    }
    log.info("port {}: {}{}", port.name, prepared->link.carrier ? "link up" : "no link",
             prepared->changed.empty() ? "" : fmt::format("; {}", fmt::join(prepared->changed, "; ")));
  }
  return fine;
}

// Until a signal says so.
void wait(Daemon& daemon, int signals, spdlog::logger& log) {
  for (;;) {
    signalfd_siginfo signal{};
    if (read(signals, &signal, sizeof signal) != static_cast<ssize_t>(sizeof signal)) continue;
    if (signal.ssi_signo == SIGHUP) {
      daemon.reopen_events();
      continue;
    }
    log.info("ending; the dataplane goes on");
    return;
  }
}

}  // namespace

int main(int count, char** words) {
  CLI::App app{
      "Sluice's control daemon: prepares ports, compiles and publishes the policy, writes events, serves the "
      "command line",
      "sluiced"};
  std::string file = "/etc/sluice/sluiced.toml";
  bool prepare_only = false;
  bool check_only = false;
  app.add_option("-c,--config", file, "its own configuration")->option_text("FILE")->capture_default_str();
  app.add_flag("--prepare", prepare_only,
               "prepare the ports and exit: before a dataplane that starts without the daemon");
  app.add_flag("--check", check_only, "read the configuration and exit");
  app.set_version_flag("--version", "sluiced " SLUICE_VERSION);
  app.footer(
      "Examples:\n  sluiced --config /etc/sluice/sluiced.toml\n  sluiced --prepare\n\n"
      "Signals: TERM and INT end it, HUP opens the event file anew. The dataplane goes on without it.\n"
      "Exit codes: 0 done, 1 it can't run as configured, 2 bad use.");
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kBadUse;
  }

  const auto log = spdlog::stderr_logger_mt("sluiced");
  log->set_pattern("sluiced: %l: %v");
  Diagnostics diagnostics;
  const auto config = config::load(file, diagnostics);
  for (const auto& error : diagnostics.errors()) std::cerr << "sluiced: error: " << error.text() << '\n';
  if (!config) return kFindings;
  if (check_only) return kDone;

  // Before any thread is there, so that all of them leave these to the one that reads them.
  sigset_t taken;
  sigemptyset(&taken);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&taken, signal);
  pthread_sigmask(SIG_BLOCK, &taken, nullptr);
  const int signals = signalfd(-1, &taken, SFD_CLOEXEC);
  if (signals < 0) return kFindings;

  // A port that is not fit is said and left to the dataplane, which refuses it: the policy in force must not
  // hang on it.
  const bool ports = prepare_ports(*config, *log);
  if (prepare_only) return ports ? kDone : kFindings;

  auto daemon =
      Daemon::start(*config, registry().schemas, [log](const std::string& text) { log->info("{}", text); });
  if (!daemon) {
    log->error("{}", daemon.error().text());
    return kFindings;
  }
  log->info("ready on {}", config->api);
  (void)sd_notify(0, "READY=1");
  wait(**daemon, signals, *log);
  (void)sd_notify(0, "STOPPING=1");
  daemon->reset();
  return kDone;
}
