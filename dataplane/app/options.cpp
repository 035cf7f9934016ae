#include "dataplane/app/options.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <thread>

namespace sluice {
namespace {

constexpr int kBadUse = 2;

DpdkPort port_of(const std::string& text) {
  const auto at = text.find('=');
  return at == std::string::npos ? DpdkPort{text, {}} : DpdkPort{text.substr(0, at), text.substr(at + 1)};
}

}  // namespace

std::variant<Options, int> parse_options(int count, const char* const* words) {
  Options options;
  std::vector<std::string> ports;
  std::uint32_t workers = 1;
  CLI::App app{
      "The dataplane of Sluice: takes frames from its ports, and forwards those that the policy allows."};
  app.footer(
      "Examples:\n"
      "  sluice-dataplane --port eth1 --port eth2 --image /var/lib/sluice/confirmed --control "
      "/run/sluice/dataplane\n"
      "  sluice-dataplane --port it=0000:03:00.0 --port ot=0000:03:00.1 --cores 2 --control "
      "/run/sluice/dataplane\n"
      "Without an image every frame is dropped until the control daemon hands one over.");
  app.add_option("--port", ports,
                 "NAME of a kernel interface, or NAME=DEVARGS of any DPDK driver; twice or more")
      ->required()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--driver", options.ports.driver, "of ports without devargs: auto (af_xdp, else af_packet)")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Driver>{
          {"auto", Driver::automatic}, {"af_xdp", Driver::af_xdp}, {"af_packet", Driver::af_packet}}));
  app.add_option("--image", options.image, "image to start from");
  app.add_option("--control", options.control, "path of the socket for the control daemon");
  app.add_option("--workers", workers, "number of workers")->capture_default_str();
  app.add_option("--cores", options.cores, "processor of each worker, which it then owns; 2 or 2,3")
      ->delimiter(',');
  app.add_flag("--shared-core", options.shared_core, "rest when idle also on a processor given by --cores");
  app.add_option("--buffers", options.ports.buffers, "frame buffers for each port")
      ->capture_default_str()
      ->check(CLI::Range(10240, 262144));
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUse;
  }
  for (const auto& text : ports) options.ports.ports.push_back(port_of(text));

  const auto bad = [](const std::string& what) {
    fmt::print(stderr, "sluice-dataplane: {}\n", what);
    return kBadUse;
  };
  auto& given = options.ports.ports;
  if (given.size() < 2) return bad("one port is no wire: give --port twice or more");
  for (auto port = given.begin(); port != given.end(); ++port) {
    if (port->name.empty()) return bad("--port needs a name: NAME or NAME=DEVARGS");
    if (std::any_of(given.begin(), port, [&](const auto& other) { return other.name == port->name; })) {
      return bad(fmt::format("the port \"{}\" is given twice", port->name));
    }
  }
  if (workers != 1) {
    return bad(fmt::format(
        "--workers {}: a kernel-driven port has one queue, so there is one worker; give --workers 1",
        workers));
  }
  if (options.cores.size() > workers) return bad("more --cores than workers");
  for (const auto core : options.cores) {
    if (core >= std::thread::hardware_concurrency())
      return bad(fmt::format("there is no processor {}", core));
  }
  if (options.cores.empty()) options.shared_core = true;
  options.ports.busy_poll = !options.shared_core;
  return options;
}

}  // namespace sluice
