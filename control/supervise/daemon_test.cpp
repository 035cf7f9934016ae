#include "control/supervise/daemon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "control/api/client.hpp"
#include "control/api/request.hpp"
#include "dataplane/channel/ring_events.hpp"
#include "dataplane/channel/server.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "rules/image/format.hpp"

namespace sluice {
namespace {

using Json = nlohmann::json;

// A dataplane without ports: takes images, tells events.
class FakeDataplane final : public channel::Handler {
 public:
  explicit FakeDataplane(const std::string& path) {
    auto listener = channel::listen_at(path);
    EXPECT_TRUE(listener) << listener.error().text();
    auto shared = channel::SharedMemory::create(
        {.workers = 1, .ports = 2, .verdict_cells = 1024, .transaction_cells = 1024});
    EXPECT_TRUE(shared);
    shared_.emplace(std::move(*shared));
    thread_ = std::thread{[this, fd = std::move(*listener)]() mutable {
      channel::Server server{std::move(fd), *shared_, *this};
      while (!stop_) {
        if (!hang_) shared_->beat(0, monotonic_now(), {running_});
        server.serve(milliseconds(5));
      }
    }};
  }
  ~FakeDataplane() {
    stop_ = true;
    thread_.join();
  }

  void state(channel::State& state) noexcept override {
    state.schemas = fingerprint(registry().schemas);
    state.running = running_;
    state.running_digest = digest_;
    state.confirmed = confirmed_;
    state.port_count = 2;
    state.ports[0].set("eth1");
    state.ports[1].set("eth2");
  }
  Result<void> publish(std::vector<std::uint8_t> image, Generation generation, Duration) override {
    if (refuse_) return failure("there is no port eth1");
    image::Header header;
    std::memcpy(&header, image.data(), sizeof header);
    digest_ = header.digest;
    running_ = generation.value;
    return {};
  }
  Result<void> confirm(Generation generation) override {
    confirmed_ = generation.value;
    return {};
  }
  void deny() {
    channel::RingEvents events{shared_->verdict_writer(0), shared_->transaction_writer(0), registry().schemas,
                               1};
    Event event;
    event.time = monotonic_now();
    event.generation = {running_};
    event.reason = Reason::no_policy;
    event.verdict = Verdict::drop;
    event.acted = true;
    event.conduit = {0};
    events.verdict(event);
  }

  std::atomic<bool> refuse_{false};
  std::atomic<bool> hang_{false};
  std::atomic<std::uint64_t> running_{0};
  std::atomic<std::uint64_t> confirmed_{0};

 private:
  channel::Digest digest_{};
  std::optional<channel::SharedMemory> shared_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

constexpr const char* kPolicy = R"(
[[zone]]
name = "scada"
security_level = 2
networks = ["10.0.1.0/24"]
[[zone]]
name = "cell"
security_level = 2
networks = ["10.0.2.0/24"]
[[conduit]]
name = "scada-cell"
sides = [{ port = "eth1", zones = ["scada"] }, { port = "eth2", zones = ["cell"] }]
groundwork = ["arp"]
mode = "enforce"
on_failure = "closed"
midstream = "resync"
deny = "reset"
[[allow]]
from = "scada"
to = "cell"
protocol = "tcp"
ports = [1433]
reason = "history"
)";

class Running : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/dev/shm/sluice-daemon-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    config_.state = folder_ + "/state";
    config_.dataplane = folder_ + "/dataplane.sock";
    config_.api = folder_ + "/api.sock";
    config_.eve = folder_ + "/eve.json";
    config_.compiler = SLUICE_BIN_DIR "/sluice-compile";
  }
  void TearDown() override {
    daemon_.reset();
    dataplane_.reset();
    std::filesystem::remove_all(folder_);
  }
  void start() {
    daemon_.reset();
    auto daemon = Daemon::start(config_, registry().schemas, [this](const std::string& text) {
      const std::lock_guard lock{lock_};
      said_.push_back(text);
    });
    ASSERT_TRUE(daemon) << daemon.error().text();
    daemon_ = std::move(*daemon);
  }
  Json status() const {
    const auto reply = api::get(config_.api, "/v1/status");
    EXPECT_TRUE(reply) << reply.error().text();
    return reply ? Json::parse(reply->body) : Json{};
  }
  template <class Condition>
  static bool soon(Condition&& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      usleep(10'000);
    }
    return false;
  }
  bool connected() const {
    return soon([&] { return status()["dataplane"]["connected"] == true; });
  }
  api::Reply commit(const std::string& text) const {
    api::CommitOrder order;
    order.sources = {{"plant.toml", text}};
    order.message = "CR-1";
    auto reply = api::post(config_.api, "/v1/commit", api::write_commit(order));
    EXPECT_TRUE(reply) << reply.error().text();
    return reply.value_or(api::Reply{});
  }

  std::string folder_;
  config::Config config_;
  std::optional<FakeDataplane> dataplane_;
  std::unique_ptr<Daemon> daemon_;
  std::mutex lock_;
  std::vector<std::string> said_;
};

TEST_F(Running, CommitsAPolicyAndTellsItsEventsByName) {
  dataplane_.emplace(config_.dataplane);
  start();
  ASSERT_TRUE(connected());
  const auto reply = commit(kPolicy);
  ASSERT_EQ(reply.status, 200U) << reply.body;
  EXPECT_EQ(Json::parse(reply.body)["generation"], 1);
  EXPECT_EQ(dataplane_->running_, 1U);
  EXPECT_EQ(dataplane_->confirmed_, 1U);
  EXPECT_TRUE(std::filesystem::exists(config_.state + "/confirmed/image"));
  EXPECT_EQ(status()["generation"]["confirmed"], 1);

  dataplane_->deny();
  Json event;
  ASSERT_TRUE(soon([&] {
    (void)api::stream(config_.api, "/v1/events?last=1", [&](std::string_view line) {
      event = Json::parse(line);
      return true;
    });
    return event.is_object();
  }));
  EXPECT_EQ(event["sluice"]["conduit"], "scada-cell");
  EXPECT_EQ(event["sluice"]["generation"], 1);
  std::ifstream file{config_.eve};
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_EQ(Json::parse(line), event);
}

TEST_F(Running, ErrorsOfAConfigurationComeBackAllAtOnceWithTheirPlaces) {
  dataplane_.emplace(config_.dataplane);
  start();
  ASSERT_TRUE(connected());
  const auto reply = commit("[[zone]]\nname = 5\n[[zone]]\nnames = \"x\"\n");
  EXPECT_EQ(reply.status, 422U);
  const auto problem = Json::parse(reply.body);
  EXPECT_GE(problem["errors"].size(), 2U) << reply.body;
  const auto at_line_2 = [](const Json& error) {
    return error["file"] == "plant.toml" && error["line"] == 2;
  };
  EXPECT_TRUE(std::ranges::any_of(problem["errors"], at_line_2)) << reply.body;
  EXPECT_EQ(dataplane_->running_, 0U);
}

TEST_F(Running, ARefusalOfTheDataplaneChangesNothing) {
  dataplane_.emplace(config_.dataplane);
  start();
  ASSERT_TRUE(connected());
  ASSERT_EQ(commit(kPolicy).status, 200U);
  dataplane_->refuse_ = true;
  const auto reply = commit(kPolicy);
  EXPECT_EQ(reply.status, 503U);
  EXPECT_THAT(reply.body, testing::HasSubstr("there is no port eth1"));
  EXPECT_EQ(status()["generation"]["confirmed"], 1);
  const auto generations = Json::parse(api::get(config_.api, "/v1/generations")->body);
  EXPECT_EQ(generations[0]["state"], "abandoned");
  EXPECT_EQ(generations[1]["state"], "confirmed");
  EXPECT_EQ(generations[1]["message"], "CR-1");
}

TEST_F(Running, ADaemonThatComesBackFindsTheRunningGeneration) {
  dataplane_.emplace(config_.dataplane);
  start();
  ASSERT_TRUE(connected());
  ASSERT_EQ(commit(kPolicy).status, 200U);
  daemon_.reset();
  dataplane_->deny();
  start();
  ASSERT_TRUE(connected());
  EXPECT_EQ(status()["generation"]["running"], 1);
  EXPECT_TRUE(soon([&] { return status()["events"]["verdicts"] == 1; })) << "what happened meanwhile is told";
  EXPECT_EQ(Json::parse(commit(kPolicy).body)["generation"], 2);
}

TEST_F(Running, ADataplaneThatComesBackEmptyIsGivenThePolicy) {
  dataplane_.emplace(config_.dataplane);
  start();
  ASSERT_TRUE(connected());
  ASSERT_EQ(commit(kPolicy).status, 200U);
  dataplane_.reset();
  ASSERT_TRUE(soon([&] { return status()["dataplane"]["connected"] == false; }));
  EXPECT_EQ(commit(kPolicy).status, 503U);
  dataplane_.emplace(config_.dataplane);
  EXPECT_TRUE(soon([&] { return dataplane_->running_ == 1; }));
  EXPECT_TRUE(soon([&] { return dataplane_->confirmed_ == 1; }));
}

TEST_F(Running, AWorkerWhoseHeartStopsIsSeen) {
  dataplane_.emplace(config_.dataplane);
  start();
  ASSERT_TRUE(connected());
  EXPECT_TRUE(soon([&] { return status()["workers"][0]["alive"] == true; }));
  dataplane_->hang_ = true;
  EXPECT_TRUE(soon([&] { return status()["workers"][0]["alive"] == false; }));
  EXPECT_TRUE(soon([&] {
    const std::lock_guard lock{lock_};
    return std::ranges::find(said_, "worker 0 of the dataplane does not answer") != said_.end();
  }));
}

TEST_F(Running, WithoutADataplaneItSaysSoAndWaits) {
  start();
  const auto now = status();
  EXPECT_EQ(now["dataplane"]["connected"], false);
  EXPECT_FALSE(now.contains("workers"));
  EXPECT_EQ(commit(kPolicy).status, 503U);
  dataplane_.emplace(config_.dataplane);
  EXPECT_TRUE(connected());
}

}  // namespace
}  // namespace sluice
