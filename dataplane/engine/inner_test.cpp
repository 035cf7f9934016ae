#include <algorithm>

#include "dataplane/engine/engine_test.hpp"
#include "dataplane/packet/nested.hpp"
#include "dataplane/packet/tunnel.hpp"

namespace sluice::test {
namespace {

using build::kFamilies;
using build::nested;

const std::string kRules = kReads + R"(
[[allow]]
from = "it"
to = "ot"
protocol = "modbus"
access = ["read"]
reason = "polling over IPv6 too"
[[allow]]
from = "it"
to = "ot"
protocol = "udp"
ports = [5000, 4789, 3544]
reason = "measurements"
)";

std::string tunnels(const std::string& mode, const std::string& names) {
  return kZones + conduit(mode, "tunnels = [" + names + "]") + kRules;
}
const std::string kAll = R"("ipip", "6in4", "4in6", "6in6", "gre", "vxlan", "teredo", "mpls")";

// The ends of the tunnels are routers of the two zones.
build::Link around(bool six, bool back = false) {
  build::Link link;
  link.source = six ? "fd00::fe" : "10.0.0.254";
  link.destination = six ? "fd00:0:0:1::fe" : "10.0.1.254";
  if (back) std::swap(link.source, link.destination);
  return link;
}

std::uint64_t counted(const Box& box, Reason reason) {
  return box.engine->counters().reasons[static_cast<std::size_t>(reason)];
}

// A conversation inside of a tunnel.
class Within {
 public:
  Within(Box& box, build::Families family)
      : box_{box},
        family_{family},
        talk_{box, family.carries_six ? "fd00::1" : "10.0.0.1",
              family.carries_six ? "fd00:0:0:1::2" : "10.0.1.2"} {}

  std::vector<Wires::Left> put(Role role, const Bytes& frame) {
    const bool back = role == Role::server;
    return box_.send(nested(family_.tunnel, around(family_.over_six, back), frame), back ? kOt : kIt);
  }
  std::vector<Wires::Left> say(Role role, std::uint8_t flags, const Bytes& payload) {
    auto& next = talk_.next[static_cast<std::size_t>(role)];
    const auto left = put(role, talk_.segment(role, next, flags, payload));
    next += static_cast<std::uint32_t>(payload.size()) + ((flags & tcp_flag::syn) != 0 ? 1 : 0);
    return left;
  }
  void open() {
    EXPECT_EQ(say(Role::client, tcp_flag::syn, {}).size(), 1u);
    EXPECT_EQ(say(Role::server, tcp_flag::syn | tcp_flag::ack, {}).size(), 1u);
    EXPECT_EQ(say(Role::client, tcp_flag::ack, {}).size(), 1u);
  }
  [[nodiscard]] const Talk& talk() const { return talk_; }

 private:
  Box& box_;
  build::Families family_;
  Talk talk_;
};

Bytes request(std::uint8_t function, std::uint8_t address) {
  return modbus(1, 1, {function, 0, address, 0, 1});
}

TEST(Inner, E23_a_tunnel_that_the_conduit_does_not_name_is_refused) {
  for (const auto& family : kFamilies) {
    const auto name = std::string{kTunnelNames[static_cast<std::size_t>(family.tunnel)]};
    std::string others;
    for (const auto other : kTunnelNames) {
      if (other != name) others += (others.empty() ? "\"" : ", \"") + std::string{other} + "\"";
    }
    Box box{tunnels("enforce", others)};
    Within within{box, family};
    const auto syn = within.talk().segment(Role::client, 1000, tcp_flag::syn, {});
    EXPECT_TRUE(within.put(Role::client, syn).empty()) << name;
    EXPECT_EQ(counted(box, Reason::tunnel), 1u) << name << ": an opaque rule for its port does not cover it";
    box.expect_conserved();
  }
}

TEST(Inner, E23_inside_of_a_named_tunnel_the_whole_policy_holds) {
  for (const auto& family : kFamilies) {
    SCOPED_TRACE(kTunnelNames[static_cast<std::size_t>(family.tunnel)]);
    Box box{tunnels("enforce", kAll)};
    Within within{box, family};
    within.open();
    const auto sent =
        nested(family.tunnel, around(family.over_six),
               within.talk().segment(Role::client, within.talk().next[0], tcp_flag::ack, request(3, 5)));
    const auto left = within.say(Role::client, tcp_flag::ack, request(3, 5));
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left[0].bytes, sent) << "an allowed packet leaves as it came";
    EXPECT_EQ(box.log.transactions.size(), 1u);
    EXPECT_EQ(within.say(Role::server, tcp_flag::ack, modbus(1, 1, {3, 2, 0, 7})).size(), 1u);
    // A denied request: no reset is made inside of a tunnel, but nothing of the session passes any more.
    EXPECT_TRUE(within.say(Role::client, tcp_flag::ack, request(5, 5)).empty());
    EXPECT_TRUE(within.say(Role::client, tcp_flag::ack, request(3, 5)).empty());
    EXPECT_TRUE(within.say(Role::server, tcp_flag::ack, modbus(1, 1, {3, 2, 0, 7})).empty());
    EXPECT_EQ(box.engine->counters().made, 0u);
    EXPECT_EQ(counted(box, Reason::no_rule), 1u);
    box.expect_conserved();
  }
}

TEST(Inner, E23_both_ends_belong_where_they_are_outside_and_inside) {
  const auto expect = [&](const Bytes& frame, PortId port, Reason reason) {
    Box box{tunnels("enforce", kAll)};
    EXPECT_TRUE(box.send(frame, port).empty());
    EXPECT_EQ(counted(box, reason), 1u) << name_of(reason);
  };
  const auto inner = build::udp({.source = "10.0.0.1", .destination = "10.0.1.2"}, {});
  auto outer = around(false);
  Box box{tunnels("enforce", kAll)};
  EXPECT_EQ(box.send(nested(Tunnel::ipip, outer, inner), kIt).size(), 1u);
  outer.source = "10.0.1.9";
  expect(nested(Tunnel::ipip, outer, inner), kIt, Reason::spoofed);
  outer = around(false);
  outer.destination = "172.16.0.1";
  expect(nested(Tunnel::ipip, outer, inner), kIt, Reason::no_policy);
  expect(
      nested(Tunnel::ipip, around(false), build::udp({.source = "10.0.1.2", .destination = "10.0.0.1"}, {})),
      kIt, Reason::spoofed);
  expect(nested(Tunnel::ipip, around(false),
                build::udp({.source = "10.0.0.1", .destination = "10.0.1.2"}, {.destination_port = 161})),
         kIt, Reason::no_policy);
}

TEST(Inner, E23_two_layers_are_looked_into_and_a_third_is_refused) {
  const auto inner = build::udp({.source = "10.0.0.1", .destination = "10.0.1.2"}, {});
  const auto denied =
      build::udp({.source = "10.0.0.1", .destination = "10.0.1.2"}, {.destination_port = 161});
  const auto deep = [&](const Bytes& frame, int layers) {
    auto out = nested(Tunnel::ipip, around(false), frame);
    for (int i = 1; i < layers; ++i) out = nested(Tunnel::vxlan, around(false), out);
    return out;
  };
  Box box{tunnels("enforce", kAll)};
  EXPECT_EQ(box.send(deep(inner, 2), kIt).size(), 1u);
  EXPECT_TRUE(box.send(deep(denied, 2), kIt).empty());
  EXPECT_EQ(counted(box, Reason::no_policy), 1u);
  EXPECT_TRUE(box.send(deep(inner, 3), kIt).empty());
  EXPECT_EQ(counted(box, Reason::tunnel), 1u);
}

TEST(Inner, E23_a_flow_inside_is_another_one_than_the_same_outside) {
  Box box{tunnels("enforce", kAll)};
  Talk outside{box};
  outside.open();
  Within within{box, {Tunnel::ipip, false, false}};
  within.open();
  EXPECT_EQ(box.engine->counters().flows, 2u);
  EXPECT_EQ(payload_to(outside.say(Role::client, request(3, 1)), kOt), request(3, 1));
  EXPECT_EQ(within.say(Role::client, tcp_flag::ack, request(3, 2)).size(), 1u);
  EXPECT_TRUE(within.say(Role::client, tcp_flag::ack, request(5, 2)).empty());
  EXPECT_EQ(payload_to(outside.say(Role::server, modbus(1, 1, {3, 2, 0, 7})), kIt),
            modbus(1, 1, {3, 2, 0, 7}));
}

TEST(Inner, E23_E12_fragments_of_a_tunnel_are_joined_and_then_looked_into) {
  for (const bool six : {false, true}) {
    Box box{tunnels("enforce", kAll)};
    const build::Link ends{.source = "10.0.0.1", .destination = "10.0.1.2"};
    const auto send = [&](const Bytes& inner, std::uint32_t identification) {
      const auto pieces = build::fragments(nested(Tunnel::vxlan, around(six), inner), 1400, identification);
      std::vector<Wires::Left> left;
      for (const auto& piece : pieces) {
        EXPECT_TRUE(left.empty());
        left = box.send(piece, kIt);
      }
      for (std::size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i].bytes, pieces[i]);
      box.expect_conserved();
      return left.size();
    };
    EXPECT_EQ(send(build::udp(ends, {.payload = Bytes(1460)}), 1), 2u)
        << "1,500 bytes, and the headers around them";
    EXPECT_EQ(send(build::udp(ends, {.destination_port = 161, .payload = Bytes(1460)}), 2), 0u);
    EXPECT_EQ(counted(box, Reason::no_policy), 1u);
    // Pieces inside of the tunnel are refused.
    for (const auto& piece : build::fragments(build::udp(ends, {.payload = Bytes(100)}), 64))
      EXPECT_TRUE(box.send(nested(Tunnel::vxlan, around(six), piece), kIt).empty());
    EXPECT_EQ(counted(box, Reason::fragment), 3u - 1u);
    EXPECT_EQ(box.engine->counters().held, 0u);
  }
}

TEST(Inner, E23_E37_a_large_datagram_around_a_segment_beyond_a_hole_is_dropped_not_held) {
  Box box{tunnels("enforce", kAll)};
  Within within{box, {Tunnel::vxlan, false, false}};
  within.open();
  const auto& talk = within.talk();
  Bytes payload;
  while (payload.size() < 1440) {
    const auto more = request(3, 1);
    payload.insert(payload.end(), more.begin(), more.end());
  }
  const auto later = talk.segment(Role::client, talk.next[0] + 12, tcp_flag::ack, payload);
  for (const auto& piece : build::fragments(nested(Tunnel::vxlan, around(false), later), 1400))
    EXPECT_TRUE(box.send(piece, kIt).empty());
  EXPECT_EQ(box.engine->counters().held, 0u);
  EXPECT_EQ(counted(box, Reason::held_full), 1u);
  box.expect_conserved();
  // A small one has a frame, and waits.
  const auto small = talk.segment(Role::client, talk.next[0] + 12, tcp_flag::ack, request(3, 2));
  EXPECT_TRUE(within.put(Role::client, small).empty());
  EXPECT_EQ(box.engine->counters().held, 1u);
  EXPECT_EQ(within.say(Role::client, tcp_flag::ack, request(3, 1)).size(), 2u);
  box.expect_conserved();
}

TEST(Inner, E23_E04_what_is_normalised_inside_leaves_with_right_lengths_and_checksums_outside) {
  for (const auto& family : kFamilies) {
    SCOPED_TRACE(kTunnelNames[static_cast<std::size_t>(family.tunnel)]);
    Box box{tunnels("enforce", kAll)};
    Within within{box, family};
    // Data on a SYN is taken off.
    auto left = within.put(Role::client,
                           within.talk().segment(Role::client, 1000, tcp_flag::syn, build::bytes("early")));
    ASSERT_EQ(left.size(), 1u);
    Packet outer;
    ASSERT_EQ(parse(build::frame_over(left[0].bytes), Checksums::verify, outer).reason, Reason::none);
    const auto inside = encapsulation_of(outer, Proof::port);
    ASSERT_TRUE(inside);
    Packet packet;
    ASSERT_EQ(parse_inner(outer, *inside, Checksums::verify, packet).reason, Reason::none);
    EXPECT_EQ(packet.payload_length, 0u);
    EXPECT_EQ(packet.tcp.flags, tcp_flag::syn);
  }
  // Padding of a frame inside says nothing.
  Box box{tunnels("enforce", kAll)};
  build::Link link{.source = "10.0.0.1", .destination = "10.0.1.2", .trailer = build::bytes("secret")};
  const auto left = box.send(nested(Tunnel::vxlan, around(false), build::udp(link, {})), kIt);
  ASSERT_EQ(left.size(), 1u);
  link.trailer = Bytes(6);
  EXPECT_EQ(left[0].bytes, nested(Tunnel::vxlan, around(false), build::udp(link, {})));
}

TEST(Inner, E23_an_answer_to_a_client_with_the_port_of_a_tunnel_is_none) {
  for (const auto port : std::initializer_list<std::uint16_t>{4789, 3544}) {
    Box box{tunnels("enforce", "")};
    const build::Link there{.source = "10.0.0.1", .destination = "10.0.1.2"};
    const build::Link back{.source = "10.0.1.2", .destination = "10.0.0.1"};
    const Bytes payload(48, 0x68);  // might be VXLAN with odd bits, or IPv6 with a trailer
    EXPECT_EQ(box.send(build::udp(there, {.source_port = port, .payload = build::bytes("?")}), kIt).size(),
              1u);
    EXPECT_EQ(
        box.send(build::udp(back, {.source_port = 5000, .destination_port = port, .payload = payload}), kOt)
            .size(),
        1u);
    // To a server with that port it is one.
    EXPECT_TRUE(box.send(build::udp(there, {.destination_port = port, .payload = payload}), kIt).empty());
    EXPECT_EQ(counted(box, Reason::tunnel), 1u);
    // What nobody could take for one is ordinary.
    EXPECT_EQ(
        box.send(build::udp(there, {.destination_port = port, .payload = build::bytes("12.5")}), kIt).size(),
        1u);
  }
}

TEST(Inner, E23_in_monitor_tunnels_leave_as_they_came_and_what_is_inside_is_told) {
  for (const auto& family : kFamilies) {
    for (const bool named : {true, false}) {
      SCOPED_TRACE(kTunnelNames[static_cast<std::size_t>(family.tunnel)]);
      Box box{tunnels("monitor", named ? kAll : "")};
      Within within{box, family};
      within.open();
      auto frame =
          nested(family.tunnel, around(family.over_six),
                 within.talk().segment(Role::client, within.talk().next[0], tcp_flag::ack, request(5, 5)));
      frame.insert(frame.end(), 7, 0x5a);
      const auto left = box.send(frame, kIt);
      ASSERT_EQ(left.size(), 1u);
      EXPECT_EQ(left[0].bytes, frame);
      EXPECT_EQ(counted(box, named ? Reason::no_rule : Reason::tunnel), named ? 1u : 4u);
      EXPECT_EQ(counted(box, named ? Reason::tunnel : Reason::no_rule), 0u);
      box.expect_conserved();
    }
  }
}

}  // namespace
}  // namespace sluice::test
