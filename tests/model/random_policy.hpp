// Policies at random: zones, assets, groups, gateways, several conduits, rules of every kind. Each compiles.
#pragma once

#include "tests/model/policy.hpp"
#include "tests/model/random.hpp"

namespace sluice::model {

inline constexpr std::uint32_t kPorts = 4;  // p0 and p1 are a pair, p2 and p3 the other

// Someone who may talk: an asset, or a nobody in a zone.
struct Host {
  Ip ip{};
  Mac mac{};
  std::size_t conduit = 0;
  std::size_t side = 0;
  std::size_t zone = 0;
};

struct Plant {
  Policy policy;
  std::vector<Host> hosts;
};

// With `rules` false: default deny, and not even groundwork.
Plant random_plant(Random& random, bool rules);

}  // namespace sluice::model
