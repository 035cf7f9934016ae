// What the compiler makes of random configurations, against the slowest way to say the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <set>

#include "rules/compile/address.hpp"
#include "rules/compile/compile.hpp"
#include "rules/compile/product.hpp"
#include "rules/compile/targets.hpp"
#include "rules/compile/toy_schema.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/view.hpp"

namespace sluice::compile {
namespace {

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_{seed} {}
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(engine_() % end); }

 private:
  std::mt19937 engine_;
};

using Point = std::tuple<std::uint16_t, bool, std::uint64_t, bool, std::string, std::uint64_t>;

std::set<Point> points_of(const std::vector<Target>& targets) {
  std::set<Point> points;
  for (const auto& target : targets) {
    for (auto at = target.first; at <= target.last; ++at) {
      points.emplace(target.space, target.any_key, target.key, target.any_name, target.name, at);
    }
  }
  return points;
}

TEST(Targets, merging_keeps_every_address_and_leaves_nothing_that_touches) {
  Random random{1};
  for (int round = 0; round < 2000; ++round) {
    std::vector<Target> targets;
    for (auto count = random.below(12); count != 0; --count) {
      Target target;
      target.space = static_cast<std::uint16_t>(random.below(2));
      target.any_key = random.below(4) == 0;
      if (!target.any_key) target.key = random.below(2);
      target.any_name = random.below(4) == 0;
      if (!target.any_name) target.name = random.below(2) == 0 ? "a" : "b";
      target.first = random.below(20);
      target.last = target.first + random.below(8);
      targets.push_back(std::move(target));
    }
    auto merged = targets;
    merge(merged);
    EXPECT_EQ(points_of(merged), points_of(targets));
    for (std::size_t i = 1; i < merged.size(); ++i) {
      const auto& a = merged[i - 1];
      const auto& b = merged[i];
      EXPECT_LT(a, b);
      const bool same = std::tie(a.space, a.any_key, a.key, a.any_name, a.name) ==
                        std::tie(b.space, b.any_key, b.key, b.any_name, b.name);
      EXPECT_TRUE(!same || a.last + 1 < b.first);
    }
  }
}

TEST(Targets, the_last_address_of_all_does_not_wrap) {
  constexpr auto kLast = ~std::uint64_t{0};
  std::vector<Target> targets(3);
  targets[0].first = 5;
  targets[0].last = kLast;
  targets[1].first = kLast;
  targets[1].last = kLast;
  targets[2].first = 0;
  targets[2].last = 4;
  merge(targets);
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].first, 0U);
  EXPECT_EQ(targets[0].last, kLast);
}

TEST(Prefix, without_the_mapped_block_the_rest_stays_and_only_that_goes) {
  Random random{2};
  const auto all = parse_prefix("::/0");
  ASSERT_TRUE(all);
  const auto parts = without_mapped(*all);
  EXPECT_EQ(parts.size(), 96U);
  for (int round = 0; round < 5000; ++round) {
    image::Address address{};
    // Near the block as often as far from it.
    if (random.below(2) == 0) address = *parse_address("10.0.0.1");
    address[random.below(16)] = static_cast<std::uint8_t>(random.below(256));
    const auto found =
        std::count_if(parts.begin(), parts.end(), [&](const Prefix& part) { return part.contains(address); });
    EXPECT_EQ(found, is_ipv4(address) ? 0 : 1) << text_of(address);
  }
  EXPECT_EQ(without_mapped(*parse_prefix("10.0.0.0/8")).size(), 1U);
  EXPECT_EQ(without_mapped(*parse_prefix("fd00::/8")).size(), 1U);
}

TEST(Product, versions_compare_as_people_count) {
  const char* ordered[] = {"1.9", "2.7", "2.70", "2.70.1", "2.70 SP1", "2.70 SP2", "2.70 SP10", "10.0"};
  for (std::size_t i = 0; i < std::size(ordered); ++i) {
    for (std::size_t j = 0; j < std::size(ordered); ++j) {
      EXPECT_EQ(compare_versions(ordered[i], ordered[j]), i <=> j) << ordered[i] << " " << ordered[j];
    }
  }
  EXPECT_EQ(compare_versions("V2.70", "2.070.0"), std::strong_ordering::equal);
  EXPECT_TRUE(in_firmware_range(">= 2.0, < 2.80", "v2.7"));
  EXPECT_FALSE(in_firmware_range(">= 2.0, < 2.80", "2.80"));
  EXPECT_TRUE(in_firmware_range("2.*", "2.80"));
  EXPECT_FALSE(in_firmware_range("= 2.8", "2.80"));
  EXPECT_FALSE(is_firmware_range("< 2.80, 3"));
}

TEST(Product, names_match_with_stars_and_without_case) {
  EXPECT_TRUE(matches_glob("Modicon *", "modicon M340"));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("*a*b*", "xxaxxbxx"));
  EXPECT_FALSE(matches_glob("*a*b", "xxaxxbxx"));
  EXPECT_FALSE(matches_glob("Modicon", "Modicon M340"));
  // Backtracking that does not explode.
  EXPECT_FALSE(matches_glob("*a*a*a*a*a*a*a*a*b", std::string(4000, 'a')));
}

// A plant of `zones` zones, each its own conduit to zone 0, with `assets` assets and `rules` random rules.
struct Plant {
  std::uint32_t zones;
  std::uint32_t assets;
  struct Rule {
    std::vector<std::uint32_t> from;  // endpoints
    std::vector<std::uint32_t> to;
    std::uint16_t protocol;  // 0: tcp
  };
  std::vector<Rule> rules;

  [[nodiscard]] std::uint32_t zone_of(std::uint32_t endpoint) const {
    const auto index = image::index_of(endpoint);
    return image::kind_of(endpoint) == image::EndpointKind::zone ? index : index % zones;
  }
  [[nodiscard]] static std::string name(std::uint32_t endpoint) {
    return (image::kind_of(endpoint) == image::EndpointKind::zone ? "z" : "a") +
           std::to_string(image::index_of(endpoint));
  }

  [[nodiscard]] std::string text() const {
    std::string out;
    for (std::uint32_t i = 0; i < zones; ++i) {
      out += "[[zone]]\nname = \"z" + std::to_string(i) + "\"\nnetworks = [\"10." + std::to_string(i) +
             ".0.0/16\"]\n";
    }
    for (std::uint32_t i = 0; i < assets; ++i) {
      out += "[[asset]]\nname = \"a" + std::to_string(i) + "\"\nzone = \"z" + std::to_string(i % zones) +
             "\"\naddress = \"10." + std::to_string(i % zones) + "." + std::to_string(i / zones / 250) + "." +
             std::to_string(1 + i / zones % 250) + "\"\n";
    }
    for (std::uint32_t i = 1; i < zones; ++i) {
      out += "[[conduit]]\nname = \"c" + std::to_string(i) +
             "\"\nsides = [{ port = \"p0\", zones = [\"z0\"] }, { port = \"p" + std::to_string(i) +
             "\", zones = [\"z" + std::to_string(i) + "\"] }]\nvlans = [" + std::to_string(i) +
             "]\nmode = \"enforce\"\non_failure = \"closed\"\nmidstream = \"drop\"\n";
    }
    const auto list = [](const std::vector<std::uint32_t>& ends) {
      std::string names;
      for (const auto end : ends) names += (names.empty() ? "\"" : ", \"") + name(end) + "\"";
      return "[" + names + "]";
    };
    for (const auto& rule : rules) {
      out += "[[allow]]\nfrom = " + list(rule.from) + "\nto = " + list(rule.to);
      out += rule.protocol == 0 ? "\nprotocol = \"tcp\"\nports = [502]"
                                : "\nprotocol = \"" + std::string{toy::kSchemas[rule.protocol]->name} +
                                      "\"\naccess = [\"read\"]";
      out += "\nreason = \"r\"\n";
    }
    return out;
  }
};

Plant random_plant(std::uint32_t seed, std::uint32_t zones, std::uint32_t assets, std::uint32_t rules) {
  Random random{seed};
  Plant plant{zones, assets, {}};
  const auto end_in = [&](bool hub) {
    const std::uint32_t zone = hub ? 0 : 1 + random.below(zones - 1);
    if (random.below(3) == 0) return image::endpoint(image::EndpointKind::zone, zone);
    return image::endpoint(image::EndpointKind::asset, random.below(assets / zones) * zones + zone);
  };
  for (std::uint32_t i = 0; i < rules; ++i) {
    Plant::Rule rule;
    const bool out = random.below(2) == 0;
    for (auto count = 1 + random.below(3); count != 0; --count) rule.from.push_back(end_in(out));
    for (auto count = 1 + random.below(3); count != 0; --count) rule.to.push_back(end_in(!out));
    rule.protocol = static_cast<std::uint16_t>(random.below(4));
    plant.rules.push_back(std::move(rule));
  }
  return plant;
}

std::optional<Output> compiled(const Plant& plant) {
  Diagnostics diagnostics;
  const std::vector<Source> sources = {{"f", plant.text()}};
  auto output = compile(sources, toy::kSchemas, diagnostics);
  for (const auto& error : diagnostics.errors()) ADD_FAILURE() << error.text();
  return output;
}

TEST(Cells, hold_the_rules_that_a_scan_of_all_rules_finds) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const auto plant = random_plant(seed, 4, 40, 60);
    const auto output = compiled(plant);
    ASSERT_TRUE(output);
    const auto bytes = image::AlignedBytes::copy(output->image);
    const auto view = image::ImageView::open(bytes.view(), toy::kSchemas);
    ASSERT_TRUE(view) << view.error().text();
    std::vector<std::uint32_t> ends;
    for (std::uint32_t i = 0; i < plant.zones; ++i)
      ends.push_back(image::endpoint(image::EndpointKind::zone, i));
    for (std::uint32_t i = 0; i < plant.assets; ++i)
      ends.push_back(image::endpoint(image::EndpointKind::asset, i));
    for (const auto from : ends) {
      for (const auto to : ends) {
        using Rules = std::vector<std::uint32_t>;
        std::map<std::uint16_t, Rules> wanted;
        for (std::uint32_t i = 0; i < plant.rules.size(); ++i) {
          const auto& rule = plant.rules[i];
          const auto has = [](const Rules& list, std::uint32_t end) {
            return std::count(list.begin(), list.end(), end) != 0;
          };
          if (has(rule.from, from) && has(rule.to, to)) wanted[rule.protocol].push_back(i);
        }
        std::map<std::uint16_t, Rules> found;
        for (const auto& cell : view->cells(from, to)) {
          auto& rules = found[cell.kind == image::CellKind::tcp ? std::uint16_t{0} : cell.protocol];
          for (const auto& grant : image::ImageView::slice(view->grants(), cell.grants))
            rules.push_back(grant.rule);
        }
        EXPECT_EQ(found, wanted) << Plant::name(from) << " " << Plant::name(to);
      }
    }
  }
}

TEST(Networks, nested_ones_of_a_zone_find_it_like_a_scan_does) {
  Random random{3};
  for (int round = 0; round < 50; ++round) {
    // Each zone has its own first byte, and networks in it that nest at random.
    std::vector<std::vector<Prefix>> networks(5);
    std::string text;
    for (std::uint32_t zone = 0; zone < 5; ++zone) {
      text += "[[zone]]\nname = \"z" + std::to_string(zone) + "\"\nnetworks = [";
      for (auto count = random.below(8); count != 0; --count) {
        Prefix prefix{
            {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, static_cast<std::uint8_t>(10 + zone),
             static_cast<std::uint8_t>(random.below(4)), static_cast<std::uint8_t>(random.below(4) * 64), 0},
            static_cast<std::uint8_t>(96 + 8 + random.below(12))};
        prefix.address = prefix.masked();
        networks[zone].push_back(prefix);
        text += "\"" + text_of(prefix) + "\", ";
      }
      text += "]\n";
    }
    text +=
        "[[conduit]]\nname = \"c\"\nsides = [{ port = \"a\", zones = [\"z0\"] }, { port = \"b\", zones = "
        "[\"z1\"] }]\n"
        "mode = \"enforce\"\non_failure = \"closed\"\nmidstream = \"drop\"\n";
    Diagnostics diagnostics;
    const std::vector<Source> sources = {{"f", text}};
    const auto output = compile(sources, toy::kSchemas, diagnostics);
    ASSERT_TRUE(output) << diagnostics.errors()[0].text();
    const auto bytes = image::AlignedBytes::copy(output->image);
    const auto view = image::ImageView::open(bytes.view(), toy::kSchemas);
    ASSERT_TRUE(view) << view.error().text();
    for (int i = 0; i < 2000; ++i) {
      image::Address address = *parse_address("9.0.0.0");
      address[12] = static_cast<std::uint8_t>(9 + random.below(7));
      address[13] = static_cast<std::uint8_t>(random.below(5));
      address[14] = static_cast<std::uint8_t>(random.below(256));
      std::uint32_t wanted = image::kNone;
      for (std::uint32_t zone = 0; zone < 5; ++zone) {
        for (const auto& prefix : networks[zone]) {
          if (prefix.contains(address)) wanted = zone;
        }
      }
      EXPECT_EQ(view->zone_of(address), wanted) << text_of(address);
    }
  }
}

TEST(Compile, time_grows_with_the_rules_and_no_faster) {
  const auto seconds_for = [](std::uint32_t rules) {
    const auto plant = random_plant(7, 8, 2000, rules);
    const std::vector<Source> sources = {{"f", plant.text()}};
    Diagnostics diagnostics;
    double best = 1e9;
    for (int i = 0; i < 3; ++i) {
      const auto start = std::chrono::steady_clock::now();
      EXPECT_TRUE(compile(sources, toy::kSchemas, diagnostics));
      best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
  };
  const double small = seconds_for(2'500);
  const double large = seconds_for(10'000);
  RecordProperty("seconds_for_10000_rules", std::to_string(large));
  std::printf("2,500 rules: %.3f s, 10,000 rules: %.3f s\n", small, large);
  EXPECT_LT(large, small * 4 * 2.2);
}

}  // namespace
}  // namespace sluice::compile
