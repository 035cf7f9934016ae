// The comparison can fail: without a check of the engine, renderings come apart.
#include <algorithm>

#include "dataplane/packet/checks.hpp"
#include "tests/metamorphic/bench.hpp"

namespace sluice::metamorphic {
namespace {

class Without {
 public:
  explicit Without(Check check) { switched::off = 1U << static_cast<unsigned>(check); }
  ~Without() { switched::off = 0; }
  Without(const Without&) = delete;
  Without& operator=(const Without&) = delete;
};

using Cuts = Rendering::Cuts;
using Pieces = Rendering::Pieces;

const std::vector<Rendering> kRenderings = {
    {.cuts = Cuts::at, .cut = 3},
    {.cuts = Cuts::at, .cut = 9},
    {.cuts = Cuts::every, .cut = 5},
    {.pieces = Pieces::at, .piece = 24, .order = Rendering::Order::reversed},
    {.tags = Tags::two},
};

TEST(Notices, nothing_while_every_check_runs) {
  Bench bench{written()};
  for (const auto& rendering : kRenderings) EXPECT_TRUE(bench.same(rendering));
}

TEST(Notices, that_renderings_differ_without_a_check_that_makes_them_one) {
  for (const auto check : {Check::tags, Check::fragments, Check::framing, Check::functions}) {
    const Without none{check};
    Bench bench{written()};
    EXPECT_TRUE(std::any_of(kRenderings.begin(), kRenderings.end(), [&](const Rendering& rendering) {
      return !bench.same(rendering);
    })) << kCheckNames[static_cast<std::size_t>(check)];
  }
}

// These are missing in each rendering alike; beside the base of an engine that has them, that shows.
TEST(Notices, what_is_missing_in_every_rendering_beside_a_base_that_has_it) {
  for (const auto check : {Check::functions, Check::containment, Check::pairing, Check::framing}) {
    Bench bench{written()};
    const Without none{check};
    EXPECT_FALSE(bench.same({})) << kCheckNames[static_cast<std::size_t>(check)];
  }
}

}  // namespace
}  // namespace sluice::metamorphic
