// Compositions of all transformations, over conversations by hand and at random. SLUICE_METAMORPHIC_SEED=S
// runs that one seed of each; SLUICE_METAMORPHIC_COUNT=N as many.
#include <cstdlib>

#include "tests/metamorphic/bench.hpp"

namespace sluice::metamorphic {
namespace {

struct Seeds {
  std::uint64_t first = 1, last;
};

Seeds seeds(std::uint64_t count) {
  if (const char* seed = std::getenv("SLUICE_METAMORPHIC_SEED")) {
    const auto one = std::strtoull(seed, nullptr, 0);
    return {one, one};
  }
  if (const char* more = std::getenv("SLUICE_METAMORPHIC_COUNT")) count = std::strtoull(more, nullptr, 0);
  return {1, count};
}

TEST(Composition, E52_of_what_is_written) {
  Bench bench{written()};
  const auto [first, last] = seeds(60);
  for (auto seed = first; seed <= last; ++seed)
    EXPECT_TRUE(bench.same(random_rendering(seed))) << "seed " << seed;
}

TEST(Composition, E52_of_random_conversations) {
  const auto [first, last] = seeds(200);
  std::size_t denied = 0, told = 0;
  for (auto seed = first; seed <= last; ++seed) {
    Bench bench{random_conversation(seed)};
    denied += bench.told("verdict");
    told += bench.told("transaction");
    EXPECT_TRUE(bench.same(random_rendering(seed ^ 0x5eedU))) << "seed " << seed;
    EXPECT_TRUE(bench.same({.cuts = Rendering::Cuts::random, .cut = 30, .seed = seed})) << "seed " << seed;
  }
  if (first == last) return;
  EXPECT_GT(denied, (last - first) / 4);
  EXPECT_GT(told, (last - first) * 5);
}

}  // namespace
}  // namespace sluice::metamorphic
