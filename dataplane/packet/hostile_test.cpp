// Whatever arrives: parse() and all that works on its result stay inside the frame and agree with themselves.
// The frames live in buffers of exactly their size, so that the address sanitizer sees any byte too many.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "dataplane/flow/key.hpp"
#include "dataplane/packet/builder.hpp"
#include "dataplane/packet/checksum.hpp"
#include "dataplane/packet/edit.hpp"
#include "dataplane/packet/values.hpp"

namespace sluice {
namespace {

using build::Bytes;
using build::hex;

// A copy of its own for each look, without a spare byte behind it.
struct Exact {
  explicit Exact(ByteView bytes)
      : memory{std::make_unique<std::uint8_t[]>(bytes.size())},
        length{static_cast<std::uint32_t>(bytes.size())} {
    if (!bytes.empty()) std::memcpy(memory.get(), bytes.data(), bytes.size());
  }
  [[nodiscard]] Frame frame(std::uint32_t wire_length = 0) const {
    Frame frame;
    frame.data = memory.get();
    frame.length = length;
    frame.wire_length = std::max(wire_length, length);
    return frame;
  }
  std::unique_ptr<std::uint8_t[]> memory;
  std::uint32_t length;
};

class OneFrame final : public Buffers {
 public:
  void forward(Frame, PortId) noexcept override {}
  void release(Frame) noexcept override {}
  Frame allocate(std::uint32_t length) noexcept override {
    memory = std::make_unique<std::uint8_t[]>(length);
    Frame frame;
    frame.data = memory.get();
    frame.length = length;
    return frame;
  }
  std::unique_ptr<std::uint8_t[]> memory;
};

// All that holds of any parsed frame, good or bad.
void expect_consistent(const Packet& packet, Reason reason) {
  const auto length = packet.frame.length;
  ASSERT_LE(packet.network_offset, length);
  ASSERT_LE(packet.network_end, length);
  ASSERT_LE(packet.payload_offset + packet.payload_length, length);
  if (packet.network_offset != 0) {
    ASSERT_GE(packet.network_end, packet.network_offset);
  }
  ASSERT_LE(packet.vlan_count, 2);
  if (reason == Reason::none && packet.network_offset != 0) {
    ASSERT_GE(packet.network_offset, 14 + 4 * packet.vlan_count);
    ASSERT_LE(packet.payload_offset + packet.payload_length, packet.network_end);
    ASSERT_EQ(packet.missing, 0u);
  }
  if (packet.fragment != 0) {
    ASSERT_EQ(packet.transportation, Transportation::none);
  }
  if (packet.transportation == Transportation::tcp) {
    ASSERT_LE(packet.tcp.options + packet.tcp.options_length, length);
  }
  std::uint32_t sum = 0;
  for (const auto byte : packet.payload()) sum += byte;
  for (const auto byte : packet.network_payload()) sum += byte;
  std::array<Value, kMostPacketValues> values;
  const auto count = packet_values(packet, 1, values);
  ASSERT_LT(count, values.size());
  (void)key_of(packet, 1);
  (void)packet.tunnel();
  (void)packet.trailer_length();
  Packet quoted;
  if (parse_quoted(packet, quoted)) {
    ASSERT_LE(quoted.transport_offset, quoted.network_end);
    (void)key_of(quoted, 1);
  }
  ASSERT_LE(sum, 2 * 255 * length);
}

// Parses, checks, and edits; says the reason on a wire.
Reason survive(ByteView bytes, std::uint32_t wire_length = 0) {
  const Exact exact{bytes};
  Packet packet;
  const auto counted = parse(exact.frame(wire_length), Checksums::count, packet);
  expect_consistent(packet, counted.reason);
  const auto result = parse(exact.frame(wire_length), Checksums::verify, packet);
  expect_consistent(packet, result.reason);
  EXPECT_FALSE(result.reason == Reason::none && result.wrong_checksum);
  if (counted.reason != Reason::none && !counted.wrong_checksum) {
    EXPECT_EQ(counted.reason, result.reason) << "checksums alone make the difference";
  }
  if (result.reason != Reason::none) return result.reason;

  OneFrame buffers;
  const auto reset = make_bare(packet, Towards::source, {}, buffers);
  EXPECT_EQ(reset.data != nullptr, packet.transportation == Transportation::tcp);
  Packet again;
  if (reset.data != nullptr) {
    EXPECT_EQ(parse(reset, Checksums::verify, again).reason, Reason::none);
  }
  overwrite_payload(packet, packet.payload_length / 3, hex("ff00aa5501"));
  if (packet.transportation == Transportation::tcp || packet.transportation == Transportation::udp) {
    EXPECT_EQ(parse(packet.frame, Checksums::verify, again).reason, Reason::none);
  }
  clear_trailer(packet);
  if (packet.transportation == Transportation::tcp) {
    strip_payload(packet);
    EXPECT_EQ(parse(packet.frame, Checksums::verify, again).reason, Reason::none);
  }
  return Reason::none;
}

struct Sample {
  std::string name;
  Bytes frame;
};

std::vector<Sample> samples() {
  const build::Link six{.source = "fd00::1", .destination = "fd00::2"};
  auto chained = six;
  chained.first_extension = 0;
  chained.extensions = hex("3c 00 05 02 0000 0100  2b 00 01 04 00000000  06 00 00 00 00000000");
  auto part = six;
  part.first_extension = 44;
  part.extensions = hex("06 00 0008 00000007");
  auto syn_options = hex("0204 05b4 0402 080a 00000005 00000006 01 0303 07");
  const auto tcp = build::tcp({}, {.payload = build::bytes("hello")});
  const auto udp = build::udp(six, {.payload = build::bytes("hello")});
  return {
      {"tcp", tcp},
      {"tcp, padded", build::tcp({.least = 60}, {})},
      {"tcp, two tags", build::tcp({.tags = {{.id = 1}, {.id = 2}}}, {.payload = build::bytes("hello")})},
      {"tcp, options",
       build::tcp({.options = hex("94040000")}, {.flags = tcp_flag::syn, .options = syn_options})},
      {"tcp over ipv6", build::tcp(six, {.payload = build::bytes("hello")})},
      {"tcp over ipv6, extension headers", build::tcp(chained, {.payload = build::bytes("hello")})},
      {"udp", build::udp({}, {.payload = build::bytes("hello")})},
      {"udp over ipv6", udp},
      {"echo", build::icmp({}, {.payload = build::bytes("ping")})},
      {"unreachable", build::icmp({}, {.type = 3, .code = 3, .payload = Bytes(tcp.begin() + 14, tcp.end())})},
      {"too big", build::icmp(six, {.type = 2, .payload = Bytes(udp.begin() + 14, udp.end())})},
      {"arp", build::arp({.least = 60}, {})},
      {"spanning tree", build::llc({.least = 60}, hex("424203 0000 00 00"))},
      {"snap", build::llc({.least = 60}, hex("aaaa03 00000c 2000 01"))},
      {"goose", build::ethernet({}, 0x88b8, Bytes(50))},
      {"fragment", build::ip({.fragment = 0x2000}, 17, Bytes(64))},
      {"ipv6 fragment", build::ip(part, 6, Bytes(64))},
      {"gre", build::ip({}, 47, Bytes(30))},
  };
}

TEST(Hostile, every_truncation_of_a_frame_is_cut_or_a_plain_reason) {
  for (const auto& sample : samples()) {
    ASSERT_EQ(survive(sample.frame), Reason::none) << sample.name;
    for (std::size_t length = 0; length < sample.frame.size(); ++length) {
      const auto some = ByteView{sample.frame}.first(length);
      EXPECT_EQ(survive(some, static_cast<std::uint32_t>(sample.frame.size())), Reason::cut)
          << sample.name << ' ' << length;
      (void)survive(some);  // as if the wire had carried no more
    }
  }
}

TEST(Hostile, E07_a_datagram_that_the_frame_does_not_hold_is_never_good) {
  for (const auto& sample : samples()) {
    Packet packet;
    auto whole = sample.frame;
    (void)parse(build::frame_over(whole), Checksums::verify, packet);
    if (packet.network != Network::ipv4 && packet.network != Network::ipv6) continue;
    for (std::size_t length = 0; length < packet.network_end; ++length) {
      EXPECT_NE(survive(ByteView{sample.frame}.first(length)), Reason::none) << sample.name << ' ' << length;
    }
  }
}

TEST(Hostile, every_value_of_every_byte_is_handled_with_and_without_right_checksums) {
  for (const auto& sample : samples()) {
    for (std::size_t at = 0; at < sample.frame.size(); ++at) {
      for (unsigned value = 0; value < 256; value += at < 64 ? 1 : 17) {
        auto frame = sample.frame;
        frame[at] = static_cast<std::uint8_t>(value);
        (void)survive(frame);
        build::repair_checksums(frame);
        (void)survive(frame);
      }
      ASSERT_FALSE(testing::Test::HasFailure()) << sample.name << ' ' << at;
    }
  }
}

TEST(Hostile, E25_E26_one_wrong_bit_in_what_a_checksum_covers_is_never_good) {
  for (const auto& sample : samples()) {
    Packet packet;
    auto whole = sample.frame;
    (void)parse(build::frame_over(whole), Checksums::verify, packet);
    if (packet.transportation != Transportation::tcp && packet.transportation != Transportation::udp)
      continue;
    for (std::size_t at = packet.transport_offset; at < packet.network_end; ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        auto frame = sample.frame;
        frame[at] = static_cast<std::uint8_t>(frame[at] ^ 1U << bit);
        EXPECT_NE(survive(frame), Reason::none) << sample.name << ' ' << at;
      }
    }
  }
}

TEST(Hostile, a_hundred_thousand_random_frames_are_handled) {
  std::mt19937 random{20240501};
  const auto some = samples();
  std::array<std::uint32_t, kReasonCount> reasons{};
  for (int round = 0; round < 100'000; ++round) {
    Bytes frame;
    if (round % 4 == 0) {
      frame.resize(random() % 128);
      for (auto& byte : frame) byte = static_cast<std::uint8_t>(random());
      // Mostly what has a decoder: otherwise nearly all random types are unknown.
      const auto types = std::array{0x0800, 0x86dd, 0x0806, 0x8100, 0x0010};
      const auto type = types[random() % types.size()];
      if (frame.size() > 14) {
        frame[12] = static_cast<std::uint8_t>(type >> 8);
        frame[13] = static_cast<std::uint8_t>(type);
      }
    } else {
      frame = some[random() % some.size()].frame;
      for (auto changes = random() % 6; changes > 0; --changes) {
        frame[random() % frame.size()] =
            static_cast<std::uint8_t>(random() % 2 == 0 ? random() : random() % 2 * 255);
      }
      if (random() % 8 == 0) frame.resize(random() % (frame.size() + 30));
      if (random() % 2 == 0) build::repair_checksums(frame);
    }
    const auto wire = static_cast<std::uint32_t>(random() % 16 == 0 ? frame.size() + random() % 50 : 0);
    ++reasons[static_cast<std::size_t>(survive(frame, wire))];
    ASSERT_FALSE(testing::Test::HasFailure()) << round;
  }
  for (const auto reason : {Reason::none, Reason::cut, Reason::bad_ethernet, Reason::bad_ip,
                            Reason::bad_ip_checksum, Reason::bad_transport, Reason::bad_checksum}) {
    EXPECT_GT(reasons[static_cast<std::size_t>(reason)], 100u) << name_of(reason);
  }
}

// What a builder is told comes out of the parser again.
TEST(Hostile, random_good_frames_parse_to_what_they_were_built_from) {
  std::mt19937 random{7};
  const auto some_bytes = [&](std::size_t most) {
    Bytes bytes(random() % (most + 1));
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
  };
  for (int round = 0; round < 20'000; ++round) {
    build::Link link;
    if (random() % 2 == 0)
      link.source = "2001:db8::" + std::to_string(random() % 100), link.destination = "fd00::7";
    for (auto tags = random() % 3; tags > 0; --tags) {
      link.tags.push_back(
          {static_cast<std::uint16_t>(random() % 4096), static_cast<std::uint8_t>(random() % 8)});
    }
    link.ttl = static_cast<std::uint8_t>(random());
    link.trailer = some_bytes(10);
    for (auto& byte : link.source_mac) byte = static_cast<std::uint8_t>(random());
    const bool tcp = random() % 2 == 0;
    const build::Segment segment{.source_port = static_cast<std::uint16_t>(random()),
                                 .destination_port = static_cast<std::uint16_t>(random()),
                                 .sequence = static_cast<std::uint32_t>(random()),
                                 .acknowledgement = static_cast<std::uint32_t>(random()),
                                 .flags = static_cast<std::uint8_t>(random()),
                                 .window = static_cast<std::uint16_t>(random()),
                                 .urgent = static_cast<std::uint16_t>(random()),
                                 .reserved = static_cast<std::uint8_t>(random() % 16),
                                 .payload = some_bytes(1400)};
    const auto frame = tcp ? build::tcp(link, segment)
                           : build::udp(link, {.source_port = segment.source_port,
                                               .destination_port = segment.destination_port,
                                               .payload = segment.payload});
    const Exact exact{frame};
    Packet packet;
    ASSERT_EQ(parse(exact.frame(), Checksums::verify, packet).reason, Reason::none) << round;
    ASSERT_EQ(packet.source, build::address(link.source));
    ASSERT_EQ(packet.destination, build::address(link.destination));
    ASSERT_EQ(packet.source_mac, link.source_mac);
    ASSERT_EQ(packet.destination_mac, link.destination_mac);
    ASSERT_EQ(packet.vlan_count, link.tags.size());
    for (std::size_t i = 0; i < link.tags.size(); ++i) ASSERT_EQ(packet.vlans[i], link.tags[i].id);
    if (!link.tags.empty()) {
      ASSERT_EQ(packet.priority, link.tags[0].priority);
    }
    ASSERT_EQ(packet.ttl, link.ttl);
    ASSERT_EQ(packet.trailer_length(), link.trailer.size());
    ASSERT_EQ(packet.source_port, segment.source_port);
    ASSERT_EQ(packet.destination_port, segment.destination_port);
    ASSERT_EQ(Bytes(packet.payload().begin(), packet.payload().end()), segment.payload);
    if (!tcp) continue;
    ASSERT_EQ(packet.tcp.sequence, segment.sequence);
    ASSERT_EQ(packet.tcp.acknowledgement, segment.acknowledgement);
    ASSERT_EQ(packet.tcp.flags, segment.flags);
    ASSERT_EQ(packet.tcp.window, segment.window);
    ASSERT_EQ(packet.tcp.urgent, segment.urgent);
    ASSERT_EQ(packet.tcp.reserved, segment.reserved);
  }
}

}  // namespace
}  // namespace sluice
