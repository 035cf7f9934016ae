// Addresses that no honest packet has, and times to live that reach the box but not the device.
#include "dataplane/engine/header_test.hpp"

namespace sluice::test {
namespace {

const Mac kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
const Mac kUnicast{0x02, 0, 0, 0, 0, 2};

Mac group_mac(std::string_view address) {
  const auto to = build::address(address);
  if (address.find(':') != std::string_view::npos) return {0x33, 0x33, to[12], to[13], to[14], to[15]};
  return {1, 0, 0x5e, static_cast<std::uint8_t>(to[13] & 0x7fU), to[14], to[15]};
}

Bytes udp(const std::string& source, const std::string& destination, const Mac& mac = kUnicast) {
  return build::udp({.destination_mac = mac, .source = source, .destination = destination}, {});
}

TEST(Addresses, E10_a_packet_from_its_own_destination_is_dropped) {
  expect_dropped(udp("10.0.1.2", "10.0.1.2"), Reason::bad_address);
  expect_dropped(build::tcp({.source = "10.0.0.1", .destination = "10.0.0.1"},
                            {.source_port = 502, .flags = tcp_flag::syn}),
                 Reason::bad_address);
  expect_dropped(udp("fd00::1", "fd00::1"), Reason::bad_address);
}

TEST(Addresses, E10_sources_that_nobody_has_are_dropped) {
  for (const auto* source : {"0.0.0.0", "0.0.0.1", "0.10.0.1", "127.0.0.1", "127.255.255.255", "224.0.0.1",
                             "239.1.2.3", "240.0.0.1", "255.255.255.255"}) {
    SCOPED_TRACE(source);
    expect_dropped(udp(source, "10.0.1.2"), Reason::bad_address);
  }
  for (const auto* source : {"::", "::1", "::2", "::10.0.0.1", "::ffff:10.0.0.1", "ff02::1", "ff0e::1"}) {
    SCOPED_TRACE(source);
    expect_dropped(udp(source, "fd00:0:0:1::2"), Reason::bad_address);
  }
}

TEST(Addresses, E10_destinations_that_no_wire_leads_to_are_dropped) {
  for (const auto* destination : {"0.0.0.0", "0.0.0.1", "127.0.0.1", "240.0.0.1", "255.255.255.254"}) {
    SCOPED_TRACE(destination);
    expect_dropped(udp("10.0.0.1", destination), Reason::bad_address);
    expect_dropped(udp("10.0.0.1", destination, kBroadcast), Reason::bad_address);
  }
  for (const auto* destination : {"::", "::1", "::10.0.1.2", "::ffff:10.0.1.2"}) {
    SCOPED_TRACE(destination);
    expect_dropped(udp("fd00::1", destination), Reason::bad_address);
  }
  for (const auto* destination : {"ff00::1", "ff01::1", "ff11::1"}) {
    expect_dropped(udp("fd00::1", destination, group_mac(destination)), Reason::bad_address);
  }
}

TEST(Addresses, E10_ipv4_in_an_ipv6_coat_does_not_borrow_the_zone_of_ipv4) {
  expect_dropped(
      build::tcp({.source = "::ffff:10.0.0.1", .destination = "::ffff:10.0.1.2"}, {.flags = tcp_flag::syn}),
      Reason::bad_address);
}

TEST(Addresses, E10_a_group_has_the_mac_address_that_maps_to_it) {
  for (const auto* to : {"239.1.2.3", "239.129.2.3"})
    expect_passes(udp("10.0.0.1", to, group_mac("239.1.2.3")));
  expect_passes(udp("fd00::1", "ff02::1:2", group_mac("ff02::1:2")));
  for (const auto& mac :
       {kUnicast, kBroadcast, group_mac("239.1.2.4"), group_mac("ff02::1:2"), Mac{1, 0x0e, 0xcf, 0, 0, 0}}) {
    expect_dropped(udp("10.0.0.1", "239.1.2.3", mac), Reason::bad_address);
  }
  for (const auto& mac : {kUnicast, kBroadcast, group_mac("239.1.2.3"), group_mac("ff02::1:3")}) {
    expect_dropped(udp("fd00::1", "ff02::1:2", mac), Reason::bad_address);
  }
}

TEST(Addresses, E10_a_host_is_not_reached_through_a_group_mac_address) {
  for (const auto& mac : {kBroadcast, group_mac("239.1.2.3"), Mac{3, 0xbf, 10, 0, 1, 2}}) {
    expect_dropped(udp("10.0.0.1", "10.0.1.2", mac), Reason::bad_address);
    expect_dropped(udp("fd00::1", "fd00:0:0:1::2", mac), Reason::bad_address);
  }
}

TEST(Addresses, E10_broadcasts_are_to_all_or_to_a_network_of_the_conduit) {
  expect_passes(udp("10.0.0.1", "255.255.255.255", kBroadcast));
  expect_passes(udp("10.0.0.1", "10.0.1.255", kBroadcast));
  expect_passes(udp("10.0.0.1", "10.0.0.255", kBroadcast));  // one subnet on both sides of the box
  expect_dropped(udp("10.0.0.1", "255.255.255.255"), Reason::bad_address);
  expect_dropped(udp("10.0.0.1", "10.0.2.255", kBroadcast), Reason::bad_address);
  expect_dropped(udp("10.0.0.1", "10.0.1.127", kBroadcast), Reason::bad_address);
  expect_dropped(udp("10.0.0.1", "10.0.1.255", group_mac("239.1.2.3")), Reason::bad_address);
}

TEST(Addresses, E10_a_source_mac_address_is_never_a_group) {
  auto link = to_plc();
  link.source_mac = {1, 0, 0x5e, 0, 0, 1};
  expect_dropped(build::udp(link, {}), Reason::bad_address);
  expect_dropped(build::arp(link, {}), Reason::bad_address);
  link.source_mac = kBroadcast;
  expect_dropped(build::ethernet(link, 0x88b8, build::hex("0001 0008 00000000")), Reason::bad_address);
}

TEST(Addresses, E10_who_has_no_address_yet_may_ask_for_one) {
  expect_passes(
      build::udp({.destination_mac = kBroadcast, .source = "0.0.0.0", .destination = "255.255.255.255"},
                 {.source_port = 68, .destination_port = 67}));
  expect_passes(build::ip({.destination_mac = group_mac("224.0.0.22"),
                           .source = "0.0.0.0",
                           .destination = "224.0.0.22",
                           .ttl = 1,
                           .options = build::hex("94040000")},
                          2, build::hex("22 00 ddff 00000000")));
  expect_passes(build::icmp({.destination_mac = group_mac("ff02::1:ff00:2"),
                             .source = "::",
                             .destination = "ff02::1:ff00:2",
                             .ttl = 255},
                            {.type = 135, .payload = build::hex("fd000000000000000000000000000002")}));
  expect_dropped(build::udp({.source = "0.0.0.0", .destination = "10.0.1.2"},
                            {.source_port = 68, .destination_port = 69}),
                 Reason::bad_address);
}

TEST(Addresses, E11_below_the_floor_nothing_passes_but_what_is_for_a_group) {
  const auto with_ttl = [](build::Link link, std::uint8_t ttl) {
    link.ttl = ttl;
    return build::udp(link, {});
  };
  for (const auto& link : {to_plc(), to_plc6()}) {
    expect_dropped(with_ttl(link, 0), Reason::ttl);
    expect_passes(with_ttl(link, 1));
    expect_dropped(with_ttl(link, 4), Reason::ttl, {.more = "ttl_floor = 5"});
    expect_passes(with_ttl(link, 5), {.more = "ttl_floor = 5"});
  }
  build::Link group{
      .destination_mac = group_mac("239.1.2.3"), .source = "10.0.0.1", .destination = "239.1.2.3"};
  expect_passes(with_ttl(group, 1), {.more = "ttl_floor = 5"});
}

Bytes segment(std::uint32_t sequence, std::uint8_t ttl, const Bytes& payload) {
  auto link = to_plc();
  link.ttl = ttl;
  auto segment = in_session(payload);
  segment.sequence = sequence;
  return build::tcp(link, segment);
}

TEST(Addresses, E11_a_time_to_live_that_jumps_within_a_session_is_told_once_and_stops_nothing) {
  for (const auto* mode : {"enforce", "monitor"}) {
    Box box{everything(mode), small()};
    open_session(box);  // with 64
    const auto request = modbus(1, 1, {3, 0, 0, 0, 10});
    std::uint32_t sequence = 1001;
    for (const std::uint8_t ttl : std::initializer_list<std::uint8_t>{64, 60, 68}) {
      EXPECT_EQ(box.send(segment(sequence, ttl, request), kIt).size(), 1U);
      sequence += static_cast<std::uint32_t>(request.size());
    }
    EXPECT_TRUE(box.log.verdicts.empty());
    for (const std::uint8_t ttl : std::initializer_list<std::uint8_t>{59, 128, 1}) {
      EXPECT_EQ(box.send(segment(sequence, ttl, request), kIt).size(), 1U);
      sequence += static_cast<std::uint32_t>(request.size());
    }
    ASSERT_EQ(box.log.verdicts.size(), 1U);
    EXPECT_EQ(box.log.verdicts[0].reason, Reason::ttl);
    EXPECT_EQ(box.log.verdicts[0].verdict, Verdict::forward);
    EXPECT_NE(box.log.verdicts[0].flow, 0U);
    EXPECT_EQ(box.engine->counters().denied + box.engine->counters().would_deny, 0U);
    box.expect_conserved();
  }
}

}  // namespace
}  // namespace sluice::test
