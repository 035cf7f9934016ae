#include "dataplane/engine/coverage.hpp"

#include <random>

#include "dataplane/engine/engine_test.hpp"

namespace sluice::test {
namespace {

constexpr std::uint16_t kSpaces = 2;
constexpr std::uint64_t kPlaces = 24;

std::string rule(const std::string& targets) {
  return "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = [\"read\"]\n" +
         (targets.empty() ? "" : "targets = [" + targets + "]\n") + "reason = \"r\"\n";
}

// The meaning of containment, spelled out: every single place that a span names is named by some target.
bool covered_place_by_place(const image::ImageView& image, std::span<const Span> spans) {
  for (const auto& span : spans) {
    for (auto at = span.first; at <= span.last; ++at) {
      bool found = false;
      for (const auto& grant : image.grants()) {
        found |= grant.targets.count == 0;
        for (const auto& target : image::ImageView::slice(image.targets(), grant.targets))
          found |= target.space == span.space && target.first <= at && at <= target.last;
      }
      if (!found) return false;
    }
  }
  return true;
}

TEST(Coverage, is_what_looking_at_every_place_says_whatever_the_order_of_the_rules) {
  std::mt19937 random{5};
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  const std::string names[kSpaces] = {"coil", "holding"};
  Coverage coverage;
  int covered = 0;
  for (int policy = 0; policy < 60; ++policy) {
    std::string text = kZones + conduit("enforce");
    for (auto rules = 1 + below(12); rules > 0; --rules) {
      std::string targets;
      for (auto count = 1 + below(3); count > 0; --count) {
        const auto first = below(kPlaces);
        targets += "\"" + names[below(kSpaces)] + " " + std::to_string(first) + ".." +
                   std::to_string(first + below(below(4) == 0 ? 12 : 4)) + "\", ";
      }
      text += rule(below(40) == 0 ? "" : targets);
    }
    const auto rules = rules_from(text);
    ASSERT_NE(rules, nullptr);
    const auto& image = rules->image();
    std::uint16_t spaces[kSpaces] = {};
    for (const auto& target : image.targets())
      spaces[target.space == image.targets()[0].space ? 0 : 1] = target.space;
    for (int item = 0; item < 200; ++item) {
      std::vector<Span> spans(1 + below(3));
      for (auto& span : spans) {
        span.space = spaces[below(kSpaces)];
        span.first = below(kPlaces);
        span.last = span.first + below(6);
      }
      Steps steps{1'000'000};
      coverage.begin(spans);
      bool all = false;
      for (const auto& grant : image.grants()) all = all || coverage.add(image, grant, steps);
      all = all || coverage.complete(steps);
      ASSERT_EQ(all, covered_place_by_place(image, spans)) << text;
      covered += all ? 1 : 0;
      if (all) {
        ASSERT_LT(coverage.rule(), image.rules().size());
      }
    }
  }
  EXPECT_GT(covered, 1000);
}

TEST(Coverage, names_the_rule_that_covers_all_alone) {
  const auto rules = rules_from(kZones + conduit("enforce") + rule("\"holding 0..4\"") +
                                rule("\"holding 0..9\"") + rule("\"holding 0..99\""));
  const auto& image = rules->image();
  std::vector<Span> spans(1);
  spans[0].space = image.targets()[0].space;
  spans[0].last = 7;
  Steps steps;
  Coverage coverage;
  coverage.begin(spans);
  EXPECT_FALSE(coverage.add(image, image.grants()[0], steps));
  EXPECT_TRUE(coverage.add(image, image.grants()[1], steps));
  EXPECT_EQ(coverage.rule(), image.grants()[1].rule);
}

TEST(Coverage, by_more_pieces_than_there_is_room_for_spends_the_steps) {
  std::string targets;
  for (int i = 1; i < 8'400; ++i) targets += "\"holding " + std::to_string(3 * i) + "\", ";
  const auto rules = rules_from(kZones + conduit("enforce") + rule(targets));
  const auto& image = rules->image();
  std::vector<Span> spans(1);
  spans[0].space = image.targets()[0].space;
  spans[0].last = 65535;
  Steps steps;
  Coverage coverage;
  coverage.begin(spans);
  EXPECT_FALSE(coverage.add(image, image.grants()[0], steps));
  EXPECT_TRUE(steps.over());
  EXPECT_FALSE(coverage.complete(steps));
}

}  // namespace
}  // namespace sluice::test
