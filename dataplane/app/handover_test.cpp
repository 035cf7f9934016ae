#include "dataplane/app/handover.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "rules/image/writer.hpp"

namespace sluice {
namespace {

using testing::HasSubstr;

std::vector<std::uint8_t> image_of(std::uint64_t generation, const std::string& port = "eth1") {
  image::Writer writer;
  writer.zones = {{writer.intern("a")}, {writer.intern("b")}};
  image::Conduit conduit;
  conduit.name = writer.intern("c");
  const std::array<std::string, 2> ports = {port, "eth2"};
  for (std::uint32_t side = 0; side < 2; ++side) {
    conduit.sides[side].port = writer.intern(ports[side]);
    conduit.sides[side].zones =
        image::Writer::append(writer.side_zones, std::span<const std::uint32_t>{&side, 1});
  }
  const auto untagged = image::kUntagged;
  conduit.vlans = image::Writer::append(writer.vlans, std::span<const std::uint32_t>{&untagged, 1});
  writer.conduits = {conduit};
  auto bytes = writer.finish({.schemas = fingerprint(registry().schemas)});
  image::set_generation(bytes, generation);
  return bytes;
}

class HandoverTest : public testing::Test {
 protected:
  HandoverTest() {
    worker_ = std::thread{[this] {
      while (!stop_) {
        if (!hangs_) rules_.quiescent(0);
        std::this_thread::yield();
      }
    }};
  }
  ~HandoverTest() override {
    stop_ = true;
    worker_.join();
  }
  channel::State state() {
    channel::State state;
    handover_.state(state);
    return state;
  }
  void settle() {
    while (!rules_.settled()) std::this_thread::yield();
    handover_.tick();
  }
  Result<void> publish(std::uint64_t generation, Duration confirm_within = {}) {
    return handover_.publish(image_of(generation), {generation}, confirm_within);
  }

  Published<Ruleset> rules_{1};
  Time now_{5'000'000'000};
  std::vector<std::string> said_;
  Handover handover_{rules_,
                     {"eth1", "eth2"},
                     1,
                     [this] { return now_; },
                     [this](const auto& line) { said_.push_back(line); }};
  std::atomic<bool> stop_{false};
  std::atomic<bool> hangs_{false};
  std::thread worker_;
};

TEST_F(HandoverTest, without_a_start_image_nothing_runs) {
  EXPECT_EQ(state().running, 0U);
  EXPECT_EQ(state().port_count, 2U);
  EXPECT_EQ(state().ports[1].get(), "eth2");
  EXPECT_EQ(state().schemas, fingerprint(registry().schemas));
  EXPECT_EQ(rules_.current(), nullptr);
}

TEST_F(HandoverTest, the_start_image_runs_and_is_confirmed) {
  handover_.start(image_of(4));
  EXPECT_EQ(state().running, 4U);
  EXPECT_EQ(state().confirmed, 4U);
  EXPECT_EQ(state().running_digest, rules_.running()->image().header().digest);
  EXPECT_TRUE(state().remark.get().empty());
}

TEST_F(HandoverTest, a_start_image_that_is_refused_leaves_the_box_closed_and_says_why) {
  handover_.start(image_of(4, "eth9"));
  EXPECT_EQ(state().running, 0U);
  EXPECT_EQ(rules_.current(), nullptr);
  EXPECT_THAT(std::string{state().remark.get()}, HasSubstr("eth9"));
  ASSERT_EQ(said_.size(), 1U);
  EXPECT_THAT(said_[0], HasSubstr("all is closed"));
}

TEST_F(HandoverTest, publishing_returns_when_the_workers_use_it) {
  handover_.start(image_of(1));
  ASSERT_TRUE(publish(2));
  EXPECT_TRUE(rules_.settled());
  EXPECT_EQ(state().running, 2U);
  EXPECT_EQ(state().confirm_left_ns, 0U);
  settle();
  EXPECT_EQ(rules_.alive(), 1U);
}

TEST_F(HandoverTest, a_refused_image_changes_nothing) {
  handover_.start(image_of(1));
  auto broken = image_of(2);
  broken.back() ^= 1;
  EXPECT_FALSE(handover_.publish(std::move(broken), {2}, {}));
  EXPECT_FALSE(handover_.publish(image_of(2, "eth7"), {2}, {}));
  EXPECT_EQ(state().running, 1U);
  EXPECT_EQ(rules_.alive(), 1U);
}

TEST_F(HandoverTest, what_nobody_confirms_goes_back_to_what_was_confirmed) {
  handover_.start(image_of(1));
  ASSERT_TRUE(publish(2, seconds(30)));
  EXPECT_EQ(state().confirm_left_ns, seconds(30).ns);
  now_ = now_ + seconds(29);
  handover_.tick();
  EXPECT_EQ(state().running, 2U);
  EXPECT_EQ(state().confirmed, 1U);
  now_ = now_ + seconds(1);
  handover_.tick();
  EXPECT_EQ(state().running, 1U);
  EXPECT_EQ(state().confirm_left_ns, 0U);
  EXPECT_THAT(std::string{state().remark.get()}, HasSubstr("generation 1 runs again"));
  EXPECT_FALSE(handover_.confirm({2}));
}

TEST_F(HandoverTest, a_candidate_in_place_of_a_candidate_goes_back_to_what_was_confirmed_too) {
  handover_.start(image_of(1));
  ASSERT_TRUE(publish(2, seconds(30)));
  ASSERT_TRUE(publish(3, seconds(30)));
  now_ = now_ + seconds(31);
  handover_.tick();
  EXPECT_EQ(state().running, 1U);
}

TEST_F(HandoverTest, the_first_of_all_that_nobody_confirms_closes_the_box_again) {
  ASSERT_TRUE(publish(1, seconds(1)));
  now_ = now_ + seconds(2);
  handover_.tick();
  EXPECT_EQ(state().running, 0U);
  EXPECT_EQ(rules_.current(), nullptr);
}

TEST_F(HandoverTest, what_is_confirmed_stays) {
  handover_.start(image_of(1));
  ASSERT_TRUE(publish(2, seconds(30)));
  EXPECT_FALSE(handover_.confirm({1}));
  ASSERT_TRUE(handover_.confirm({2}));
  EXPECT_EQ(state().confirmed, 2U);
  now_ = now_ + seconds(100);
  handover_.tick();
  EXPECT_EQ(state().running, 2U);
  settle();
  EXPECT_EQ(rules_.alive(), 1U);
  EXPECT_FALSE(handover_.confirm({0}));
}

TEST_F(HandoverTest, a_worker_that_hangs_keeps_the_old_ruleset_and_the_daemon_is_told) {
  handover_.start(image_of(1));
  hangs_ = true;
  const auto published = publish(2);
  ASSERT_FALSE(published);
  EXPECT_THAT(published.error().what, HasSubstr("hangs"));
  EXPECT_EQ(state().running, 1U);
  EXPECT_EQ(rules_.current()->generation().value, 1U);
  hangs_ = false;
  EXPECT_TRUE(publish(3));
}

TEST_F(HandoverTest, a_thousand_swaps_keep_no_memory) {
  handover_.start(image_of(1));
  for (std::uint64_t generation = 2; generation < 1002; ++generation) {
    ASSERT_TRUE(publish(generation, generation % 2 == 0 ? seconds(1) : Duration{}));
    ASSERT_LE(rules_.alive(), Published<Ruleset>::kRoom);
  }
  ASSERT_TRUE(handover_.confirm({1001}));
  settle();
  EXPECT_EQ(rules_.alive(), 1U);
}

TEST(ReadImage, refuses_what_is_missing_no_file_or_too_large) {
  EXPECT_FALSE(read_image("/nonexistent", 100));
  EXPECT_FALSE(read_image("/tmp", 100));
  const auto path = testing::TempDir() + "/read-image-" + std::to_string(getpid());
  std::ofstream{path} << "hello";
  EXPECT_FALSE(read_image(path, 4));
  const auto whole = read_image(path, 5);
  ASSERT_TRUE(whole);
  EXPECT_EQ(text_of(*whole), "hello");
  unlink(path.c_str());
}

}  // namespace
}  // namespace sluice
