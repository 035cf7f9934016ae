// ARP, neighbour messages, ICMP, and industrial protocols of the link.
#include "dataplane/engine/header_test.hpp"

namespace sluice::test {
namespace {

const Mac kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
const Mac kHmi{0x02, 0, 0, 0, 0, 0x01};
const Mac kOther{0x02, 0, 0, 0, 0, 0x77};
constexpr std::size_t kIp = 14;

build::Link asks(const std::string& source, const std::string& target, const Mac& mac = kHmi) {
  return {.source_mac = mac, .destination_mac = kBroadcast, .source = source, .destination = target};
}

// An asset that is known by address and MAC address.
const std::string kBound = R"(
[[asset]]
name = "bound"
zone = "it"
address = ["10.0.0.50", "fd00::50"]
mac = ["02:00:00:00:00:01", "02:00:00:00:00:05"]
)";

TEST(Arp, E05_speaks_only_for_its_own_zone_and_the_mac_address_of_its_frame) {
  expect_passes(build::arp(asks("10.0.0.1", "10.0.1.2"), {}));
  expect_passes(build::arp(asks("0.0.0.0", "10.0.1.2"), {}));  // a probe, RFC 5227
  expect_passes(build::arp(asks("10.0.1.2", "10.0.0.1"), {.operation = 2}), {.port = kOt});
  expect_dropped(build::arp(asks("10.0.1.2", "10.0.0.1"), {}), Reason::spoofed);
  expect_dropped(build::arp(asks("10.9.9.9", "10.0.1.2"), {}), Reason::spoofed);
  auto lying = build::arp(asks("10.0.0.1", "10.0.1.2"), {});
  lying[22 + 5] ^= 1;
  expect_dropped(lying, Reason::spoofed);
}

TEST(Arp, E05_only_requests_and_replies_pass) {
  for (const std::uint16_t operation : std::initializer_list<std::uint16_t>{0, 3, 4, 8, 9, 0x0101}) {
    expect_dropped(build::arp(asks("10.0.0.1", "10.0.1.2"), {.operation = operation}), Reason::spoofed);
  }
}

TEST(Arp, E05_an_asset_with_address_and_mac_has_no_other_mac) {
  const Setting bound{.rules = kBound};
  for (const std::uint16_t operation : std::initializer_list<std::uint16_t>{1, 2}) {
    expect_passes(build::arp(asks("10.0.0.50", "10.0.1.2", kHmi), {.operation = operation}), bound);
    expect_dropped(build::arp(asks("10.0.0.50", "10.0.1.2", kOther), {.operation = operation}),
                   Reason::spoofed, bound);
    expect_passes(build::arp(asks("10.0.0.51", "10.0.1.2", kOther), {.operation = operation}), bound);
  }
}

TEST(Arp, E05_announcements_pass_unless_the_conduit_drops_them) {
  const Setting drop{.more = "normalisation = { arp_gratuitous = \"drop\" }"};
  auto answer = asks("10.0.0.1", "10.0.1.2");
  answer.destination_mac = {0x02, 0, 0, 0, 0, 2};
  expect_passes(build::arp(answer, {.operation = 2}), drop);
  expect_passes(build::arp(asks("10.0.0.1", "10.0.1.2"), {}), drop);
  for (const auto& frame : {build::arp(asks("10.0.0.1", "10.0.0.1"), {}),
                            build::arp(asks("10.0.0.1", "10.0.0.1"), {.operation = 2}),
                            build::arp(asks("10.0.0.1", "10.0.1.2"), {.operation = 2})}) {
    expect_passes(frame);
    expect_dropped(frame, Reason::gratuitous, drop);
  }
}

TEST(Arp, E05_a_flood_is_limited_for_its_own_side_counted_exactly_and_told_once_a_second) {
  for (const auto* mode : {"enforce", "monitor"}) {
    SCOPED_TRACE(mode);
    const bool enforced = std::string{mode} == "enforce";
    auto options = small();
    options.limits.neighbours_per_second = 10;
    Box box{everything(mode), options};
    const auto frame = build::arp(asks("10.0.0.1", "10.0.1.2"), {});
    std::size_t passed = 0;
    for (int i = 0; i < 3000; ++i) passed += box.send(frame, kIt).size();  // one each millisecond
    const auto& counters = box.engine->counters();
    const std::uint64_t limited = 3000 - 10 - 29;  // ten at once, then ten each second
    EXPECT_EQ(counters.reasons[static_cast<std::size_t>(Reason::rate_limited)], limited);
    EXPECT_EQ(passed, enforced ? 3000 - limited : 3000U);
    EXPECT_EQ(counters.dropped, enforced ? limited : 0U);
    EXPECT_EQ(enforced ? counters.denied : counters.would_deny, limited);
    EXPECT_EQ(box.log.verdicts.size(), 3U);
    EXPECT_EQ(box.send(build::arp(asks("10.0.1.2", "10.0.0.1"), {}), kOt).size(), 1U)
        << "the other side is free";
    box.expect_conserved();
  }
}

Bytes neighbour(std::uint8_t type, const std::string& source, const std::string& target,
                const std::string& option = "", const Mac& mac = kHmi, std::uint8_t hops = 255) {
  Bytes payload;
  if (type == 134) {
    payload = Bytes(8, 0);
  } else if (type != 133) {
    const auto address = build::address(target);
    payload.assign(address.begin(), address.end());
  }
  const auto more = build::hex(option);
  payload.insert(payload.end(), more.begin(), more.end());
  return build::icmp({.source_mac = mac,
                      .destination_mac = {0x33, 0x33, 0, 0, 0, 1},
                      .source = source,
                      .destination = "ff02::1",
                      .ttl = hops},
                     {.type = type, .payload = payload});
}

TEST(Neighbours, E05_speak_only_for_their_own_zone) {
  expect_passes(neighbour(135, "fd00::1", "fd00:0:0:1::2", "01 01 020000000001"));
  expect_passes(neighbour(136, "fd00::1", "fd00::1", "02 01 020000000001"));
  expect_passes(neighbour(136, "fe80::1", "fd00::1", "02 01 020000000001"));
  expect_passes(neighbour(136, "fe80::1", "fe80::1"));
  expect_passes(neighbour(133, "fe80::1", ""));
  expect_dropped(neighbour(135, "fd00:0:0:1::2", "fd00::1"), Reason::spoofed);
  expect_dropped(neighbour(136, "fe80::1", "fd00:0:0:1::2", "02 01 020000000001"), Reason::spoofed);
  expect_dropped(neighbour(136, "fd00::1", "fd00:0:0:1::2"), Reason::spoofed);
  expect_dropped(neighbour(136, "fd00::1", "fd00::1", "02 00 020000000001"),
                 Reason::spoofed);  // an option without length
  expect_dropped(neighbour(136, "fd00::1", "fd00::1", "02 09 020000000001"), Reason::spoofed);
  expect_dropped(neighbour(136, "fd00::1", "fd00::1", "", kHmi, 254), Reason::spoofed);
}

TEST(Neighbours, E05_an_asset_with_address_and_mac_has_no_other_mac) {
  const Setting bound{.rules = kBound};
  expect_passes(neighbour(136, "fd00::50", "fd00::50", "02 01 020000000005"), bound);
  expect_passes(neighbour(135, "fd00::50", "fd00:0:0:1::2", "01 01 020000000001"), bound);
  expect_dropped(neighbour(136, "fe80::9", "fd00::50", "02 01 020000000077"), Reason::spoofed, bound);
  expect_dropped(neighbour(136, "fd00::50", "fd00::50", "", kOther), Reason::spoofed, bound);
  expect_dropped(neighbour(135, "fd00::50", "fd00:0:0:1::2", "01 01 020000000077"), Reason::spoofed, bound);
}

TEST(Icmp, E24_redirects_timestamps_masks_and_giants_never_pass_though_rules_name_every_type) {
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{4, 5, 13, 14, 15, 16, 17, 18}) {
    expect_dropped(build::icmp(to_plc(), {.type = type, .payload = Bytes(28, 0)}), Reason::bad_icmp);
  }
  expect_dropped(build::icmp(to_plc6(), {.type = 137, .payload = Bytes(32, 0)}), Reason::bad_icmp);
  expect_passes(build::icmp(to_plc(), {.payload = Bytes(1472, 7)}));
  expect_dropped(build::icmp(to_plc(), {.payload = Bytes(1473, 7)}), Reason::bad_icmp);
  expect_dropped(build::icmp(to_plc6(), {.type = 128, .payload = Bytes(1453, 7)}), Reason::bad_icmp);
}

struct Quote {
  build::Link packet = to_plc();
  build::Segment segment = {.sequence = 1001};
  std::string from = "10.0.1.7";
  std::string to = "10.0.0.1";
};

Bytes error_about(const Quote& quote) {
  const auto packet = build::tcp(quote.packet, quote.segment);
  return build::icmp({.source = quote.from, .destination = quote.to},
                     {.type = 3,
                      .code = 1,
                      .payload = {packet.begin() + static_cast<std::ptrdiff_t>(kIp),
                                  packet.begin() + static_cast<std::ptrdiff_t>(kIp + 28)}});
}

build::Link reversed(build::Link link) {
  std::swap(link.source, link.destination);
  return link;
}

// The client has sent 12 bytes of its session, none acknowledged: 1001 to 1013 are under way.
void request(Box& box) {
  Talk talk{box};
  talk.open();
  talk.say(Role::client, modbus(1, 1, {3, 0, 0, 0, 10}));
}

TEST(Icmp, E24_an_error_passes_only_about_what_a_live_flow_sent_and_against_it) {
  const Setting from_ot{.port = kOt, .before = request};
  expect_passes(error_about({}), from_ot);
  expect_passes(error_about({.segment = {.sequence = 1013}}), from_ot);
  expect_passes(error_about({.segment = {.sequence = 1000}}), from_ot);  // a keepalive begins one below
  const auto dropped = [&](const Quote& quote) {
    expect_dropped(error_about(quote), Reason::groundwork, from_ot);
  };
  dropped({.segment = {.sequence = 999}});
  dropped({.segment = {.sequence = 1014}});
  dropped({.segment = {.source_port = 40001, .sequence = 1001}});
  dropped({.packet = {.source = "10.0.0.1", .destination = "10.0.1.3"}});
  dropped({.to = "10.0.0.9"});  // not to who sent it
  // The server has sent nothing from here on, and its own packets don't come to this side.
  dropped({.packet = reversed(to_plc()),
           .segment = {.source_port = 502, .destination_port = 40000, .sequence = 7001}});
  expect_dropped(error_about({.from = "10.0.0.7"}), Reason::groundwork, {.before = request});
  expect_dropped(error_about({}), Reason::groundwork, {.port = kOt});
}

TEST(Icmp, E24_an_error_about_a_packet_of_the_other_end_goes_the_other_way) {
  const Quote answer{.packet = reversed(to_plc()),
                     .segment = {.source_port = 502, .destination_port = 40000, .sequence = 7001},
                     .from = "10.0.0.7",
                     .to = "10.0.1.2"};
  expect_passes(error_about(answer), {.before = request});
  expect_dropped(error_about(answer), Reason::spoofed, {.port = kOt, .before = request});
}

TEST(Icmp, E24_an_error_about_a_datagram_that_was_never_sent_is_dropped) {
  const auto error = [](const build::Link& link, const build::Datagram& datagram, const std::string& from,
                        const std::string& to) {
    const auto packet = build::udp(link, datagram);
    return build::icmp(
        {.source = from, .destination = to},
        {.type = 3, .code = 3, .payload = {packet.begin() + static_cast<std::ptrdiff_t>(kIp), packet.end()}});
  };
  const Setting sent{.port = kOt, .before = [](Box& box) { (void)box.send(build::udp(to_plc(), {}), kIt); }};
  expect_passes(error(to_plc(), {}, "10.0.1.2", "10.0.0.1"), sent);
  expect_dropped(
      error(reversed(to_plc()), {.source_port = 5000, .destination_port = 40000}, "10.0.0.1", "10.0.1.2"),
      Reason::groundwork, {.before = sent.before});
  expect_dropped(error(to_plc(), {.source_port = 41000}, "10.0.1.2", "10.0.0.1"), Reason::groundwork, sent);
}

TEST(Icmp, E24_errors_are_tied_to_flows_also_where_a_rule_names_their_type) {
  for (const auto* mode : {"enforce", "monitor"}) {
    Box box{kZones + conduit(mode) + kReads +
            std::string{kEverything}};  // icmp-errors are no groundwork here
    EXPECT_EQ(box.send(error_about({}), kOt).size(), std::string{mode} == "enforce" ? 0U : 1U);
    EXPECT_EQ(box.log.verdicts.back().reason, Reason::groundwork);
    request(box);
    box.log.verdicts.clear();
    EXPECT_EQ(box.send(error_about({}), kOt).size(), 1U);
    EXPECT_TRUE(box.log.verdicts.empty());
  }
}

TEST(Icmp, E24_errors_are_limited_for_each_side) {
  auto options = small();
  options.limits.icmp_errors_per_second = 5;
  Box box{everything("enforce"), options};
  request(box);
  std::size_t passed = 0;
  for (int i = 0; i < 100; ++i) passed += box.send(error_about({}), kOt).size();
  EXPECT_EQ(passed, 5U);
  EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::rate_limited)], 95U);
  EXPECT_EQ(box.log.verdicts.size(), 1U);
  box.expect_conserved();
}

std::string rule_for(std::uint16_t type) {
  return "[[allow]]\nfrom = \"it\"\nto = \"ot\"\nethertype = " + std::to_string(type) +
         "\nreason = \"named\"\n";
}

struct LinkFrame {
  const char* about;
  std::uint16_t type;
  const char* sound;
  const char* broken;
};

TEST(LinkProtocols, E06_pass_only_where_a_rule_names_them_and_only_whole) {
  for (const auto& [about, type, sound, broken] : {
           LinkFrame{"GOOSE", 0x88b8, "0001 000a 0000 0000 6100", "0001 000b 0000 0000 6100"},
           {"GOOSE shorter than its header", 0x88b8, "0001 0008 0000 0000", "0001 0007 0000 0000"},
           {"sampled values", 0x88ba, "4000 000a 0000 0000 6000", "4000 ffff 0000 0000 6000"},
           {"PROFINET", 0x8892, "8000 00000000 0035 3500", "8000"},
           {"PROFINET DCP", 0x8892, "fefe 05 00 00000001 0001 0002 ffff",
            "fefe 05 00 00000001 0001 0003 ffff"},
           {"EtherCAT", 0x88a4, "0210 0000", "0310 0000"},
           {"MACsec", 0x88e5, "2c 00 00000001 000000000000 0000 0000000000000000", nullptr},
           {"LLDP", 0x88cc, "0000", nullptr},
           {"a ring's tag around supervision", 0x892f, "1034 0001 88fb 0000", "1034 0001 0800 4500"},
           {"a redundancy tag", 0xf1c1, nullptr, "0000 0001 0800 4500"},
       }) {
    SCOPED_TRACE(about);
    const auto frame = [type = type](const char* payload) {
      return build::ethernet({}, type, build::hex(payload));
    };
    const Setting ruled{.rules = rule_for(type)};
    if (sound != nullptr) {
      expect_dropped(frame(sound), Reason::no_policy);
      expect_passes(frame(sound), ruled);
    }
    if (broken != nullptr) expect_dropped(frame(broken), Reason::bad_ethernet, ruled);
  }
}

}  // namespace
}  // namespace sluice::test
