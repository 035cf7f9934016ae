#include "dataplane/packet/edit.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "dataplane/packet/builder.hpp"

namespace sluice {
namespace {

using build::Bytes;

const build::Link kSix{.source = "fd00::1", .destination = "fd00::2"};

class Room final : public Buffers {
 public:
  void forward(Frame, PortId) noexcept override {}
  void release(Frame) noexcept override {}
  Frame allocate(std::uint32_t length) noexcept override {
    if (none) return {};
    bytes.assign(length, 0xee);
    Frame frame;
    frame.data = bytes.data();
    frame.length = length;
    return frame;
  }
  Bytes bytes;
  bool none = false;
};

Packet good(Bytes& bytes) {
  Packet packet;
  const auto result = parse(build::frame_over(bytes), Checksums::verify, packet);
  EXPECT_EQ(result.reason, Reason::none) << name_of(result.reason);
  return packet;
}

void expect_agree(const Packet& edited) {
  Packet again;
  const auto result = parse(edited.frame, Checksums::verify, again);
  EXPECT_EQ(result.reason, Reason::none) << name_of(result.reason);
  EXPECT_EQ(again.payload_offset, edited.payload_offset);
  EXPECT_EQ(again.payload_length, edited.payload_length);
  EXPECT_EQ(again.network_end, edited.network_end);
  EXPECT_EQ(again.tcp.flags, edited.tcp.flags);
  EXPECT_EQ(again.tcp.urgent, edited.tcp.urgent);
}

TEST(Edit, E38_a_stripped_segment_is_empty_valid_and_keeps_its_numbers) {
  auto six = kSix;
  six.first_extension = 0;
  six.extensions = build::hex("06 00 01 04 00000000");
  for (const auto& link : {build::Link{}, build::Link{.tags = {{.id = 7}}, .options = build::hex("94040000")},
                           kSix, six, build::Link{.trailer = build::bytes("behind"), .least = 60}}) {
    for (std::size_t length = 0; length < 70; ++length) {
      auto bytes = build::tcp(link, {.sequence = 5,
                                     .acknowledgement = 6,
                                     .flags = 0x3f & ~tcp_flag::syn & ~tcp_flag::rst,
                                     .urgent = 1,
                                     .options = build::hex("0101080a 00000001 00000002"),
                                     .payload = Bytes(length, 0x55)});
      auto packet = good(bytes);
      strip_payload(packet);
      expect_agree(packet);
      EXPECT_EQ(packet.payload_length, 0u);
      EXPECT_EQ(packet.tcp.flags, tcp_flag::ack);
      EXPECT_EQ(packet.tcp.sequence, 5u);
      EXPECT_EQ(packet.tcp.acknowledgement, 6u);
      EXPECT_GE(packet.frame.length, std::min<std::size_t>(bytes.size(), 60));
      EXPECT_FALSE(packet.frame.cut());
      for (auto i = packet.network_end; i < packet.frame.length; ++i) ASSERT_EQ(packet.frame.data[i], 0);
    }
  }
}

TEST(Edit, E29_data_on_a_syn_is_stripped_and_the_syn_stays) {
  auto bytes = build::tcp({}, {.flags = tcp_flag::syn, .payload = build::bytes("early")});
  auto packet = good(bytes);
  strip_payload(packet);
  expect_agree(packet);
  EXPECT_EQ(packet.tcp.flags, tcp_flag::syn);
}

TEST(Edit, an_overwritten_payload_has_a_right_checksum_at_every_place_and_length) {
  std::mt19937 random{1};
  for (const auto& link : {build::Link{}, kSix}) {
    for (std::uint32_t length = 1; length < 20; ++length) {
      for (std::uint32_t at = 0; at <= length; ++at) {
        for (std::uint32_t count = 0; count < 24; count += 3) {
          Bytes payload(length);
          for (auto& byte : payload) byte = static_cast<std::uint8_t>(random());
          Bytes change(count);
          for (auto& byte : change) byte = static_cast<std::uint8_t>(random() % 2 * 255);
          for (auto bytes :
               {build::tcp(link, {.payload = payload}), build::udp(link, {.payload = payload})}) {
            auto packet = good(bytes);
            overwrite_payload(packet, at, change);
            expect_agree(packet);
            for (std::uint32_t i = 0; i < count && at < length; ++i) {
              if (at + i < length) {
                payload[at + i] = change[i];
              }
            }
            const auto now = packet.payload();
            ASSERT_EQ(Bytes(now.begin(), now.end()), payload);
          }
        }
      }
    }
  }
}

TEST(Edit, an_overwritten_payload_does_not_heal_a_wrong_checksum_and_keeps_none_as_none) {
  auto bytes = build::tcp({}, {.payload = build::bytes("abcd")});
  bytes[50] ^= 1;
  Packet packet;
  (void)parse(build::frame_over(bytes), Checksums::count, packet);
  overwrite_payload(packet, 1, build::bytes("XY"));
  EXPECT_EQ(parse(packet.frame, Checksums::verify, packet).reason, Reason::bad_checksum);

  auto none = build::udp({}, {.payload = build::bytes("abcd")});
  none[40] = none[41] = 0;
  packet = good(none);
  overwrite_payload(packet, 0, build::bytes("XY"));
  EXPECT_EQ(none[40] | none[41], 0);
}

TEST(Edit, E04_a_cleared_trailer_is_zero_and_the_datagram_untouched) {
  auto bytes = build::tcp({.trailer = build::bytes("secret")}, {.payload = build::bytes("open")});
  auto packet = good(bytes);
  clear_trailer(packet);
  expect_agree(packet);
  EXPECT_EQ(Bytes(bytes.end() - 10, bytes.end()), (Bytes{'o', 'p', 'e', 'n', 0, 0, 0, 0, 0, 0}));
}

TEST(Edit, a_reset_towards_either_end_is_a_valid_frame_of_the_flow) {
  auto routed = kSix;
  routed.first_extension = 60;
  routed.extensions = build::hex("06 00 01 04 00000000");
  for (const auto& link :
       {build::Link{}, build::Link{.tags = {{.id = 7, .priority = 3, .type = 0x88a8}, {.id = 9}}},
        build::Link{.options = build::hex("94040000")}, kSix, routed}) {
    auto bytes =
        build::tcp(link, {.source_port = 40000, .destination_port = 502, .payload = build::bytes("denied")});
    const auto model = good(bytes);
    for (const auto towards : {Towards::destination, Towards::source}) {
      Room room;
      const auto frame =
          make_bare(model, towards, {.sequence = 0x89abcdef, .acknowledgement = 0x01234567}, room);
      ASSERT_NE(frame.data, nullptr);
      EXPECT_GE(frame.length, 60u);
      Packet reset;
      ASSERT_EQ(parse(frame, Checksums::verify, reset).reason, Reason::none);
      const bool back = towards == Towards::source;
      EXPECT_EQ(reset.source, back ? model.destination : model.source);
      EXPECT_EQ(reset.destination, back ? model.source : model.destination);
      EXPECT_EQ(reset.source_mac, back ? model.destination_mac : model.source_mac);
      EXPECT_EQ(reset.destination_mac, back ? model.source_mac : model.destination_mac);
      EXPECT_EQ(reset.source_port, back ? 502 : 40000);
      EXPECT_EQ(reset.destination_port, back ? 40000 : 502);
      EXPECT_EQ(reset.vlan_count, model.vlan_count);
      EXPECT_EQ(reset.vlans, model.vlans);
      EXPECT_EQ(reset.priority, model.priority);
      EXPECT_EQ(reset.tcp.flags, tcp_flag::rst | tcp_flag::ack);
      EXPECT_EQ(reset.tcp.sequence, 0x89abcdefu);
      EXPECT_EQ(reset.tcp.acknowledgement, 0x01234567u);
      EXPECT_EQ(reset.payload_length, 0u);
      EXPECT_EQ(reset.ip_options, 0);
      EXPECT_EQ(Bytes(frame.data + 12, frame.data + model.network_offset),
                Bytes(bytes.begin() + 12, bytes.begin() + model.network_offset));
    }
  }
}

TEST(Edit, a_bare_reset_acknowledges_nothing) {
  auto bytes = build::tcp({}, {});
  Room room;
  const auto frame =
      make_bare(good(bytes), Towards::source, {.acknowledgement = 9, .flags = tcp_flag::rst}, room);
  Packet reset;
  ASSERT_EQ(parse(frame, Checksums::verify, reset).reason, Reason::none);
  EXPECT_EQ(reset.tcp.flags, tcp_flag::rst);
  EXPECT_EQ(reset.tcp.acknowledgement, 0u);
}

TEST(Edit, there_is_no_reset_without_a_buffer_or_without_tcp) {
  auto bytes = build::tcp({}, {});
  auto datagram = build::udp({}, {});
  Room room;
  EXPECT_EQ(make_bare(good(datagram), Towards::source, {}, room).data, nullptr);
  EXPECT_TRUE(room.bytes.empty());
  room.none = true;
  EXPECT_EQ(make_bare(good(bytes), Towards::source, {}, room).data, nullptr);
}

TEST(Edit, sets_the_timestamp_wherever_it_stands_and_keeps_the_checksum_right) {
  for (std::size_t nops = 0; nops <= 6; ++nops) {
    build::Segment segment;
    segment.options.assign(nops, 1);
    const Bytes option = build::hex("080a0102030405060708");
    segment.options.insert(segment.options.end(), option.begin(), option.end());
    segment.payload = {1, 2, 3};
    auto bytes = build::tcp({}, segment);
    Packet packet = good(bytes);
    ASSERT_TRUE(set_timestamp(packet, 0xfffe'fdfc));
    EXPECT_EQ(packet.tcp.timestamp, 0xfffe'fdfcU);
    const Packet again = good(bytes);
    EXPECT_EQ(again.tcp.timestamp, 0xfffe'fdfcU);
    EXPECT_EQ(again.tcp.echo, 0x0506'0708U);
  }
  auto none = build::tcp({}, {.options = {1, 1, 0, 8}});
  Packet packet = good(none);
  EXPECT_FALSE(set_timestamp(packet, 1));
  auto datagram = build::udp({}, {});
  packet = good(datagram);
  EXPECT_FALSE(set_timestamp(packet, 1));
}

TEST(Edit, makes_an_acknowledgement_with_a_window_in_the_name_of_the_other_end) {
  auto bytes = build::tcp({}, {.payload = {1}});
  Room room;
  const auto frame =
      make_bare(good(bytes), Towards::source,
                {.sequence = 7, .acknowledgement = 9, .flags = tcp_flag::ack, .window = 513}, room);
  ASSERT_NE(frame.data, nullptr);
  Bytes made{frame.data, frame.data + frame.length};
  const Packet packet = good(made);
  EXPECT_EQ(packet.source_port, 502);
  EXPECT_EQ(packet.tcp.sequence, 7U);
  EXPECT_EQ(packet.tcp.acknowledgement, 9U);
  EXPECT_EQ(packet.tcp.flags, tcp_flag::ack);
  EXPECT_EQ(packet.tcp.window, 513);
  EXPECT_EQ(packet.payload_length, 0U);
}

}  // namespace
}  // namespace sluice
