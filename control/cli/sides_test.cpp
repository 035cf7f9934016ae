#include "control/cli/sides.hpp"

#include <gtest/gtest.h>

#include "dataplane/packet/builder.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/writer.hpp"

namespace sluice::cli {
namespace {

// Two conduits on three ports: office 10.0.0/24 on eth1, cell-1 10.0.1/24 on eth2 untagged, cell-2 10.0.2/24
// on eth3 in VLAN 7.
class SidesTest : public testing::Test {
 protected:
  void SetUp() override {
    image::Writer writer;
    const auto network = [&](std::uint8_t third, std::uint32_t zone) {
      image::Network row;
      row.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, third, 0};
      row.zone = zone;
      row.prefix = 120;
      writer.networks.push_back(row);
    };
    for (const auto* name : {"office", "cell-1", "cell-2"}) {
      writer.zones.push_back({});
      writer.zones.back().name = writer.intern(name);
    }
    network(0, 0);
    network(1, 1);
    network(2, 2);
    const auto conduit = [&](const char* name, const char* left, const char* right, std::uint32_t zone,
                             std::uint32_t vlan) {
      image::Conduit row;
      row.name = writer.intern(name);
      const std::array<std::uint32_t, 1> office{0};
      const std::array<std::uint32_t, 1> cell{zone};
      const std::array<std::uint32_t, 1> vlans{vlan};
      row.sides[0] = {writer.intern(left), image::Writer::append<std::uint32_t>(writer.side_zones, office)};
      row.sides[1] = {writer.intern(right), image::Writer::append<std::uint32_t>(writer.side_zones, cell)};
      row.vlans = image::Writer::append<std::uint32_t>(writer.vlans, vlans);
      writer.conduits.push_back(row);
    };
    conduit("one", "eth1", "eth2", 1, image::kUntagged);
    conduit("two", "eth1", "eth3", 2, 7);
    const auto bytes = writer.finish({.schemas = fingerprint(registry().schemas)});
    bytes_ = image::AlignedBytes::copy(bytes);
    auto opened = image::ImageView::open(bytes_.view(), registry().schemas);
    ASSERT_TRUE(opened) << opened.error().text();
    image_ = *opened;
    ports_ = ports_of(image_);
    sides_ = std::make_unique<Sides>(image_, ports_);
  }

  std::string came_in(const build::Bytes& frame) {
    return ports_.at(sides_->port_of(frame, static_cast<std::uint32_t>(frame.size())).value);
  }
  static build::Link link(const char* source, const char* destination, std::uint8_t mac,
                          std::uint8_t to_mac) {
    build::Link link;
    link.source = source;
    link.destination = destination;
    link.source_mac = {2, 0, 0, 0, 0, mac};
    link.destination_mac = {2, 0, 0, 0, 0, to_mac};
    return link;
  }

  image::AlignedBytes bytes_;
  image::ImageView image_;
  std::vector<std::string> ports_;
  std::unique_ptr<Sides> sides_;
};

TEST_F(SidesTest, the_ports_of_the_image_are_each_named_once) {
  EXPECT_EQ(ports_, (std::vector<std::string>{"eth1", "eth2", "eth3"}));
}

TEST_F(SidesTest, a_host_is_on_the_side_that_has_its_zone) {
  EXPECT_EQ(came_in(build::udp(link("10.0.0.1", "10.0.1.1", 1, 2), {})), "eth1");
  EXPECT_EQ(came_in(build::udp(link("10.0.1.1", "10.0.0.1", 2, 1), {})), "eth2");
  EXPECT_EQ(came_in(build::arp(link("10.0.1.1", "10.0.0.1", 2, 1), {})), "eth2");
}

TEST_F(SidesTest, the_vlan_chooses_among_sides_with_the_same_zone) {
  auto tagged = link("10.0.2.1", "10.0.0.1", 3, 1);
  tagged.tags = {{.id = 7}};
  EXPECT_EQ(came_in(build::udp(tagged, {})), "eth3");
}

TEST_F(SidesTest, an_unknown_source_comes_from_away_of_its_destination) {
  EXPECT_EQ(came_in(build::udp(link("192.168.9.9", "10.0.1.1", 9, 2), {})), "eth1");
  EXPECT_EQ(came_in(build::udp(link("192.168.9.9", "10.0.0.1", 8, 1), {})), "eth2");
}

TEST_F(SidesTest, a_frame_without_an_address_follows_the_macs_seen_before) {
  (void)came_in(build::udp(link("10.0.1.1", "10.0.0.1", 2, 1), {}));
  EXPECT_EQ(came_in(build::ethernet(link("", "", 2, 1), 0x88cc, build::Bytes(50))), "eth2");
  EXPECT_EQ(came_in(build::ethernet(link("", "", 5, 2), 0x88cc, build::Bytes(50))), "eth1");
}

}  // namespace
}  // namespace sluice::cli
