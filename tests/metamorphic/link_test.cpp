// The same packets under other tags and with other addresses.
#include "tests/metamorphic/bench.hpp"

namespace sluice::metamorphic {
namespace {

TEST(Link, one_tag_or_two_and_both_families) {
  for (const auto& conversation : {written(), stand_ins(), functions(), fleet(20)}) {
    Bench bench{conversation};
    for (std::size_t tags = 0; tags < kTagsCount; ++tags) {
      for (const auto family : {Family::ipv4, Family::ipv6})
        EXPECT_TRUE(bench.same({.tags = static_cast<Tags>(tags), .family = family}));
    }
  }
}

}  // namespace
}  // namespace sluice::metamorphic
