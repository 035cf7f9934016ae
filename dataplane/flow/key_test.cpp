#include "dataplane/flow/key.hpp"

#include <gtest/gtest.h>

#include "dataplane/packet/builder.hpp"

namespace sluice {
namespace {

Keyed keyed(build::Bytes bytes, std::uint16_t conduit = 0) {
  Packet packet;
  EXPECT_EQ(parse(build::frame_over(bytes), Checksums::verify, packet).reason, Reason::none);
  return key_of(packet, conduit);
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

TEST(FlowKey, port_protocol_address_and_conduit_each_make_another_flow) {
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

}  // namespace
}  // namespace sluice
