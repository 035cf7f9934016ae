#include "dataplane/ruleset/published.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace sluice {
namespace {

struct Thing {
  Thing(std::uint64_t what, std::atomic<int>& count) : value{what}, alive{count} { ++alive; }
  ~Thing() {
    value = 0;
    --alive;
  }
  Thing(const Thing&) = delete;
  Thing& operator=(const Thing&) = delete;
  std::uint64_t value;
  std::atomic<int>& alive;
};

class PublishedTest : public testing::Test {
 protected:
  std::unique_ptr<const Thing> thing(std::uint64_t value) {
    return std::make_unique<const Thing>(value, alive_);
  }
  std::atomic<int> alive_{0};
};

TEST_F(PublishedTest, starts_with_nothing) {
  Published<Thing> things{2};
  EXPECT_EQ(things.current(), nullptr);
  EXPECT_TRUE(things.has_room());
  EXPECT_TRUE(things.settled());
  EXPECT_FALSE(things.roll_back());
}

TEST_F(PublishedTest, an_object_is_freed_only_when_every_worker_was_quiescent_after_it) {
  Published<Thing> things{2};
  things.publish(thing(1));
  things.publish(thing(2));
  EXPECT_FALSE(things.settled());
  things.confirm();
  things.quiescent(0);
  things.reclaim();
  EXPECT_EQ(alive_, 2) << "worker 1 may still use the first";
  EXPECT_FALSE(things.settled());
  things.quiescent(1);
  things.reclaim();
  EXPECT_EQ(alive_, 1);
  EXPECT_TRUE(things.settled());
  EXPECT_EQ(things.current()->value, 2U);
}

TEST_F(PublishedTest, what_was_quiescent_before_the_swap_does_not_count) {
  Published<Thing> things{1};
  things.publish(thing(1));
  things.quiescent(0);
  things.quiescent(0);
  things.publish(thing(2));
  things.confirm();
  things.reclaim();
  EXPECT_EQ(alive_, 2);
}

TEST_F(PublishedTest, the_previous_one_comes_back_and_the_candidate_goes) {
  Published<Thing> things{1};
  things.publish(thing(1));
  things.publish(thing(2));
  ASSERT_TRUE(things.roll_back());
  EXPECT_EQ(things.current()->value, 1U);
  EXPECT_EQ(things.previous(), nullptr);
  things.quiescent(0);
  things.reclaim();
  EXPECT_EQ(alive_, 1);
  EXPECT_FALSE(things.roll_back());
}

TEST_F(PublishedTest, a_candidate_that_replaces_a_candidate_leaves_the_confirmed_one_in_reserve) {
  Published<Thing> things{1};
  things.publish(thing(1));
  things.publish(thing(2));
  things.publish(thing(3));
  things.quiescent(0);
  things.reclaim();
  EXPECT_EQ(alive_, 2);
  EXPECT_EQ(things.current()->value, 3U);
  ASSERT_TRUE(things.roll_back());
  EXPECT_EQ(things.current()->value, 1U);
}

TEST_F(PublishedTest, there_is_room_for_three) {
  Published<Thing> things{1};
  things.publish(thing(1));
  EXPECT_TRUE(things.has_room());
  things.publish(thing(2));
  EXPECT_TRUE(things.has_room());
  things.publish(thing(3));
  EXPECT_FALSE(things.has_room()) << "running, previous, and one that the worker may still use";
  things.quiescent(0);
  EXPECT_TRUE(things.has_room());
  EXPECT_EQ(things.alive(), 2U);
}

TEST_F(PublishedTest, a_worker_that_left_holds_nothing_back) {
  Published<Thing> things{2};
  things.publish(thing(1));
  things.leave(1);
  things.publish(thing(2));
  things.confirm();
  things.quiescent(0);
  things.reclaim();
  EXPECT_EQ(alive_, 1);
}

TEST_F(PublishedTest, all_are_freed_at_the_end) {
  {
    Published<Thing> things{1};
    for (std::uint64_t i = 1; i <= 3; ++i) things.publish(thing(i));
  }
  EXPECT_EQ(alive_, 0);
}

// Under ThreadSanitizer this shows that no access races with a free; without it, that no worker ever sees a
// dead object or one that is older than what it saw before.
TEST_F(PublishedTest, workers_read_while_the_owner_swaps_confirms_and_rolls_back) {
  constexpr std::uint32_t kWorkers = 2;
  constexpr std::uint64_t kSwaps = 600;
  Published<Thing> things{kWorkers};
  things.publish(thing(1));
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> workers;
  for (std::uint32_t number = 0; number < kWorkers; ++number) {
    workers.emplace_back([&, number] {
      while (!stop.load(std::memory_order_relaxed)) {
        const auto* first = things.current();
        const auto* second = things.current();
        if (first->value == 0 || second->value == 0) ++wrong;
        things.quiescent(number);
        std::this_thread::yield();
      }
      things.leave(number);
    });
  }
  std::uint64_t rolled = 0;
  for (std::uint64_t i = 2; i <= kSwaps; ++i) {
    while (!things.has_room()) std::this_thread::yield();
    things.publish(thing(i));
    while (!things.settled()) std::this_thread::yield();
    switch (i % 3) {
      case 0:
        things.confirm();
        break;
      case 1:
        rolled += things.roll_back() ? 1 : 0;
        break;
      default:
        break;
    }
    ASSERT_LE(alive_, 3);
  }
  stop = true;
  for (auto& worker : workers) worker.join();
  things.reclaim();
  EXPECT_EQ(wrong, 0U);
  EXPECT_GT(rolled, kSwaps / 4);
  EXPECT_EQ(static_cast<std::size_t>(alive_), things.alive());
  EXPECT_LE(things.alive(), 2U);
}

}  // namespace
}  // namespace sluice
