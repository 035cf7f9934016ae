// What GET /v1/status says, as JSON. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include "control/events/drain.hpp"
#include "control/supervise/link.hpp"

namespace sluice {

struct StatusParts {
  const LinkStatus& link;
  const channel::SharedMemory* shared = nullptr;  // null: no dataplane yet
  const events::Totals& events;
  std::uint64_t confirmed = 0;  // generation on disk
  Schemas schemas;
  Time now;
};

nlohmann::ordered_json status_json(const StatusParts& parts);

}  // namespace sluice
