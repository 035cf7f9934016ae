#include "control/supervise/status.hpp"

#include <algorithm>

#include "control/ruleset/committer.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

Json counters_json(const EngineCounters& c, Schemas schemas) {
  Json json = {{"received", c.received},
               {"forwarded", c.forwarded},
               {"dropped", c.dropped},
               {"made", c.made},
               {"joined", c.joined},
               {"held", c.held},
               {"normalised", c.normalised},
               {"neutralised", c.neutralised},
               {"flows", c.flows},
               {"pdus", c.pdus},
               {"allowed", c.allowed},
               {"denied", c.denied},
               {"would_deny", c.would_deny},
               {"not_inspected", c.not_inspected},
               {"wrong_checksums", c.wrong_checksums}};
  auto& reasons = json["reasons"] = Json::object();
  for (std::size_t i = 0; i < c.reasons.size(); ++i) {
    if (c.reasons[i] != 0) reasons[std::string{name_of(static_cast<Reason>(i))}] = c.reasons[i];
  }
  auto& protocols = json["pdus_by_protocol"] = Json::object();
  for (std::size_t i = 0; i < std::min(c.pdus_by_protocol.size(), schemas.size()); ++i) {
    if (c.pdus_by_protocol[i] != 0) protocols[std::string{schemas[i]->name}] = c.pdus_by_protocol[i];
  }
  return json;
}

void add(EngineCounters& sum, const EngineCounters& one) {
  using Words = std::array<std::uint64_t, channel::kCounterWords>;
  auto words = std::bit_cast<Words>(sum);
  const auto more = std::bit_cast<Words>(one);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] += more[i];
  sum = std::bit_cast<EngineCounters>(words);
}

Json port_json(const channel::State& state, const channel::SharedMemory& shared, std::uint32_t index) {
  const auto c = shared.port(index);
  Json json;
  if (index < state.port_count) json["name"] = state.ports[index].get();
  json["link"] = c.link_up != 0 ? "up" : "down";
  json["link_changes"] = c.link_changes;
  json["received"] = c.received;
  json["sent"] = c.sent;
  json["received_bytes"] = c.received_bytes;
  json["sent_bytes"] = c.sent_bytes;
  json["missed"] = c.missed;
  json["errors"] = c.errors;
  json["unsent"] = c.unsent;
  json["no_buffer"] = c.no_buffer;
  return json;
}

}  // namespace

Json status_json(const StatusParts& parts) {
  const auto& state = parts.link.state;
  Json json;
  auto& dataplane = json["dataplane"];
  dataplane["connected"] = parts.link.connected;
  if (!parts.link.error.empty()) dataplane["error"] = parts.link.error;
  if (parts.link.connected) {
    dataplane["pid"] = state.pid;
    if (state.schemas != fingerprint(parts.schemas))
      dataplane["remark"] = "built with other protocols than the daemon";
    if (!state.remark.get().empty()) dataplane["remark"] = state.remark.get();
  }
  auto& generation = json["generation"];
  if (parts.link.connected) {
    generation["running"] = state.running;
    generation["source_digest"] = hexadecimal(state.running_source);
    if (state.confirm_left_ns != 0)
      generation["confirm_within_seconds"] = state.confirm_left_ns / 1'000'000'000U;
  }
  generation["confirmed"] = parts.confirmed;

  if (parts.shared != nullptr) {
    const auto& shared = *parts.shared;
    EngineCounters sum;
    auto& workers = json["workers"] = Json::array();
    for (std::uint32_t i = 0; i < shared.sizes().workers; ++i) {
      const auto beat = shared.heartbeat(i);
      add(sum, shared.counters(i).counters);
      workers.push_back({{"generation", shared.generation(i).value},
                         {"heartbeat_age_ms", (parts.now - beat).ns / 1'000'000U},
                         {"alive", parts.now - beat <= Link::kStalled}});
    }
    json["counters"] = counters_json(sum, parts.schemas);
    auto& ports = json["ports"] = Json::array();
    for (std::uint32_t i = 0; i < shared.sizes().ports; ++i) ports.push_back(port_json(state, shared, i));
  }
  const auto& e = parts.events;
  json["events"] = {{"verdicts", e.verdicts},
                    {"transactions", e.transactions},
                    {"coalesced", e.coalesced},
                    {"lost_verdicts", e.lost_verdicts},
                    {"lost_transactions", e.lost_transactions},
                    {"corrupt", e.corrupt},
                    {"written", e.written},
                    {"unwritten", e.unwritten}};
  if (!e.error.empty()) json["events"]["error"] = e.error;
  return json;
}

}  // namespace sluice
