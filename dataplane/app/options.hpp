// What the command line of sluice-dataplane says. Main thread, once.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "dataplane/port/dpdk.hpp"

namespace sluice {

struct Options {
  DpdkOptions ports;
  std::string image;                 // start image; empty: closed until one is handed over
  std::string control;               // path of the socket on which the control daemon connects; empty: none
  std::vector<std::uint32_t> cores;  // of the workers; empty: wherever the system puts them
  bool shared_core = false;
};

// The options, or the exit code when there is nothing to run: --help, or bad use (2), already told to the
// user.
std::variant<Options, int> parse_options(int count, const char* const* words);

}  // namespace sluice
