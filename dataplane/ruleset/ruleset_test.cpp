#include "dataplane/ruleset/ruleset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hs/hs_compile.h>
#include <hs/hs_runtime.h>

#include "rules/image/platform.hpp"
#include "rules/image/writer.hpp"

namespace sluice {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kPorts = {"eth1", "eth2", "eth3"};

constexpr std::uint16_t kProtocol = 1;  // the first of the registry that is decoded

struct ConduitRow {
  std::string name;
  std::string left;
  std::string right;
  std::vector<std::uint32_t> vlans;
  Mode mode = Mode::enforce;
};

image::Writer writer_of(const std::vector<ConduitRow>& rows) {
  image::Writer writer;
  writer.zones = {{writer.intern("it")}, {writer.intern("ot")}};
  for (const auto& row : rows) {
    image::Conduit conduit;
    conduit.name = writer.intern(row.name);
    conduit.mode = row.mode;
    const std::array<std::string, 2> ports = {row.left, row.right};
    for (std::uint32_t side = 0; side < 2; ++side) {
      conduit.sides[side].port = writer.intern(ports[side]);
      conduit.sides[side].zones =
          image::Writer::append(writer.side_zones, std::span<const std::uint32_t>{&side, 1});
    }
    conduit.vlans = image::Writer::append(writer.vlans, std::span<const std::uint32_t>{row.vlans});
    writer.conduits.push_back(conduit);
  }
  return writer;
}

std::vector<std::uint8_t> image_of(const image::Writer& writer, std::uint64_t platform = 0) {
  return writer.finish({.schemas = fingerprint(registry().schemas), .platform = platform});
}

Result<std::unique_ptr<const Ruleset>> load(const std::vector<ConduitRow>& rows) {
  return Ruleset::load(image_of(writer_of(rows)), registry(), kPorts);
}

bool nowhere(const Ruleset::Place& place) { return !place.conduit.exists() && !place.other.exists(); }

TEST(Ruleset, places_a_frame_by_port_and_vlan) {
  const auto ruleset = load({{"a", "eth1", "eth2", {image::kUntagged}}, {"b", "eth2", "eth1", {7, 4094}}});
  ASSERT_TRUE(ruleset) << ruleset.error().text();
  const auto untagged = (*ruleset)->place(PortId{1}, image::kUntagged);
  EXPECT_EQ(untagged.conduit.value, 0U);
  EXPECT_EQ(untagged.side, 1);
  EXPECT_EQ(untagged.other.value, 0);
  const auto tagged = (*ruleset)->place(PortId{1}, 4094);
  EXPECT_EQ(tagged.conduit.value, 1U);
  EXPECT_EQ(tagged.side, 0);
  EXPECT_EQ(tagged.other.value, 0);
  EXPECT_TRUE(nowhere((*ruleset)->place(PortId{1}, 8)));
  EXPECT_TRUE(nowhere((*ruleset)->place(PortId{2}, image::kUntagged))) << "a port of no conduit";
  EXPECT_TRUE(nowhere((*ruleset)->place(PortId{3}, 7)));
  EXPECT_TRUE(nowhere((*ruleset)->place(PortId::none(), 7)));
}

TEST(Ruleset, lists_the_conduits_that_some_rule_is_about) {
  auto writer =
      writer_of({{"a", "eth1", "eth2", {1}}, {"b", "eth2", "eth3", {2}}, {"c", "eth1", "eth3", {3}}});
  writer.zones.push_back({writer.intern("lab")});
  writer.grants.emplace_back().rule = 0;
  writer.rules.push_back({});
  writer.cells.push_back({.grants = {0, 1}, .kind = image::CellKind::icmp});
  writer.side_zones[4] = 2;  // of c the first side
  writer.pairs.push_back({.from = image::endpoint(image::EndpointKind::zone, 1),
                          .to = image::endpoint(image::EndpointKind::zone, 2),
                          .cells = {0, 1}});
  const auto one = Ruleset::load(image_of(writer), registry(), kPorts);
  ASSERT_TRUE(one) << one.error().text();
  ASSERT_EQ((*one)->allowlisted().size(), 1U);
  EXPECT_EQ((*one)->allowlisted(ConduitId{2}), 0U);
  EXPECT_EQ((*one)->allowlisted(ConduitId{0}), Ruleset::kNotListed);
  EXPECT_EQ((*one)->allowlisted(ConduitId{99}), Ruleset::kNotListed);

  writer.pairs[0].to = image::endpoint(image::EndpointKind::zone, 0);
  const auto two = Ruleset::load(image_of(writer), registry(), kPorts);
  ASSERT_TRUE(two) << two.error().text();
  EXPECT_EQ((*two)->allowlisted().size(), 2U);
  EXPECT_EQ((*two)->allowlisted(ConduitId{1}), 1U);
  EXPECT_EQ((*two)->allowlisted(ConduitId{2}), Ruleset::kNotListed);
  EXPECT_NE((*two)->allowlisted()[0], (*two)->allowlisted()[1]);
}

TEST(Ruleset, E01_places_a_frame_with_two_tags_by_both) {
  const auto ruleset = load({{"a", "eth1", "eth2", {7, image::stacked(100, 0), image::stacked(100, 20)}},
                             {"b", "eth1", "eth3", {100, image::stacked(100, 21), image::stacked(101, 20)}}});
  ASSERT_TRUE(ruleset) << ruleset.error().text();
  const auto conduit = [&](std::uint32_t vlans) { return (*ruleset)->place(PortId{0}, vlans).conduit; };
  EXPECT_EQ(conduit(image::stacked(100, 20)).value, 0U);
  EXPECT_EQ(conduit(image::stacked(100, 0)).value, 0U);
  EXPECT_EQ(conduit(image::stacked(100, 21)).value, 1U);
  EXPECT_EQ(conduit(image::stacked(101, 20)).value, 1U);
  EXPECT_EQ(conduit(100).value, 1U) << "the outer tag alone is another VLAN";
  for (const auto vlans :
       {image::stacked(20, 100), image::stacked(7, 7), image::stacked(101, 21), image::kNone}) {
    EXPECT_FALSE(conduit(vlans).exists()) << vlans;
  }
  EXPECT_FALSE(
      load({{"a", "eth1", "eth2", {image::stacked(5, 6)}}, {"b", "eth1", "eth3", {image::stacked(5, 6)}}}));
  for (const auto vlans : {0U, 4095U, image::stacked(1, 4095), image::stacked(4095, 1), image::kNone}) {
    EXPECT_FALSE(load({{"a", "eth1", "eth2", {vlans}}})) << "no image lists " << vlans;
  }
}

TEST(Ruleset, E01_priority_tags_belong_to_no_vlan_and_in_front_of_another_tag_nowhere) {
  const auto tags = [](std::vector<std::uint16_t> ids) {
    Packet packet;
    packet.vlan_count = static_cast<std::uint8_t>(ids.size());
    std::copy(ids.begin(), ids.end(), packet.vlans.begin());
    return vlans_of(packet);
  };
  EXPECT_EQ(tags({}), image::kUntagged);
  EXPECT_EQ(tags({0}), image::kUntagged);
  EXPECT_EQ(tags({7}), 7U);
  EXPECT_EQ(tags({100, 20}), image::stacked(100, 20));
  EXPECT_EQ(tags({100, 0}), image::stacked(100, 0));
  EXPECT_EQ(tags({0, 20}), image::kNone);
  EXPECT_EQ(tags({0, 0}), image::kNone);
}

TEST(Ruleset, sends_what_no_conduit_takes_along_only_where_all_conduits_observe) {
  const auto ruleset =
      load({{"a", "eth1", "eth2", {1}, Mode::monitor}, {"b", "eth1", "eth3", {2}, Mode::enforce}});
  ASSERT_TRUE(ruleset) << ruleset.error().text();
  EXPECT_TRUE(nowhere((*ruleset)->observer(PortId{0})));
  EXPECT_TRUE(nowhere((*ruleset)->observer(PortId{2})));
  EXPECT_EQ((*ruleset)->observer(PortId{1}).other.value, 0);
  EXPECT_EQ((*ruleset)->observer(PortId{1}).side, 1);
}

TEST(Ruleset, carries_the_generation_of_its_image) {
  auto bytes = image_of(writer_of({}));
  ASSERT_TRUE(image::set_generation(bytes, 41));
  const auto ruleset = Ruleset::load(std::move(bytes), registry(), kPorts);
  ASSERT_TRUE(ruleset);
  EXPECT_EQ((*ruleset)->generation().value, 41U);
  EXPECT_EQ((*ruleset)->scratch(0), nullptr);
  EXPECT_EQ((*ruleset)->database(0), nullptr);
}

TEST(Ruleset, refuses_a_port_that_the_box_does_not_have_by_its_name) {
  const auto ruleset = load({{"line-4", "eth1", "eth9", {image::kUntagged}}});
  ASSERT_FALSE(ruleset);
  EXPECT_THAT(ruleset.error().text(), HasSubstr("\"line-4\" names the port \"eth9\""));
}

TEST(Ruleset, refuses_two_conduits_that_take_the_same_frames) {
  const auto ruleset = load({{"a", "eth1", "eth2", {5}}, {"b", "eth1", "eth3", {5}}});
  ASSERT_FALSE(ruleset);
  EXPECT_THAT(ruleset.error().text(), HasSubstr("\"a\" and \"b\" take the same VLAN of the port \"eth1\""));
}

TEST(Ruleset, refuses_a_conduit_between_a_port_and_itself) {
  EXPECT_FALSE(load({{"a", "eth1", "eth1", {5}}}));
}

TEST(Ruleset, refuses_what_is_no_image_and_every_truncation_of_one) {
  const auto whole = image_of(writer_of({{"a", "eth1", "eth2", {5}}}));
  for (std::size_t size = 0; size < whole.size(); size += 13) {
    EXPECT_FALSE(Ruleset::load({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, registry(),
                               kPorts));
  }
}

class Patterns : public testing::Test {
 protected:
  // An image with a database per expression.
  static std::vector<std::uint8_t> image_with(const std::vector<const char*>& expressions,
                                              std::uint64_t platform) {
    auto writer = writer_of({{"a", "eth1", "eth2", {image::kUntagged}}});
    for (const auto* expression : expressions) {
      hs_database_t* database = nullptr;
      hs_compile_error_t* error = nullptr;
      EXPECT_EQ(hs_compile(expression, HS_FLAG_DOTALL, HS_MODE_BLOCK, nullptr, &database, &error),
                HS_SUCCESS);
      char* bytes = nullptr;
      std::size_t size = 0;
      EXPECT_EQ(hs_serialize_database(database, &bytes, &size), HS_SUCCESS);
      writer.blobs.resize((writer.blobs.size() + 63) / 64 * 64);
      writer.databases.push_back(
          {writer.blobs.size(), size, kProtocol, static_cast<std::uint16_t>(writer.databases.size())});
      writer.blobs.insert(writer.blobs.end(), bytes, bytes + size);
      free(bytes);
      hs_free_database(database);
    }
    return image_of(writer, platform);
  }
  static int count(unsigned, unsigned long long, unsigned long long, unsigned, void* context) {
    ++*static_cast<int*>(context);
    return 0;
  }
  static int matches(const Ruleset& ruleset, std::uint32_t database, std::uint32_t worker,
                     const std::string& text) {
    int found = 0;
    EXPECT_EQ(hs_scan(ruleset.database(database), text.data(), static_cast<unsigned>(text.size()), 0,
                      ruleset.scratch(worker), count, &found),
              HS_SUCCESS);
    return found;
  }
};

TEST_F(Patterns, are_ready_to_scan_with_a_scratch_for_each_worker) {
  const auto ruleset =
      Ruleset::load(image_with({"abc", "x{3,9}y.*z"}, image::platform(hs_version())), registry(), kPorts, 3);
  ASSERT_TRUE(ruleset) << ruleset.error().text();
  for (std::uint32_t worker = 0; worker < 3; ++worker) {
    EXPECT_EQ(matches(**ruleset, 0, worker, "--abc--"), 1);
    EXPECT_EQ(matches(**ruleset, 1, worker, "--abc--"), 0);
    EXPECT_EQ(matches(**ruleset, 1, worker, "--xxxxy....z--"), 1);
  }
  EXPECT_NE((*ruleset)->scratch(0), (*ruleset)->scratch(1));
  EXPECT_EQ((*ruleset)->scratch(3), nullptr);
  EXPECT_EQ((*ruleset)->database(2), nullptr);
}

TEST_F(Patterns, of_another_cpu_or_library_are_refused_and_the_error_says_so) {
  const auto ruleset = Ruleset::load(image_with({"abc"}, image::platform("5.4.11")), registry(), kPorts);
  ASSERT_FALSE(ruleset);
  EXPECT_THAT(ruleset.error().text(), HasSubstr("another CPU or another version of Hyperscan"));
}

TEST_F(Patterns, that_are_no_database_are_refused) {
  auto writer = writer_of({});
  writer.blobs.resize(4096, 0x5a);
  writer.databases.push_back({0, 4096, kProtocol, 0xffff});
  const auto ruleset = Ruleset::load(image_of(writer, image::platform(hs_version())), registry(), kPorts);
  ASSERT_FALSE(ruleset);
  EXPECT_THAT(ruleset.error().text(), HasSubstr("patterns can't be loaded"));
}

}  // namespace
}  // namespace sluice
