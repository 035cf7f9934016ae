// The base itself: what is compared has something in it, and is what the policy says.
#include "tests/metamorphic/bench.hpp"

namespace sluice::metamorphic {
namespace {

TEST(Base, tells_all_that_is_written) {
  Bench bench{written()};
  EXPECT_TRUE(bench.same({}));
  EXPECT_EQ(bench.told("transaction"), 100U);
  const std::pair<const char*, std::size_t> verdicts[] = {
      {"no_rule reset", 12},    {"no_policy reset", 3},   {"no_policy drop", 5},       {"malformed reset", 3},
      {"unsolicited reset", 3}, {"bad_framing reset", 2}, {"wrong_protocol reset", 3},
  };
  std::size_t sum = 0;
  for (const auto& [what, count] : verdicts) {
    const auto told = bench.told("verdict " + std::string{what});
    EXPECT_EQ(told, count) << what;
    sum += told;
  }
  EXPECT_EQ(bench.told("verdict"), sum);
}

TEST(Base, lets_stand_ins_and_their_answers_through) {
  Bench bench{stand_ins()};
  EXPECT_EQ(bench.told("verdict no_rule neutralise acted"), 3U);
  EXPECT_EQ(bench.told("verdict"), 3U);
  EXPECT_EQ(bench.base.counters.neutralised, 3U);
  for (const auto& [port, heard] : bench.base.heard) {
    for (const auto& one : heard) {
      EXPECT_EQ(one.delivered.size(), one.said.size());
      EXPECT_NE(one.delivered, one.said);
    }
  }
}

// Two conversations that differ in one byte of what is said, or in one that is denied, are not the same.
TEST(Base, differs_from_that_of_another_conversation) {
  const auto one = written();
  const auto base = run(one, {});
  auto another = one;
  another.connections[0].turns[3].messages[0].bytes.back() ^= 1U;
  EXPECT_NE(compare(one, base, run(another, {})), "");
  another = one;
  another.connections[9].turns[2].messages[0].bytes[9] = 1;  // now inside of its range
  const auto differs = compare(one, base, run(another, {}));
  EXPECT_NE(differs.find("a write outside of its range"), std::string::npos) << differs;
  EXPECT_NE(differs.find("verdict no_rule reset"), std::string::npos) << differs;
}

}  // namespace
}  // namespace sluice::metamorphic
