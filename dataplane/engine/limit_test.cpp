#include "dataplane/engine/limit.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Bucket, lets_a_seconds_worth_through_at_once_and_then_one_after_the_other) {
  for (const std::uint32_t rate : {1U, 7U, 100U, 1'000'000U}) {
    Bucket bucket;
    Time now{5'000'000'000};
    std::uint32_t taken = 0;
    while (taken <= 2 * rate && bucket.take(now, rate)) ++taken;
    EXPECT_NEAR(taken, rate, 1) << "a second that does not divide";
    const auto after = taken;
    for (int i = 0; i < 1000; ++i) {
      now = now + milliseconds(10);
      while (bucket.take(now, rate)) ++taken;
    }
    EXPECT_NEAR(taken - after, 10.0 * rate, 1 + 1e-5 * rate);
  }
}

TEST(Bucket, of_nothing_lets_nothing_through) {
  Bucket bucket;
  EXPECT_FALSE(bucket.take(Time{1}, 0));
}

TEST(Bucket, tells_once_a_second) {
  Bucket bucket;
  int told = 0;
  for (std::uint64_t i = 0; i < 3000; ++i) told += bucket.tell(Time{i * 1'000'000}) ? 1 : 0;
  EXPECT_EQ(told, 3);
}

TEST(Tellings, tell_each_key_once_a_minute_and_all_together_a_bounded_number_in_a_second) {
  Tellings tellings;
  const Time start{1'000'000'000};
  EXPECT_TRUE(tellings.take(1, start));
  EXPECT_FALSE(tellings.take(1, start + seconds(59)));
  EXPECT_TRUE(tellings.take(2, start + seconds(59)));
  EXPECT_TRUE(tellings.take(1, start + seconds(60)));
  int told = 0;
  for (std::uint64_t key = 100; key < 100'000; ++key)
    told += tellings.take(key, start + seconds(200)) ? 1 : 0;
  EXPECT_EQ(told, 32);
}

}  // namespace
}  // namespace sluice
