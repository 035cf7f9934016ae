// The table of normalisation: each row has an example here, which fares as the row says, enforced and
// observed.
#include <gmock/gmock.h>

#include <map>

#include "dataplane/engine/header_test.hpp"
#include "rules/schema/normalisation.hpp"

namespace sluice::test {
namespace {

const Bytes kRequest = modbus(1, 1, {3, 0, 0, 0, 10});
constexpr std::size_t kIp = 14, kTcp = 34;

struct Example {
  Bytes frame;
  Setting setting{};
};

Setting in_a_session() { return {.before = open_session}; }
Setting with(const std::string& row, const std::string& treatment, Before before = {}) {
  return {.more = "normalisation = { " + row + " = \"" + treatment + "\" }", .before = std::move(before)};
}

Bytes arp(build::Link link, std::uint16_t operation = 1) {
  link.destination_mac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  return build::arp(link, {.operation = operation});
}

Bytes piece(std::uint16_t offset, bool more, std::size_t length) {
  auto link = to_plc();
  link.identification = 9;
  link.fragment = static_cast<std::uint16_t>(offset / 8 | (more ? 0x2000 : 0));
  return build::ip(link, 17, Bytes(length, 0));
}

Bytes segment(std::uint8_t flags, build::Segment segment = in_session()) {
  segment.flags = flags;
  return build::tcp(to_plc(), segment);
}

Bytes syn(build::Segment segment = {}) {
  segment.flags = tcp_flag::syn;
  segment.acknowledgement = 0;
  return build::tcp(to_plc(), segment);
}

// Sends as many ARP packets as may pass in a second.
void exhaust_neighbours(Box& box) {
  for (std::uint32_t i = 0; i < EngineLimits{}.neighbours_per_second; ++i) {
    box.now.ns -= 1'000'000;  // all at one time
    (void)box.send(arp({.source = "10.0.0.1", .destination = "10.0.1.2"}), kIt);
  }
}

Bytes error_about(const Bytes& packet, std::uint8_t type = 3, std::uint8_t code = 1,
                  std::string from = "10.0.1.7", std::string to = "10.0.0.1") {
  const auto end = std::min<std::size_t>(packet.size(), kIp + 28);
  return build::icmp({.source = std::move(from), .destination = std::move(to)},
                     {.type = type,
                      .code = code,
                      .payload = {packet.begin() + static_cast<std::ptrdiff_t>(kIp),
                                  packet.begin() + static_cast<std::ptrdiff_t>(end)}});
}

void exhaust_errors(Box& box) {
  (void)box.send(syn(), kIt);
  for (std::uint32_t i = 0; i < EngineLimits{}.icmp_errors_per_second; ++i) {
    box.now.ns -= 1'000'000;
    (void)box.send(error_about(syn()), kOt);
  }
}

void open_with_timestamps(Box& box) {
  const auto stamp = build::hex("0101 080a 00000001 00000001");
  build::Link back = to_plc();
  std::swap(back.source, back.destination);
  (void)box.send(syn({.options = stamp}), kIt);
  (void)box.send(build::tcp(back, {.source_port = 502,
                                   .destination_port = 40000,
                                   .sequence = 7000,
                                   .acknowledgement = 1001,
                                   .flags = tcp_flag::syn | tcp_flag::ack,
                                   .options = stamp}),
                 kOt);
  (void)box.send(segment(tcp_flag::ack, {.sequence = 1001, .acknowledgement = 7001, .options = stamp}), kIt);
}

// Frames that meet each row with its usual treatment.
std::multimap<Normalisation, Example> examples() {
  using enum Normalisation;
  auto stacked = to_plc();
  stacked.tags = {{.id = 1}, {.id = 2}, {.id = 3}};
  auto trailing = to_plc();
  trailing.trailer = build::bytes("secret");
  auto options = to_plc();
  options.options = build::hex("07 07 04 00000000 00");
  auto routed = to_plc();
  routed.options = build::hex("83 07 04 0a000001 00");
  auto extended = to_plc6();
  extended.extensions = build::hex("11 00 01 04 00000000");
  extended.first_extension = 60;
  auto dying = to_plc();
  dying.ttl = 0;
  const auto plain = build::udp(to_plc(), {});
  const auto acknowledged = [](Box& box) {
    Talk talk{box};
    talk.open();
    talk.say(Role::client, kRequest);
    talk.acknowledge(Role::server);
  };
  const auto requested = [](Box& box) {
    Talk talk{box};
    talk.open();
    talk.say(Role::client, kRequest);
  };
  auto other = kRequest;
  other.back() = 9;
  build::Segment reserved = in_session();
  reserved.reserved = 4;
  build::Segment urgent = in_session(kRequest);
  urgent.urgent = 3;
  return {
      {vlan_stack, {build::udp(stacked, {}), {.more = "vlans = [{ outer = 1, inner = 2 }]"}}},
      {llc_ip, {build::llc(to_plc(), build::hex("060603 4500"))}},
      {llc_ip, {build::llc(to_plc(), build::hex("aaaa03 000000 0800 4500"))}},
      {trailer, {build::udp(trailing, {})}},
      {link_structure, {build::ethernet({}, 0x88b8, build::hex("0001 00ff 00000000"))}},
      {link_protocol, {build::ethernet({}, 0x88b8, build::hex("0001 0008 00000000"))}},
      {link_protocol, {build::llc({}, build::hex("e0e003 0000"))}},
      {ip_header, {repaired(with_byte(plain, kIp, 0x44))}},
      {ip_header, {with_byte(plain, kIp, 0x65)}},
      {ip_checksum, {with_byte(plain, kIp + 10, 0xab)}},
      {ip_options, {build::udp(options, {})}},
      {ip_forbidden, {build::udp(routed, {})}},
      {ip_extensions, {build::udp(extended, {})}},
      {address, {build::udp({.source = "127.0.0.1", .destination = "10.0.1.2"}, {})}},
      {ttl_floor, {build::udp(dying, {})}},
      {fragment, {piece(0, true, 16)}},
      {fragment_overlap,
       {piece(8, true, 16), {.before = [](Box& box) { (void)box.send(piece(0, true, 16), kIt); }}}},
      {tunnel, {build::ip(to_plc(), 47, build::hex("0000 0800"))}},
      {arp_claim, {arp({.source = "10.0.1.9", .destination = "10.0.1.2"})}},
      {arp_gratuitous, {arp({.source = "10.0.0.1", .destination = "10.0.0.1"})}},
      {neighbour_rate,
       {arp({.source = "10.0.0.1", .destination = "10.0.1.2"}), {.before = exhaust_neighbours}}},
      {icmp_odd, {build::icmp(to_plc(), {.type = 5})}},
      {icmp_error, {error_about(syn()), {.port = kOt}}},
      {icmp_rate, {error_about(syn()), {.port = kOt, .before = exhaust_errors}}},
      {udp_header, {repaired(with_byte(plain, kTcp + 5, 9))}},
      {checksum, {with_byte(plain, kTcp + 6, 0x77)}},
      {checksum, {with_byte(syn(), kTcp + 16, 0x77)}},
      {tcp_header, {with_byte(syn(), kTcp + 12, 0x40)}},
      {tcp_flags, {segment(0), in_a_session()}},
      {tcp_reserved, {segment(tcp_flag::ack, reserved), in_a_session()}},
      {tcp_syn_data, {syn({.payload = build::bytes("early")})}},
      {tcp_options,
       {segment(tcp_flag::ack,
                {.sequence = 1001, .acknowledgement = 7001, .options = build::hex("fd04 1234")}),
        in_a_session()}},
      {tcp_urgent, {segment(tcp_flag::ack | tcp_flag::urg, urgent), in_a_session()}},
      {tcp_handshake, {syn({.sequence = 77}), in_a_session()}},
      {tcp_window,
       {segment(tcp_flag::ack, {.sequence = 500'000, .acknowledgement = 7001, .payload = kRequest}),
        in_a_session()}},
      {tcp_reset, {segment(tcp_flag::rst, {.sequence = 1009}), in_a_session()}},
      {tcp_overlap, {build::tcp(to_plc(), in_session(other)), {.before = requested}}},
      {tcp_timestamp, {build::tcp(to_plc(), in_session(kRequest)), {.before = open_with_timestamps}}},
      {tcp_repeated, {build::tcp(to_plc(), in_session(kRequest)), {.before = acknowledged}}},
  };
}

// Resets of our own are what a denial may look like.
bool arrives(const std::vector<Wires::Left>& left, const Bytes& frame, PortId from) {
  return std::any_of(left.begin(), left.end(), [&](const auto& one) {
    return one.to != from && (one.bytes == frame || !has_reset({one}, one.to));
  });
}

class EachRow : public testing::TestWithParam<std::size_t> {};

TEST_P(EachRow, fares_as_the_table_says) {
  const auto row = static_cast<Normalisation>(GetParam());
  const auto& entry = row_of(row);
  const auto all = examples();
  ASSERT_GT(all.count(row), 0U) << entry.name << " has no example";
  for (auto [at, end] = all.equal_range(row); at != end; ++at) {
    const auto& [frame, setting] = at->second;
    for (const auto* mode : {"enforce", "monitor"}) {
      SCOPED_TRACE(std::string{entry.name} + ", " + mode);
      const bool enforced = std::string{mode} == "enforce";
      Box box{everything(mode, setting.more, setting.rules), small()};
      if (setting.before) setting.before(box);
      box.log.verdicts.clear();
      const auto left = box.send(frame, setting.port);
      if (!enforced) {
        ASSERT_EQ(left.size(), 1U);
        EXPECT_EQ(left[0].bytes, frame);
      } else if (entry.usual == Treatment::drop) {
        EXPECT_FALSE(arrives(left, frame, setting.port));
      } else if (entry.usual == Treatment::pass) {
        ASSERT_EQ(left.size(), 1U);
        EXPECT_EQ(left[0].bytes, frame);
      } else {
        for (const auto& one : left) EXPECT_NE(one.bytes, frame);
      }
      const bool told =
          entry.usual == Treatment::drop || (entry.reason != Reason::none && entry.usual != Treatment::pass);
      if (told && row != Normalisation::fragment && row != Normalisation::fragment_overlap) {
        ASSERT_FALSE(box.log.verdicts.empty());
        EXPECT_EQ(box.log.verdicts[0].reason, entry.reason) << name_of(box.log.verdicts[0].reason);
      }
      box.engine->drain();
      box.expect_conserved();
    }
  }
}
INSTANTIATE_TEST_SUITE_P(of_the_table, EachRow, testing::Range(std::size_t{0}, kNormalisationCount),
                         [](const auto& one) { return std::string{kNormalisations[one.param].name}; });

// Every choice that a conduit has, for the example of its row.
TEST(Normalisation, what_a_conduit_chooses_is_what_happens) {
  const auto all = examples();
  for (const auto& [row, example] : all) {
    const auto& entry = row_of(row);
    if (entry.fixed()) continue;
    for (const auto treatment : {Treatment::drop, Treatment::normalise, Treatment::pass}) {
      if (!entry.may(treatment)) continue;
      SCOPED_TRACE(std::string{entry.name} + " = " + std::string{name_of(treatment)});
      const auto setting =
          with(std::string{entry.name}, std::string{name_of(treatment)}, example.setting.before);
      switch (treatment) {
        case Treatment::drop:
          expect_dropped(example.frame, entry.reason, setting);
          break;
        case Treatment::pass:
          expect_passes(example.frame, setting);
          break;
        case Treatment::normalise: {
          Box box{everything("enforce", setting.more), small()};
          if (setting.before) setting.before(box);
          const auto left = box.send(example.frame, kIt);
          ASSERT_EQ(left.size(), 1U);
          EXPECT_NE(left[0].bytes, example.frame);
          EXPECT_EQ(box.engine->counters().normalised, 1U);
          auto bytes = left[0].bytes;
          Packet packet;
          EXPECT_EQ(parse(build::frame_over(bytes), Checksums::verify, packet).reason, Reason::none);
          box.expect_conserved();
          break;
        }
      }
    }
  }
}

TEST(Normalisation, what_is_changed_again_and_again_is_counted_each_time_and_told_once_a_minute) {
  Box box{everything("enforce"), small()};
  auto link = to_plc();
  link.trailer = build::bytes("leak");
  const auto frame = build::udp(link, {});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(box.send(frame, kIt).size(), 1U);
  EXPECT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.engine->counters().normalised, 100U);
  EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::trailer)], 100U);
  link.source = "10.0.0.7";
  (void)box.send(build::udp(link, {}), kIt);
  EXPECT_EQ(box.log.verdicts.size(), 2U) << "another sender is told too";
  box.now = box.now + seconds(61);
  (void)box.send(frame, kIt);
  EXPECT_EQ(box.log.verdicts.size(), 3U);
  EXPECT_EQ(box.engine->counters().denied, 0U);
}

TEST(Normalisation, a_flood_of_senders_does_not_flood_the_events) {
  Box box{everything("monitor")};
  auto link = to_plc();
  link.trailer = build::bytes("leak");
  for (unsigned i = 0; i < 10'000; ++i) {
    link.source = "10.0.0." + std::to_string(i % 250 + 1);
    box.now.ns -= 1'000'000;
    (void)box.send(build::udp(link, {}), kIt);
  }
  EXPECT_LE(box.log.verdicts.size(), 32U);
  EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::trailer)], 10'000U);
  EXPECT_EQ(box.engine->counters().normalised, 0U);
}

TEST(Normalisation, rows_are_found_by_their_names) {
  for (std::size_t i = 0; i < kNormalisationCount; ++i) {
    EXPECT_EQ(normalisation_named(kNormalisations[i].name), static_cast<Normalisation>(i));
  }
  EXPECT_EQ(normalisation_named("weather"), std::nullopt);
  EXPECT_EQ(row_of(Normalisation::vlan_stack).name, "vlan_stack");
  EXPECT_EQ(row_of(Normalisation::tunnel).name, "tunnel");
  EXPECT_EQ(row_of(Normalisation::tcp_flags).name, "tcp_flags");
  EXPECT_EQ(row_of(Normalisation::tcp_timestamp).name, "tcp_timestamp");
}

}  // namespace
}  // namespace sluice::test
