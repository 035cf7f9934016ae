#include <gtest/gtest.h>

#include "dataplane/packet/parsed.hpp"

namespace sluice {
namespace {

using namespace test;

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

TEST(Packet, E12_a_fragment_tells_where_its_piece_belongs) {
  for (const auto& link : {build::Link{}, kSix}) {
    const auto whole = build::udp(link, {.payload = Bytes(100, 'x')});
    for (const bool more : {true, false}) {
      const auto p = parsed(
          build::fragment(whole, {.offset = 48, .length = 24, .more = more, .identification = 0xbeef}));
      EXPECT_EQ(p.result.reason, Reason::none);
      EXPECT_EQ(p.packet.fragment, 1);
      EXPECT_EQ(p.packet.ip_protocol, 17);
      EXPECT_EQ(p.packet.ip_options, 0);
      EXPECT_EQ(p.packet.piece.identification, 0xbeefu);
      EXPECT_EQ(p.packet.piece.offset, 48);
      EXPECT_EQ(p.packet.piece.more, more ? 1 : 0);
      EXPECT_EQ(p.packet.piece.header, p.packet.network == Network::ipv6 ? 40 : 20);
      EXPECT_EQ(text(p.packet.piece_bytes()), std::string(24, 'x'));
    }
  }
}

TEST(Packet, E22_what_each_fragment_repeats_ends_at_the_fragment_header) {
  auto link = kSix;
  link.first_extension = 0;
  link.extensions = hex("2c 00 01 04 00000000 06 00 0001 0badcafe");
  const auto p = parsed(build::ip(link, 6, Bytes(24)));
  EXPECT_EQ(p.result.reason, Reason::none);
  EXPECT_EQ(p.packet.piece.header, 48);
  EXPECT_EQ(p.packet.piece.identification, 0x0badcafeu);
  EXPECT_EQ(p.packet.ip_options, ip_option::hop_by_hop) << "in front of the fragment header";
  EXPECT_EQ(p.packet.piece_bytes().size(), 24u);
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

}  // namespace
}  // namespace sluice
