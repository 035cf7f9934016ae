// The daemon's own configuration, sluiced.toml: where things are, and which interfaces are data ports. (What
// may pass is the policy, another file.) Everything wrong is reported at once. Relative paths are taken from
// the file's folder. One thread, pure but for read_text().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/result.hpp"

namespace sluice::config {

struct Port {
  std::string name;
  std::optional<std::uint32_t> mtu;  // left as it is when absent
  Where where;
};

struct Config {
  std::string state;      // folder of generations
  std::string policy;     // file or folder, what `sluice commit` without an argument takes
  std::string dataplane;  // socket of sluice-dataplane
  std::string api;        // socket for the command line
  std::string compiler;   // program; empty: sluice-compile beside sluiced
  std::string host;       // name in events; empty: none
  std::string eve;        // file of events; empty: none is written
  bool eve_transactions = true;
  std::vector<Port> ports;
};

inline constexpr std::size_t kMostConfig = 1U << 20U;  // bytes of the file
inline constexpr std::size_t kMostPorts = 64;

// Nothing when anything was reported.
std::optional<Config> parse(std::string_view text, const std::string& file, Diagnostics& diagnostics);
std::optional<Config> load(const std::string& file, Diagnostics& diagnostics);

// A regular file of at most `most` bytes.
Result<std::string> read_text(const std::string& file, std::size_t most);

}  // namespace sluice::config
