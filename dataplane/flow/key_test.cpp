#include "dataplane/flow/key.hpp"

#include <gtest/gtest.h>

#include <set>

#include "dataplane/packet/builder.hpp"

namespace sluice {
namespace {

Keyed keyed(build::Bytes bytes, std::uint32_t lane = 0) {
  Packet packet;
  EXPECT_EQ(parse(build::frame_over(bytes), Checksums::verify, packet).reason, Reason::none);
  return key_of(packet, lane);
}

build::Link back(build::Link link) {
  std::swap(link.source, link.destination);
  std::swap(link.source_mac, link.destination_mac);
  return link;
}

const build::Link kFour{.source = "10.0.0.9", .destination = "10.0.0.2"};
const build::Link kSix{.source = "fd00::9", .destination = "fd00::2"};

TEST(FlowKey, both_directions_of_a_session_have_one_key_and_opposite_directions) {
  for (const auto& link : {kFour, kSix}) {
    const auto there = keyed(build::tcp(link, {.source_port = 7, .destination_port = 502}));
    const auto here = keyed(build::tcp(back(link), {.source_port = 502, .destination_port = 7}));
    EXPECT_EQ(there.key, here.key);
    EXPECT_EQ(there.direction, opposite(here.direction));
    EXPECT_EQ(there.key.ip_protocol, 6);
  }
}

TEST(FlowKey, a_host_that_talks_to_itself_has_two_directions) {
  const build::Link self{.source = "10.0.0.1", .destination = "10.0.0.1"};
  const auto there = keyed(build::udp(self, {.source_port = 5, .destination_port = 6}));
  const auto here = keyed(build::udp(self, {.source_port = 6, .destination_port = 5}));
  EXPECT_EQ(there.key, here.key);
  EXPECT_EQ(there.direction, opposite(here.direction));
}

TEST(FlowKey, port_protocol_address_and_lane_each_make_another_flow) {
  const auto base = keyed(build::tcp(kFour, {})).key;
  EXPECT_NE(keyed(build::tcp(kFour, {.source_port = 1})).key, base);
  EXPECT_NE(keyed(build::tcp(kFour, {.destination_port = 1})).key, base);
  EXPECT_NE(keyed(build::udp(kFour, {.source_port = 40000, .destination_port = 502})).key, base);
  EXPECT_NE(keyed(build::tcp({.source = "10.0.0.9", .destination = "10.0.0.3"}, {})).key, base);
  EXPECT_NE(keyed(build::tcp(kFour, {}), 1).key, base);
}

TEST(FlowKey, swapped_ports_alone_are_another_flow) {
  EXPECT_NE(keyed(build::tcp(kFour, {.source_port = 7, .destination_port = 502})).key,
            keyed(build::tcp(kFour, {.source_port = 502, .destination_port = 7})).key);
}

TEST(FlowKey, an_echo_and_its_reply_are_one_flow) {
  EXPECT_EQ(keyed(build::icmp(kFour, {.type = 8})).key, keyed(build::icmp(back(kFour), {.type = 0})).key);
}

TEST(FlowKey, what_is_not_ip_is_keyed_by_mac_and_type) {
  const auto goose = keyed(build::ethernet({}, 0x88b8, build::hex("0001"))).key;
  EXPECT_EQ(keyed(build::ethernet(back({}), 0x88b8, build::hex("0001"))).key, goose);
  EXPECT_NE(keyed(build::ethernet({}, 0x8892, build::hex("0001"))).key, goose);
  EXPECT_EQ(goose.ip_protocol, 0);
}

TEST(FlowKey, E01_each_stack_of_tags_and_each_pair_of_ports_is_a_lane_of_its_own) {
  const auto lane = [](std::vector<build::Tag> tags, std::uint16_t port = 0) {
    build::Link link;
    link.tags = std::move(tags);
    auto bytes = build::tcp(link, {});
    Packet packet;
    EXPECT_EQ(parse(build::frame_over(bytes), Checksums::verify, packet).reason, Reason::none);
    return lane_of(packet, PortId{port});
  };
  const std::set<std::uint32_t> lanes = {
      lane({}),           lane({{100}}), lane({{20}}),          lane({{100}, {20}}), lane({{20}, {100}}),
      lane({{100}, {0}}), lane({}, 1),   lane({{100}, {20}}, 1)};
  EXPECT_EQ(lanes.size(), 8U);
  EXPECT_EQ(lane({{0}}), lane({})) << "a priority tag is no VLAN";
  EXPECT_EQ(lane({{100, 7, 0x88a8}, {20, 0, 0x9100}}), lane({{100}, {20}}))
      << "types and priorities don't count";
}

}  // namespace
}  // namespace sluice
