// Headers of IP, UDP and TCP that receivers read in different ways: dropped or made ordinary.
#include "dataplane/engine/header_test.hpp"

namespace sluice::test {
namespace {

const Bytes kRequest = modbus(1, 1, {3, 0, 0, 0, 10});
constexpr std::size_t kIp = 14, kTcp = 34, kTcp6 = 54;

Setting in_a_session(const std::string& normalisation = "") {
  return {.more = normalisation.empty() ? "" : "normalisation = { " + normalisation + " }",
          .before = open_session};
}

build::Segment syn() { return {.acknowledgement = 0, .flags = tcp_flag::syn}; }
build::Segment syn(Bytes options, Bytes payload = {}) {
  auto segment = syn();
  segment.options = std::move(options);
  segment.payload = std::move(payload);
  return segment;
}
build::Segment data(Bytes options) {
  auto segment = in_session(kRequest);
  segment.options = std::move(options);
  return segment;
}

TEST(Headers, E03_ip_in_llc_or_snap_is_dropped) {
  for (const auto* payload :
       {"060603 4500", "aa0603 4500", "aaaa03 000000 0800 4500", "aaaa03 000000 0806 0001",
        "aaaa03 000000 86dd 6000", "aaaa03 0000f8 0800 4500", "aaaa03 000000 8100 0001"}) {
    SCOPED_TRACE(payload);
    expect_dropped(build::llc(to_plc(), build::hex(payload)), Reason::bad_ethernet);
  }
}

TEST(Headers, E04_what_follows_the_datagram_is_zeroed) {
  for (auto link : {to_plc(), to_plc6()}) {
    link.least = 80;
    const auto zeros = build::udp(link, {});
    expect_passes(zeros);
    auto trailing = zeros;
    trailing.back() = 1;
    expect_becomes(trailing, zeros, Reason::trailer);
    expect_passes(trailing, {.more = "normalisation = { trailer = \"pass\" }"});
    expect_dropped(trailing, Reason::trailer, {.more = "normalisation = { trailer = \"drop\" }"});
  }
}

// A frame with the redundancy trailer of PRP: sequence, LAN A, size of what follows the EtherType.
Bytes with_prp(build::Link link, std::uint32_t off = 0, std::uint8_t padding = 0) {
  link.least = 70;
  auto frame = build::udp(link, {});
  if (padding != 0) frame.back() = padding;
  const auto size = static_cast<std::uint32_t>(frame.size() - 14 - 4 * link.tags.size() + 6 + off);
  const auto end = build::hex("1234");
  frame.insert(frame.end(), end.begin(), end.end());
  frame.push_back(static_cast<std::uint8_t>(0xa0 | size >> 8));
  frame.push_back(static_cast<std::uint8_t>(size));
  frame.push_back(0x88);
  frame.push_back(0xfb);
  return frame;
}

TEST(Headers, E04_a_right_prp_trailer_stays_only_where_prp_is_groundwork) {
  const auto box_of = [](const std::string& groundwork) {
    return std::make_unique<Box>(kZones + conduit("enforce", "groundwork = [" + groundwork + "]") +
                                 kEverything);
  };
  const auto zeroed = [](Bytes frame, std::size_t last) {
    std::fill(frame.end() - static_cast<std::ptrdiff_t>(last), frame.end(), std::uint8_t{0});
    return frame;
  };
  const auto right = with_prp(to_plc());
  EXPECT_EQ(box_of("\"prp\"")->send(right, kIt)[0].bytes, right);
  EXPECT_EQ(box_of("")->send(right, kIt)[0].bytes, zeroed(right, 6));
  EXPECT_EQ(box_of("\"prp\"")->send(with_prp(to_plc(), 1), kIt)[0].bytes, zeroed(with_prp(to_plc(), 1), 6))
      << "another size";
  auto other = right;
  other[other.size() - 4] ^= 0x40;
  EXPECT_EQ(box_of("\"prp\"")->send(other, kIt)[0].bytes, zeroed(other, 6)) << "neither LAN A nor B";
  EXPECT_EQ(box_of("\"prp\"")->send(with_prp(to_plc(), 0, 9), kIt)[0].bytes, right)
      << "padding in front of it";
  auto tagged = to_plc();
  tagged.tags = {{.id = 7}};
  Box box{kZones + conduit("enforce", "groundwork = [\"prp\"]\nvlans = [7]") + kReads +
          std::string{kEverything}};
  EXPECT_EQ(box.send(with_prp(tagged), kIt)[0].bytes, with_prp(tagged));
}

TEST(Headers, E07_ip_headers_that_contradict_themselves_are_dropped) {
  const auto four = build::udp(to_plc(), {.payload = Bytes(20, 1)});
  const auto six = build::udp(to_plc6(), {.payload = Bytes(20, 1)});
  for (const auto& frame :
       {with_byte(four, kIp, 0x55), with_byte(four, kIp, 0x44), with_byte(four, kIp, 0x4f),
        with_byte(four, kIp + 2, 9), with_byte(four, kIp + 3, 19), with_byte(four, kIp + 6, 0x80),
        with_byte(six, kIp, 0x40), with_byte(six, kIp + 4, 9)}) {
    expect_dropped(repaired(frame), Reason::bad_ip);
  }
}

TEST(Headers, E08_a_wrong_header_checksum_is_dropped) {
  const auto frame = build::udp(to_plc(), {});
  for (const std::size_t at : {10U, 11U, 8U, 1U}) {
    expect_dropped(with_byte(frame, kIp + at, static_cast<std::uint8_t>(frame[kIp + at] ^ 1U)),
                   Reason::bad_ip_checksum);
  }
}

TEST(Headers, E09_ip_options_are_dropped_or_made_no_operation_but_source_routes_never_pass) {
  const Setting normalise{.more = "normalisation = { ip_options = \"normalise\" }"};
  const auto with = [](const char* options) {
    auto link = to_plc();
    link.options = build::hex(options);
    return build::udp(link, {.payload = build::bytes("x")});
  };
  for (const auto* options :
       {"07 07 04 00000000", "44 08 05 00 00000000", "94 04 0000", "82 0b 00000000000000000000",
        "01 01 01 01", "07 07 04 00000000 07 07 04 00000000", "f7 03 00"}) {
    SCOPED_TRACE(options);
    const auto frame = with(options);
    expect_dropped(frame, Reason::ip_options);
    auto expected = frame;
    for (auto i = kIp + 20; i < kIp + (frame[kIp] & 15U) * 4U; ++i) expected[i] = 1;
    expect_becomes(frame, repaired(expected), Reason::ip_options, normalise);
  }
  for (const auto* options :
       {"83 07 04 0a000001", "89 07 04 0a000001", "07 07 04 00000000 83 07 04 0a000001"}) {
    expect_dropped(with(options), Reason::ip_options);
    expect_dropped(with(options), Reason::ip_options, normalise);
  }
  for (const auto* options : {"07 00", "07 01", "07 ff 04", "44"}) {
    expect_dropped(with(options), Reason::bad_ip, normalise);
  }
}

TEST(Headers, E09_igmp_keeps_its_router_alert) {
  const auto igmp = [](const char* options) {
    return build::ip({.destination_mac = {1, 0, 0x5e, 0, 0, 22},
                      .source = "10.0.0.1",
                      .destination = "224.0.0.22",
                      .ttl = 1,
                      .options = build::hex(options)},
                     2, build::hex("22 00 ddff 00000000"));
  };
  const Setting normalise{.more = "normalisation = { ip_options = \"normalise\" }"};
  expect_passes(igmp("94 04 0000"));
  expect_passes(igmp("94 04 0000"), normalise);
  expect_dropped(igmp("94 04 0000 44 08 05 00 00000000"), Reason::ip_options, normalise);
}

TEST(Headers, E22_ipv6_extension_headers_are_dropped_or_passed_but_routing_never_passes) {
  const Setting pass{.more = "normalisation = { ip_extensions = \"pass\" }"};
  const auto with = [](std::uint8_t first, const char* extensions) {
    auto link = to_plc6();
    link.first_extension = first;
    link.extensions = build::hex(extensions);
    return build::udp(link, {});
  };
  for (const auto& frame :
       {with(60, "11 00 01 04 00000000"), with(0, "11 00 01 04 00000000"),
        with(0, "3c 00 01 04 00000000 11 00 01 04 00000000"), with(60, "11 00 1e 04 00000000")}) {
    expect_dropped(frame, Reason::ip_options);
    expect_passes(frame, pass);
  }
  expect_dropped(with(43, "11 00 00 00 00000000"), Reason::ip_options, pass);
  expect_dropped(with(51, "11 02 0000 00000001 00000001 00000000"), Reason::ip_options, pass);
}

TEST(Headers, E25_udp_lengths_and_checksums_are_right_or_it_is_dropped) {
  const auto four = build::udp(to_plc(), {.payload = Bytes(10, 1)});
  const auto six = build::udp(to_plc6(), {.payload = Bytes(10, 1)});
  for (const std::uint8_t length : std::initializer_list<std::uint8_t>{0, 1, 7, 8, 17, 19, 255}) {
    expect_dropped(repaired(with_byte(four, kTcp + 5, length)), Reason::bad_transport);
    expect_dropped(repaired(with_byte(six, kTcp6 + 5, length)), Reason::bad_transport);
  }
  expect_dropped(with_byte(four, kTcp + 7, static_cast<std::uint8_t>(four[kTcp + 7] ^ 1U)),
                 Reason::bad_checksum);
  expect_dropped(with_byte(six, kTcp6 + 7, static_cast<std::uint8_t>(six[kTcp6 + 7] ^ 1U)),
                 Reason::bad_checksum);
  expect_dropped(with_byte(with_byte(six, kTcp6 + 6, 0), kTcp6 + 7, 0), Reason::bad_checksum);
  expect_passes(with_byte(with_byte(four, kTcp + 6, 0), kTcp + 7, 0));  // RFC 768: none
  expect_passes(build::udp(to_plc(), {}));                              // an empty datagram is one
}

TEST(Headers, E26_a_segment_with_a_wrong_checksum_is_dropped_and_leaves_no_trace) {
  const auto wrong = [](build::Segment segment) {
    auto frame = build::tcp(to_plc(), segment);
    frame[kTcp + 16] ^= 0x10;
    return frame;
  };
  expect_dropped(wrong(syn()), Reason::bad_checksum);
  expect_dropped(wrong(in_session(kRequest)), Reason::bad_checksum, in_a_session());
  auto reset = in_session();
  reset.flags = tcp_flag::rst;
  expect_dropped(wrong(reset), Reason::bad_checksum, in_a_session());
  Box box{everything("enforce"), small()};
  open_session(box);
  (void)box.send(wrong(reset), kIt);
  (void)box.send(wrong(in_session(modbus(1, 1, {5, 0, 7, 0xff, 0}))), kIt);
  EXPECT_EQ(payload_to(box.send(build::tcp(to_plc(), in_session(kRequest)), kIt), kOt), kRequest);
}

TEST(Headers, E27_data_offsets_and_options_past_the_end_are_dropped) {
  const auto frame = build::tcp(to_plc(), data(build::hex("01010101")));
  for (const std::uint8_t offset : std::initializer_list<std::uint8_t>{0x00, 0x10, 0x40, 0xf0}) {
    expect_dropped(repaired(with_byte(frame, kTcp + 12, offset)), Reason::bad_transport, in_a_session());
  }
  for (const auto* options : {"08", "0101 08", "05 0a 00000001", "0101 02 04", "fe 22 0000"}) {
    expect_dropped(build::tcp(to_plc(), data(build::hex(options))), Reason::bad_transport, in_a_session());
  }
}

TEST(Headers, E28_E36_flags_that_make_no_sense_are_dropped) {
  using namespace tcp_flag;
  constexpr unsigned kSyn = tcp_flag::syn;
  for (const unsigned flags :
       {0U, fin | psh | urg | 0U, 0xffU, 0x3fU, kSyn | fin, kSyn | rst, kSyn | fin | ack, kSyn | rst | ack,
        rst | fin | 0U, rst | fin | ack | 0U, fin | 0U, urg | 0U, psh | 0U, psh | fin | 0U, ece | cwr | 0U}) {
    SCOPED_TRACE(flags);
    auto segment = in_session(kRequest);
    segment.flags = static_cast<std::uint8_t>(flags);
    expect_dropped(build::tcp(to_plc(), segment), Reason::bad_flags, in_a_session());
    expect_dropped(build::tcp(to_plc(), segment), Reason::bad_flags);
  }
}

TEST(Headers, E28_reserved_bits_are_dropped_or_cleared) {
  for (std::uint8_t bits = 1; bits < 16; ++bits) {
    auto segment = in_session(kRequest);
    segment.reserved = bits;
    const auto frame = build::tcp(to_plc(), segment);
    segment.reserved = 0;
    expect_dropped(frame, Reason::bad_flags, in_a_session());
    expect_becomes(frame, build::tcp(to_plc(), segment), Reason::bad_flags,
                   in_a_session("tcp_reserved = \"normalise\""));
  }
  // A SYN that asks for accurate ECN becomes one that asks for the ordinary one.
  auto accurate = syn();
  accurate.flags = tcp_flag::syn | tcp_flag::ece | tcp_flag::cwr;
  const auto ordinary = build::tcp(to_plc(), accurate);
  accurate.reserved = 1;
  expect_becomes(build::tcp(to_plc(), accurate), ordinary, Reason::bad_flags,
                 {.more = "normalisation = { tcp_reserved = \"normalise\" }"});
}

TEST(Headers, E29_data_on_a_syn_is_stripped_or_the_syn_is_dropped) {
  const auto early = build::tcp(to_plc(), syn({}, kRequest));
  auto link = to_plc();
  link.least = 60;
  expect_becomes(early, build::tcp(link, syn()), Reason::bad_flags);
  expect_dropped(early, Reason::bad_flags, {.more = "normalisation = { tcp_syn_data = \"drop\" }"});
  // The answer to it likewise.
  auto opaque = syn();
  opaque.destination_port = 5000;
  const Setting asked{.port = kOt,
                      .before = [&](Box& box) { (void)box.send(build::tcp(to_plc(), opaque), kIt); }};
  auto back = to_plc();
  std::swap(back.source, back.destination);
  build::Segment answer{.source_port = 5000,
                        .destination_port = 40000,
                        .sequence = 7000,
                        .acknowledgement = 1001,
                        .flags = tcp_flag::syn | tcp_flag::ack,
                        .payload = build::bytes("early data")};
  const auto frame = build::tcp(back, answer);
  answer.payload.clear();
  back.least = 60;
  expect_becomes(frame, build::tcp(back, answer), Reason::bad_flags, asked);
}

TEST(Headers, E29_what_was_stripped_from_a_syn_is_judged_when_it_comes_again) {
  Box box{everything("enforce"), small()};
  const auto write = modbus(2, 1, {5, 0, 7, 0xff, 0});
  EXPECT_TRUE(payload_to(box.send(build::tcp(to_plc(), syn({}, write)), kIt), kOt).empty());
  Talk talk{box};
  talk.open();
  EXPECT_TRUE(payload_to(talk.say(Role::client, write), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::no_rule);
}

TEST(Headers, E29_fast_open_is_replaced_even_where_odd_options_are_dropped) {
  const auto none = build::hex("020405b4 01010101 0101");
  for (const auto* cookie :
       {"020405b4 22 06 01020304", "020405b4 fe 06 f989 0102", "020405b4 22 02 01010101"}) {
    auto plain = syn(none);
    expect_becomes(build::tcp(to_plc(), syn(build::hex(cookie))), build::tcp(to_plc(), plain),
                   Reason::bad_flags, {.more = "normalisation = { tcp_options = \"drop\" }"});
  }
  expect_dropped(build::tcp(to_plc(), syn(build::hex("22 06 01020304 fd 02"))), Reason::tcp_options,
                 {.more = "normalisation = { tcp_options = \"drop\" }"});
}

TEST(Headers, E42_urgent_data_is_made_ordinary_or_dropped) {
  for (const std::uint16_t pointer : std::initializer_list<std::uint16_t>{0, 1, 12, 13, 0xffff}) {
    for (const unsigned flag : {unsigned{tcp_flag::urg}, 0U}) {
      if (pointer == 0 && flag == 0) continue;
      auto segment = in_session(kRequest);
      const auto plain = build::tcp(to_plc(), segment);
      segment.urgent = pointer;
      segment.flags = static_cast<std::uint8_t>(segment.flags | flag);
      const auto frame = build::tcp(to_plc(), segment);
      expect_becomes(frame, plain, Reason::urgent, in_a_session());
      expect_dropped(frame, Reason::urgent, in_a_session("tcp_urgent = \"drop\""));
    }
  }
}

TEST(Headers, E42_the_urgent_byte_is_judged_as_one_of_the_stream) {
  Box box{everything("enforce"), small()};
  open_session(box);
  auto segment = in_session(modbus(1, 1, {5, 0, 7, 0xff, 0}));
  segment.flags |= tcp_flag::urg;
  segment.urgent = 8;  // skipping the function code would make another message of it
  EXPECT_TRUE(payload_to(box.send(build::tcp(to_plc(), segment), kIt), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::no_rule);
}

TEST(Headers, E42_observing_what_enforcing_would_find_behind_an_urgent_pointer_is_told) {
  Box box{everything("monitor"), small()};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, kRequest);
  auto changed = in_session(modbus(1, 1, {3, 0, 0, 0, 11}));
  changed.flags |= tcp_flag::urg;
  const auto frame = build::tcp(to_plc(), changed);
  const auto left = box.send(frame, kIt);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].bytes, frame);
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::conflict);
}

struct Options {
  const char* about;
  const char* before;
  const char* after;
};

TEST(Headers, E43_odd_options_become_no_operation_or_are_dropped) {
  for (const auto& [about, before, after] : {
           Options{"unknown", "fd 04 1234", "01010101"},
           {"at an odd place", "01 fd 03 12", "01010101"},
           {"between others", "0101 080a 00000001 00000002 1e 04 0000",
            "0101 080a 00000001 00000002 01010101"},
           {"md5", "13 12 00112233445566778899aabbccddeeff 0101", "0101010101010101010101010101010101010101"},
           {"a maximum segment size outside of a syn", "02 04 05b4", "01010101"},
           {"a window scale outside of a syn", "03 03 07 01", "01010101"},
           {"selective acknowledgement permitted outside of a syn", "04 02 0101", "01010101"},
           {"timestamps twice", "0101 080a 00000001 00000002 0101 080a 00000003 00000004",
            "0101 080a 00000001 00000002 0101 0101 01010101 01010101"},
           {"words behind the end of the list", "00 123456", "00 000000"},
           {"an option behind the end of the list", "fd 02 00 07", "0101 00 00"},
       }) {
    SCOPED_TRACE(about);
    const auto frame = build::tcp(to_plc(), data(build::hex(before)));
    expect_becomes(frame, build::tcp(to_plc(), data(build::hex(after))), Reason::tcp_options, in_a_session());
    expect_dropped(frame, Reason::tcp_options, in_a_session("tcp_options = \"drop\""));
  }
  for (const auto* good : {"0101 080a 00000001 00000002", "0101 050a 00000001 00000002", "00 000000", ""}) {
    expect_passes(build::tcp(to_plc(), data(build::hex(good))), in_a_session());
  }
  expect_passes(build::tcp(to_plc(), syn(build::hex("020405b4 0402 080a 00000001 00000000 01 030307"))));
}

TEST(Headers, E43_lengths_of_zero_and_one_are_dropped) {
  for (const auto* options : {"fd 00 0000", "fd 01 0000", "08 00 0101", "01 01 13 01"}) {
    expect_dropped(build::tcp(to_plc(), data(build::hex(options))), Reason::bad_transport, in_a_session());
    expect_dropped(build::tcp(to_plc(), syn(build::hex(options))), Reason::bad_transport);
  }
}

TEST(Headers, E28_E42_E43_all_at_once_over_ipv6_is_made_ordinary_at_once) {
  Box box{kZones + conduit("enforce", "normalisation = { tcp_reserved = \"normalise\" }") +
          "[[allow]]\nfrom = \"it\"\nto = \"ot\"\nprotocol = \"tcp\"\nports = [5000]\nreason = \"opaque\"\n"};
  auto link = to_plc6();
  link.trailer = build::bytes("behind");
  build::Segment segment{.destination_port = 5000,
                         .acknowledgement = 0,
                         .flags = tcp_flag::syn | tcp_flag::urg,
                         .urgent = 7,
                         .reserved = 3,
                         .options = build::hex("020405b4 22 06 01020304 0101"),
                         .payload = build::bytes("early")};
  const auto left = box.send(build::tcp(link, segment), kIt);
  ASSERT_EQ(left.size(), 1U);
  segment.flags = tcp_flag::syn;
  segment.urgent = 0;
  segment.reserved = 0;
  segment.options = build::hex("020405b4 01010101 01010101");
  segment.payload.clear();
  EXPECT_EQ(left[0].bytes, build::tcp(to_plc6(), segment));
  EXPECT_EQ(box.engine->counters().normalised, 1U);
}

}  // namespace
}  // namespace sluice::test
