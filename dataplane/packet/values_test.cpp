#include "dataplane/packet/values.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "dataplane/packet/builder.hpp"
#include "dataplane/packet/schema.hpp"

namespace sluice {
namespace {

using build::Bytes;
using build::hex;

std::string text_of_address(ByteView bytes) {
  std::string out;
  for (const auto byte : bytes) out += (out.empty() ? "" : ".") + std::to_string(byte);
  return out;
}

// As `tshark -T fields -E occurrence=a -E aggregator=,` puts values together; addresses as their bytes,
// layers by length.
std::map<std::string, std::string> shown(Bytes bytes) {
  Packet packet;
  (void)parse(build::frame_over(bytes), Checksums::count, packet);
  std::array<Value, kMostPacketValues> values;
  const auto count = packet_values(packet, 7, values);
  EXPECT_LT(count, values.size());
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(values[i].field.protocol, 0);
    const auto& field = kPacketFields[values[i].field.field];
    auto& text = out[std::string{field.name}];
    if (!text.empty()) text += ',';
    switch (field.type) {
      case FieldType::protocol:
        text += '[' + std::to_string(values[i].length) + ']';
        break;
      case FieldType::ipv4:
      case FieldType::ipv6:
      case FieldType::ether:
        text += text_of_address(values[i].bytes());
        break;
      default:
        text += std::to_string(values[i].number);
    }
  }
  return out;
}

using Shown = std::map<std::string, std::string>;

void expect_shown(Bytes bytes, Shown expected) {
  expected.insert({{"frame.number", "7"},
                   {"frame.len", std::to_string(bytes.size())},
                   {"eth", '[' + std::to_string(bytes.size()) + ']'},
                   {"eth.src", "2.0.0.0.0.1"},
                   {"eth.dst", "2.0.0.0.0.2"},
                   {"eth.addr", "2.0.0.0.0.2,2.0.0.0.0.1"}});
  EXPECT_EQ(shown(std::move(bytes)), expected);
}

Shown four(std::uint8_t protocol, std::string length) {
  return {{"eth.type", "2048"},
          {"ip", '[' + length + ']'},
          {"ip.src", "10.0.0.1"},
          {"ip.dst", "10.0.0.2"},
          {"ip.ttl", "64"},
          {"ip.proto", std::to_string(protocol)},
          {"ip.addr", "10.0.0.1,10.0.0.2"}};
}

Shown with(Shown a, const Shown& b) {
  for (const auto& [name, value] : b) a[name] = value;
  return a;
}

const build::Segment kHello{.payload = build::bytes("hello")};
const Shown kTcp{{"tcp", "[25]"},
                 {"tcp.srcport", "40000"},
                 {"tcp.dstport", "502"},
                 {"tcp.port", "40000,502"},
                 {"tcp.len", "5"}};

TEST(PacketValues, a_tcp_segment_shows_either_address_and_port_twice) {
  expect_shown(build::tcp({}, kHello), with(four(6, "45"), kTcp));
}

TEST(PacketValues, a_trailer_belongs_to_the_frame_only) {
  expect_shown(build::tcp({.least = 100}, kHello), with(four(6, "45"), kTcp));
}

TEST(PacketValues, each_802_1q_tag_has_its_values_and_a_provider_tag_none) {
  const auto base = with(four(6, "45"), kTcp);
  expect_shown(
      build::tcp({.tags = {{.id = 100, .priority = 5}}}, kHello),
      with(base, {{"eth.type", "33024"}, {"vlan", "[49]"}, {"vlan.id", "100"}, {"vlan.priority", "5"}}));
  expect_shown(
      build::tcp({.tags = {{.id = 100, .priority = 5, .type = 0x9100}, {.id = 1, .priority = 1}}}, kHello),
      with(base,
           {{"eth.type", "37120"}, {"vlan", "[53],[49]"}, {"vlan.id", "100,1"}, {"vlan.priority", "5,1"}}));
  expect_shown(
      build::tcp({.tags = {{.id = 100, .priority = 5, .type = 0x88a8}, {.id = 1, .priority = 1}}}, kHello),
      with(base, {{"eth.type", "34984"}, {"vlan", "[49]"}, {"vlan.id", "1"}, {"vlan.priority", "1"}}));
}

TEST(PacketValues, ipv6_shows_the_next_header_of_the_fixed_header) {
  build::Link link{.source = "fd00::1", .destination = "fd00::2", .extensions = hex("06 00 01 04 00000000")};
  link.first_extension = 60;
  const std::string one = "253.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1", two = "253.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2";
  expect_shown(build::tcp(link, kHello), with(kTcp, {{"eth.type", "34525"},
                                                     {"ipv6", "[73]"},
                                                     {"ipv6.src", one},
                                                     {"ipv6.dst", two},
                                                     {"ipv6.addr", one + ',' + two},
                                                     {"ipv6.nxt", "60"}}));
}

TEST(PacketValues, udp_shows_the_length_that_it_claims) {
  auto frame = build::udp({}, {.payload = build::bytes("abc")});
  frame[14 + 20 + 5] = 100;
  expect_shown(frame, with(four(17, "31"), {{"udp", "[11]"},
                                            {"udp.srcport", "40000"},
                                            {"udp.dstport", "5000"},
                                            {"udp.port", "40000,5000"},
                                            {"udp.length", "100"}}));
}

TEST(PacketValues, an_icmp_error_shows_what_it_quotes_behind_itself) {
  const auto about = build::tcp({.source = "10.0.0.2", .destination = "10.0.0.1"}, {});
  expect_shown(
      build::icmp({}, {.type = 3, .code = 3, .payload = Bytes(about.begin() + 14, about.begin() + 42)}),
      with(four(1, "56"), {{"ip", "[56],[28]"},
                           {"ip.src", "10.0.0.1,10.0.0.2"},
                           {"ip.dst", "10.0.0.2,10.0.0.1"},
                           {"ip.addr", "10.0.0.1,10.0.0.2,10.0.0.2,10.0.0.1"},
                           {"ip.proto", "1,6"},
                           {"ip.ttl", "64,64"},
                           {"icmp", "[36]"},
                           {"icmp.type", "3"},
                           {"icmp.code", "3"},
                           {"tcp", "[8]"},
                           {"tcp.srcport", "40000"},
                           {"tcp.dstport", "502"},
                           {"tcp.port", "40000,502"}}));
}

TEST(PacketValues, arp_and_802_3_and_unknown_types_show_what_they_have) {
  expect_shown(build::arp({}, {.operation = 2}),
               {{"eth.type", "2054"}, {"arp", "[28]"}, {"arp.opcode", "2"}});
  expect_shown(build::llc({}, hex("424203 0000")), {});
  expect_shown(build::ethernet({}, 0x88b8, hex("0001")), {{"eth.type", "35000"}});
}

TEST(PacketValues, a_fragment_shows_addresses_and_no_ports) {
  expect_shown(build::ip({.fragment = 0x2000}, 6, Bytes(24)), four(6, "44"));
}

TEST(PacketValues, a_frame_that_is_not_even_ethernet_shows_its_length) {
  EXPECT_EQ(shown(Bytes(13)), (Shown{{"frame.number", "7"}, {"frame.len", "13"}}));
}

TEST(PacketValues, a_small_room_is_filled_and_not_passed) {
  auto bytes = build::tcp({}, kHello);
  Packet packet;
  (void)parse(build::frame_over(bytes), Checksums::verify, packet);
  for (std::size_t room = 0; room < 24; ++room) {
    std::vector<Value> values(room);
    EXPECT_EQ(packet_values(packet, 1, values), std::min<std::size_t>(room, 21));
  }
}

}  // namespace
}  // namespace sluice
