#include "dataplane/packet/packet.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "dataplane/packet/builder.hpp"

namespace sluice {
namespace {

using build::Bytes;
using build::hex;

struct Parsed {
  Bytes bytes;
  Packet packet;
  ParseResult result;
};

Parsed parsed(Bytes bytes, Checksums checksums = Checksums::verify) {
  Parsed out{std::move(bytes), {}, {}};
  out.result = parse(build::frame_over(out.bytes), checksums, out.packet);
  return out;
}

Reason reason_of(Bytes bytes) { return parsed(std::move(bytes)).result.reason; }

const build::Link kSix{.source = "fd00::1", .destination = "fd00::2"};
const build::Segment kData{.payload = build::bytes("read me")};

std::string text(ByteView bytes) { return std::string{text_of(bytes)}; }

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

TEST(Packet, options_of_a_syn_are_read) {
  const auto p = parsed(build::tcp(
      {}, {.flags = tcp_flag::syn, .options = hex("0204 05b4 0402 080a 00000005 00000006 01 0303 0f")}));
  ASSERT_EQ(p.result.reason, Reason::none);
  EXPECT_EQ(p.packet.tcp.mss, 1460);
  EXPECT_EQ(p.packet.tcp.window_scale, 14) << "RFC 7323 2.3: more than 14 is 14";
  EXPECT_EQ(p.packet.tcp.has_timestamp, 1);
  EXPECT_EQ(p.packet.tcp.timestamp, 5u);
  EXPECT_EQ(p.packet.tcp.echo, 6u);
  EXPECT_EQ(p.packet.tcp.options_length, 20);
  EXPECT_EQ(p.packet.tcp.odd_options, 0);
}

TEST(Packet, sack_blocks_of_a_segment_are_ordinary) {
  const auto p = parsed(build::tcp({}, {.options = hex("0101 050a 00000001 00000002")}));
  EXPECT_EQ(p.result.reason, Reason::none);
  EXPECT_EQ(p.packet.tcp.odd_options, 0);
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

struct Broken {
  const char* name;
  std::size_t at;
  std::uint8_t value;
  Reason reason;
};

void expect_broken(const Bytes& good, const std::vector<Broken>& cases) {
  for (const auto& broken : cases) {
    auto frame = good;
    frame[broken.at] = broken.value;
    build::repair_checksums(frame);
    EXPECT_EQ(reason_of(frame), broken.reason) << broken.name;
  }
}

TEST(Packet, E07_contradictions_of_an_ipv4_header_are_bad_ip) {
  expect_broken(build::tcp({}, kData), {
                                           {"version 6", 14, 0x65, Reason::bad_ip},
                                           {"version 0", 14, 0x05, Reason::bad_ip},
                                           {"header of 16 bytes", 14, 0x44, Reason::bad_ip},
                                           {"header beyond the datagram", 14, 0x4f, Reason::bad_ip},
                                           {"total length below the header", 17, 19, Reason::bad_ip},
                                           {"reserved flag", 20, 0x80, Reason::bad_ip},
                                       });
}

TEST(Packet, E07_total_length_beyond_frame_is_bad_ip) {
  auto frame = build::tcp({}, kData);
  frame[17] = static_cast<std::uint8_t>(frame[17] + 1);
  build::repair_checksums(frame);
  EXPECT_EQ(reason_of(frame), Reason::bad_ip);
}

TEST(Packet, E08_a_bad_ipv4_header_checksum_is_a_reason_on_wires_and_counted_in_captures) {
  auto frame = build::tcp({}, kData);
  frame[24] ^= 1;
  EXPECT_EQ(reason_of(frame), Reason::bad_ip_checksum);
  const auto p = parsed(frame, Checksums::count);
  EXPECT_EQ(p.result.reason, Reason::none);
  EXPECT_TRUE(p.result.wrong_checksum);
  EXPECT_EQ(text(p.packet.payload()), "read me");
}

TEST(Packet, E09_ip_options_are_told_apart) {
  const struct {
    const char* name;
    Bytes options;
    std::uint16_t expected;
  } cases[] = {
      {"loose source route", hex("01 83 07 04 0a000009"), ip_option::other | ip_option::source_route},
      {"strict source route", hex("89 08 04 0a000009 00"), ip_option::source_route},
      {"record route", hex("07 07 04 00000000"), ip_option::record | ip_option::other},
      {"timestamp", hex("44 08 05 00 00000000"), ip_option::record},
      {"router alert", hex("94 04 0000"), ip_option::router_alert},
      {"unknown", hex("ca 04 0000"), ip_option::other},
      {"no operation only", hex("01010101"), ip_option::other},
      {"end of list only", hex("00000000"), ip_option::other},
      {"router alert before a source route", hex("94 04 0000 83 08 04 0a000009 00"),
       ip_option::router_alert | ip_option::source_route},
  };
  for (const auto& one : cases) {
    const auto p = parsed(build::tcp({.options = one.options}, kData));
    EXPECT_EQ(p.result.reason, Reason::none) << one.name;
    EXPECT_EQ(p.packet.ip_options, one.expected) << one.name;
    EXPECT_EQ(text(p.packet.payload()), "read me") << one.name;
  }
}

TEST(Packet, E09_ip_options_that_run_past_the_header_are_bad_ip) {
  for (const auto& options : {hex("83 09 04 00"), hex("83 00 04 00"), hex("83 01 04 00"), hex("010101 83")}) {
    EXPECT_EQ(reason_of(build::tcp({.options = options}, kData)), Reason::bad_ip);
  }
}

TEST(Packet, E12_E13_a_fragment_shows_no_transport) {
  for (const auto position : std::initializer_list<std::uint16_t>{0x2000, 0x2001, 0x0001, 0x1fff - 64}) {
    const auto p = parsed(build::ip({.fragment = position}, 6, Bytes(16)));
    EXPECT_EQ(p.result.reason, Reason::none);
    EXPECT_EQ(p.packet.fragment, 1);
    EXPECT_EQ(p.packet.ip_protocol, 6);
    EXPECT_EQ(p.packet.transportation, Transportation::none);
    EXPECT_EQ(p.packet.payload_length, 0u);
  }
}

TEST(Packet, E17_a_fragment_that_ends_beyond_65535_is_bad_ip) {
  EXPECT_EQ(reason_of(build::ip({.fragment = 0x1fff}, 1, Bytes(8))), Reason::bad_ip);
  EXPECT_EQ(reason_of(build::ip({.fragment = 0x1fff}, 1, Bytes(7))), Reason::none) << "ends at 65,535";
  EXPECT_EQ(reason_of(build::ip({.fragment = 0x2000}, 1, Bytes(12))), Reason::bad_ip)
      << "not a multiple of 8";
  EXPECT_EQ(reason_of(build::ip({.fragment = 0x2000}, 1, {})), Reason::bad_ip) << "empty";
}

Reason chain_reason(std::uint8_t first, const char* extensions, std::uint16_t* options = nullptr,
                    std::uint8_t* fragment = nullptr) {
  auto link = kSix;
  link.first_extension = first;
  link.extensions = hex(extensions);
  const auto p = parsed(build::tcp(link, kData));
  if (options != nullptr) *options = p.packet.ip_options;
  if (fragment != nullptr) *fragment = p.packet.fragment;
  if (p.result.reason == Reason::none && p.packet.fragment == 0) {
    EXPECT_EQ(text(p.packet.payload()), "read me");
  }
  return p.result.reason;
}

TEST(Packet, E22_extension_headers_are_walked_and_recorded) {
  const struct {
    const char* name;
    std::uint8_t first;
    const char* extensions;
    Reason reason;
    std::uint16_t options;
  } cases[] = {
      {"hop by hop, padded", 0, "06 00 01 04 00000000", Reason::none, ip_option::hop_by_hop},
      {"router alert", 0, "06 00 05 02 0000 0100", Reason::none,
       ip_option::hop_by_hop | ip_option::router_alert},
      {"destination, unknown option", 60, "06 00 1e 04 00000000", Reason::none,
       ip_option::destination | ip_option::other},
      {"routing header of type 0", 43, "06 02 00 01 00000000 fd000000000000000000000000000002", Reason::none,
       ip_option::source_route},
      {"atomic fragment", 44, "06 00 0000 00000007", Reason::none, ip_option::atomic_fragment},
      {"authentication", 51, "06 01 0000 00000001 00000002", Reason::none, ip_option::authentication},
      {"destination, routing, destination", 60,
       "2b 00 01 04 00000000 3c 00 00 00 00000000 06 00 01 04 00000000", Reason::none,
       ip_option::destination | ip_option::source_route},
      {"hop by hop not first", 60, "00 00 01 04 00000000 06 00 01 04 00000000", Reason::bad_ip, 0},
      {"hop by hop twice", 0, "00 00 01 04 00000000 06 00 01 04 00000000", Reason::bad_ip, 0},
      {"routing twice", 43, "2b 00 00 00 00000000 06 00 00 00 00000000", Reason::bad_ip, 0},
      {"fragment header twice", 44, "2c 00 0000 00000007 06 00 0000 00000007", Reason::bad_ip, 0},
      {"routing behind the fragment header", 44, "2b 00 0000 00000007 06 00 00 00 00000000", Reason::bad_ip,
       0},
      {"three destination headers", 60, "3c 00 01 04 00000000 3c 00 01 04 00000000 06 00 01 04 00000000",
       Reason::bad_ip, 0},
      {"option past its header", 0, "06 00 01 05 00000000", Reason::bad_ip, 0},
      {"jumbo payload option", 0, "06 00 c2 04 00010000", Reason::bad_ip, 0},
      {"header past the datagram", 60, "06 ff 01 04 00000000", Reason::bad_ip, 0},
  };
  for (const auto& one : cases) {
    std::uint16_t options = 0;
    EXPECT_EQ(chain_reason(one.first, one.extensions, &options), one.reason) << one.name;
    if (one.reason == Reason::none) {
      EXPECT_EQ(options, one.options) << one.name;
    }
  }
}

TEST(Packet, E22_a_part_of_an_ipv6_datagram_is_a_fragment) {
  std::uint8_t fragment = 0;
  // The segment is 27 bytes: only a last part may end at an odd place.
  EXPECT_EQ(chain_reason(44, "06 00 0008 00000007", nullptr, &fragment), Reason::none);
  EXPECT_EQ(fragment, 1);
  EXPECT_EQ(chain_reason(44, "06 00 0001 00000007"), Reason::bad_ip) << "more to come, not a multiple of 8";
  EXPECT_EQ(chain_reason(44, "06 00 fff8 00000007"), Reason::bad_ip) << "ends beyond 65,535";
}

TEST(Packet, E22_a_jumbogram_and_a_length_beyond_the_frame_are_bad_ip) {
  auto frame = build::tcp(kSix, kData);
  frame[14 + 5] = 0;  // payload length 0: no TCP header fits
  frame[14 + 4] = 0;
  EXPECT_EQ(reason_of(frame), Reason::bad_transport);
  frame = build::tcp(kSix, kData);
  ++frame[14 + 5];
  EXPECT_EQ(reason_of(frame), Reason::bad_ip);
  frame = build::tcp(kSix, kData);
  frame[14] = 0x40;
  EXPECT_EQ(reason_of(frame), Reason::bad_ip) << "version 4 behind EtherType 86dd";
}

TEST(Packet, E23_tunnels_are_known_by_protocol_and_type) {
  for (const auto protocol : std::initializer_list<std::uint8_t>{4, 41, 47, 97, 137}) {
    EXPECT_TRUE(parsed(build::ip({}, protocol, Bytes(40))).packet.tunnel()) << int{protocol};
    EXPECT_TRUE(parsed(build::ip(kSix, protocol, Bytes(40))).packet.tunnel()) << int{protocol};
  }
  for (const auto type : std::initializer_list<std::uint16_t>{0x8847, 0x8848, 0x8864}) {
    EXPECT_TRUE(parsed(build::ethernet({}, type, Bytes(40))).packet.tunnel());
  }
  EXPECT_FALSE(parsed(build::tcp({}, kData)).packet.tunnel());
  EXPECT_FALSE(parsed(build::ip({}, 89, Bytes(40))).packet.tunnel());
  EXPECT_FALSE(parsed(build::arp({}, {})).packet.tunnel());
}

TEST(Packet, E25_a_udp_length_that_is_not_the_datagrams_is_bad_transport) {
  for (const auto& link : {build::Link{}, kSix}) {
    const auto good = build::udp(link, {.payload = build::bytes("abcd")});
    const std::size_t at = good.size() - 4 - 3;
    for (const auto length : std::initializer_list<std::uint8_t>{0, 7, 8, 11, 13, 255}) {
      expect_broken(good, {{"length", at, length, Reason::bad_transport}});
    }
    expect_broken(good, {{"right", at, 12, Reason::none}});
  }
}

TEST(Packet, E25_a_udp_checksum_of_zero_is_none_over_ipv4_and_wrong_over_ipv6) {
  auto four = build::udp({}, {.payload = build::bytes("abcd")});
  four[14 + 20 + 6] = four[14 + 20 + 7] = 0;
  EXPECT_EQ(reason_of(four), Reason::none);
  auto six = build::udp(kSix, {.payload = build::bytes("abcd")});
  six[14 + 40 + 6] = six[14 + 40 + 7] = 0;
  EXPECT_EQ(reason_of(six), Reason::bad_checksum);
  EXPECT_TRUE(parsed(six, Checksums::count).result.wrong_checksum);
}

TEST(Packet, E25_E26_a_wrong_transport_checksum_is_a_reason_on_wires_and_counted_in_captures) {
  for (const auto& link : {build::Link{}, kSix}) {
    for (auto frame : {build::tcp(link, {.flags = tcp_flag::rst, .payload = build::bytes("odd")}),
                       build::udp(link, {.payload = build::bytes("even")}), build::icmp(link, {})}) {
      ASSERT_EQ(reason_of(frame), Reason::none);
      frame.back() ^= 0x10;
      EXPECT_EQ(reason_of(frame), Reason::bad_checksum);
      const auto p = parsed(frame, Checksums::count);
      EXPECT_EQ(p.result.reason, Reason::none);
      EXPECT_TRUE(p.result.wrong_checksum);
    }
  }
}

TEST(Packet, E27_a_tcp_data_offset_below_the_header_or_past_the_segment_is_bad_transport) {
  const auto good = build::tcp({}, {.payload = build::bytes("1234")});
  const std::size_t at = 14 + 20 + 12;
  for (const unsigned words : {0U, 1U, 4U, 7U, 15U}) {
    expect_broken(good, {{"offset", at, static_cast<std::uint8_t>(words << 4), Reason::bad_transport}});
  }
}

TEST(Packet, E27_E43_tcp_options_that_contradict_themselves_are_bad_transport) {
  for (const char* options :
       {"0200 0000", "0201 0000", "1e00 0000", "1e01 0000", "0205 0000", "0203 0501", "0302 0000",
        "0403 0000", "080b 0000", "0807 0000 0000 0000", "0503 0000", "fe05 0000", "01 01 01 02"}) {
    EXPECT_EQ(reason_of(build::tcp({}, {.flags = tcp_flag::syn, .options = hex(options)})),
              Reason::bad_transport)
        << options;
  }
}

TEST(Packet, E43_odd_tcp_options_are_marked) {
  const struct {
    const char* options;
    std::uint8_t flags;
    int odd;
  } cases[] = {
      {"0204 05b4", tcp_flag::syn, 0},           {"0204 05b4", tcp_flag::ack, 1},
      {"0303 0700", tcp_flag::ack, 1},           {"0402 0000", tcp_flag::ack, 1},
      {"0204 05b4 0204 0001", tcp_flag::syn, 1}, {"1312 00000000000000000000000000000000", tcp_flag::ack, 1},
      {"2204 0001", tcp_flag::syn, 1},           {"fd04 0001", tcp_flag::ack, 1},
      {"0101 0100", tcp_flag::ack, 0},           {"0000 0000", tcp_flag::ack, 0},
  };
  for (const auto& one : cases) {
    const auto p = parsed(build::tcp({}, {.flags = one.flags, .options = hex(one.options)}));
    EXPECT_EQ(p.result.reason, Reason::none) << one.options;
    EXPECT_EQ(p.packet.tcp.odd_options, one.odd) << one.options;
  }
  EXPECT_EQ(
      parsed(build::tcp({}, {.flags = tcp_flag::syn, .options = hex("0204 05b4 0204 0001")})).packet.tcp.mss,
      1460)
      << "the first of two counts";
}

TEST(Packet, E28_reserved_tcp_bits_are_shown) {
  EXPECT_EQ(parsed(build::tcp({}, {.reserved = 5})).packet.tcp.reserved, 5);
  EXPECT_EQ(parsed(build::tcp({}, {})).packet.tcp.reserved, 0);
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

}  // namespace
}  // namespace sluice
