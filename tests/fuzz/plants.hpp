// The plants that the engine's fuzz target stands in, some made by hand and some at random, each with its
// guard and its rulesets, made when they are first asked for and kept. Fuzz targets only; one thread.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/engine/engine_fuzz.hpp"
#include "tests/model/guard.hpp"
#include "tests/model/random_policy.hpp"
#include "tests/traffic/line.hpp"

namespace sluice::fuzz {

inline constexpr unsigned kByHand = 8;
inline constexpr unsigned kPlants = 24;

// The guard can say all of what left where flows are never forgotten and nothing is nested.
enum class Stand : std::uint8_t {
  enforce,
  enforce_small,
  enforce_tunnels,
  turns,  // between enforcing and observing
  monitor,
  monitor_small,
  learn_tunnels,
  look,  // without a policy
  count_
};

// One rule for Modbus between two assets, and what each plant adds.
inline model::Plant by_hand(unsigned which) {
  using namespace model;
  Plant plant;
  auto& policy = plant.policy;
  for (std::uint8_t side = 0; side < 2; ++side) {
    const auto subnet = static_cast<std::uint8_t>(side + 1);
    policy.zones.push_back(
        {"z" + std::to_string(side), {{ipv4(10, 0, subnet, 0), 96 + 24}, {ipv6(subnet, 0), 64}}});
    for (std::uint8_t host = 1; host <= 2; ++host) {
      const Mac mac{0x02, 0, 0x5e, 0, side, host};
      plant.hosts.push_back({ipv4(10, 0, subnet, host), mac, 0, side, side});
      plant.hosts.push_back({ipv6(subnet, host), mac, 0, side, side});
      if (host == 2) continue;  // nobody's asset
      Asset asset;
      asset.name = "a" + std::to_string(side);
      asset.zone = side;
      asset.addresses = {ipv4(10, 0, subnet, host), ipv6(subnet, host)};
      asset.macs = {mac};
      asset.neutralise = side == 1 && (which == 1 || which == 6);
      asset.whole_segments = side == 1 && which == 4;
      policy.assets.push_back(asset);
    }
  }
  Conduit conduit;
  conduit.ports = {0, 1};
  conduit.zones = {{{0}, {1}}};
  conduit.groundwork = {"arp", "nd", "icmp-errors", "stp", "lldp", "dhcp", "igmp-mld", "ptp"};
  conduit.midstream = which == 2   ? model::Midstream::drop
                      : which == 3 ? model::Midstream::pass
                                   : model::Midstream::resync;
  if (which == 5) conduit.vlans = {7, two_tags(7, 9)};
  policy.conduits.push_back(conduit);
  const End hmi{.kind = EndKind::asset, .index = 0}, plc{.kind = EndKind::asset, .index = 1}, it{.index = 0},
      ot{.index = 1};
  const auto allow = [&](End from, End to, What what, std::uint32_t first, std::uint32_t last) -> Rule& {
    auto& rule = policy.rules.emplace_back();
    rule.from = {from};
    rule.to = {to};
    rule.what = what;
    if (last != 0) rule.ports = {{first, last}};
    return rule;
  };
  auto& reads = allow(hmi, plc, What::modbus, 0, 0);
  reads.access = 1;
  if (which == 6) {
    reads.targets = {{Space::holding, 0, 0, 99}, {Space::coil, 0, 7, 7}};
    reads.units[1] = true;
  }
  if (which == 7) allow(hmi, plc, What::umas, 0, 0).by_number = {2, 4};
  if (which < 5) return plant;
  allow(it, ot, What::tcp, which == 5 ? 502 : 2000, 2004);
  allow(ot, it, What::tcp, 2002, 2002).opened_by_to = true;
  allow(it, ot, What::udp, 5000, 5001);
  allow(it, {.kind = EndKind::broadcast, .index = 1}, What::udp, 5000, 5000);
  allow(it, {.kind = EndKind::network, .index = 1, .network = {ipv4(239, 192, 0, 0), 96 + 14}}, What::udp,
        5000, 5000);
  allow(it, ot, What::icmp, 8, 8);
  allow(it, ot, What::icmp, 128, 128);
  allow(it, ot, What::ethertype, 0x88b8, 0x88b8);
  allow(it, {.kind = EndKind::mac, .index = 1, .mac = {1, 0x0c, 0xcd, 1, 0, 1}}, What::ethertype, 0x88b8,
        0x88b8);
  allow(ot, it, What::llc, 0xf0, 0xf0);
  return plant;
}

// A plant and what takes long to make of it, once for all inputs.
class World {
 public:
  explicit World(unsigned number) {
    model::Random random{number};
    plant = number < kByHand ? by_hand(number) : model::random_plant(random, true);
    guard = std::make_unique<model::Guard>(plant.policy);
    for (std::size_t i = 0; i < plant.hosts.size(); ++i) {
      for (std::size_t j = 0; j < plant.hosts.size(); ++j) {
        const auto &a = plant.hosts[i], &b = plant.hosts[j];
        if ((i + j) % 2 == 0 && a.conduit == b.conduit && a.side != b.side) pairs.emplace_back(i, j);
      }
    }
    ports = plant.policy.conduits.size() < 3 ? 2 : 4;
  }

  // `even`: of two generations.
  const Ruleset& rules(Stand stand, bool even) {
    auto& made = rules_[static_cast<std::size_t>(stand)][even ? 1 : 0];
    if (made != nullptr) return *made;
    auto policy = plant.policy;
    const bool enforces = stand < Stand::turns || (stand == Stand::turns && even);
    for (auto& conduit : policy.conduits) conduit.enforce = enforces;
    auto text = model::toml(policy);
    const auto replace = [&](const std::string& what, const std::string& by) {
      for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    };
    if (stand == Stand::learn_tunnels)
      replace("mode = \"monitor\"\non_failure", "mode = \"learn\"\non_failure");
    if (stand == Stand::learn_tunnels || stand == Stand::enforce_tunnels || stand == Stand::turns)
      replace("groundwork", R"(tunnels = ["ipip", "6in4", "4in6", "6in6", "gre", "vxlan", "teredo", "mpls"]
groundwork)");
    made = traffic::compiled(text, even ? 2 : 1);
    return *made;
  }

  model::Plant plant;
  std::unique_ptr<model::Guard> guard;
  std::vector<std::pair<std::size_t, std::size_t>> pairs;  // of hosts that a conduit joins
  unsigned ports = 2;

 private:
  std::unique_ptr<const Ruleset> rules_[static_cast<std::size_t>(Stand::count_)][2];
};

inline World& world(unsigned number) {
  static std::array<std::unique_ptr<World>, kPlants> all;
  auto& one = all[number];
  if (one == nullptr) one = std::make_unique<World>(number);
  return *one;
}

inline EngineOptions options_of(Stand stand) {
  if (stand == Stand::enforce_small || stand == Stand::monitor_small) return small();
  auto options =
      small(stand == Stand::learn_tunnels || stand == Stand::look ? Checksums::count : Checksums::verify);
  options.limits.flows = options.limits.half_open = 96;
  options.limits.retained_bytes = 64U << 10;
  options.limits.held_frames = 32;
  options.limits.held_per_flow = 8;
  options.limits.fragments = {.datagrams = 8, .bytes = 32U << 10, .departed = 32};
  return options;
}

}  // namespace sluice::fuzz
