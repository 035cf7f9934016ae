#include "rules/compile/compile.hpp"

#include <gtest/gtest.h>
#include <hs.h>

#include "rules/compile/patterns.hpp"
#include "rules/compile/toy_schema.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/view.hpp"
#include "rules/schema/groundwork.hpp"
#include "rules/schema/tunnel.hpp"

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
  EXPECT_EQ(conduit.tunnels, 0U);
  EXPECT_EQ(conduit.deny, Verdict::reset);
  ASSERT_EQ(conduit.vlans.count, 1U);
  EXPECT_EQ(view.vlans()[conduit.vlans.first], image::kUntagged);
  EXPECT_EQ(conduit.actions[static_cast<std::size_t>(Reason::no_rule)],
            static_cast<std::uint8_t>(Verdict::reset));
  EXPECT_EQ(conduit.actions[static_cast<std::size_t>(Reason::spoofed)],
            static_cast<std::uint8_t>(Verdict::drop));
}

TEST(Compile, a_conduit_that_chooses_nothing_normalises_as_usual) {
  const auto plant = compiled(std::string{toy::kPlant});
  const auto& conduit = plant.view.conduits()[0];
  EXPECT_EQ(conduit.treatments, usual_treatments());
  EXPECT_EQ(conduit.ttl_floor, 1);
}

TEST(Compile, a_conduit_chooses_what_is_dropped_normalised_or_passed) {
  const auto plant =
      compiled(std::string{toy::kPlant} +
               "[[conduit]]\nname = \"c\"\nsides = [{ port = \"a\", zones = [\"scada\"] }, { port = "
               "\"b\", zones = [\"cell-1\"] }]\nmode = \"learn\"\non_failure = \"open\"\nmidstream = "
               "\"pass\"\nttl_floor = 9\nnormalisation = { tcp_urgent = \"drop\", ip_options = "
               "\"normalise\", trailer = \"pass\" }\n");
  const auto& conduit = plant.view.conduits()[1];
  auto expected = usual_treatments();
  expected[static_cast<std::size_t>(Normalisation::tcp_urgent)] = Treatment::drop;
  expected[static_cast<std::size_t>(Normalisation::ip_options)] = Treatment::normalise;
  expected[static_cast<std::size_t>(Normalisation::trailer)] = Treatment::pass;
  EXPECT_EQ(conduit.treatments, expected);
  EXPECT_EQ(conduit.ttl_floor, 9);
}

TEST(Compile, E23_a_conduit_names_the_tunnels_that_are_looked_into) {
  const auto plant =
      compiled(std::string{toy::kPlant} +
               "[[conduit]]\nname = \"c\"\nsides = [{ port = \"a\", zones = [\"scada\"] }, { port = "
               "\"b\", zones = [\"cell-1\"] }]\nmode = \"learn\"\non_failure = \"open\"\nmidstream = "
               "\"pass\"\ntunnels = [\"6in4\", \"vxlan\"]\n");
  const auto& conduit = plant.view.conduits()[1];
  for (const auto tunnel : {Tunnel::ipip, Tunnel::six_in_four, Tunnel::gre, Tunnel::vxlan, Tunnel::mpls}) {
    EXPECT_EQ(has(conduit.tunnels, tunnel), tunnel == Tunnel::six_in_four || tunnel == Tunnel::vxlan);
  }
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

// Does program `index` hold for these values of the toy's fields?
bool holds(const image::ImageView& view, std::uint32_t index, std::span<const Value> values) {
  return language::evaluate(view.program(index), {{values}}, toy::kSchemas);
}

TEST(Compile, conditions_become_programs_that_hold_for_what_they_say) {
  const auto plant = compiled(std::string{toy::kPlant} + R"(
[[allow]]
from = "hmi"
to = "plc"
protocol = "toy"
access = ["read"]
where = "toy.unit in {1, 3..5} and toy.data contains 01:02"
reason = "r"

[[allow]]
from = "hmi"
to = "cell-1"
protocol = "toy"
access = ["read"]
where = "toy.unit in {7, 9} and tcp.dstport == 502"
reason = "r"

[[allow]]
from = "scada"
to = "plc"
protocol = "toy"
access = ["read"]
where = "toy.unit in {1, 3..5} and toy.data contains 01:02"
reason = "r"
)");
  const auto& view = plant.view;
  ASSERT_EQ(view.programs().size(), 2U);
  const auto where = [&](std::uint32_t from, std::uint32_t to) {
    return view.grants()[view.cells(from, to)[0].grants.first].where;
  };
  EXPECT_EQ(where(asset(0), asset(1)), where(zone(0), asset(1)));
  const std::array<std::uint8_t, 3> data = {0, 1, 2};
  const std::array fine = {Value::of({1, 0}, 4), Value::of({1, 1}, ByteView{data}), Value::of({0, 0}, 502)};
  const std::array other = {Value::of({1, 0}, 9), Value::of({1, 1}, ByteView{data}), Value::of({0, 0}, 502)};
  EXPECT_TRUE(holds(view, where(asset(0), asset(1)), fine));
  EXPECT_FALSE(holds(view, where(asset(0), asset(1)), other));
  EXPECT_FALSE(holds(view, where(asset(0), zone(1)), fine));
  EXPECT_TRUE(holds(view, where(asset(0), zone(1)), other));
}

TEST(Compile, a_rule_to_a_device_behind_a_gateway_is_one_to_the_gateway_for_that_unit) {
  const auto plant = compiled(std::string{toy::kPlant} + R"(
[[allow]]
from = "hmi"
to = "drive"
protocol = "toy"
access = ["read"]
where = "toy.note == \"a\" or toy.note == \"b\""
reason = "r"

[[allow]]
from = "scada"
to = ["plc", "drive"]
protocol = "child"
access = ["read"]
reason = "r"
)");
  const auto& view = plant.view;
  EXPECT_TRUE(view.cells(asset(0), asset(2)).empty());
  const auto cells = view.cells(asset(0), asset(1));
  ASSERT_EQ(cells.size(), 1U);
  const auto where = view.grants()[cells[0].grants.first].where;
  const auto judged = [&](std::uint64_t unit, std::string_view note) {
    return holds(view, where, std::array{Value::of({1, 0}, unit), Value::of({1, 2}, bytes_of(note))});
  };
  EXPECT_TRUE(judged(3, "a"));
  EXPECT_TRUE(judged(3, "b"));
  EXPECT_FALSE(judged(3, "c"));
  EXPECT_FALSE(judged(4, "a"));
  EXPECT_FALSE(judged(4, "b"));
  // The carrier's field tells it for the child; the gateway itself needs none.
  const auto child = view.cells(zone(0), asset(1));
  ASSERT_EQ(child.size(), 1U);
  const auto grants = image::ImageView::slice(view.grants(), child[0].grants);
  ASSERT_EQ(grants.size(), 2U);
  EXPECT_EQ(grants[0].where, image::kNone);
  EXPECT_TRUE(holds(view, grants[1].where, std::array{Value::of({1, 0}, 3)}));
  EXPECT_FALSE(holds(view, grants[1].where, std::array{Value::of({1, 0}, 2)}));
}

constexpr auto kPatches = R"(
[[patch]]
id = "SLU-1"
name = "Stop without a key"
cve = ["CVE-2017-6034", "CVE-2018-7843"]
cwe = "CWE-306"
affects = [{ vendor = "acme", product = "Press *", firmware = "< 2.80" }]
protocol = "child"
match = "child.func == 65"
severity = 1

[[patch]]
id = "SLU-2"
affects = [{ vendor = "Acme", product = "*" }]
protocol = "toy"
pattern = { field = "payload", regex = 'stop[0-9]+now' }

[[patch]]
id = "SLU-3"
affects = [{ vendor = "Acme", product = "Press 340", firmware = ">= 2.0, < 2.71" }]
protocol = "toy"
match = "toy.unit == 1"
pattern = { field = "toy.data", regex = '\x00\xff.\x01' }

[[patch]]
id = "SLU-4"
affects = [{ vendor = "Acme", product = "Press 340", firmware = "> 2.70" }, { vendor = "Other", product = "*" }]
protocol = "toy"
match = "toy.unit == 1"
)";

TEST(Compile, patches_are_compiled_in_for_the_assets_that_they_shield) {
  const auto plant = compiled(std::string{toy::kPlant} + kPatches);
  const auto& view = plant.view;
  EXPECT_EQ(plant.summary.patches_written, 4U);
  ASSERT_EQ(view.patches().size(), 3U);
  EXPECT_EQ(view.text_of(view.patches()[0].cve), "CVE-2017-6034 CVE-2018-7843");
  EXPECT_EQ(view.patches()[0].severity, 1);
  EXPECT_EQ(view.patches()[0].protocol, 2);
  EXPECT_NE(view.patches()[0].match, image::kNone);
  EXPECT_EQ(view.patches()[0].pattern, image::kNone);
  for (const auto& patch : view.patches()) {
    const auto shielded = image::ImageView::slice(view.patch_assets(), patch.assets);
    ASSERT_EQ(shielded.size(), 1U);
    EXPECT_EQ(shielded[0], 1U);
  }
  ASSERT_EQ(view.databases().size(), 2U);
  EXPECT_EQ(view.databases()[0].field, 1U);
  EXPECT_EQ(view.databases()[1].field, 0xffffU);
  EXPECT_EQ(view.header().platform, hyperscan_platform());
}

int on_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* found) {
  static_cast<std::vector<unsigned>*>(found)->push_back(id);
  return 0;
}

TEST(Compile, patterns_become_databases_that_find_them) {
  const auto plant = compiled(std::string{toy::kPlant} + kPatches);
  const auto& view = plant.view;
  ASSERT_EQ(view.databases().size(), 2U);
  const auto scan = [&](std::size_t index, std::string_view text) {
    const auto& row = view.databases()[index];
    hs_database_t* database = nullptr;
    hs_scratch_t* scratch = nullptr;
    std::vector<unsigned> found;
    EXPECT_EQ(hs_deserialize_database(reinterpret_cast<const char*>(view.blobs().data() + row.offset),
                                      row.size, &database),
              HS_SUCCESS);
    EXPECT_EQ(hs_alloc_scratch(database, &scratch), HS_SUCCESS);
    EXPECT_EQ(
        hs_scan(database, text.data(), static_cast<unsigned>(text.size()), 0, scratch, on_match, &found),
        HS_SUCCESS);
    hs_free_scratch(scratch);
    hs_free_database(database);
    return found;
  };
  EXPECT_EQ(scan(1, "a stop42now stop43now"), std::vector<unsigned>{0});
  EXPECT_EQ(scan(1, "a stop now"), std::vector<unsigned>{});
  EXPECT_EQ(scan(0, std::string_view{"x\0\xff\n\x01y", 6}), std::vector<unsigned>{1});
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
