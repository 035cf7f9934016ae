#include <algorithm>
#include <map>
#include <random>

#include "dataplane/engine/engine_test.hpp"
#include "dataplane/packet/joining.hpp"

namespace sluice::test {
namespace {

using testing::Joiner;
using testing::Joins;
using testing::kJoins;

const std::string kUdp = R"(
[[allow]]
from = "it"
to = "ot"
protocol = "udp"
ports = [5000]
reason = "measurements"
)";

std::string measuring(const std::string& mode) { return kZones + conduit(mode) + kReads + kUdp; }

const build::Link kFour{.source = "10.0.0.1", .destination = "10.0.1.2", .identification = 7, .fragment = 0};
const build::Link kSix{.source = "fd00::1", .destination = "fd00:0:0:1::2"};

Bytes numbered(std::size_t count) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return out;
}

Bytes request(std::uint8_t function, std::uint16_t address) {
  return modbus(
      1, 1, {function, static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(address), 0, 1});
}

Packet packet_of(Bytes& frame) {
  Packet packet;
  EXPECT_EQ(parse(build::frame_over(frame), Checksums::verify, packet).reason, Reason::none);
  return packet;
}

std::uint64_t counted(const Box& box, Reason reason) {
  return box.engine->counters().reasons[static_cast<std::size_t>(reason)];
}

bool told(const Box& box, Reason reason, bool acted) {
  return std::any_of(box.log.verdicts.begin(), box.log.verdicts.end(),
                     [&](const Told& one) { return one.reason == reason && one.acted == acted; });
}

TEST(Whole, E12_E15_a_datagram_in_pieces_leaves_as_one_frame_in_any_order) {
  Box box{measuring("enforce")};
  const auto& counters = box.engine->counters();
  for (auto link : {kFour, kSix}) {
    link.least = 60;
    for (const std::size_t size : {4U, 100U, 1452U - 8U}) {
      const auto whole = build::udp(link, {.payload = numbered(size)});
      auto pieces = build::fragments(whole, std::max(8U, static_cast<std::uint32_t>(size / 24 * 8)));
      std::sort(pieces.begin(), pieces.end());
      do {
        const auto before = counters;
        const auto released = box.wires.released;
        for (std::size_t i = 0; i < pieces.size(); ++i) {
          EXPECT_EQ(counters.held, i);
          const auto left = box.send(pieces[i], kIt);
          box.expect_conserved();
          if (i + 1 < pieces.size()) {
            EXPECT_TRUE(left.empty());
            continue;
          }
          ASSERT_EQ(left.size(), 1u);
          EXPECT_EQ(left[0].to, kOt);
          EXPECT_EQ(left[0].bytes, whole);
        }
        EXPECT_EQ(counters.held, 0u);
        EXPECT_EQ(counters.joined - before.joined, pieces.size());
        EXPECT_EQ(counters.made - before.made, 1u);
        EXPECT_EQ(counters.forwarded - before.forwarded, 1u);
        EXPECT_EQ(box.wires.released - released, pieces.size());
      } while (std::next_permutation(pieces.begin(), pieces.end()));
    }
  }
}

TEST(Whole, E12_what_is_too_large_for_one_frame_leaves_in_pieces_as_large_as_they_came) {
  for (const auto& link : {kFour, kSix}) {
    for (const std::size_t size : {1500U, 5000U, 60000U}) {
      const auto whole = build::udp(link, {.payload = numbered(size)});
      const std::uint32_t step = size > 50000 ? 1480 : 1000;
      auto pieces = build::fragments(whole, step, 0x1234);
      const auto sent = pieces;
      std::shuffle(pieces.begin(), pieces.end(), std::mt19937{7});
      Box box{measuring("enforce")};
      std::vector<Wires::Left> left;
      for (const auto& piece : pieces) {
        EXPECT_TRUE(left.empty());
        left = box.send(piece, kIt);
        box.expect_conserved();
      }
      ASSERT_EQ(left.size(), sent.size());
      for (std::size_t i = 0; i < left.size(); ++i) {
        auto expected = sent[i];
        if (expected.size() < 60) expected.resize(60);
        EXPECT_EQ(left[i].bytes, expected) << i;
        EXPECT_EQ(left[i].to, kOt);
      }
      const auto& counters = box.engine->counters();
      EXPECT_EQ(counters.joined, sent.size());
      EXPECT_EQ(counters.made, sent.size());
      EXPECT_EQ(counters.forwarded, sent.size());
      EXPECT_EQ(counters.held, 0u);
    }
  }
}

TEST(Whole, E13_E14_E18_pieces_that_contradict_each_other_all_end_here) {
  for (const auto& link : {kFour, kSix}) {
    Box box{measuring("enforce")};
    const auto whole = build::udp(link, {.payload = numbered(56)});
    for (const auto& part :
         {build::Part{0, 32}, build::Part{24, 16}, build::Part{40, 24, false}, build::Part{32, 8}}) {
      EXPECT_TRUE(box.send(build::fragment(whole, part), kIt).empty());
      box.expect_conserved();
    }
    const auto& counters = box.engine->counters();
    EXPECT_EQ(counters.held, 0u);
    EXPECT_EQ(counters.dropped, 4u);
    EXPECT_EQ(counted(box, Reason::fragment), 4u);
    EXPECT_TRUE(told(box, Reason::fragment, true));
  }
}

TEST(Whole, E15_E19_a_datagram_with_a_hole_is_dropped_when_its_time_is_over_and_told) {
  for (const auto& link : {kFour, kSix}) {
    Box box{measuring("enforce")};
    const auto pieces = build::fragments(build::udp(link, {.payload = numbered(100)}), 32);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (i == 1) continue;
      EXPECT_TRUE(box.send(pieces[i], kIt).empty());
    }
    EXPECT_EQ(box.engine->counters().held, pieces.size() - 1);
    box.engine->tick(box.now + milliseconds(1900), *box.rules);
    EXPECT_EQ(box.engine->counters().held, pieces.size() - 1);
    EXPECT_TRUE(box.log.verdicts.empty());
    box.engine->tick(box.now + milliseconds(2100), *box.rules);
    EXPECT_EQ(box.engine->counters().held, 0u);
    EXPECT_EQ(counted(box, Reason::fragment), pieces.size() - 1);
    EXPECT_TRUE(told(box, Reason::fragment, true));
    box.expect_conserved();
    // The missing piece alone is nothing.
    box.now = box.now + milliseconds(2200);
    EXPECT_TRUE(box.send(pieces[1], kIt).empty());
    box.engine->drain();
    EXPECT_EQ(box.engine->counters().held, 0u);
    box.expect_conserved();
  }
}

TEST(Whole, E16_a_key_used_again_while_receivers_may_wait_does_not_leave_in_pieces) {
  for (const auto& link : {kFour, kSix}) {
    Box box{measuring("enforce")};
    const auto send = [&](std::size_t size) {
      std::size_t left = 0;
      for (const auto& piece : build::fragments(build::udp(link, {.payload = numbered(size)}), 1000))
        left += box.send(piece, kIt).size();
      box.expect_conserved();
      return left;
    };
    EXPECT_EQ(send(3000), 4u);
    EXPECT_EQ(send(3000), 0u) << "its pieces could meet those of the first";
    EXPECT_EQ(counted(box, Reason::fragment), 4u);
    EXPECT_EQ(send(1200), 1u) << "one frame meets nothing";
    box.now = box.now + seconds(60);
    EXPECT_EQ(send(3000), 4u);
  }
}

TEST(Whole, E12_E55_a_request_in_ip_fragments_is_judged_as_one_that_is_not) {
  for (const std::uint32_t step : {24U, 32U, 40U}) {
    Box box{measuring("enforce")};
    Talk talk{box};
    talk.open();
    const auto put = [&](const Bytes& message) {
      const auto segment = talk.segment(Role::client, talk.next[0], tcp_flag::ack | tcp_flag::psh, message);
      std::vector<Wires::Left> left;
      for (const auto& piece : build::fragments(segment, step)) {
        auto more = talk.put(Role::client, piece);
        left.insert(left.end(), more.begin(), more.end());
      }
      return left;
    };
    const auto allowed = request(3, 5);
    const auto left = put(allowed);
    EXPECT_EQ(payload_to(left, kOt), allowed);
    EXPECT_EQ(left.size(), 1u);
    talk.next[0] += static_cast<std::uint32_t>(allowed.size());
    EXPECT_EQ(box.log.transactions.size(), 1u);

    const auto denied = put(request(6, 500));
    EXPECT_TRUE(payload_to(denied, kOt).empty());
    EXPECT_TRUE(has_reset(denied, kOt));
    EXPECT_TRUE(has_reset(denied, kIt));
    box.expect_conserved();
  }
}

TEST(Whole, E12_a_fragmented_segment_waits_for_the_hole_in_front_of_it) {
  Box box{measuring("enforce")};
  Talk talk{box};
  talk.open();
  const auto first = request(3, 1);
  const auto second = request(3, 2);
  const auto at = talk.next[0];
  const auto later = talk.segment(Role::client, at + 12, tcp_flag::ack, second);
  for (const auto& piece : build::fragments(later, 24)) EXPECT_TRUE(talk.put(Role::client, piece).empty());
  EXPECT_EQ(box.engine->counters().held, 1u);
  const auto left = talk.put(Role::client, talk.segment(Role::client, at, tcp_flag::ack, first));
  auto both = first;
  both.insert(both.end(), second.begin(), second.end());
  EXPECT_EQ(payload_to(left, kOt), both);
  box.expect_conserved();
}

TEST(Whole, E12_a_segment_that_no_stack_would_have_cut_is_refused) {
  Box box{measuring("enforce")};
  Talk talk{box};
  talk.open();
  const auto segment = talk.segment(Role::client, talk.next[0], tcp_flag::ack, Bytes(1600));
  for (const auto& piece : build::fragments(segment, 800)) EXPECT_TRUE(talk.put(Role::client, piece).empty());
  EXPECT_EQ(counted(box, Reason::fragment), 3u);
  box.expect_conserved();
}

TEST(Whole, E24_icmp_in_pieces_is_refused) {
  for (const auto& link : {kFour, kSix}) {
    Box box{measuring("enforce")};
    for (const auto& piece : build::fragments(build::icmp(link, {.payload = Bytes(2000)}), 1000)) {
      EXPECT_TRUE(box.send(piece, kIt).empty());
    }
    EXPECT_EQ(counted(box, Reason::fragment), 3u);
    EXPECT_EQ(box.engine->counters().held, 0u);
  }
}

TEST(Whole, E21_nothing_waits_for_ends_that_no_rule_names) {
  Box box{measuring("enforce")};
  const auto expect = [&](build::Link link, PortId port, Reason reason) {
    const auto before = counted(box, reason);
    for (const auto& piece : build::fragments(build::udp(link, {.payload = Bytes(100)}), 48)) {
      EXPECT_TRUE(box.send(piece, port).empty());
      EXPECT_EQ(box.engine->counters().held, 0u);
    }
    EXPECT_EQ(counted(box, reason), before + 3);
  };
  auto link = kFour;
  link.source = "10.0.1.9";
  expect(link, kIt, Reason::spoofed);
  link.source = "10.0.0.1";
  link.destination = "10.9.9.9";
  expect(link, kIt, Reason::no_policy);
  // An answer comes the other way round, so both ways count.
  std::swap(link.source, link.destination);
  link.source = "10.0.1.2";
  const auto pieces = build::fragments(build::udp(link, {.payload = Bytes(100)}), 64);
  EXPECT_TRUE(box.send(pieces[0], kOt).empty());
  EXPECT_EQ(box.engine->counters().held, 1u);
}

TEST(Whole, E12_an_answer_in_pieces_belongs_to_the_flow_that_asked) {
  Box box{measuring("enforce")};
  EXPECT_EQ(box.send(build::udp(kFour, {.payload = numbered(10)}), kIt).size(), 1u);
  auto link = kFour;
  std::swap(link.source, link.destination);
  std::size_t left = 0;
  const auto answer =
      build::udp(link, {.source_port = 5000, .destination_port = 40000, .payload = numbered(2000)});
  for (const auto& piece : build::fragments(answer, 1480)) left += box.send(piece, kOt).size();
  EXPECT_EQ(left, 2u);
  // Nobody asked from this port.
  link.identification = 9;
  const auto other =
      build::udp(link, {.source_port = 5001, .destination_port = 40000, .payload = numbered(2000)});
  for (const auto& piece : build::fragments(other, 1480, 9)) EXPECT_TRUE(box.send(piece, kOt).empty());
  EXPECT_EQ(counted(box, Reason::no_policy), 1u);
  box.expect_conserved();
}

TEST(Whole, E25_the_checksum_of_the_whole_is_verified) {
  Box box{measuring("enforce")};
  const auto whole = build::udp(kFour, {.payload = numbered(100)});
  auto pieces = build::fragments(whole, 64);
  pieces[1].back() ^= 1;
  for (const auto& piece : pieces) EXPECT_TRUE(box.send(piece, kIt).empty());
  EXPECT_EQ(counted(box, Reason::bad_checksum), 1u);
  box.expect_conserved();
}

TEST(Whole, E21_without_a_buffer_the_datagram_is_dropped_and_counted) {
  for (const std::size_t size : {100U, 3000U}) {
    Box box{measuring("enforce")};
    auto pieces = build::fragments(build::udp(kFour, {.payload = numbered(size)}), size > 1000 ? 1000 : 64);
    const auto last = pieces.back();
    pieces.pop_back();
    for (const auto& piece : pieces) EXPECT_TRUE(box.send(piece, kIt).empty());
    const Frame in = box.wires.copy(last, kIt);
    box.wires.exhausted = true;
    box.engine->burst({&in, 1}, box.now, *box.rules);
    box.wires.exhausted = false;
    EXPECT_GE(counted(box, Reason::memory_full), 1u);
    EXPECT_EQ(box.engine->counters().held, 0u);
    box.expect_conserved();
  }
}

TEST(Whole, E21_a_flood_of_pieces_costs_neither_a_session_nor_an_honest_datagram) {
  EngineOptions options;
  options.limits.fragments = {.datagrams = 256, .bytes = 256U << 10};
  Box box{measuring("enforce"), options};
  Talk talk{box};
  talk.open();
  std::uint32_t identification = 0;
  const auto flood = [&](int count) {
    auto link = kFour;
    link.source = "10.0.0.66";
    const auto whole = build::udp(link, {.payload = numbered(1400)});
    for (int i = 0; i < count; ++i) {
      EXPECT_TRUE(
          box.send(build::fragment(whole, {.offset = 8, .length = 1392, .identification = identification++}),
                   kIt)
              .empty());
    }
  };
  const auto honest = build::fragments(build::udp(kFour, {.payload = numbered(1000)}), 504, 77);
  for (int round = 0; round < 20; ++round) {
    EXPECT_TRUE(box.send(honest[0], kIt).empty());
    flood(500);
    const auto message = request(3, 5);
    EXPECT_EQ(payload_to(talk.say(Role::client, message), kOt), message);
    const auto answer = modbus(1, 1, {3, 2, 0, 7});
    EXPECT_EQ(payload_to(talk.say(Role::server, answer), kIt), answer);
    EXPECT_EQ(box.send(honest[1], kIt).size(), 1u);
    box.expect_conserved();
    box.engine->tick(box.now, *box.rules);
  }
  EXPECT_GT(counted(box, Reason::fragments_full), 9000u);
  EXPECT_TRUE(told(box, Reason::fragments_full, true));
}

TEST(Whole, in_monitor_every_fragment_leaves_as_it_came_and_the_whole_is_looked_into) {
  for (const std::string mode : {"monitor", "learn"}) {
    Box box{measuring(mode)};
    Talk talk{box};
    talk.open();
    const auto segment = talk.segment(Role::client, talk.next[0], tcp_flag::ack, request(6, 500));
    const auto before = box.engine->counters().made;
    for (const auto& piece : build::fragments(segment, 24)) {
      auto with_trailer = piece;
      with_trailer.insert(with_trailer.end(), 9, 0x5a);
      const auto left = talk.put(Role::client, with_trailer);
      ASSERT_EQ(left.size(), 1u);
      EXPECT_EQ(left[0].bytes, with_trailer);
      box.expect_conserved();
    }
    EXPECT_TRUE(told(box, Reason::no_rule, false));
    EXPECT_FALSE(told(box, Reason::fragment, false));
    EXPECT_EQ(box.engine->counters().held, 0u);
    EXPECT_EQ(box.engine->counters().made, before);
    EXPECT_EQ(box.engine->counters().joined, 0u);
    EXPECT_EQ(box.engine->counters().dropped, 0u);
  }
}

TEST(Whole, in_monitor_what_can_not_be_joined_is_told_and_not_inspected) {
  Box box{measuring("monitor")};
  const auto whole = build::udp(kFour, {.payload = numbered(56)});
  for (const auto& part : {build::Part{0, 32}, build::Part{24, 16}, build::Part{40, 24, false}}) {
    const auto frame = build::fragment(whole, part);
    const auto left = box.send(frame, kIt);
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left[0].bytes, frame);
  }
  EXPECT_TRUE(told(box, Reason::fragment, false));
  EXPECT_EQ(box.engine->counters().not_inspected, 3u);
  // So is what is never complete.
  box.log.verdicts.clear();
  EXPECT_EQ(box.send(build::fragment(whole, {0, 32, true, 99}), kIt).size(), 1u);
  box.engine->tick(box.now + seconds(3), *box.rules);
  EXPECT_TRUE(told(box, Reason::fragment, false));
  EXPECT_EQ(box.engine->counters().not_inspected, 4u);
  box.expect_conserved();
}

TEST(Whole, in_a_capture_a_message_in_ip_fragments_is_told_of_the_fragment_that_completes_it) {
  class Places final : public Events {
   public:
    std::vector<void*> handles;
    void verdict(const Event&) noexcept override {}
    void transaction(const Event& event) noexcept override { handles.push_back(event.packet->frame.handle); }
  };
  Wires wires;
  Places places;
  Engine engine{{}, registry(), wires, places};
  Box box{measuring("monitor")};
  Talk talk{box};
  const auto segment = talk.segment(Role::client, 1000, tcp_flag::ack, request(3, 5));
  auto pieces = build::fragments(segment, 24);
  std::reverse(pieces.begin(), pieces.end());
  int numbers[2] = {};
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    auto frame = wires.copy(pieces[i], kIt);
    frame.handle = &numbers[i];
    engine.observe({&frame, 1}, Time{1'000'000'000});
  }
  EXPECT_EQ(places.handles, std::vector<void*>{&numbers[1]});
  EXPECT_EQ(wires.left.size(), 2u);
  EXPECT_EQ(wires.left[0].bytes, pieces[0]);
}

TEST(Whole, a_datagram_that_waits_while_the_mode_changes_is_not_lost_to_monitor_and_not_let_in_by_enforce) {
  const auto whole = build::udp(kFour, {.payload = numbered(100)});
  const auto pieces = build::fragments(whole, 64);
  {
    Box box{measuring("enforce")};
    EXPECT_TRUE(box.send(pieces[0], kIt).empty());
    box.swap(measuring("monitor"));
    EXPECT_EQ(payload_to(box.send(pieces[1], kIt), kOt), numbered(100));
    box.expect_conserved();
  }
  Box box{measuring("monitor")};
  EXPECT_EQ(box.send(pieces[0], kIt).size(), 1u);
  box.swap(measuring("enforce"));
  EXPECT_TRUE(box.send(pieces[1], kIt).empty()) << "the first piece was seen by nobody who could act";
  box.expect_conserved();
}

// Random fragments of many datagrams with few identifications, some of them evil, towards receivers of every
// kind behind a wire that loses frames: whatever any of them joins is one that left, and none is evil.
TEST(Whole, E14_E16_E18_E19_receivers_of_any_kind_join_only_what_was_inspected) {
  std::mt19937 random{14};
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  const auto evil = request(6, 5);  // a decoder recognises it, so the opaque rule does not cover it
  Box box{measuring("enforce")};
  struct Waiting {
    std::vector<Joiner> joiners;
    Time since;
  };
  std::map<std::uint32_t, Waiting> receiver;
  std::map<Bytes, int> inspected;
  std::uint64_t delivered = 0, whole_frames = 0, in_pieces = 0;

  for (int round = 0; round < 6000; ++round) {
    const bool six = below(2) == 0;
    auto link = six ? kSix : kFour;
    const std::uint32_t identification = below(3);
    Bytes payload = numbered(below(3) == 0 ? 1500 + below(1500) : below(200));
    payload.push_back(static_cast<std::uint8_t>(round));
    const bool is_evil = below(4) == 0;
    if (is_evil) payload = evil;
    const auto whole = build::udp(link, {.payload = payload});
    const std::uint32_t step =
        8 * (1 + below(payload.size() > 1000 ? 120 : 8)) + (payload.size() > 1000 ? 400 / 8 * 8 : 0);
    auto pieces = build::fragments(whole, step, identification);
    std::shuffle(pieces.begin(), pieces.end(), random);
    for (std::uint32_t odd = below(3) == 0 ? 1 + below(2) : 0; odd != 0; --odd) {
      // A piece with other bytes, elsewhere, twice, or not at all.
      const auto at = below(static_cast<std::uint32_t>(pieces.size()));
      if (below(2) == 0) {
        pieces.erase(pieces.begin() + at);
      } else {
        const std::uint32_t length = 8 * (1 + below(4));
        Bytes other(length);
        for (auto& byte : other) byte = below(3) == 0 ? static_cast<std::uint8_t>(random()) : std::uint8_t{0};
        pieces.insert(pieces.begin() + at,
                      build::fragment(whole, {8 * below(6), length, below(3) != 0, identification}, other));
      }
      if (pieces.empty()) break;
    }
    for (const auto& piece : pieces) {
      if (piece.size() < 34) continue;
      const auto left = box.send(piece, kIt);
      box.expect_conserved();
      if (left.empty()) continue;
      // All that leaves at once is one datagram, the one that was inspected.
      Joiner all{Joins::first};
      for (auto one : left) {
        const auto packet = packet_of(one.bytes);
        if (packet.fragment != 0) {
          all.take(packet);
        } else {
          ASSERT_EQ(left.size(), 1u);
          all.take(0,
                   packet.frame.bytes().subspan(packet.transport_offset,
                                                packet.network_end - packet.transport_offset),
                   false);
        }
      }
      ASSERT_TRUE(all.whole());
      ++inspected[*all.whole()];
      ASSERT_FALSE(all.whole()->size() == 8 + evil.size() &&
                   std::equal(evil.begin(), evil.end(), all.whole()->begin() + 8));
      if (left.size() == 1) ++whole_frames;
      if (left.size() > 1) ++in_pieces;
      for (auto one : left) {
        if (below(5) == 0) continue;  // lost behind the box
        const auto packet = packet_of(one.bytes);
        if (packet.fragment == 0) continue;
        auto& waiting = receiver[packet.piece.identification | (six ? 1U << 31U : 0U)];
        if (waiting.joiners.empty() || box.now - waiting.since > seconds(55)) {
          waiting.joiners.clear();
          for (const auto joins : kJoins) waiting.joiners.emplace_back(joins);
          waiting.since = box.now;
        }
        bool done = false;
        for (auto& joiner : waiting.joiners) {
          joiner.take(packet);
          const auto got = joiner.whole();
          if (!got) continue;
          done = true;
          ++delivered;
          ASSERT_EQ(inspected.count(*got), 1u) << "a datagram that nobody inspected";
        }
        if (done) waiting.joiners.clear();
      }
    }
    box.now = box.now + milliseconds(below(4) == 0 ? 2500 : 50);
    if (below(40) == 0) box.now = box.now + seconds(61);
    box.engine->tick(box.now, *box.rules);
  }
  EXPECT_GT(whole_frames, 300u);
  EXPECT_GT(in_pieces, 30u);
  EXPECT_GT(delivered, 30u);
  EXPECT_GT(counted(box, Reason::fragment), 1000u);
  EXPECT_GT(counted(box, Reason::wrong_protocol), 50u);
}

}  // namespace
}  // namespace sluice::test
