#include "control/supervise/daemon.hpp"

#include <chrono>
#include <nlohmann/json.hpp>

#include "control/events/eve.hpp"
#include "control/ruleset/sources.hpp"
#include "control/supervise/status.hpp"

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kRest = std::chrono::milliseconds{10};  // between looks into empty rings

std::uint64_t wall_now() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json errors_json(const Diagnostics& diagnostics) {
  auto errors = Json::array();
  for (const auto& error : diagnostics.errors()) {
    Json one = {{"text", error.text()}, {"what", error.what}};
    if (!error.remedy.empty()) one["remedy"] = error.remedy;
    if (!error.where.file.empty()) one["file"] = error.where.file;
    if (error.where.line != 0) one["line"] = error.where.line;
    if (error.where.column != 0) one["column"] = error.where.column;
    errors.push_back(std::move(one));
  }
  return errors;
}

api::Reply reply_of(const Rejected& rejected) {
  unsigned status = 500;
  const char* title = "The daemon can't commit";
  switch (rejected.kind) {
    case Rejected::Kind::configuration:
      status = 422;
      title = "The configuration has errors";
      break;
    case Rejected::Kind::dataplane:
      status = 503;
      title = "The dataplane did not take it";
      break;
    case Rejected::Kind::daemon:
      break;
  }
  const auto& errors = rejected.diagnostics.errors();
  const Json json = {{"type", "about:blank"},
                     {"title", title},
                     {"status", status},
                     {"detail", errors.empty() ? title : errors.front().text()},
                     {"errors", errors_json(rejected.diagnostics)},
                     {"unlisted", rejected.diagnostics.unlisted()}};
  return {status, text_of(json)};
}

Json summary_json(const compile::Summary& s) {
  return {{"zones", s.zones},       {"assets", s.assets},
          {"conduits", s.conduits}, {"rules", s.rules},
          {"pairs", s.pairs},       {"grants", s.grants},
          {"patches", s.patches},   {"patches_written", s.patches_written}};
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::start(const config::Config& config, Schemas schemas, Say say) {
  auto store = Store::open(config.state);
  if (!store) return tl::unexpected{store.error()};
  std::unique_ptr<Daemon> daemon{new Daemon{config, schemas, std::move(say), std::move(*store)}};
  auto server = api::Server::listen(config.api, *daemon);
  if (!server) return tl::unexpected{server.error()};
  daemon->server_ = std::move(*server);
  auto& self = *daemon;
  self.threads_.emplace_back([&self] { self.link_.run(); });
  self.threads_.emplace_back([&self] { self.drain(); });
  self.threads_.emplace_back([&self] { self.server_->run(); });
  return daemon;
}

Daemon::Daemon(const config::Config& config, Schemas schemas, Say say, Store store)
    : config_{config},
      schemas_{schemas},
      say_{std::move(say)},
      store_{std::move(store)},
      link_{config_.dataplane, {say_, [this] { reconcile(); }}},
      committer_{store_, link_, schemas_,
                 [this](const std::string& path, Diagnostics& diagnostics) {
                   return compile_in_child(path, schemas_, {config_.compiler, seconds(120)}, diagnostics);
                 }},
      drain_{{schemas_, config_.host, config_.eve, config_.eve_transactions},
             // Reads files that never change; needs no lock.
             [this](Generation generation) { return store_.image(generation); },
             feeds_},
      confirmed_{store_.confirmed().value} {}

Daemon::~Daemon() {
  stop_ = true;
  link_.stop();
  if (server_) server_->stop();
  for (auto& thread : threads_) thread.join();
}

void Daemon::reconcile() {
  const std::lock_guard policy{policy_};
  for (const auto& remark : committer_.reconcile()) say_(remark);
  const std::lock_guard known{known_};
  confirmed_ = store_.confirmed().value;
}

void Daemon::drain() {
  while (!stop_) {
    if (reopen_.exchange(false)) drain_.reopen();
    const auto status = link_.status();
    std::vector<std::string> ports;
    for (std::uint32_t i = 0; i < status.state.port_count; ++i)
      ports.emplace_back(status.state.ports[i].get());
    const auto now = monotonic_now();
    const auto taken = drain_.round(link_.shared(), ports, wall_now() - now.ns, now);
    if (taken == 0) std::this_thread::sleep_for(kRest);
  }
}

api::Reply Daemon::status() {
  const auto link = link_.status();
  const auto shared = link_.shared();
  const auto totals = drain_.totals();
  std::uint64_t confirmed = 0;
  {
    const std::lock_guard known{known_};
    confirmed = confirmed_;
  }
  return {200, text_of(status_json({link, shared.get(), totals, confirmed, schemas_, monotonic_now()}))};
}

api::Reply Daemon::generations() {
  auto list = Json::array();
  std::uint64_t confirmed = 0;
  {
    const std::lock_guard known{known_};
    confirmed = confirmed_;
  }
  // Folders that are renamed meanwhile read as absent.
  for (const auto& about : store_.history()) {
    Json one = {{"generation", about.generation},
                {"time", about.time},
                {"message", about.message},
                {"origin", about.origin},
                {"user", about.user},
                {"digest", about.digest},
                {"source_digest", about.source_digest}};
    one["state"] = about.generation == confirmed ? "confirmed"
                   : about.abandoned.empty()     ? "past"
                                                 : "abandoned";
    if (!about.abandoned.empty()) one["why"] = about.abandoned;
    list.push_back(std::move(one));
  }
  return {200, text_of(list)};
}

api::Reply Daemon::commit(api::CommitOrder order) {
  const auto started = monotonic_now();
  CommitRequest request;
  request.sources = std::move(order.sources);
  request.origin = order.path.empty() ? "sent" : order.path;
  if (!order.path.empty()) {
    Rejected rejected;
    request.sources = read_sources(order.path, rejected.diagnostics);
    if (!rejected.diagnostics.empty()) return reply_of(rejected);
  }
  request.message = std::move(order.message);
  request.user = order.user;
  request.time = events::timestamp(wall_now());

  const std::lock_guard policy{policy_};
  const auto outcome = committer_.commit(request);
  {
    const std::lock_guard known{known_};
    confirmed_ = store_.confirmed().value;
  }
  if (const auto* const rejected = std::get_if<Rejected>(&outcome)) {
    const auto& errors = rejected->diagnostics.errors();
    say_("a commit by user " + std::to_string(order.user) +
         " was rejected: " + (errors.empty() ? "" : errors.front().text()));
    return reply_of(*rejected);
  }
  const auto& committed = std::get<Committed>(outcome);
  say_("generation " + std::to_string(committed.generation.value) + " is the policy, committed by user " +
       std::to_string(order.user) + (request.message.empty() ? "" : ": " + request.message));
  for (const auto& remark : committed.remarks) say_(remark);
  return {200, text_of({{"generation", committed.generation.value},
                        {"source_digest", committed.source_digest},
                        {"summary", summary_json(committed.summary)},
                        {"remarks", committed.remarks},
                        {"milliseconds", (monotonic_now() - started).ns / 1'000'000U}})};
}

}  // namespace sluice
