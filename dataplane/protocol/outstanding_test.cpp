#include "dataplane/protocol/outstanding.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace sluice {
namespace {

TEST(Outstanding, an_answer_takes_its_request_and_another_answer_finds_nothing) {
  Outstanding outstanding;
  Pending pending;
  EXPECT_FALSE(outstanding.answer(7, pending));
  ASSERT_TRUE(outstanding.open({7, 70, 3}, Time{1}));
  ASSERT_NE(outstanding.find(7), nullptr);
  EXPECT_EQ(outstanding.find(7)->note, 70u);
  ASSERT_TRUE(outstanding.answer(7, pending));
  EXPECT_EQ(pending.note, 70u);
  EXPECT_EQ(pending.function, 3);
  EXPECT_FALSE(outstanding.answer(7, pending)) << "E62: a second answer is unsolicited";
  EXPECT_EQ(outstanding.find(7), nullptr);
}

TEST(Outstanding, E62_of_two_requests_with_one_key_the_older_is_answered_first) {
  Outstanding outstanding;
  ASSERT_TRUE(outstanding.open({7, 1, 3}, Time{1}));
  ASSERT_TRUE(outstanding.open({7, 2, 4}, Time{2}));
  Pending pending;
  ASSERT_TRUE(outstanding.answer(7, pending));
  EXPECT_EQ(pending.note, 1u);
  ASSERT_TRUE(outstanding.answer(7, pending));
  EXPECT_EQ(pending.note, 2u);
}

TEST(Outstanding, E64_full_refuses_and_room_comes_with_answers_and_with_time) {
  Outstanding outstanding;
  for (std::uint64_t i = 0; i < 16; ++i) ASSERT_TRUE(outstanding.open({i, 0, 3}, Time{i}));
  EXPECT_FALSE(outstanding.open({99, 0, 3}, Time{16}));
  Pending pending;
  ASSERT_TRUE(outstanding.answer(5, pending));
  EXPECT_TRUE(outstanding.open({99, 0, 3}, Time{16}));
  EXPECT_EQ(outstanding.expire(Time{20}, Duration{10}), 9u) << "asked at 0 to 9, but for 5";
  EXPECT_EQ(outstanding.size(), 7u);
  EXPECT_EQ(outstanding.find(9), nullptr);
  EXPECT_NE(outstanding.find(10), nullptr);
}

TEST(Outstanding, a_request_that_was_given_up_yields_its_place_when_all_are_taken) {
  Outstanding outstanding;
  for (std::uint64_t i = 0; i < 16; ++i) ASSERT_TRUE(outstanding.open({i, 0, 3}, Time{1}));
  EXPECT_FALSE(outstanding.open({99, 0, 3}, Time{1} + Outstanding::kGivenUp));
  EXPECT_TRUE(outstanding.open({99, 0, 3}, Time{2} + Outstanding::kGivenUp));
  EXPECT_EQ(outstanding.find(0), nullptr);
  EXPECT_NE(outstanding.find(99), nullptr);
  EXPECT_EQ(outstanding.size(), 16u);
}

TEST(Outstanding, a_key_used_again_after_its_request_was_given_up_means_the_new_request) {
  Outstanding outstanding;
  ASSERT_TRUE(outstanding.open({7, 1, 3}, Time{1}));
  ASSERT_TRUE(outstanding.open({7, 2, 3}, Time{2} + Outstanding::kGivenUp));
  Pending pending;
  ASSERT_TRUE(outstanding.answer(7, pending));
  EXPECT_EQ(pending.note, 2u);
  EXPECT_FALSE(outstanding.answer(7, pending));
}

TEST(Outstanding, a_lower_limit_holds) {
  Outstanding outstanding;
  EXPECT_TRUE(outstanding.open({1, 0, 3}, Time{1}, 2));
  EXPECT_TRUE(outstanding.open({2, 0, 3}, Time{1}, 2));
  EXPECT_FALSE(outstanding.open({3, 0, 3}, Time{1}, 2));
  outstanding.clear();
  EXPECT_TRUE(outstanding.open({3, 0, 3}, Time{1}, 2));
}

TEST(Outstanding, agrees_with_a_list_over_random_steps) {
  std::mt19937 random{1};
  Outstanding outstanding;
  struct Asked {
    std::uint64_t key, note, at;
  };
  std::deque<Asked> model;
  for (std::uint64_t now = 0; now < 100'000; ++now) {
    const std::uint64_t key = random() % 12;
    switch (random() % 5) {
      case 0:
      case 1:
        ASSERT_EQ(outstanding.open({key, now, 1}, Time{now}), model.size() < 16);
        if (model.size() < 16) model.push_back({key, now, now});
        break;
      case 2:
      case 3: {
        const auto found =
            std::find_if(model.begin(), model.end(), [key](const Asked& asked) { return asked.key == key; });
        Pending pending;
        ASSERT_EQ(outstanding.answer(key, pending), found != model.end());
        if (found != model.end()) {
          ASSERT_EQ(pending.note, found->note);
          model.erase(found);
        }
        break;
      }
      case 4: {
        std::uint32_t old = 0;
        for (; !model.empty() && now - model.front().at > 40; ++old) model.pop_front();
        ASSERT_EQ(outstanding.expire(Time{now}, Duration{40}), old);
      }
    }
    ASSERT_EQ(outstanding.size(), model.size());
  }
}

}  // namespace
}  // namespace sluice
