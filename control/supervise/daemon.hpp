// Daemon: sluiced put together: store, committer, link to the dataplane, drain of events, and what the API
// says about them. start() begins its threads, stop() ends them; between them it is the API's Service. The
// dataplane doesn't notice either.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "control/api/server.hpp"
#include "control/api/service.hpp"
#include "control/config/config.hpp"
#include "control/events/drain.hpp"
#include "control/ruleset/committer.hpp"
#include "control/supervise/link.hpp"

namespace sluice {

class Daemon final : public api::Service {
 public:
  using Say = std::function<void(const std::string&)>;

  static Result<std::unique_ptr<Daemon>> start(const config::Config& config, Schemas schemas, Say say);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void reopen_events() { reopen_ = true; }

  api::Reply status() override;
  api::Reply generations() override;
  api::Reply commit(api::CommitOrder order) override;
  const events::Feed& feed(api::Events which) override {
    return which == api::Events::all ? feeds_.all : feeds_.verdicts;
  }

 private:
  Daemon(const config::Config& config, Schemas schemas, Say say, Store store);
  void drain();
  void reconcile();

  config::Config config_;
  Schemas schemas_;
  Say say_;
  events::Feeds feeds_;
  std::mutex policy_;  // of store_ and committer_, held for a whole commit
  Store store_;
  Link link_;
  Committer committer_;
  events::Drain drain_;
  std::unique_ptr<api::Server> server_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> reopen_{false};
  // What status() says of the store without waiting for a commit.
  std::mutex known_;
  std::uint64_t confirmed_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace sluice
