#include "control/cli/daemon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "control/api/server.hpp"

namespace sluice::cli {
namespace {

struct Fake final : api::Service {
  events::Feed all;
  events::Feed verdicts;
  api::CommitOrder order;

  api::Reply status() override {
    return {
        200,
        R"({"dataplane":{"connected":true,"pid":7},"generation":{"running":3,"confirmed":3},)"
        R"("workers":[{"alive":true,"generation":3,"heartbeat_age_ms":1}],"ports":[{"name":"eth1","link":"up"}],)"
        R"("counters":{"received":5,"reasons":{"no_rule":2}},"events":{"verdicts":1}})"};
  }
  api::Reply generations() override { return {200, "[]"}; }
  api::Reply commit(api::CommitOrder given) override {
    order = std::move(given);
    if (order.sources[0].text == "wrong") {
      return {422,
              R"({"detail":"x","errors":[{"text":"plant.toml:1:1: one, wrong"},{"text":"two\u001b[2J"}]})"};
    }
    if (order.sources[0].text == "busy") return api::problem(409, "Conflict", "another commit is under way");
    return {200, R"({"generation":4,"summary":{"rules":2},"milliseconds":9})"};
  }
  const events::Feed& feed(api::Events which) override { return which == api::Events::all ? all : verdicts; }
};

struct Done {
  Exit exit;
  std::string out;
  std::string err;
};

class AskingTheDaemon : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-cli-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    auto server = api::Server::listen(folder_ + "/api.sock", service_);
    ASSERT_TRUE(server);
    server_ = std::move(*server);
    thread_ = std::thread{[this] { server_->run(); }};
  }
  void TearDown() override {
    server_->stop();
    thread_.join();
    std::filesystem::remove_all(folder_);
  }
  Done sluice(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--api", folder_ + "/api.sock"});
    std::ostringstream out;
    std::ostringstream err;
    Console console{out, err};
    const auto exit = run(arguments, console);
    return {exit, out.str(), err.str()};
  }
  std::string file(const std::string& text) const {
    std::ofstream{folder_ + "/plant.toml"} << text;
    return folder_ + "/plant.toml";
  }

  Fake service_;
  std::string folder_;
  std::unique_ptr<api::Server> server_;
  std::thread thread_;
};

TEST_F(AskingTheDaemon, StatusIsToldInWordsOrAsJson) {
  const auto text = sluice({"status"});
  EXPECT_EQ(text.exit, Exit::done);
  EXPECT_THAT(text.out, testing::AllOf(testing::HasSubstr("generation  3, 3 on disk"),
                                       testing::HasSubstr("no_rule"), testing::HasSubstr("eth1")));
  EXPECT_EQ(nlohmann::json::parse(sluice({"status", "-o", "json"}).out)["counters"]["received"], 5);
}

TEST_F(AskingTheDaemon, CommitSendsWhatIsInTheFiles) {
  const auto path = file("fine");
  const auto done = sluice({"commit", path, "-m", "CR-1"});
  EXPECT_EQ(done.exit, Exit::done) << done.err;
  EXPECT_THAT(done.out, testing::StartsWith("generation 4 is in force: 2 rules"));
  ASSERT_EQ(service_.order.sources.size(), 1U);
  EXPECT_EQ(service_.order.sources[0].name, path);
  EXPECT_EQ(service_.order.message, "CR-1");
}

TEST_F(AskingTheDaemon, EveryErrorOfAConfigurationIsALineAndExit1) {
  const auto done = sluice({"commit", file("wrong")});
  EXPECT_EQ(done.exit, Exit::findings);
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(done.err, "sluice: error: plant.toml:1:1: one, wrong\nsluice: error: two?[2J\n");
  const auto busy = sluice({"commit", file("busy")});
  EXPECT_EQ(busy.err, "sluice: error: another commit is under way\n");
  const auto json = sluice({"commit", file("wrong"), "-o", "json"});
  EXPECT_EQ(json.exit, Exit::findings);
  EXPECT_EQ(nlohmann::json::parse(json.out)["errors"].size(), 2U);
}

TEST_F(AskingTheDaemon, EventsAreLinesAndDenialsHaveTheirOwn) {
  service_.all.add(
      R"({"timestamp":"2024-06-11T08:15:30.123456+0000","event_type":"modbus","sluice":{"outcome":"seen"}})");
  service_.verdicts.add(R"({"event_type":"drop","sluice":{"outcome":"denied"}})");
  EXPECT_THAT(sluice({"events"}).out, testing::StartsWith("08:15:30.123  seen"));
  EXPECT_THAT(sluice({"events", "--denials"}).out, testing::HasSubstr("denied"));
  EXPECT_THAT(sluice({"events", "-o", "json"}).out, testing::StartsWith("{\"timestamp\""));
  EXPECT_EQ(sluice({"events", "-n", "many"}).exit, Exit::bad_use);
}

TEST_F(AskingTheDaemon, WithoutADaemonOrAFileTheExitIs3) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err};
  EXPECT_EQ(run(std::vector<std::string>{"status", "--api", folder_ + "/none"}, console), Exit::unreadable);
  EXPECT_THAT(err.str(), testing::HasSubstr("is sluiced running?"));
  EXPECT_EQ(sluice({"commit", folder_ + "/none.toml"}).exit, Exit::unreadable);
}

}  // namespace
}  // namespace sluice::cli
