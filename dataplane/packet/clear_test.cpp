#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "dataplane/packet/edit.hpp"
#include "dataplane/packet/parsed.hpp"

namespace sluice::test {
namespace {

struct Edit {
  const char* name;
  std::function<void(Packet&)> apply;
};

const Edit kEdits[] = {
    {"IP options", clear_ip_options},  {"urgent data", clear_urgent},
    {"reserved bits", clear_reserved}, {"odd options", clear_odd_options},
    {"fast open", clear_fast_open},    {"trailer", [](Packet& packet) { clear_trailer(packet); }},
};

// Segments with something of everything: options good and odd at every place, urgent data, reserved bits.
Bytes anything(std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  static const Bytes kOptions[] = {hex("01"),
                                   hex("020405b4"),
                                   hex("0402"),
                                   hex("030307"),
                                   hex("fd0312"),
                                   hex("22020101"),
                                   hex("2204abcd"),
                                   hex("fe06f9890102"),
                                   hex("1302"),
                                   hex("080a0000000100000002"),
                                   hex("050a0000000100000002")};
  build::Segment segment;
  segment.flags = static_cast<std::uint8_t>(random());
  segment.urgent = static_cast<std::uint16_t>(below(2) * below(100));
  segment.reserved = static_cast<std::uint8_t>(below(16));
  segment.payload = Bytes(below(40), static_cast<std::uint8_t>(random()));
  while (below(4) != 0) {
    const auto& option = kOptions[below(std::size(kOptions))];
    if (segment.options.size() + option.size() > 36) break;
    segment.options.insert(segment.options.end(), option.begin(), option.end());
  }
  if (below(5) == 0) {
    segment.options.push_back(0);
    segment.options.push_back(static_cast<std::uint8_t>(below(3)));
  }
  build::Link link = below(2) == 0 ? build::Link{} : kSix;
  if (below(3) == 0) link.tags = {{.id = 7}};
  if (below(3) == 0) link.trailer = hex("00ff00ff01");
  if (below(3) == 0) link.options = below(2) == 0 ? hex("07070400000000") : hex("014408050000000000");
  return build::tcp(link, segment);
}

void expect_same(const Packet& edited, const Packet& again) {
  EXPECT_EQ(again.ip_options, edited.ip_options);
  EXPECT_EQ(again.network_end, edited.network_end);
  EXPECT_EQ(again.payload_offset, edited.payload_offset);
  EXPECT_EQ(again.payload_length, edited.payload_length);
  EXPECT_EQ(again.tcp.flags, edited.tcp.flags);
  EXPECT_EQ(again.tcp.urgent, edited.tcp.urgent);
  EXPECT_EQ(again.tcp.reserved, edited.tcp.reserved);
  EXPECT_EQ(again.tcp.mss, edited.tcp.mss);
  EXPECT_EQ(again.tcp.window_scale, edited.tcp.window_scale);
  EXPECT_EQ(again.tcp.has_timestamp, edited.tcp.has_timestamp);
  EXPECT_EQ(again.tcp.timestamp, edited.tcp.timestamp);
}

TEST(Clear, packet_and_frame_agree_after_each_edit_and_nothing_is_left_to_edit) {
  std::mt19937 random{42};
  for (int round = 0; round < 20'000; ++round) {
    const auto original = anything(random);
    for (const auto& edit : kEdits) {
      SCOPED_TRACE(edit.name);
      auto one = parsed(original);
      ASSERT_EQ(one.result.reason, Reason::none);
      edit.apply(one.packet);
      const auto again = parsed(one.bytes);
      ASSERT_EQ(again.result.reason, Reason::none);
      expect_same(one.packet, again.packet);
      ASSERT_EQ(one.bytes.size(), original.size());
      const auto payload = one.packet.payload();
      ASSERT_TRUE(std::equal(payload.begin(), payload.end(), original.begin() + one.packet.payload_offset));
      auto twice = one.bytes;
      auto second = parsed(twice);
      edit.apply(second.packet);
      ASSERT_EQ(second.bytes, one.bytes);
    }
    auto all = parsed(original);
    for (const auto& edit : kEdits) edit.apply(all.packet);
    const auto done = parsed(all.bytes);
    ASSERT_EQ(done.result.reason, Reason::none);
    EXPECT_EQ(done.packet.tcp.odd_options, 0);
    EXPECT_EQ(done.packet.tcp.reserved, 0);
    EXPECT_EQ(done.packet.tcp.urgent, 0);
    EXPECT_EQ(done.packet.tcp.flags & tcp_flag::urg, 0);
    EXPECT_FALSE(has_fast_open(done.packet));
    if (HasFailure()) return;
  }
}

TEST(Clear, a_wrong_checksum_stays_wrong) {
  std::mt19937 random{43};
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = anything(random);
    Packet good;
    ASSERT_EQ(parse(build::frame_over(bytes), Checksums::verify, good).reason, Reason::none);
    bytes[good.transport_offset + 16U] ^= static_cast<std::uint8_t>(1U + random() % 255);
    if (good.network == Network::ipv4) bytes[good.network_offset + 10U] ^= 0x20;
    auto one = parsed(bytes, Checksums::count);
    for (const auto& edit : kEdits) edit.apply(one.packet);
    EXPECT_EQ(reason_of(one.bytes),
              good.network == Network::ipv4 ? Reason::bad_ip_checksum : Reason::bad_checksum);
    if (good.network == Network::ipv4) {
      // The other one too, once the first is right.
      one.bytes[good.network_offset + 10U] ^= 0x20;
      Packet packet;
      const auto result = parse(build::frame_over(one.bytes), Checksums::verify, packet);
      EXPECT_NE(result.reason, Reason::none);
    }
    if (HasFailure()) return;
  }
}

TEST(Clear, what_is_no_tcp_is_left_alone) {
  for (const auto& bytes :
       {build::udp({}, {.payload = hex("0102")}), build::icmp({}, {}), build::arp({}, {})}) {
    auto one = parsed(bytes);
    for (const auto& edit : kEdits) edit.apply(one.packet);
    EXPECT_EQ(one.bytes, bytes);
  }
}

TEST(Clear, E29_the_options_of_fast_open_are_known) {
  const auto has = [](const char* options) {
    return has_fast_open(parsed(build::tcp({}, {.flags = tcp_flag::syn, .options = hex(options)})).packet);
  };
  EXPECT_TRUE(has("2202 0101"));
  EXPECT_TRUE(has("020405b4 2206 01020304 0101"));
  EXPECT_TRUE(has("fe04 f989"));
  EXPECT_TRUE(has("fd04 f989"));
  EXPECT_FALSE(has("fe04 1234"));
  EXPECT_FALSE(has("fe03 f9 01"));
  EXPECT_FALSE(has("00 22 02 00"));
  EXPECT_FALSE(has("020405b4"));
}

TEST(Clear, E04_a_prp_trailer_is_right_by_suffix_lan_and_size) {
  const auto length = [](const char* trailer, std::uint32_t padding = 0) {
    auto bytes = build::udp({.trailer = Bytes(padding, 0)}, {.payload = Bytes(10, 1)});
    const auto end = hex(trailer);
    bytes.insert(bytes.end(), end.begin(), end.end());
    return prp_trailer(parsed(bytes).packet);
  };
  // 28 bytes of headers, 10 of payload, 6 of the trailer itself.
  EXPECT_EQ(length("0001 a02c 88fb"), 6U);
  EXPECT_EQ(length("ffff b02c 88fb"), 6U);
  EXPECT_EQ(length("0001 a02e 88fb", 2), 6U);
  EXPECT_EQ(length("0001 a02d 88fb"), 0U);
  EXPECT_EQ(length("0001 c02c 88fb"), 0U);
  EXPECT_EQ(length("0001 a02c 88fc"), 0U);
  EXPECT_EQ(length("a02c 88fb"), 0U);
}

}  // namespace
}  // namespace sluice::test
