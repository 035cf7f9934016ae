// complexity: runs workloads of growing size, each between two marks for callgrind: its part of the profile
// is named "WORKLOAD n". Run by tests/property/complexity, which counts instructions. Without valgrind it
// only runs them. Exit 2 when a workload did not do what it says.
#include <valgrind/callgrind.h>

#include <cstring>

#include "tests/complexity/workload.hpp"

namespace {

using namespace sluice::complexity;

void measure(const Workload& workload, std::size_t n) {
  const auto run = workload.prepare(n);
  CALLGRIND_START_INSTRUMENTATION;
  run();
  CALLGRIND_STOP_INSTRUMENTATION;
  const std::string mark = workload.name + " " + std::to_string(n);
  CALLGRIND_DUMP_STATS_AT(mark.c_str());
}

}  // namespace

int main(int count, char** words) {
  unsigned most = 0;  // exponent; 0: as far as is usual
  std::string only;
  bool list = false;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--list") {
      list = true;
    } else if (word == "--only" && i + 1 < count) {
      only = words[++i];
    } else if (word == "--most" && i + 1 < count) {
      most = static_cast<unsigned>(std::strtoul(words[++i], nullptr, 10));
    } else {
      std::fprintf(stderr, "usage: complexity [--list] [--only NAME] [--most EXPONENT]\n");
      return 2;
    }
  }
  Workloads all;
  add_protocols(all);
  add_packets(all);
  add_tables(all);
  add_engine(all);
  add_policy(all);
  add_rules(all);
  add_control(all);
  for (const auto& workload : all) {
    if (!only.empty() && workload.name.find(only) == std::string::npos) continue;
    const unsigned last = std::min(workload.last, most == 0 ? workload.usual : most);
    if (list) {
      std::printf("%s: 2^%u to 2^%u, at most 2^%u\n", workload.name.c_str(), workload.first, last,
                  workload.last);
      continue;
    }
    for (unsigned exponent = workload.first; exponent <= last; ++exponent)
      measure(workload, std::size_t{1} << exponent);
  }
  return 0;
}
