// Service: what the API offers, without HTTP. Implemented by the daemon. Answers are JSON texts. Any thread,
// several at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/events/feed.hpp"
#include "rules/compile/compile.hpp"

namespace sluice::api {

struct Reply {
  unsigned status = 200;  // of HTTP
  std::string body;       // JSON; a problem (RFC 9457) when status is 400 or more
};

struct CommitOrder {
  std::string path;  // file or folder that the daemon reads; or
  std::vector<compile::Source> sources;
  std::string message;
  std::uint32_t user = 0;
};

// Transactions are many: verdicts have a memory of their own.
enum class Events : std::uint8_t { all, verdicts };

class Service {
 public:
  virtual Reply status() = 0;
  virtual Reply generations() = 0;
  // Blocks for as long as the commit takes.
  virtual Reply commit(CommitOrder order) = 0;
  virtual const events::Feed& feed(Events which) = 0;

 protected:
  ~Service() = default;
};

// {"type","title","status","detail"}
Reply problem(unsigned status, const std::string& title, const std::string& detail);

}  // namespace sluice::api
