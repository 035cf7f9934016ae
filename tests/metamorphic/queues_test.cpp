// The same frames over one to four engines.
#include "tests/metamorphic/bench.hpp"

namespace sluice::metamorphic {
namespace {

constexpr std::uint8_t kHosts = 60;

TEST(Queues, E51_one_to_four_in_bursts_of_each_size) {
  Bench bench{fleet(kHosts)};
  for (const auto family : {Family::ipv4, Family::ipv6}) {
    for (std::uint32_t queues = 1; queues <= 4; ++queues) {
      for (const std::uint32_t burst : {1U, 7U, 32U}) {
        const Rendering rendering{.family = family, .queues = queues, .burst = burst};
        Engines box{rules(rendering.tags), kHosts, queues, burst};
        EXPECT_TRUE(bench.same(rendering, box));
        EXPECT_EQ(box.busy(), queues);
      }
    }
  }
}

TEST(Queues, E51_everything_that_is_written_in_bursts) {
  Bench bench{written()};
  for (std::uint32_t queues = 1; queues <= 4; ++queues) {
    for (const std::uint32_t burst : {1U, 5U, 32U})
      EXPECT_TRUE(bench.same({.queues = queues, .burst = burst}));
  }
}

TEST(Queues, E51_fragments_go_where_their_flow_is) {
  Bench bench{fleet(kHosts)};
  for (std::uint32_t queues = 2; queues <= 4; ++queues) {
    EXPECT_TRUE(bench.same({.pieces = Rendering::Pieces::every,
                            .piece = 24,
                            .order = Rendering::Order::shuffled,
                            .queues = queues,
                            .burst = 32}));
  }
}

// Both directions of a connection must meet in one engine, and the comparison sees it when they do not.
TEST(Queues, E51_steering_by_sender_is_noticed) {
  Bench bench{fleet(kHosts)};
  const Rendering rendering{.queues = 4, .burst = 32};
  Engines box{rules(rendering.tags), kHosts, rendering.queues, rendering.burst, Steering::by_sender};
  EXPECT_FALSE(bench.same(rendering, box));
}

}  // namespace
}  // namespace sluice::metamorphic
