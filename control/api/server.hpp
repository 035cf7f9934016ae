// Server: the Service over HTTP/1.1 on a Unix socket, for root and the daemon's own user. All connections
// share one thread, run(); commits have another, one at a time. Bounded: kMostConnections, kMostHeader and
// kMostBody bytes, kPatience for a request to arrive and for an answer to leave.
//
//   GET  /v1/status
//   GET  /v1/generations
//   GET  /v1/events?last=N[&follow=1][&verdicts=1]   lines of EVE (application/x-ndjson); follow: until the
//   client goes POST /v1/commit                     request.hpp
#pragma once

#include <memory>
#include <string>

#include "control/api/service.hpp"
#include "rules/base/clock.hpp"
#include "rules/base/result.hpp"

namespace sluice::api {

struct ServerLimits {
  std::size_t connections = 32;
  Duration patience = seconds(30);
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> listen(const std::string& path, Service& service,
                                                ServerLimits limits = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void run();   // until stop()
  void stop();  // any thread; waits for no commit

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::api
