// Timestamps (RFC 7323): what is dropped for them, what must not be, and what a frame that waited leaves
// with.

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "dataplane/packet/builder.hpp"
#include "dataplane/stream/conversation.hpp"
#include "dataplane/stream/sequence.hpp"

namespace sluice {
namespace {

using namespace testing;
using Act = Step::Act;

constexpr std::uint32_t kC = 1000;
constexpr std::uint32_t kS = 5000;

struct Stamped {
  Segment segment;
  std::uint32_t value = 0;  // TSval
  std::uint32_t echo = 0;   // TSecr
};

Packet packet_of(Conversation& talk, const Stamped& stamped) {
  Packet packet = talk.packet(stamped.segment);
  packet.tcp.has_timestamp = 1;
  packet.tcp.timestamp = stamped.value;
  packet.tcp.echo = stamped.echo;
  return packet;
}
Step send(Conversation& talk, const Stamped& stamped) {
  return talk.send(stamped.segment.direction, packet_of(talk, stamped));
}

// The client's clock is at `client`, the server's at `server`.
void open(Conversation& talk, std::uint32_t client, std::uint32_t server) {
  send(talk, {{kClient, kSyn, kC, 0}, client, 0});
  send(talk, {{kServer, kSynAck, kS, kC + 1}, server, client});
  send(talk, {{kClient, kAck, kC + 1, kS + 1}, client, server});
}

TEST(Timestamps, E41_what_is_older_than_the_receiver_goes_by_is_dropped_and_one_that_is_as_old_passes) {
  for (const std::uint32_t clock : {100U, 0xffff'fff8U, 0x7fff'fffcU}) {
    Conversation talk;
    open(talk, clock, 7);
    EXPECT_EQ(send(talk, {{kClient, kPush, kC + 1, kS + 1, "abcd"}, clock + 10, 7}).fresh, 4U);
    talk.take(kClient);
    EXPECT_EQ(send(talk, {{kClient, kPush, kC + 5, kS + 1, "early"}, clock + 9, 7}).fresh, 5U)
        << "the receiver has not said that it goes by the newer one";
    EXPECT_EQ(send(talk, {{kServer, kAck, kS + 1, kC + 10}, 8, clock + 10}).act, Act::forward);
    talk.take(kClient);

    const Segment next{kClient, kPush, kC + 10, kS + 1, "next"};
    for (const std::uint32_t old : {clock + 9, clock, clock - 0x7000'0000U}) {
      const Step step = send(talk, {next, old, 8});
      EXPECT_EQ(step.act, Act::drop);
      EXPECT_EQ(step.reason, Reason::bad_timestamp);
    }
    EXPECT_EQ(talk.send(next).reason, Reason::bad_timestamp) << "left out";
    EXPECT_EQ(talk.send({kClient, kAck, kC + 10, kS + 1}).reason, Reason::bad_timestamp)
        << "an empty one too";
    EXPECT_EQ(send(talk, {next, clock + 10, 8}).fresh, 4U) << "off by none";
    EXPECT_EQ(talk.take(kClient), "next");
  }
}

TEST(Timestamps, E41_a_dropped_one_changes_nothing) {
  Conversation talk;
  open(talk, 100, 7);
  send(talk, {{kServer, kAck, kS + 1, kC + 1}, 8, 100});
  EXPECT_EQ(send(talk, {{kClient, kPush, kC + 1, kS + 1, "evil"}, 99, 8}).reason, Reason::bad_timestamp);
  EXPECT_EQ(talk.pending(kClient), "");
  EXPECT_EQ(send(talk, {{kClient, kPush, kC + 1, kS + 1, "good"}, 100, 8}).fresh, 4U);
  EXPECT_EQ(talk.pending(kClient), "good");
}

TEST(Timestamps, E41_a_reset_needs_none) {
  Conversation talk;
  open(talk, 100, 7);
  EXPECT_TRUE(talk.send({kServer, kRst, kS + 1, 0}).closed);
}

TEST(Timestamps, E41_are_not_judged_where_one_end_did_not_offer_them_or_no_handshake_was_seen) {
  Conversation one;
  send(one, {{kClient, kSyn, kC, 0}, 100, 0});
  one.send({kServer, kSynAck, kS, kC + 1});
  one.send({kClient, kAck, kC + 1, kS + 1});
  EXPECT_EQ(one.send({kClient, kPush, kC + 1, kS + 1, "abc"}).fresh, 3U);

  Conversation middle;
  send(middle, {{kClient, kPush, kC + 1, kS + 1, "abc"}, 100, 7});
  send(middle, {{kServer, kAck, kS + 1, kC + 4}, 8, 100});
  EXPECT_EQ(send(middle, {{kClient, kPush, kC + 4, kS + 1, "old"}, 9, 7}).fresh, 3U);
  EXPECT_EQ(middle.send({kClient, kPush, kC + 7, kS + 1, "none"}).fresh, 4U);

  // A SYN that was repeated without the option: it is not known which of them arrived.
  Conversation again;
  send(again, {{kClient, kSyn, kC, 0}, 100, 0});
  again.send({kClient, kSyn, kC, 0});
  send(again, {{kServer, kSynAck, kS, kC + 1}, 7, 100});
  EXPECT_TRUE(again.send({kClient, kAck, kC + 1, kS + 1}).opened);
}

TEST(Timestamps, E41_an_echo_of_what_was_never_sent_says_nothing) {
  Conversation talk;
  open(talk, 100, 7);
  send(talk, {{kServer, kAck, kS + 1, kC + 1}, 8, 5000});
  EXPECT_EQ(send(talk, {{kClient, kPush, kC + 1, kS + 1, "abc"}, 101, 8}).fresh, 3U);
}

TEST(Timestamps, E41_an_echo_older_than_24_days_counts_no_more_and_until_then_it_does) {
  for (const bool later : {false, true}) {
    Conversation talk;
    open(talk, 100, 7);
    send(talk, {{kServer, kAck, kS + 1, kC + 1}, 8, 100});
    talk.now = talk.now + seconds(24ULL * 24 * 3600 - (later ? 0 : 1));
    const Step step = send(talk, {{kClient, kPush, kC + 1, kS + 1, "abc"}, 99, 8});
    EXPECT_EQ(step.reason, later ? Reason::none : Reason::bad_timestamp);
  }
}

TEST(Timestamps, E41_observing_an_old_segment_is_told_and_read_but_hides_nothing) {
  Conversation talk{Tracking::observe};
  open(talk, 100, 7);
  send(talk, {{kServer, kAck, kS + 1, kC + 1}, 8, 100});
  const Step old = send(talk, {{kClient, kPush, kC + 1, kS + 1, "evil"}, 99, 8});
  EXPECT_EQ(old.act, Act::forward);
  EXPECT_EQ(old.reason, Reason::bad_timestamp);
  talk.take(kClient);
  const Step good = send(talk, {{kClient, kPush, kC + 1, kS + 1, "good"}, 100, 8});
  EXPECT_EQ(good.fresh, 4U);
  EXPECT_EQ(talk.take(kClient), "good");
}

// Frames of real bytes, since these are edited.
build::Bytes frame(std::uint32_t sequence, const std::string& data, std::uint32_t value, std::uint32_t echo,
                   std::uint32_t nops) {
  build::Segment segment;
  segment.sequence = sequence;
  segment.acknowledgement = kS + 1;
  segment.options.assign(nops, 1);
  segment.options.insert(segment.options.end(), {8, 10});
  for (const std::uint32_t number : {value, echo}) {
    for (const int shift : {24, 16, 8, 0})
      segment.options.push_back(static_cast<std::uint8_t>(number >> static_cast<unsigned>(shift)));
  }
  segment.payload = build::bytes(data);
  return build::tcp({}, segment);
}

TEST(Timestamps, a_frame_that_waited_leaves_no_older_than_what_passed_meanwhile) {
  for (const std::uint32_t nops : {0U, 1U, 2U, 5U}) {
    Conversation talk;
    open(talk, 100, 7);
    const auto parsed = [](build::Bytes& bytes) {
      Packet packet;
      EXPECT_EQ(parse(build::frame_over(bytes), Checksums::verify, packet).reason, Reason::none);
      return packet;
    };
    auto beyond = frame(kC + 4, "def", 105, 7, nops);
    EXPECT_EQ(talk.send(kClient, parsed(beyond)).act, Act::hold);
    auto fills = frame(kC + 1, "abc", 300, 7, nops);
    EXPECT_EQ(talk.send(kClient, parsed(fills)).fresh, 3U);
    talk.take(kClient);
    Packet packet;
    ASSERT_TRUE(talk.stream.next_held(kClient, talk.pools, packet));
    EXPECT_TRUE(talk.stream.restamp(kClient, packet));
    EXPECT_FALSE(talk.stream.restamp(kClient, packet)) << "once";
    EXPECT_EQ(talk.send(kClient, packet).fresh, 3U);
    EXPECT_EQ(parsed(beyond).tcp.timestamp, 300U);
    EXPECT_EQ(parsed(beyond).tcp.echo, 7U);
    EXPECT_EQ(talk.take(kClient), "def");
  }
}

// An end as RFC 7323 wants it: it goes by TS.Recent, and it sends what its clock says.
struct End {
  std::uint32_t first = 0;  // number of its first byte
  std::uint32_t sent = 0;   // offsets
  std::uint32_t acked = 0;
  std::uint32_t received = 0;  // what the other end sent, in order
  std::uint32_t last_ack_sent = 0;
  std::uint32_t recent = 0;  // TS.Recent
  std::deque<Stamped> to_stream;
  std::deque<Stamped> to_peer;
};

TEST(Timestamps, E41_honest_ends_never_lose_to_them_what_the_receiver_would_have_taken) {
  std::uint64_t dropped = 0;
  std::uint64_t arrived = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random{seed};
    const auto below = [&random](std::uint32_t limit) {
      return static_cast<std::uint32_t>(random() % limit);
    };
    Conversation talk;
    std::uint32_t clock = 0U - below(3000);
    open(talk, clock, clock);
    End ends[2];
    ends[0].first = kC + 1;
    ends[1].first = kS + 1;
    ends[0].recent = ends[1].recent = clock;
    const auto take = [&](std::uint32_t i, const Stamped& stamped) {  // arrives at end i
      End& me = ends[i];
      const auto& segment = stamped.segment;
      const auto offset = segment.sequence - ends[1 - i].first;
      if (before(stamped.value, me.recent)) return false;               // R1
      if (!after(offset, me.last_ack_sent)) me.recent = stamped.value;  // R3
      if (!after(offset, me.received))
        me.received = std::max(me.received, offset + static_cast<std::uint32_t>(segment.data.size()));
      me.acked = later(me.acked, segment.acknowledgement - me.first);
      return true;
    };
    for (int step = 0; step < 1500; ++step) {
      clock += below(3) == 0 ? below(3) : 0;
      const std::uint32_t i = below(2);
      End& me = ends[i];
      const auto pick = [&](std::deque<Stamped>& queue) {
        const auto at = below(3) == 0 ? below(static_cast<std::uint32_t>(queue.size())) : 0U;
        const Stamped stamped = queue[at];
        queue.erase(queue.begin() + at);
        return stamped;
      };
      switch (below(3)) {
        case 0: {
          const bool again = me.sent > me.acked && below(2) == 0;
          const std::uint32_t from = again ? me.acked + below(me.sent - me.acked) : me.sent;
          const std::uint32_t length = below(3) == 0 || me.sent - me.acked > 200 ? 0 : 1 + below(20);
          if (from + length > me.sent) me.sent = from + length;
          me.last_ack_sent = me.received;
          const Direction direction = i == 0 ? kClient : kServer;
          Stamped stamped{
              {direction, kAck, me.first + from, ends[1 - i].first + me.received, std::string(length, 'x')},
              clock,
              me.recent};
          if (below(8) != 0) me.to_stream.push_back(stamped);
          break;
        }
        case 1: {
          if (me.to_stream.empty()) break;
          const auto pass = [&](Packet packet, const Stamped& stamped) {
            const Step done = talk.send(stamped.segment.direction, packet);
            if (done.reason == Reason::bad_timestamp) {
              ++dropped;
              EXPECT_TRUE(before(packet.tcp.timestamp, ends[1 - i].recent)) << "it would have been taken";
            }
            if (done.act != Act::forward && done.act != Act::empty) return;
            talk.take(stamped.segment.direction);
            Stamped out = stamped;
            out.value = packet.tcp.timestamp;
            if (done.act == Act::empty) out.segment.data.clear();
            if (below(8) != 0) me.to_peer.push_back(out);
          };
          const Stamped stamped = pick(me.to_stream);
          pass(packet_of(talk, stamped), stamped);
          Packet packet;
          const Direction direction = stamped.segment.direction;
          while (talk.stream.next_held(direction, talk.pools, packet)) {
            // As restamp() does, for packets that are no frames.
            if (before(packet.tcp.timestamp, me.to_peer.empty() ? stamped.value : me.to_peer.back().value))
              packet.tcp.timestamp = later(packet.tcp.timestamp, stamped.value);
            pass(packet, {{direction, packet.tcp.flags, packet.tcp.sequence, packet.tcp.acknowledgement,
                           std::string{text_of(packet.payload())}},
                          packet.tcp.timestamp,
                          packet.tcp.echo});
          }
          break;
        }
        default:
          if (!me.to_peer.empty()) arrived += take(1 - i, pick(me.to_peer)) ? 1U : 0U;
      }
    }
  }
  EXPECT_GT(arrived, 50'000U);
  EXPECT_GT(dropped, 10U) << "old duplicates are there";
}

}  // namespace
}  // namespace sluice
