#include <gtest/gtest.h>

#include "dataplane/packet/parsed.hpp"

namespace sluice {
namespace {

using namespace test;

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

}  // namespace
}  // namespace sluice
