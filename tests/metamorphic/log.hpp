// Log: what the engine told of each connection, in order and in words, without what a rendering must change:
// time, numbers of flows and frames, tags, and the addresses themselves (their assets stay). One thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/engine/event.hpp"

namespace sluice::metamorphic {

// Of one event: `what` is everything that is known of any message, `access` that of its item, `fields` what
// was decoded of it, each byte by its hash.
struct Entry {
  std::string what;
  std::string_view access;
  std::string fields;
  bool operator==(const Entry&) const = default;
};

class Log final : public Events {
 public:
  void verdict(const Event& event) noexcept override { add(event, "verdict"); }
  void transaction(const Event& event) noexcept override { add(event, "transaction"); }

  // By client port.
  [[nodiscard]] const std::map<std::uint16_t, std::vector<Entry>>& entries() const { return entries_; }

 private:
  void add(const Event& event, const char* kind);

  std::map<std::uint16_t, std::vector<Entry>> entries_;
};

// The port of the two that is the client's; 0 where that can't be told.
std::uint16_t client_port(const Packet& packet);

}  // namespace sluice::metamorphic
