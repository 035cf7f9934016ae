#include "control/api/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "control/api/client.hpp"
#include "control/api/request.hpp"
#include "dataplane/channel/socket.hpp"

namespace sluice::api {
namespace {

using Json = nlohmann::json;

struct Fake final : Service {
  std::atomic<int> commits{0};
  std::atomic<bool> slow{false};
  std::atomic<bool> entered{false};
  std::string last_message;
  events::Feed lines;
  events::Feed verdicts;

  Reply status() override { return {200, R"({"running":7})"}; }
  Reply generations() override { return {200, "[]"}; }
  Reply commit(CommitOrder order) override {
    entered = true;
    while (slow) usleep(1000);
    ++commits;
    last_message = order.message;
    EXPECT_EQ(order.user, geteuid());
    if (!order.sources.empty() && order.sources[0].text == "wrong")
      return problem(422, "Wrong", "plant.toml:1:1");
    return {200, R"({"generation":8})"};
  }
  const events::Feed& feed(Events which) override { return which == Events::all ? lines : verdicts; }
};

class Api : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-api-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    path_ = folder_ + "/api.sock";
    start({});
  }
  void start(ServerLimits limits) {
    auto server = Server::listen(path_, service_, limits);
    ASSERT_TRUE(server) << server.error().text();
    server_ = std::move(*server);
    thread_ = std::thread{[this] { server_->run(); }};
  }
  void stop() {
    server_->stop();
    thread_.join();
    server_.reset();
  }
  void TearDown() override {
    stop();
    std::filesystem::remove_all(folder_);
  }
  // What comes back for raw bytes, until the server closes or falls silent.
  std::string raw(const std::string& bytes, int silence_ms = 2000) const {
    const auto socket = channel::connect_to(path_, channel::SocketKind::stream);
    EXPECT_TRUE(socket) << socket.error().text();
    for (std::size_t sent = 0; sent < bytes.size();) {
      const auto n = send(socket->get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) {
        pollfd entry{socket->get(), POLLOUT, 0};
        if (poll(&entry, 1, 2000) <= 0) break;
        continue;
      }
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    shutdown(socket->get(), SHUT_WR);
    std::string out;
    for (;;) {
      pollfd entry{socket->get(), POLLIN, 0};
      if (poll(&entry, 1, silence_ms) <= 0) return out + "<silence>";
      char block[4096];
      const auto n = recv(socket->get(), block, sizeof block, 0);
      if (n <= 0) return out;
      out.append(block, static_cast<std::size_t>(n));
    }
  }

  Fake service_;
  std::string folder_;
  std::string path_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST_F(Api, AnswersWhatItOffers) {
  const auto status = get(path_, "/v1/status");
  ASSERT_TRUE(status) << status.error().text();
  EXPECT_EQ(status->status, 200U);
  EXPECT_EQ(status->body, R"({"running":7})");
  EXPECT_EQ(get(path_, "/v1/generations")->body, "[]");
  CommitOrder order;
  order.sources = {{"plant.toml", "x"}};
  order.message = "why";
  EXPECT_EQ(post(path_, "/v1/commit", write_commit(order))->body, R"({"generation":8})");
  EXPECT_EQ(service_.last_message, "why");
  order.sources[0].text = "wrong";
  EXPECT_EQ(post(path_, "/v1/commit", write_commit(order))->status, 422U);
}

TEST_F(Api, WhatItDoesNotOfferIsAProblemInJson) {
  const auto check = [](const Result<Reply>& reply, unsigned status) {
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, status) << reply->body;
    EXPECT_EQ(Json::parse(reply->body)["status"], status);
  };
  check(get(path_, "/"), 404);
  check(get(path_, "/v1/statusx"), 404);
  check(get(path_, "/v1/commit"), 405);
  check(post(path_, "/v1/status", ""), 405);
  check(get(path_, "/v1/events?last=many"), 400);
  check(get(path_, "/v1/events?follow=-1"), 400);
  for (const auto* const body :
       {"", "{}", "[]", "{\"path\":5}", "{\"path\":\"relative\"}", "{\"sources\":[]}", "{\"paths\":\"/x\"}",
        "{\"path\":\"/x\",\"sources\":[{\"name\":\"a\",\"text\":\"\"}]}",
        "{\"sources\":[{\"nam\":\"a\"}]}"}) {
    check(post(path_, "/v1/commit", body), 400);
  }
  check(post(path_, "/v1/commit", std::string(1'000'000, '[')), 400);
  check(post(path_, "/v1/commit", "{\"sources\":[" + std::string(100'000, ',') + "]}"), 400);
  check(post(path_, "/v1/commit", "{\"path\":\"/x\",\"message\":\"" + std::string(2000, 'x') + "\"}"), 400);
  EXPECT_EQ(service_.commits, 0);
}

TEST_F(Api, RequestsThatAreTooLargeOrNoneEndTheConnection) {
  EXPECT_THAT(raw("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"),
              testing::HasSubstr(" 413 "));
  EXPECT_THAT(raw("POST /v1/commit HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"),
              testing::HasSubstr(" 413 "));
  EXPECT_THAT(raw("nonsense\r\n\r\n"), testing::HasSubstr(" 400 "));
  EXPECT_THAT(
      raw("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/generations HTTP/1.1\r\nHost: x\r\n\r\n"),
      testing::AllOf(testing::HasSubstr("running"), testing::HasSubstr("[]")))
      << "pipelined requests are answered in turn";
}

TEST_F(Api, NoiseNeverStopsIt) {
  std::mt19937_64 random{13};
  const std::string good =
      "POST /v1/commit HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\nConnection: "
      "close\r\n\r\n{\"path\":\"/x\"}\n";
  for (int round = 0; round < 300; ++round) {
    auto bytes = good;
    const auto flips = 1 + random() % 6;
    for (std::uint64_t i = 0; i < flips; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    const auto answer = raw(bytes);
    ASSERT_TRUE(answer.empty() || answer.starts_with("HTTP/1.")) << answer;
    ASSERT_THAT(answer, testing::Not(testing::HasSubstr("<silence>")));
  }
  EXPECT_EQ(get(path_, "/v1/status")->status, 200U);
}

TEST_F(Api, OneCommitAtATimeWhileTheRestIsAnswered) {
  service_.slow = true;
  std::thread first{[&] { EXPECT_EQ(post(path_, "/v1/commit", R"({"path":"/x"})")->status, 200U); }};
  while (!service_.entered) usleep(1000);
  EXPECT_EQ(get(path_, "/v1/status")->status, 200U);
  const auto second = post(path_, "/v1/commit", R"({"path":"/x"})")->status;
  service_.slow = false;
  first.join();
  EXPECT_EQ(second, 409U);
  EXPECT_EQ(service_.commits, 1);
}

TEST_F(Api, FollowersGetWhatIsThereAndWhatComes) {
  for (int i = 0; i < 5; ++i) service_.lines.add("{\"n\":" + std::to_string(i) + "}");
  std::vector<std::string> got;
  const auto all = stream(path_, "/v1/events?last=2", [&](std::string_view line) {
    got.emplace_back(line);
    return true;
  });
  ASSERT_TRUE(all) << all.error().text();
  EXPECT_EQ(got, (std::vector<std::string>{"{\"n\":3}", "{\"n\":4}"}));
  got.clear();
  service_.verdicts.add("{\"denied\":1}");
  ASSERT_TRUE(stream(path_, "/v1/events?last=2&verdicts=1", [&](std::string_view line) {
    got.emplace_back(line);
    return true;
  }));
  EXPECT_EQ(got, std::vector<std::string>{"{\"denied\":1}"});

  got.clear();
  std::thread later{[&] {
    usleep(100'000);
    for (int i = 5; i < 9; ++i) service_.lines.add("{\"n\":" + std::to_string(i) + "}");
  }};
  const auto followed = stream(path_, "/v1/events?last=1&follow=1", [&](std::string_view line) {
    got.emplace_back(line);
    return got.size() < 5;
  });
  later.join();
  ASSERT_TRUE(followed);
  EXPECT_EQ(got.front(), "{\"n\":4}");
  EXPECT_EQ(got.back(), "{\"n\":8}");
  EXPECT_EQ(stream(path_, "/v1/events?last=x", [](std::string_view) { return true; })->status, 400U);
}

TEST_F(Api, ClientsThatStallOrCrowdLoseTheirPlace) {
  stop();
  start({.connections = 4, .patience = milliseconds(200)});
  std::vector<channel::Descriptor> crowd;
  for (int i = 0; i < 12; ++i) {
    auto socket = channel::connect_to(path_, channel::SocketKind::stream);
    ASSERT_TRUE(socket);
    (void)send(socket->get(), "GET", 3, MSG_NOSIGNAL);
    crowd.push_back(std::move(*socket));
  }
  unsigned status = 0;
  for (int i = 0; i < 100 && status != 200; ++i) {
    const auto reply = get(path_, "/v1/status");
    status = reply ? reply->status : 0;
    usleep(20'000);
  }
  EXPECT_EQ(status, 200U) << "the stalled ones were let go";
}

TEST_F(Api, AFollowerThatReadsNothingHoldsNobodyElse) {
  const auto socket = channel::connect_to(path_, channel::SocketKind::stream);
  ASSERT_TRUE(socket);
  const std::string request = "GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(send(socket->get(), request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  for (int i = 0; i < 5000; ++i) service_.lines.add(std::string(500, 'x'));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(get(path_, "/v1/status")->status, 200U);
}

TEST(Orders, ComeBackAsTheyWereWritten) {
  CommitOrder order;
  order.sources = {{"a b.toml", "x = \"\xc3\xbc\"\n"}, {"c.toml", ""}};
  order.message = "CR-1 \"quoted\"";
  const auto read = read_commit(write_commit(order));
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_EQ(read->sources.size(), 2U);
  EXPECT_EQ(read->sources[0].text, order.sources[0].text);
  EXPECT_EQ(read->message, order.message);
}

}  // namespace
}  // namespace sluice::api
