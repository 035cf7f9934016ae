#include "dataplane/packet/packet.hpp"

#include <gtest/gtest.h>

#include "dataplane/packet/parsed.hpp"

namespace sluice {
namespace {

using namespace test;

TEST(Packet, tcp_over_ipv4_is_read_to_its_payload) {
  const auto p = parsed(build::tcp({.ttl = 7}, {.source_port = 1025,
                                                .destination_port = 502,
                                                .sequence = 0x01020304,
                                                .acknowledgement = 0xfffefdfc,
                                                .flags = tcp_flag::ack | tcp_flag::psh,
                                                .window = 512,
                                                .payload = build::bytes("hello")}));
  ASSERT_EQ(p.result.reason, Reason::none);
  EXPECT_FALSE(p.result.wrong_checksum);
  EXPECT_EQ(p.packet.network, Network::ipv4);
  EXPECT_EQ(p.packet.transportation, Transportation::tcp);
  EXPECT_EQ(p.packet.ethertype, 0x0800);
  EXPECT_EQ(p.packet.source, build::address("10.0.0.1"));
  EXPECT_EQ(p.packet.destination, build::address("10.0.0.2"));
  EXPECT_EQ(p.packet.ttl, 7);
  EXPECT_EQ(p.packet.source_port, 1025);
  EXPECT_EQ(p.packet.destination_port, 502);
  EXPECT_EQ(p.packet.tcp.sequence, 0x01020304u);
  EXPECT_EQ(p.packet.tcp.acknowledgement, 0xfffefdfcu);
  EXPECT_EQ(p.packet.tcp.flags, tcp_flag::ack | tcp_flag::psh);
  EXPECT_EQ(p.packet.tcp.window, 512);
  EXPECT_EQ(text(p.packet.payload()), "hello");
  EXPECT_EQ(p.packet.trailer_length(), 0u);
}

TEST(Packet, udp_over_ipv6_is_read_to_its_payload) {
  const auto p =
      parsed(build::udp(kSix, {.source_port = 7, .destination_port = 9, .payload = build::bytes("abc")}));
  ASSERT_EQ(p.result.reason, Reason::none);
  EXPECT_EQ(p.packet.network, Network::ipv6);
  EXPECT_EQ(p.packet.transportation, Transportation::udp);
  EXPECT_EQ(p.packet.destination, build::address("fd00::2"));
  EXPECT_EQ(p.packet.source_port, 7);
  EXPECT_EQ(p.packet.destination_port, 9);
  EXPECT_EQ(text(p.packet.payload()), "abc");
}

TEST(Packet, arp_shows_its_operation_and_addresses) {
  const auto p = parsed(build::arp({.least = 60}, {.operation = 2}));
  ASSERT_EQ(p.result.reason, Reason::none);
  EXPECT_EQ(p.packet.network, Network::arp);
  EXPECT_EQ(p.packet.source_port, 2);
  EXPECT_EQ(p.packet.source, build::address("10.0.0.1"));
  EXPECT_EQ(p.packet.destination, build::address("10.0.0.2"));
  EXPECT_EQ(p.packet.trailer_length(), 18u);
}

TEST(Packet, icmp_shows_type_and_code_as_ports) {
  for (const auto& link : {build::Link{}, kSix}) {
    const auto p = parsed(build::icmp(link, {.type = 3, .code = 4, .payload = build::bytes("x")}));
    ASSERT_EQ(p.result.reason, Reason::none);
    EXPECT_EQ(p.packet.transportation,
              p.packet.network == Network::ipv6 ? Transportation::icmpv6 : Transportation::icmp);
    EXPECT_EQ(p.packet.source_port, 3);
    EXPECT_EQ(p.packet.destination_port, 4);
    EXPECT_EQ(text(p.packet.payload()), "x");
  }
}

TEST(Packet, E01_two_tags_of_any_type_are_read_and_a_third_is_bad_ethernet) {
  for (const auto outer : std::initializer_list<std::uint16_t>{0x8100, 0x88a8, 0x9100}) {
    for (const auto inner : std::initializer_list<std::uint16_t>{0x8100, 0x88a8, 0x9100}) {
      build::Link link;
      link.tags = {{.id = 100, .priority = 6, .type = outer}, {.id = 4094, .priority = 1, .type = inner}};
      const auto p = parsed(build::tcp(link, kData));
      ASSERT_EQ(p.result.reason, Reason::none);
      EXPECT_EQ(p.packet.vlan_count, 2);
      EXPECT_EQ(p.packet.vlans[0], 100);
      EXPECT_EQ(p.packet.vlans[1], 4094);
      EXPECT_EQ(p.packet.priority, 6);
      EXPECT_EQ(p.packet.ethertype, 0x0800);
      EXPECT_EQ(text(p.packet.payload()), "read me");
      link.tags.push_back({.id = 1});
      EXPECT_EQ(reason_of(build::tcp(link, kData)), Reason::bad_ethernet);
    }
  }
}

TEST(Packet, E01_a_priority_tag_is_a_tag_with_id_0) {
  const auto p = parsed(build::tcp({.tags = {{.id = 0, .priority = 5}}}, kData));
  ASSERT_EQ(p.result.reason, Reason::none);
  EXPECT_EQ(p.packet.vlan_count, 1);
  EXPECT_EQ(p.packet.vlans[0], 0);
  EXPECT_EQ(p.packet.priority, 5);
}

TEST(Packet, spanning_tree_in_an_802_3_frame_is_known_by_its_dsap) {
  const auto p = parsed(build::llc({.least = 60}, hex("42 42 03 0000 00 00")));
  ASSERT_EQ(p.result.reason, Reason::none);
  EXPECT_EQ(p.packet.ethertype, 0);
  EXPECT_EQ(p.packet.llc_dsap, 0x42);
  EXPECT_EQ(p.packet.payload_length, 7u);
  EXPECT_EQ(p.packet.trailer_length(), 60u - 14 - 7);
}

TEST(Packet, E03_ip_in_an_802_3_frame_is_bad_ethernet) {
  const Bytes snap_ip = hex("aaaa03 000000 0800 4500");
  const Bytes bridged_ip = hex("aaaa03 0000f8 86dd 6000");
  const Bytes llc_ip = hex("0606 03 4500");
  const Bytes snap_vlan = hex("aaaa03 000000 8100 0001 0800");
  for (const auto& payload : {snap_ip, bridged_ip, llc_ip, snap_vlan}) {
    EXPECT_EQ(reason_of(build::llc({.least = 60}, payload)), Reason::bad_ethernet);
  }
  EXPECT_EQ(reason_of(build::llc({.least = 60}, hex("aaaa03 00000c 2000 01"))), Reason::none) << "CDP";
}

TEST(Packet, a_length_that_lies_or_a_number_between_length_and_type_is_bad_ethernet) {
  auto frame = build::llc({}, hex("42 42 03 0000"));
  frame[13] = 6;
  EXPECT_EQ(reason_of(frame), Reason::bad_ethernet);
  frame[13] = 2;
  EXPECT_EQ(reason_of(frame), Reason::bad_ethernet) << "no room for an LLC header";
  EXPECT_EQ(reason_of(build::ethernet({.least = 60}, 1501, {})), Reason::bad_ethernet);
  EXPECT_EQ(reason_of(build::ethernet({.least = 60}, 0x05ff, {})), Reason::bad_ethernet);
  EXPECT_EQ(reason_of(build::ethernet({.least = 60}, 0x0600, {})), Reason::none);
}

TEST(Packet, E04_bytes_behind_the_datagram_are_a_trailer_and_no_payload) {
  const auto p = parsed(build::tcp({.trailer = build::bytes("secret")}, kData));
  ASSERT_EQ(p.result.reason, Reason::none);
  EXPECT_EQ(p.packet.trailer_length(), 6u);
  EXPECT_EQ(text(p.packet.payload()), "read me");
}

TEST(Packet, E06_an_unknown_ethertype_is_all_payload) {
  const auto p = parsed(build::ethernet({}, 0x88b8, hex("0001 0004")));
  ASSERT_EQ(p.result.reason, Reason::none);
  EXPECT_EQ(p.packet.network, Network::none);
  EXPECT_EQ(p.packet.ethertype, 0x88b8);
  EXPECT_EQ(p.packet.payload_length, 4u);
}

TEST(Packet, a_cut_frame_is_cut_whatever_else_it_is_and_shows_what_is_there) {
  auto bytes = build::tcp({}, {.payload = Bytes(100)});
  auto frame = build::frame_over(bytes);
  frame.length -= 60;
  Packet packet;
  const auto result = parse(frame, Checksums::verify, packet);
  EXPECT_EQ(result.reason, Reason::cut);
  EXPECT_FALSE(result.wrong_checksum);
  EXPECT_EQ(packet.transportation, Transportation::tcp);
  EXPECT_EQ(packet.payload_length, 40u);
  EXPECT_EQ(packet.missing, 60u);
}

TEST(Packet, E24_the_flow_that_an_icmp_error_is_about_is_read) {
  const auto about = build::tcp({.source = "10.0.0.2", .destination = "10.0.0.1"},
                                {.source_port = 502, .destination_port = 40000, .sequence = 77});
  const Bytes start{about.begin() + 14, about.begin() + 14 + 28};
  const auto p = parsed(build::icmp({}, {.type = 3, .code = 3, .payload = start}));
  Packet quoted;
  ASSERT_TRUE(parse_quoted(p.packet, quoted));
  EXPECT_EQ(quoted.source, build::address("10.0.0.2"));
  EXPECT_EQ(quoted.destination, build::address("10.0.0.1"));
  EXPECT_EQ(quoted.transportation, Transportation::tcp);
  EXPECT_EQ(quoted.source_port, 502);
  EXPECT_EQ(quoted.destination_port, 40000);
  EXPECT_EQ(quoted.tcp.sequence, 77u);
  for (std::size_t length = 0; length < start.size(); ++length) {
    const auto shorter = parsed(build::icmp(
        {}, {.type = 3, .payload = Bytes(start.begin(), start.begin() + static_cast<long>(length))}));
    EXPECT_FALSE(parse_quoted(shorter.packet, quoted)) << length;
  }
  EXPECT_FALSE(parse_quoted(parsed(build::icmp({}, {.type = 8, .payload = start})).packet, quoted))
      << "no error";
}

TEST(Packet, E24_the_flow_that_an_icmpv6_error_is_about_is_read) {
  const auto about = build::udp(kSix, {.source_port = 11, .destination_port = 12});
  const Bytes start{about.begin() + 14, about.end()};
  const auto p = parsed(build::icmp(kSix, {.type = 2, .rest = 1280, .payload = start}));
  Packet quoted;
  ASSERT_TRUE(parse_quoted(p.packet, quoted));
  EXPECT_EQ(quoted.network, Network::ipv6);
  EXPECT_EQ(quoted.transportation, Transportation::udp);
  EXPECT_EQ(quoted.source_port, 11);
  EXPECT_EQ(quoted.destination_port, 12);
  EXPECT_FALSE(parse_quoted(parsed(build::icmp(kSix, {.type = 129, .payload = start})).packet, quoted));
}

TEST(Packet, lengths_as_captures_have_them_are_taken_only_where_captures_are_looked_into) {
  for (const std::uint16_t total : {std::uint16_t{0}, std::uint16_t{35124}}) {
    auto bytes = build::tcp({}, {.payload = {1, 2, 3}});
    bytes[16] = static_cast<std::uint8_t>(total >> 8U);
    bytes[17] = static_cast<std::uint8_t>(total);
    Packet packet;
    EXPECT_EQ(parse(build::frame_over(bytes), Checksums::count, packet).reason, Reason::bad_ip);
    EXPECT_EQ(parse(build::frame_over(bytes), Checksums::count, packet, Lengths::captured).reason,
              Reason::none);
    EXPECT_EQ(packet.payload_length, 3U);
  }
}

}  // namespace
}  // namespace sluice
