#include "dataplane/flow/shares.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <vector>

#include "dataplane/flow/fleeting.hpp"

namespace sluice {
namespace {

using Names = std::vector<std::uint64_t>;
constexpr auto kNoneInUse = [](Owner) { return false; };

TEST(Shares, a_conduit_keeps_its_owner_when_conduits_are_renumbered) {
  Shares shares;
  shares.entitle(Names{11, 22, 33}, kNoneInUse);
  const Owner two = shares.owner(1);
  const Owner three = shares.owner(2);
  shares.entitle(Names{44, 33, 22}, [&](Owner owner) { return owner == shares.owner(0); });
  EXPECT_EQ(shares.owner(2), two);
  EXPECT_EQ(shares.owner(1), three);
  EXPECT_NE(shares.owner(0), two);
  EXPECT_NE(shares.owner(0), three);
}

TEST(Shares, an_owner_in_use_is_given_to_no_other_conduit) {
  Shares shares;
  shares.entitle(Names{11}, kNoneInUse);
  const Owner old = shares.owner(0);
  shares.entitle(Names{22}, [&](Owner owner) { return owner == old; });
  EXPECT_NE(shares.owner(0), old);
  EXPECT_EQ(shares.parts(old), 0U);
  shares.entitle(Names{11}, kNoneInUse);
  EXPECT_EQ(shares.owner(0), old) << "its name is still known";
}

TEST(Shares, conduits_beyond_those_with_an_owner_of_their_own_have_their_parts_together) {
  Names names(200);
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = i + 1;
  Shares shares;
  shares.entitle(names, kNoneInUse);
  EXPECT_EQ(shares.owner(61), 62);
  EXPECT_EQ(shares.owner(62), kEverybodyElse);
  EXPECT_EQ(shares.owner(199), kEverybodyElse);
  EXPECT_EQ(shares.parts(kEverybodyElse), 138U);
  EXPECT_EQ(shares.parts(kNobody), 0U);
}

TEST(Quota, half_is_guaranteed_in_equal_parts_and_the_rest_is_first_come) {
  Shares shares;
  shares.entitle(Names{1, 2}, kNoneInUse);
  Quota quota{100};
  quota.divide(shares);
  int nobody = 0;
  while (quota.take(kNobody)) ++nobody;
  EXPECT_EQ(nobody, 50) << "what no rule admits never takes more than the common half";
  int one = 0;
  while (quota.take(shares.owner(0))) ++one;
  EXPECT_EQ(one, 25);
  int two = 0;
  while (quota.take(shares.owner(1))) ++two;
  EXPECT_EQ(two, 25);
  quota.give(kNobody, 10);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(quota.take(shares.owner(0)));
  EXPECT_FALSE(quota.take(shares.owner(0)));
  EXPECT_EQ(quota.most_over([](Owner) { return true; }), std::size_t{kNobody});
  EXPECT_EQ(quota.most_over([](Owner owner) { return owner != kNobody; }), std::size_t{shares.owner(0)});
}

TEST(Quota, without_rules_all_of_it_is_first_come) {
  Quota quota{10};
  quota.divide(Shares{});
  EXPECT_TRUE(quota.take(kNobody, 10));
  EXPECT_FALSE(quota.take(kNobody));
}

TEST(Quota, nothing_is_taken_away_when_the_parts_change) {
  Shares shares;
  Quota quota{100};
  EXPECT_TRUE(quota.take(kNobody, 100));
  shares.entitle(Names{1}, kNoneInUse);
  quota.divide(shares);
  EXPECT_EQ(quota.used(), 100U);
  EXPECT_FALSE(quota.take(shares.owner(0))) << "the table is full";
  quota.give(kNobody, 30);
  EXPECT_TRUE(quota.take(shares.owner(0), 30));
  EXPECT_FALSE(quota.take(kNobody));
}

TEST(Quota, agrees_with_sums_over_random_steps) {
  std::mt19937 random{7};
  Shares shares;
  Quota quota{1000};
  std::map<Owner, std::uint64_t> model;
  for (int step = 0; step < 200'000; ++step) {
    const auto owner = static_cast<Owner>(random() % 6);
    const std::uint64_t count = random() % 8 + 1;
    if (random() % 1000 == 0) {
      Names names;
      for (std::uint64_t name = 1; name < 5; ++name) {
        if (random() % 2 == 0) names.push_back(name);
      }
      shares.entitle(names, [&](Owner other) { return model[other] != 0; });
      quota.divide(shares);
    }
    std::uint64_t all = 0;
    std::uint64_t common = 0;
    std::uint64_t guaranteed = 0;
    const auto over = [&](std::size_t i, std::uint64_t used) {
      const auto mine = quota.guaranteed(static_cast<Owner>(i));
      return used > mine ? used - mine : 0;
    };
    for (std::size_t i = 0; i < kOwners; ++i) {
      all += model[static_cast<Owner>(i)];
      common += over(i, model[static_cast<Owner>(i)]);
      guaranteed += quota.guaranteed(static_cast<Owner>(i));
    }
    ASSERT_LE(guaranteed, 500U);
    ASSERT_EQ(quota.used(), all);
    switch (random() % 3) {
      case 0: {
        const auto more = over(owner, model[owner] + count) - over(owner, model[owner]);
        const bool may = all + count <= 1000 && (more == 0 || common + more <= 1000 - guaranteed);
        ASSERT_EQ(quota.take(owner, count), may);
        if (may) model[owner] += count;
        break;
      }
      case 1: {
        const auto given = std::min(count, model[owner]);
        quota.give(owner, given);
        model[owner] -= given;
        break;
      }
      default: {
        const auto to = static_cast<Owner>(random() % 6);
        const auto moved = std::min(count, model[owner]);
        quota.move(owner, to, moved);
        model[owner] -= moved;
        model[to] += moved;
      }
    }
  }
}

TEST(Fleeting, agrees_with_lists_over_random_steps) {
  constexpr std::uint32_t kFlows = 40;
  std::mt19937 random{3};
  Fleeting fleeting{kFlows};
  std::map<std::pair<Fleet, Owner>, std::deque<std::uint32_t>> model;
  for (int step = 0; step < 100'000; ++step) {
    const auto flow = static_cast<std::uint32_t>(random() % kFlows);
    const auto owner = static_cast<Owner>(random() % 3);
    const auto fleet = static_cast<Fleet>(random() % 3);
    for (auto& [key, list] : model) std::erase(list, flow);
    if (fleet != Fleet::none) model[{fleet, owner}].push_back(flow);
    fleeting.put(flow, owner, fleet);
    EXPECT_EQ(fleeting.of(flow), fleet);
    for (const auto which : {Fleet::half_open, Fleet::ended}) {
      for (Owner one = 0; one < 3; ++one) {
        const auto& list = model[{which, one}];
        ASSERT_EQ(fleeting.oldest(one, which), list.empty() ? Fleeting::kNone : list.front());
      }
    }
  }
}

}  // namespace
}  // namespace sluice
