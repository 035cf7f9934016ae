// Handover: what happens to rulesets in the dataplane, on the thread that is no worker: the start image, a
// new one from the daemon, its confirmation, or its end when nobody confirms it. On any failure what ran goes
// on running. Every change is told to `log`. One thread; publish() waits at most kMostWait for the workers.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dataplane/channel/server.hpp"
#include "dataplane/ruleset/published.hpp"
#include "dataplane/ruleset/ruleset.hpp"
#include "rules/base/clock.hpp"

namespace sluice {

class Handover final : public channel::Handler {
 public:
  using Log = std::function<void(const std::string&)>;
  using Clock = std::function<Time()>;
  static constexpr Duration kMostWait = seconds(2);

  // `rules` lives longer. `port_names`: PortId is the index.
  Handover(Published<Ruleset>& rules, std::vector<std::string> port_names, std::uint32_t workers, Clock clock,
           Log log)
      : rules_{rules},
        port_names_{std::move(port_names)},
        workers_{workers},
        clock_{std::move(clock)},
        log_{std::move(log)} {}

  // The image of the last confirmed generation. A refusal leaves the box closed, and is told to the daemon
  // too.
  void start(std::vector<std::uint8_t> image);
  void refuse_start(const Error& error);

  // At least every 100 ms: frees what no worker uses any more, and goes back to the confirmed ruleset at the
  // deadline.
  void tick();

  void state(channel::State& state) noexcept override;
  Result<void> publish(std::vector<std::uint8_t> image, Generation generation,
                       Duration confirm_within) override;
  Result<void> confirm(Generation generation) override;

  [[nodiscard]] Generation running() const noexcept;

 private:
  void go_back();

  Published<Ruleset>& rules_;
  std::vector<std::string> port_names_;
  std::uint32_t workers_;
  Clock clock_;
  Log log_;
  Generation confirmed_;
  Time deadline_;  // of the confirmation; zero: none pends
  std::string remark_;
};

// A whole file of at most `most` bytes.
Result<std::vector<std::uint8_t>> read_image(const std::string& path, std::size_t most);

}  // namespace sluice
