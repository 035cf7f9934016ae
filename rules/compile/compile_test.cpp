#include "rules/compile/compile.hpp"

#include <gtest/gtest.h>

#include "rules/compile/toy_schema.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/view.hpp"
#include "rules/schema/groundwork.hpp"

namespace sluice::compile {
namespace {

using image::EndpointKind;

struct Compiled {
  image::AlignedBytes bytes;
  image::ImageView view;
  Summary summary;
};

Compiled compiled(std::string text) {
  Diagnostics diagnostics;
  const std::vector<Source> sources = {{"plant.toml", std::move(text)}};
  const auto output = compile(sources, toy::kSchemas, diagnostics);
  for (const auto& error : diagnostics.errors()) ADD_FAILURE() << error.text();
  Compiled out;
  if (!output) return out;
  out.bytes = image::AlignedBytes::copy(output->image);
  out.summary = output->summary;
  auto view = image::ImageView::open(out.bytes.view(), toy::kSchemas);
  if (view) {
    out.view = *view;
  } else {
    ADD_FAILURE() << view.error().text();
  }
  return out;
}

constexpr std::uint32_t zone(std::uint32_t index) { return image::endpoint(EndpointKind::zone, index); }
constexpr std::uint32_t asset(std::uint32_t index) { return image::endpoint(EndpointKind::asset, index); }

constexpr image::Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
}

TEST(Compile, zones_assets_and_conduits_become_what_the_engine_looks_up) {
  const auto plant = compiled(toy::kPlant);
  const auto& view = plant.view;
  ASSERT_EQ(view.zones().size(), 2U);
  EXPECT_EQ(view.text_of(view.zones()[0].name), "scada");
  EXPECT_EQ(view.zones()[0].security_level, 2);
  EXPECT_EQ(view.zone_of(v4(10, 0, 0, 200)), 0U);
  EXPECT_EQ(view.zone_of(v4(10, 0, 1, 200)), 1U);
  EXPECT_EQ(view.zone_of({0xfd, 0, 0, 1, 0, 0, 0, 0, 1}), 1U);
  EXPECT_EQ(view.zone_of(v4(10, 0, 2, 0)), image::kNone);
  EXPECT_EQ(view.asset_of(v4(10, 0, 1, 5)), 1U);
  EXPECT_EQ(view.asset_of(image::Mac{0, 0x80, 0xf4, 1, 2, 3}), 1U);
  ASSERT_EQ(view.assets().size(), 3U);
  EXPECT_EQ(view.text_of(view.assets()[1].firmware), "2.70");
  EXPECT_EQ(view.assets()[1].whole_segments, 1);
  EXPECT_EQ(view.assets()[2].gateway, 1U);
  EXPECT_EQ(view.assets()[2].unit, 3U);
  ASSERT_EQ(view.conduits().size(), 1U);
  const auto& conduit = view.conduits()[0];
  EXPECT_EQ(view.text_of(conduit.sides[1].port), "eth2");
  EXPECT_TRUE(has(conduit.groundwork, Groundwork::arp));
  EXPECT_TRUE(has(conduit.groundwork, Groundwork::lldp));
  EXPECT_FALSE(has(conduit.groundwork, Groundwork::stp));
  EXPECT_EQ(conduit.deny, Verdict::reset);
  ASSERT_EQ(conduit.vlans.count, 1U);
  EXPECT_EQ(view.vlans()[conduit.vlans.first], image::kUntagged);
  EXPECT_EQ(conduit.actions[static_cast<std::size_t>(Reason::no_rule)],
            static_cast<std::uint8_t>(Verdict::reset));
  EXPECT_EQ(conduit.actions[static_cast<std::size_t>(Reason::spoofed)],
            static_cast<std::uint8_t>(Verdict::drop));
}

TEST(Compile, an_allow_rule_becomes_a_grant_in_the_cell_of_its_ends) {
  const auto plant = compiled(std::string{toy::kPlant} + R"(
[[allow]]
from = "hmi"
to = ["plc", "cell-1"]
protocol = "toy"
access = ["read"]
functions = ["write_coil", 100, "diagnostics"]
targets = ["holding 0..49", "holding 50..99", "db 5 0..9", "coil 7"]
reason = "HMI polls the press"
)");
  const auto& view = plant.view;
  EXPECT_EQ(plant.summary.rules, 1U);
  EXPECT_EQ(plant.summary.grants, 2U);
  EXPECT_TRUE(view.cells(asset(1), asset(0)).empty());
  EXPECT_TRUE(view.cells(zone(0), zone(1)).empty());
  for (const auto to : {asset(1), zone(1)}) {
    const auto cells = view.cells(asset(0), to);
    ASSERT_EQ(cells.size(), 1U);
    EXPECT_EQ(cells[0].protocol, 1U);
    EXPECT_EQ(cells[0].access, 1U << static_cast<unsigned>(Access::read));
    EXPECT_EQ(cells[0].functions[0], 1U << 1 | 1U << 3 | 1U << 5 | 1U << 8);
    EXPECT_EQ(cells[0].functions[1], std::uint64_t{1} << (100 - 64));
    ASSERT_EQ(cells[0].grants.count, 1U);
    const auto& grant = view.grants()[cells[0].grants.first];
    const auto words = image::ImageView::slice(view.words(), grant.functions);
    ASSERT_EQ(words.size(), 5U);
    EXPECT_EQ(words[0], 1U << 5 | 1U << 8);
    EXPECT_EQ(words[4], 3U);  // both sub-functions of diagnostics
    const auto targets = image::ImageView::slice(view.targets(), grant.targets);
    ASSERT_EQ(targets.size(), 3U);
    EXPECT_EQ(targets[0].space, 0);
    EXPECT_EQ(targets[0].last, 99U);
    EXPECT_EQ(targets[1].first, 7U);
    EXPECT_EQ(targets[2].key, 5U);
    const auto& rule = view.rules()[grant.rule];
    EXPECT_EQ(view.text_of(rule.reason), "HMI polls the press");
    EXPECT_EQ(view.text_of(rule.file), "plant.toml");
    EXPECT_EQ(rule.line, 38U);
    EXPECT_EQ(rule.from, asset(0));
    EXPECT_EQ(rule.to, image::kNone);
  }
}

TEST(Compile, the_same_sources_give_the_same_bytes_and_the_directory_does_not_count) {
  Diagnostics diagnostics;
  const std::vector<Source> here = {{"plant.toml", toy::kPlant}};
  const std::vector<Source> there = {{"/etc/sluice/plant.toml", toy::kPlant}};
  const auto first = compile(here, toy::kSchemas, diagnostics);
  const auto second = compile(there, toy::kSchemas, diagnostics);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->image, second->image);
  EXPECT_EQ(first->source_digest, second->source_digest);
  const std::vector<Source> changed = {{"plant.toml", std::string{toy::kPlant} + "# more\n"}};
  EXPECT_NE(source_digest(changed), first->source_digest);
}

}  // namespace
}  // namespace sluice::compile
