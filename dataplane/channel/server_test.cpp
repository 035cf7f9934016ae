#include "dataplane/channel/server.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

#include "dataplane/channel/client.hpp"
#include "rules/image/format.hpp"

namespace sluice::channel {
namespace {

struct Dataplane final : Handler {
  std::atomic<std::uint64_t> running{3};
  std::atomic<std::uint64_t> confirmed{3};
  std::atomic<std::uint64_t> deadline{0};
  std::atomic<bool> refuse{false};

  void state(State& state) noexcept override {
    state.schemas = 77;
    state.running = running;
    state.confirmed = confirmed;
    state.port_count = 2;
    state.ports[0].set("eth1");
    state.ports[1].set("eth2");
  }
  Result<void> publish(std::vector<std::uint8_t> image, Generation generation,
                       Duration confirm_within) override {
    if (refuse) return failure("no port eth9");
    EXPECT_GE(image.size(), sizeof(image::Header));
    running = generation.value;
    deadline = confirm_within.ns;
    return {};
  }
  Result<void> confirm(Generation generation) override {
    if (generation.value != running) return failure("generation is not running");
    confirmed = generation.value;
    return {};
  }
};

class Channel : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-channel-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    path_ = folder_ + "/control";
    auto listener = listen_at(path_);
    ASSERT_TRUE(listener) << listener.error().text();
    auto shared =
        SharedMemory::create({.workers = 1, .ports = 2, .verdict_cells = 64, .transaction_cells = 64});
    ASSERT_TRUE(shared);
    shared_.emplace(std::move(*shared));
    thread_ = std::thread{[this, fd = std::move(*listener)]() mutable {
      Server server{std::move(fd), *shared_, dataplane_, 1U << 20U};
      while (!stop_) {
        server.serve(milliseconds(5));
        connected_ = server.connected();
      }
    }};
  }
  void TearDown() override {
    stop_ = true;
    thread_.join();
    std::filesystem::remove_all(folder_);
  }

  static std::vector<std::uint8_t> image_of(std::uint64_t generation) {
    image::Header header;
    header.generation = generation;
    header.digest[0] = 5;
    std::vector<std::uint8_t> bytes(sizeof header);
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
  }
  static Digest digest() {
    Digest digest{};
    digest[0] = 5;
    return digest;
  }
  Client client() {
    Result<Client> made = failure("not tried");
    // The server may not have noticed yet that the last client left.
    for (int i = 0; i < 200 && !made; ++i) {
      made = Client::connect(path_, seconds(5));
      if (!made) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(made) << made.error().text();
    return std::move(*made);
  }

  Dataplane dataplane_;
  std::optional<SharedMemory> shared_;
  std::string folder_;
  std::string path_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> connected_{false};
  std::thread thread_;
};

TEST_F(Channel, TheClientLearnsWhatRunsAndSeesTheSharedMemory) {
  auto daemon = client();
  EXPECT_EQ(daemon.state().schemas, 77U);
  EXPECT_EQ(daemon.state().running, 3U);
  EXPECT_EQ(daemon.state().ports[1].get(), "eth2");
  EXPECT_EQ(daemon.state().pid, static_cast<std::uint32_t>(getpid()));
  shared_->beat(0, {55}, {3});
  EXPECT_EQ(daemon.shared().heartbeat(0).ns, 55U);
}

TEST_F(Channel, APublishedImageRunsAndIsConfirmed) {
  auto daemon = client();
  const auto image = seal(image_of(4), "image");
  ASSERT_TRUE(image);
  const auto answer = daemon.publish(image->get(), {4}, digest(), seconds(60), seconds(5));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->done, 1U) << answer->reason.get();
  EXPECT_EQ(answer->running, 4U);
  EXPECT_EQ(dataplane_.deadline, seconds(60).ns);
  EXPECT_EQ(daemon.confirm({4}, seconds(5))->done, 1U);
  ASSERT_TRUE(daemon.status(seconds(5)));
  EXPECT_EQ(daemon.state().confirmed, 4U);
  EXPECT_EQ(daemon.confirm({9}, seconds(5))->done, 0U);
}

TEST_F(Channel, WhatTheDataplaneRefusesComesBackWithTheReason) {
  dataplane_.refuse = true;
  auto daemon = client();
  const auto image = seal(image_of(4), "image");
  const auto answer = daemon.publish(image->get(), {4}, digest(), {}, seconds(5));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->done, 0U);
  EXPECT_EQ(answer->reason.get(), "no port eth9");
  EXPECT_EQ(answer->running, 3U);
  EXPECT_TRUE(daemon.connected());
}

TEST_F(Channel, OnlyASealedNewerImageOfTheSaidDigestIsTaken) {
  auto daemon = client();
  const auto good = seal(image_of(4), "image");
  const auto reason = [&](int fd, std::uint64_t generation, const Digest& said) {
    const auto answer = daemon.publish(fd, {generation}, said, {}, seconds(5));
    EXPECT_TRUE(answer);
    EXPECT_EQ(answer->done, 0U);
    return std::string{answer->reason.get()};
  };
  EXPECT_THAT(reason(-1, 4, digest()), testing::HasSubstr("no image"));
  EXPECT_THAT(reason(good->get(), 5, digest()), testing::HasSubstr("another one"));
  EXPECT_THAT(reason(good->get(), 4, {}), testing::HasSubstr("another one"));
  EXPECT_THAT(reason(seal(image_of(3), "image")->get(), 3, digest()), testing::HasSubstr("not newer"));
  EXPECT_THAT(reason(seal(std::vector<std::uint8_t>(10), "image")->get(), 4, digest()),
              testing::HasSubstr("shorter"));
  EXPECT_THAT(reason(seal(std::vector<std::uint8_t>(2 << 20), "image")->get(), 4, digest()),
              testing::HasSubstr("more than"));
  EXPECT_THAT(reason(seal(std::vector<std::uint8_t>(4096), "image")->get(), 0, {}),
              testing::HasSubstr("no image"));

  const Descriptor writable{memfd_create("t", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  const auto bytes = image_of(4);
  ASSERT_EQ(write(writable.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  EXPECT_THAT(reason(writable.get(), 4, digest()), testing::HasSubstr("not sealed"));
  const Descriptor file{open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
  EXPECT_THAT(reason(file.get(), 4, digest()), testing::HasSubstr("no memory file"));
  EXPECT_EQ(dataplane_.running, 3U);
}

TEST_F(Channel, ASecondDaemonIsToldSoAndTheFirstStays) {
  auto first = client();
  const auto second = Client::connect(path_, seconds(5));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text(), testing::HasSubstr("another daemon"));
  EXPECT_TRUE(first.status(seconds(5)));
}

TEST_F(Channel, NonsenseEndsTheConnectionAndNothingElse) {
  std::mt19937_64 random{11};
  for (int round = 0; round < 200; ++round) {
    auto socket = connect_to(path_);
    ASSERT_TRUE(socket);
    MessageBuffer buffer;
    ASSERT_TRUE(wait_readable(socket->get(), seconds(5)));
    (void)receive_message(socket->get(), buffer);
    auto request = make<Publish>(1);
    request.generation = 4;
    std::vector<std::uint8_t> bytes(sizeof request);
    std::memcpy(bytes.data(), &request, sizeof request);
    // A header that is wrong somewhere, a wrong size, or noise.
    if (round % 3 == 0)
      bytes[random() % sizeof(MessageHeader)] ^= static_cast<std::uint8_t>(1 + random() % 255);
    if (round % 3 == 1) bytes.resize(1 + random() % (bytes.size() - 1));
    if (round % 3 == 2) {
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    }
    (void)send_message(socket->get(), bytes);
  }
  auto daemon = client();
  EXPECT_EQ(daemon.state().running, 3U);
}

TEST(ListenAt, ReplacesAStaleSocketAndNothingElse) {
  char name[] = "/tmp/sluice-listen-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  const std::string path = std::string{name} + "/socket";
  {
    const auto first = listen_at(path);
    ASSERT_TRUE(first);
    struct stat status {};
    ASSERT_EQ(lstat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_FALSE(listen_at(path)) << "someone listens";
  }
  EXPECT_TRUE(listen_at(path)) << "nobody listens any more";
  std::filesystem::remove(path);
  const Descriptor file{open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)};
  EXPECT_FALSE(listen_at(path)) << "a file is not ours";
  EXPECT_FALSE(listen_at(std::string(200, 'x')));
  std::filesystem::remove_all(name);
}

}  // namespace
}  // namespace sluice::channel
