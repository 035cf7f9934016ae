#include "dataplane/packet/tunnel.hpp"

#include "dataplane/packet/checksum.hpp"
#include "dataplane/packet/edit.hpp"
#include "dataplane/packet/nested.hpp"
#include "dataplane/packet/parsed.hpp"
#include "dataplane/packet/values.hpp"

namespace sluice::test {
namespace {

using build::kFamilies;
using build::nested;

const build::Link kOuterFour{.source = "192.0.2.1", .destination = "192.0.2.2"};
const build::Link kOuterSix{.source = "2001:db8::1", .destination = "2001:db8::2"};

const build::Link& outer(bool six) { return six ? kOuterSix : kOuterFour; }
build::Link inner(bool six) { return six ? kSix : build::Link{}; }

struct Inside {
  Bytes bytes;
  Packet outer;
  std::optional<Encapsulation> around;
  Packet packet;
  ParseResult result;
};

Inside inside(Bytes frame, Proof proof = Proof::port) {
  Inside out;
  out.bytes = std::move(frame);
  EXPECT_EQ(parse(build::frame_over(out.bytes), Checksums::verify, out.outer).reason, Reason::none);
  out.around = encapsulation_of(out.outer, proof);
  if (out.around) out.result = parse_inner(out.outer, *out.around, Checksums::verify, out.packet);
  return out;
}

TEST(Tunnel, E23_each_kind_shows_the_packet_inside_of_it_in_the_same_frame) {
  for (const auto& family : kFamilies) {
    const auto link = inner(family.carries_six);
    const auto in = inside(nested(family.tunnel, outer(family.over_six), build::tcp(link, kData)));
    const auto name = kTunnelNames[static_cast<std::size_t>(family.tunnel)];
    ASSERT_TRUE(in.around) << name;
    EXPECT_EQ(in.around->tunnel, family.tunnel) << name;
    EXPECT_EQ(in.result.reason, Reason::none) << name;
    EXPECT_EQ(in.packet.transportation, Transportation::tcp) << name;
    EXPECT_EQ(in.packet.source, build::address(link.source)) << name;
    EXPECT_EQ(in.packet.destination_port, 502) << name;
    EXPECT_EQ(text(in.packet.payload()), "read me") << name;
    EXPECT_EQ(in.packet.depth, 1) << name;
    EXPECT_NE(in.packet.tunnel_mark, 0) << name;
    EXPECT_EQ(in.packet.frame.data, in.bytes.data()) << name;
    EXPECT_FALSE(encapsulation_of(in.packet, Proof::port)) << name;
  }
}

TEST(Tunnel, E23_two_layers_and_no_third) {
  const auto one = build::tcp({}, kData);
  const auto two = nested(Tunnel::ipip, build::Link{}, one);
  const auto three = nested(Tunnel::vxlan, kOuterSix, two);
  auto in = inside(three);
  ASSERT_EQ(in.result.reason, Reason::none);
  const auto around = encapsulation_of(in.packet, Proof::port);
  ASSERT_TRUE(around);
  Packet packet;
  EXPECT_EQ(parse_inner(in.packet, *around, Checksums::verify, packet).reason, Reason::none);
  EXPECT_EQ(packet.depth, 2);
  EXPECT_EQ(text(packet.payload()), "read me");
  EXPECT_NE(packet.tunnel_mark, in.packet.tunnel_mark);
  Packet deeper;
  EXPECT_EQ(parse_inner(packet, *around, Checksums::verify, deeper).reason, Reason::tunnel);
}

TEST(Tunnel, E23_the_packet_inside_is_judged_as_strictly_as_one_outside) {
  const auto good = build::tcp({}, kData);
  const auto bad = [&](std::size_t at, std::uint8_t value, bool repair) {
    auto frame = good;
    frame[at] = value;
    if (repair) build::repair_checksums(frame);
    return inside(nested(Tunnel::ipip, kOuterFour, frame)).result.reason;
  };
  EXPECT_EQ(bad(14 + 8, 63, false), Reason::bad_ip_checksum);
  EXPECT_EQ(bad(14 + 20 + 4, 9, false), Reason::bad_checksum);
  EXPECT_EQ(bad(14, 0x55, false), Reason::bad_ip);
  EXPECT_EQ(bad(14 + 20 + 12, 0x40, true), Reason::bad_transport);
  // It ends where the outer one ends.
  auto longer = good;
  longer.push_back(0);
  EXPECT_EQ(inside(nested(Tunnel::ipip, kOuterFour, longer)).result.reason, Reason::bad_ip);
  EXPECT_EQ(inside(nested(Tunnel::gre, kOuterFour, longer)).result.reason, Reason::bad_ip);
  auto cut = good;
  cut.pop_back();
  EXPECT_EQ(inside(nested(Tunnel::ipip, kOuterFour, cut)).result.reason, Reason::bad_ip);
  // Ethernet pads.
  EXPECT_EQ(inside(nested(Tunnel::vxlan, kOuterFour, build::tcp({.least = 70}, kData))).result.reason,
            Reason::none);
  // A tag in a frame inside would be another network's.
  EXPECT_EQ(inside(nested(Tunnel::vxlan, kOuterFour, build::tcp({.tags = {{5}}}, kData))).result.reason,
            Reason::tunnel);
}

TEST(Tunnel, E23_headers_in_a_form_that_is_not_looked_into_are_tunnels_all_the_same) {
  const auto frame = build::tcp({}, kData);
  const auto datagram = build::datagram_of(frame);
  const struct {
    const char* name;
    Bytes bytes;
    bool readable;
  } cases[] = {
      {"gre with key and sequence", build::gre(kOuterFour, "3000 0800 00000005 00000001", datagram), true},
      {"gre of version 1", build::gre(kOuterFour, "0001 0800", datagram), false},
      {"gre with routing", build::gre(kOuterFour, "4000 0800 00000000", datagram), false},
      {"gre with a reserved bit", build::gre(kOuterFour, "0400 0800", datagram), false},
      {"gre with a wrong checksum", build::gre(kOuterFour, "8000 0800 12340000", datagram), false},
      {"gre about something else", build::gre(kOuterFour, "0000 8847", datagram), false},
      {"gre with Ethernet", build::gre(kOuterFour, "0000 6558", frame), true},
      {"gre, cut", build::gre(kOuterFour, "2000 0800", {}), false},
      {"vxlan with a reserved bit", build::vxlan(kOuterFour, frame, "88000000 00002a00"), false},
      {"mpls of nine labels", build::ethernet({}, 0x8847, Bytes(40)), false},
      {"mpls with a pseudowire", build::ethernet({}, 0x8847, build::joined(hex("00010140 00000000"), frame)),
       false},
      {"teredo with an origin",
       build::udp(kOuterFour, {.destination_port = 3544,
                               .payload = build::joined(hex("0000 1234 01020304"),
                                                        build::datagram_of(build::tcp(kSix, kData)))}),
       true},
      {"teredo with authentication",
       build::udp(kOuterFour, {.destination_port = 3544,
                               .payload = build::joined(hex("0001 0000 0102030405060708 00"),
                                                        build::datagram_of(build::tcp(kSix, kData)))}),
       true},
      {"teredo with a trailer",
       build::udp(kOuterFour,
                  {.destination_port = 3544,
                   .payload = build::joined(build::datagram_of(build::tcp(kSix, kData)), Bytes(4))}),
       false},
  };
  for (const auto& one : cases) {
    const auto in = inside(one.bytes);
    ASSERT_TRUE(in.around) << one.name;
    EXPECT_EQ(in.around->readable, one.readable) << one.name;
    EXPECT_EQ(in.result.reason, one.readable ? Reason::none : Reason::tunnel) << one.name;
  }
}

TEST(Tunnel, E23_a_client_that_happens_to_have_the_port_is_no_tunnel) {
  const auto to = [](std::uint16_t port, Bytes payload, std::uint16_t from = 5000) {
    return build::udp(kOuterFour,
                      {.source_port = from, .destination_port = port, .payload = std::move(payload)});
  };
  const auto frame = build::tcp({}, kData);
  const auto header = build::joined(hex("08000000 00002a00"), frame);
  auto odd = header;
  odd[1] = 1;
  EXPECT_TRUE(inside(to(4789, header), Proof::header).around);
  EXPECT_TRUE(inside(to(4789, odd), Proof::port).around);
  EXPECT_FALSE(inside(to(4789, odd), Proof::header).around);
  EXPECT_FALSE(inside(to(4789, build::bytes("measured 12.5")), Proof::header).around);
  EXPECT_FALSE(inside(to(4789, build::bytes("07")), Proof::port).around);
  EXPECT_FALSE(inside(to(4790, header)).around);
  EXPECT_FALSE(inside(to(5000, header, 4789)).around);
  const auto six = build::datagram_of(build::tcp(kSix, kData));
  EXPECT_TRUE(inside(to(5000, six, 3544)).around) << "from a server, exactly one packet";
  EXPECT_FALSE(inside(to(5000, build::joined(six, Bytes(1)), 3544)).around);
}

TEST(Tunnel, E23_networks_of_a_vxlan_are_told_apart) {
  const auto frame = build::tcp({}, kData);
  const auto mark = [&](const char* header) {
    return inside(build::vxlan(kOuterFour, frame, header)).packet.tunnel_mark;
  };
  EXPECT_EQ(mark("08000000 00002a00"), mark("08000000 00002a00"));
  EXPECT_NE(mark("08000000 00002a00"), mark("08000000 00002b00"));
}

TEST(Tunnel, E23_edits_inside_are_followed_by_lengths_and_checksums_outside) {
  const auto expect_good = [](const Inside& in, const std::string& payload, const char* name) {
    Packet outer;
    ASSERT_EQ(parse(in.packet.frame, Checksums::verify, outer).reason, Reason::none) << name;
    const auto around = encapsulation_of(outer, Proof::port);
    ASSERT_TRUE(around && around->readable) << name;
    Packet packet;
    ASSERT_EQ(parse_inner(outer, *around, Checksums::verify, packet).reason, Reason::none) << name;
    EXPECT_EQ(text(packet.payload()), payload) << name;
    EXPECT_EQ(outer.trailer_length(), 0u) << name;
  };
  std::vector<Bytes> frames;
  for (const auto& family : kFamilies)
    frames.push_back(
        nested(family.tunnel, outer(family.over_six), build::tcp(inner(family.carries_six), kData)));
  frames.push_back(nested(Tunnel::vxlan, kOuterFour, build::tcp({.least = 70}, kData)));
  // A GRE checksum.
  auto summed = build::joined(hex("8000 0800 0000 0000"), build::datagram_of(build::tcp({}, kData)));
  const auto checksum = internet_checksum(summed);
  summed[4] = static_cast<std::uint8_t>(checksum >> 8);
  summed[5] = static_cast<std::uint8_t>(checksum);
  frames.push_back(build::ip(kOuterFour, 47, summed));
  for (const auto& frame : frames) {
    auto in = inside(frame);
    const auto name = kTunnelNames[static_cast<std::size_t>(in.around->tunnel)].data();
    ASSERT_EQ(in.result.reason, Reason::none) << name;
    repair_outers(in.packet);
    EXPECT_EQ(in.bytes, frame) << "nothing was edited: " << name;
    overwrite_payload(in.packet, 0, build::bytes("READ"));
    repair_outers(in.packet);
    expect_good(in, "READ me", name);
    strip_payload(in.packet);
    repair_outers(in.packet);
    expect_good(in, "", name);
  }
}

TEST(Tunnel, E23_no_segment_is_made_inside_of_a_tunnel) {
  class None final : public Buffers {
   public:
    void forward(Frame, PortId) noexcept override {}
    void release(Frame) noexcept override {}
    Frame allocate(std::uint32_t) noexcept override {
      ADD_FAILURE();
      return {};
    }
  } buffers;
  const auto in = inside(nested(Tunnel::ipip, kOuterFour, build::tcp({}, kData)));
  EXPECT_EQ(make_bare(in.packet, Towards::source, {}, buffers).data, nullptr);
}

}  // namespace
}  // namespace sluice::test
