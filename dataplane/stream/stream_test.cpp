#include "dataplane/stream/stream.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dataplane/stream/conversation.hpp"

namespace sluice {
namespace {

using namespace testing;
using Act = Step::Act;

constexpr std::uint32_t kC = 1000;  // the client's initial sequence number
constexpr std::uint32_t kS = 5000;  // the server's

struct Row {
  const char* name;
  Segment segment;
  Act act = Act::forward;
  Reason reason = Reason::none;
  std::uint32_t fresh = 0;
};

// Each row on a conversation that has seen the same: a table reads as "after this, that".
template <class Prepare>
void expect_each(const std::vector<Row>& rows, Prepare prepare, Tracking tracking = Tracking::enforce) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Conversation talk{tracking};
    prepare(talk);
    const Step step = talk.send(row.segment);
    EXPECT_EQ(step.act, row.act);
    EXPECT_EQ(name_of(step.reason), name_of(row.reason));
    EXPECT_EQ(step.fresh, row.fresh);
    EXPECT_EQ(talk.held.taken(), row.act == Act::hold ? 1U : 0U);
  }
}

constexpr auto nothing = [](Conversation&) {};
constexpr auto opened = [](Conversation& talk) { talk.open(kC, kS); };
// The client has sent "0123456789", all judged; the server has acknowledged the first four.
constexpr auto sent_ten = [](Conversation& talk) {
  talk.open(kC, kS, 1000);
  talk.send({kClient, kPush, kC + 1, kS + 1, "0123456789"});
  talk.take(kClient);
  talk.send({kServer, kAck, kS + 1, kC + 5, "", 1000});
};

TEST(Stream, E28_E36_flags_that_no_stack_sends_together_are_dropped_and_so_is_data_without_ack) {
  using namespace tcp_flag;
  std::vector<Row> rows;
  for (unsigned flags = 0; flags < 256; ++flags) {
    const auto f = static_cast<std::uint8_t>(flags & ~std::uint32_t{ece | cwr | psh});
    const bool good =
        f == syn || f == (syn | ack) || f == ack || f == (ack | fin) || f == rst || f == (rst | ack);
    if (!good) {
      rows.push_back({"flags",
                      {kClient, static_cast<std::uint8_t>(flags), kC + 1, kS + 1},
                      Act::drop,
                      Reason::bad_flags});
    }
  }
  EXPECT_EQ(rows.size(), 256U - 6 * 8);
  expect_each(rows, opened);
}

TEST(Stream, E28_reserved_bits_are_dropped) {
  Conversation talk;
  talk.open(kC, kS);
  Packet packet = talk.packet({kClient, kAck, kC + 1, kS + 1});
  packet.tcp.reserved = 4;
  EXPECT_EQ(talk.send(kClient, packet).reason, Reason::bad_flags);
}

TEST(Stream, a_handshake_opens_with_its_third_segment) {
  Conversation talk;
  EXPECT_EQ(talk.send({kServer, kSyn, kS, 0}).act, Act::forward);
  EXPECT_EQ(talk.stream.phase(), StreamPhase::syn_seen);
  EXPECT_EQ(talk.stream.opener(), kServer);
  EXPECT_EQ(talk.send({kClient, kSynAck, kC, kS + 1}).act, Act::forward);
  EXPECT_EQ(talk.stream.phase(), StreamPhase::syn_ack_seen);
  const Step step = talk.send({kServer, kAck, kS + 1, kC + 1});
  EXPECT_TRUE(step.opened);
  EXPECT_EQ(talk.stream.phase(), StreamPhase::established);
  EXPECT_FALSE(talk.stream.midstream());
  EXPECT_EQ(talk.bytes.taken(), 0U);
}

TEST(Stream, the_third_segment_may_carry_data) {
  Conversation talk;
  talk.send({kClient, kSyn, kC, 0});
  talk.send({kServer, kSynAck, kS, kC + 1});
  const Step step = talk.send({kClient, kPush, kC + 1, kS + 1, "hello"});
  EXPECT_TRUE(step.opened);
  EXPECT_EQ(step.fresh, 5U);
  EXPECT_EQ(talk.pending(kClient), "hello");
}

TEST(Stream, E29_E30_before_the_first_segment_only_a_clean_syn_or_a_segment_of_midstream_begins) {
  expect_each(
      {
          {"syn", {kClient, kSyn, kC, 0}},
          {"data on a syn", {kClient, kSyn, kC, 0, "x"}, Act::drop, Reason::bad_flags},
          {"answer to no syn", {kServer, kSynAck, kS, kC + 1}, Act::drop, Reason::handshake},
          {"reset of nothing", {kClient, kRst, kC, 0}, Act::drop, Reason::bad_reset},
          {"midstream", {kClient, kPush, kC, kS, "abc"}, Act::forward, Reason::none, 3},
      },
      nothing);
}

TEST(Stream, E31_E32_E33_after_a_syn_only_its_repetition_its_answer_or_an_exact_reset_passes) {
  expect_each(
      {
          {"the same again", {kClient, kSyn, kC, 0}},
          {"another initial number", {kClient, kSyn, kC + 1, 0}, Act::drop, Reason::handshake},
          {"simultaneous open", {kServer, kSyn, kS, 0}, Act::drop, Reason::handshake},
          {"the answer", {kServer, kSynAck, kS, kC + 1}},
          {"an answer to another syn", {kServer, kSynAck, kS, kC + 2}, Act::drop, Reason::handshake},
          {"an answer off by one", {kServer, kSynAck, kS, kC}, Act::drop, Reason::handshake},
          {"an answer by the client itself", {kClient, kSynAck, kC, kC + 1}, Act::drop, Reason::handshake},
          {"data by the client", {kClient, kPush, kC + 1, 0, "x"}, Act::drop, Reason::handshake},
          {"data by the server", {kServer, kPush, kS, kC + 1, "x"}, Act::drop, Reason::handshake},
          {"refused", {kServer, kRst | kAck, 0, kC + 1}},
          {"refused without a number", {kServer, kRst, 0, 0}, Act::drop, Reason::bad_reset},
          {"refused with a wrong number", {kServer, kRst | kAck, 0, kC}, Act::drop, Reason::bad_reset},
          {"given up", {kClient, kRst, kC + 1, 0}},
          {"given up at a wrong number", {kClient, kRst, kC, 0}, Act::drop, Reason::bad_reset},
      },
      [](Conversation& talk) {
        talk.send({kClient, kSyn, kC, 0});
      });
}

TEST(Stream, E31_E33_E40_after_the_answer_only_what_completes_or_repeats_the_handshake_passes) {
  expect_each(
      {
          {"the third", {kClient, kAck, kC + 1, kS + 1}},
          {"the third with data", {kClient, kPush, kC + 1, kS + 1, "abc"}, Act::forward, Reason::none, 3},
          {"data that overtook it", {kClient, kPush, kC + 3, kS + 1, "abc"}, Act::hold},
          {"acknowledging one too few", {kClient, kAck, kC + 1, kS}, Act::drop, Reason::handshake},
          {"acknowledging one too many", {kClient, kAck, kC + 1, kS + 2}, Act::drop, Reason::handshake},
          {"the syn again", {kClient, kSyn, kC, 0}},
          {"another syn", {kClient, kSyn, kC + 9, 0}, Act::challenge, Reason::handshake},
          {"the answer again", {kServer, kSynAck, kS, kC + 1}},
          {"another answer", {kServer, kSynAck, kS + 1, kC + 1}, Act::drop, Reason::handshake},
          {"data by the server", {kServer, kPush, kS + 1, kC + 1, "x"}, Act::drop, Reason::handshake},
          {"the client knows of nothing", {kClient, kRst, kC + 1, 0}},
      },
      [](Conversation& talk) {
        talk.send({kClient, kSyn, kC, 0});
        talk.send({kServer, kSynAck, kS, kC + 1});
      });
}

TEST(Stream, E38_E39_E40_in_an_open_connection_each_segment_is_in_order_waits_or_goes) {
  expect_each(
      {
          {"next", {kClient, kPush, kC + 11, kS + 1, "abc"}, Act::forward, Reason::none, 3},
          {"beyond a hole", {kClient, kPush, kC + 12, kS + 1, "abc"}, Act::hold},
          {"a fin beyond a hole", {kClient, kFin, kC + 12, kS + 1, ""}, Act::hold},
          {"the same, not yet acknowledged", {kClient, kPush, kC + 5, kS + 1, "456789"}},
          {"partly acknowledged", {kClient, kPush, kC + 1, kS + 1, "0123456789"}},
          {"other bytes", {kClient, kPush, kC + 5, kS + 1, "45678X"}, Act::drop, Reason::conflict},
          {"other bytes below the acknowledgement only", {kClient, kPush, kC + 1, kS + 1, "XXXX456789"}},
          {"old and new", {kClient, kPush, kC + 9, kS + 1, "89ab"}, Act::forward, Reason::none, 2},
          {"other old and new", {kClient, kPush, kC + 9, kS + 1, "8Xab"}, Act::drop, Reason::conflict},
          {"acknowledged before", {kClient, kPush, kC + 1, kS + 1, "0123"}, Act::empty},
          {"acknowledged before, other bytes", {kClient, kPush, kC + 1, kS + 1, "XXXX"}, Act::empty},
          {"below the start", {kClient, kPush, kC - 1, kS + 1, "XXXX"}, Act::drop, Reason::bad_sequence},
          {"below the start, empty", {kClient, kAck, kC - 1, kS + 1, ""}, Act::drop, Reason::bad_sequence},
          {"up to the window",
           {kClient, kPush, kC + 11, kS + 1, std::string(994, 'w')},
           Act::forward,
           Reason::none,
           994},
          {"beyond the window",
           {kClient, kPush, kC + 11, kS + 1, std::string(995, 'w')},
           Act::drop,
           Reason::bad_sequence},
          {"far beyond", {kClient, kPush, kC + 0x4000'0000, kS + 1, "x"}, Act::drop, Reason::bad_sequence},
          {"an empty one far beyond",
           {kClient, kAck, kC + 0x4000'0000, kS + 1, ""},
           Act::drop,
           Reason::bad_sequence},
          {"acknowledging what was never sent",
           {kClient, kPush, kC + 11, kS + 2, "a"},
           Act::drop,
           Reason::bad_sequence},
          {"acknowledging less than the handshake",
           {kClient, kPush, kC + 11, kS, "a"},
           Act::drop,
           Reason::bad_sequence},
          {"without acknowledgement",
           {kClient, tcp_flag::psh, kC + 11, 0, "a"},
           Act::drop,
           Reason::bad_flags},
          {"a syn", {kClient, kSyn, kC + 11, 0}, Act::challenge, Reason::handshake},
          {"the old syn", {kClient, kSyn, kC, 0}, Act::challenge, Reason::handshake},
          {"a syn of the server", {kServer, kSyn, kS, 0}, Act::challenge, Reason::handshake},
          {"the handshake's answer again", {kServer, kSynAck, kS, kC + 1}},
          {"another answer", {kServer, kSynAck, kS, kC + 2}, Act::drop, Reason::handshake},
          {"a fin with a number inside",
           {kClient, kFin, kC + 8, kS + 1, ""},
           Act::drop,
           Reason::bad_sequence},
          {"a fin", {kClient, kFin, kC + 11, kS + 1, ""}},
          {"the last bytes again, now with a fin", {kClient, kFin, kC + 9, kS + 1, "89"}},
      },
      sent_ten);
}

TEST(Stream, E34_a_reset_passes_only_exactly_in_sequence) {
  expect_each(
      {
          {"behind the last byte", {kClient, kRst, kC + 11, 0}},
          {"at the last acknowledgement", {kClient, kRst, kC + 5, 0}},
          {"between", {kClient, kRst, kC + 8, 0}, Act::drop, Reason::bad_reset},
          {"in the window", {kClient, kRst, kC + 12, 0}, Act::drop, Reason::bad_reset},
          {"out of the window", {kClient, kRst, kC + 100'000, 0}, Act::drop, Reason::bad_reset},
          {"acknowledging too much", {kClient, kRst | kAck, kC + 11, kS + 2}, Act::drop, Reason::bad_reset},
          {"with text", {kClient, kRst | kAck, kC + 11, kS + 1, "bye"}, Act::empty},
          {"of the server", {kServer, kRst | kAck, kS + 1, kC + 11}},
          {"of the server, off by one", {kServer, kRst, kS + 2, 0}, Act::drop, Reason::bad_reset},
      },
      sent_ten);
  Conversation talk;
  sent_ten(talk);
  talk.send({kClient, kRst, kC + 12, 0});
  EXPECT_EQ(talk.stream.phase(), StreamPhase::established);
  EXPECT_TRUE(talk.send({kClient, kRst, kC + 11, 0}).closed);
  EXPECT_EQ(talk.stream.phase(), StreamPhase::closed);
  EXPECT_EQ(talk.send({kServer, kPush, kS + 1, kC + 11, "x"}).reason, Reason::bad_sequence);
  EXPECT_EQ(talk.send({kClient, kRst, kC + 11, 0}).act, Act::forward);
}

TEST(Stream, E38_keepalives_pass_without_payload) {
  expect_each(
      {
          {"without a byte", {kClient, kAck, kC + 10, kS + 1, ""}},
          {"with a byte of garbage", {kClient, kAck, kC + 10, kS + 1, "G"}, Act::empty},
          {"of the server, right after the handshake", {kServer, kAck, kS, kC + 11, "G"}, Act::empty},
      },
      [](Conversation& talk) {
        sent_ten(talk);
        talk.send({kServer, kAck, kS + 1, kC + 11});
      });
}

TEST(Stream, E44_one_byte_may_ask_whether_a_closed_window_is_still_closed) {
  const auto closed_window = [](Conversation& talk) {
    sent_ten(talk);
    talk.send({kClient, kPush, kC + 11, kS + 1, std::string(994, 'w')});
    talk.take(kClient);
    talk.send({kServer, kAck, kS + 1, kC + 1005, "", 0});
  };
  expect_each(
      {
          {"one byte", {kClient, kAck, kC + 1005, kS + 1, "p"}, Act::forward, Reason::none, 1},
          {"two bytes", {kClient, kAck, kC + 1005, kS + 1, "pq"}, Act::drop, Reason::bad_sequence},
      },
      closed_window);
  Conversation talk;
  closed_window(talk);
  talk.send({kClient, kAck, kC + 1005, kS + 1, "p"});
  talk.take(kClient);
  EXPECT_EQ(talk.send({kClient, kAck, kC + 1005, kS + 1, "q"}).reason, Reason::conflict);
  talk.send({kServer, kAck, kS + 1, kC + 1005, "", 100});
  EXPECT_EQ(talk.send({kClient, kPush, kC + 1005, kS + 1, "pqr"}).fresh, 2U);
}

TEST(Stream, E44_windows_are_scaled_only_when_both_ends_offered_it) {
  const Segment far{kClient, kPush, kC + 1 + 1000, kS + 1, "x", 1000};
  for (const auto& [client, server, act] :
       std::vector<std::tuple<std::uint8_t, std::uint8_t, Act>>{{2, 2, Act::hold},
                                                                {0xff, 2, Act::drop},
                                                                {2, 0xff, Act::drop},
                                                                {2, 0, Act::drop},
                                                                {2, 200, Act::hold}}) {
    Conversation talk;
    talk.send({kClient, kSyn, kC, 0, "", 1000, client});
    talk.send({kServer, kSynAck, kS, kC + 1, "", 1000, server});
    talk.send({kClient, kAck, kC + 1, kS + 1, "", 1000});
    talk.send({kServer, kAck, kS + 1, kC + 1, "", 1000});
    EXPECT_EQ(talk.send(far).act, act) << int{client} << " " << int{server};
  }
  // The window in a SYN itself is not scaled.
  Conversation talk;
  talk.open(kC, kS, 1000, 7);
  EXPECT_EQ(talk.send(far).act, Act::drop);
}

TEST(Stream, E35_after_a_fin_nothing_new_is_sent) {
  const auto finished = [](Conversation& talk) {
    sent_ten(talk);
    EXPECT_EQ(talk.send({kClient, kFin, kC + 11, kS + 1, "ab"}).fresh, 2U);
    EXPECT_EQ(talk.take(kClient), "ab");
    EXPECT_EQ(talk.stream.phase(), StreamPhase::closing);
  };
  expect_each(
      {
          {"the fin again", {kClient, kFin, kC + 11, kS + 1, "ab"}},
          {"other bytes", {kClient, kFin, kC + 11, kS + 1, "aX"}, Act::drop, Reason::conflict},
          {"more bytes", {kClient, kPush, kC + 11, kS + 1, "abc"}, Act::drop, Reason::bad_sequence},
          {"bytes in place of the fin",
           {kClient, kPush, kC + 13, kS + 1, "c"},
           Act::drop,
           Reason::bad_sequence},
          {"bytes behind the fin", {kClient, kPush, kC + 14, kS + 1, "c"}, Act::drop, Reason::bad_sequence},
          {"a fin elsewhere", {kClient, kFin, kC + 11, kS + 1, "a"}, Act::drop, Reason::bad_sequence},
          {"an acknowledgement", {kClient, kAck, kC + 14, kS + 1, ""}},
          {"the other end still sends",
           {kServer, kPush, kS + 1, kC + 14, "yes"},
           Act::forward,
           Reason::none,
           3},
      },
      finished);
}

TEST(Stream, E48_closes_when_both_ends_have_finished_and_been_acknowledged_and_then_a_syn_begins_anew) {
  Conversation talk;
  sent_ten(talk);
  talk.send({kClient, kFin, kC + 11, kS + 1, ""});
  EXPECT_FALSE(talk.send({kClient, kSyn, kC + 50'000, 0}).restart);
  EXPECT_FALSE(talk.send({kServer, kFin, kS + 1, kC + 12, ""}).closed);
  const Step last = talk.send({kClient, kAck, kC + 12, kS + 2, ""});
  EXPECT_TRUE(last.closed);
  EXPECT_EQ(talk.stream.phase(), StreamPhase::closed);
  EXPECT_EQ(talk.bytes.taken(), 0U);
  EXPECT_EQ(talk.send({kServer, kFin, kS + 1, kC + 12, ""}).act, Act::forward) << "the last was lost";
  EXPECT_FALSE(talk.send({kClient, kAck, kC + 12, kS + 2, ""}).closed) << "said once";
  const Step again = talk.send({kServer, kSyn, 77, 0});
  EXPECT_TRUE(again.restart);
  EXPECT_EQ(again.act, Act::drop);
}

TEST(Stream, held_frames_come_out_in_order_when_the_hole_fills) {
  Conversation talk;
  talk.open(kC, kS);
  talk.now = Time{100};
  EXPECT_EQ(talk.send({kClient, kPush, kC + 7, kS + 1, "ghi"}).act, Act::hold);
  talk.now = Time{200};
  EXPECT_EQ(talk.send({kClient, kPush, kC + 4, kS + 1, "def"}).act, Act::hold);
  talk.now = Time{300};
  EXPECT_EQ(talk.send({kClient, kPush, kC + 20, kS + 1, "xyz"}).act, Act::hold);
  EXPECT_EQ(talk.stream.held(), 3U);
  EXPECT_EQ(talk.stream.held_since(), Time{100});
  Packet packet;
  EXPECT_FALSE(talk.stream.next_held(kClient, talk.pools, packet));
  EXPECT_FALSE(talk.stream.next_held(kServer, talk.pools, packet));

  EXPECT_EQ(talk.send({kClient, kPush, kC + 1, kS + 1, "abc"}).act, Act::forward);
  std::string all = talk.take(kClient);
  while (talk.stream.next_held(kClient, talk.pools, packet)) {
    EXPECT_EQ(talk.send(kClient, packet).act, Act::forward);
    all += talk.take(kClient);
  }
  EXPECT_EQ(all, "abcdefghi");
  EXPECT_EQ(talk.stream.held(), 1U);
  EXPECT_EQ(talk.stream.held_since(), Time{300});
  EXPECT_TRUE(talk.stream.take_held(talk.pools, packet));
  EXPECT_EQ(packet.tcp.sequence, kC + 20);
  EXPECT_FALSE(talk.stream.take_held(talk.pools, packet));
  EXPECT_EQ(talk.stream.held_since(), Time{});
  EXPECT_EQ(talk.held.taken(), 0U);
}

TEST(Stream, E45_holds_no_more_than_its_share_and_no_more_than_there_is) {
  Conversation few{Tracking::enforce, 64, 2};
  few.open(kC, kS);
  EXPECT_EQ(few.send({kClient, kPush, kC + 7, kS + 1, "ghi"}).act, Act::hold);
  EXPECT_EQ(few.send({kServer, kPush, kS + 7, kC + 1, "ghi"}).act, Act::hold);
  const Step over = few.send({kClient, kPush, kC + 9, kS + 1, "ghi"});
  EXPECT_EQ(over.act, Act::drop);
  EXPECT_EQ(over.reason, Reason::held_full);

  Conversation small{Tracking::enforce, 1, 32};
  small.open(kC, kS);
  EXPECT_EQ(small.send({kClient, kPush, kC + 7, kS + 1, "ghi"}).act, Act::hold);
  EXPECT_EQ(small.send({kClient, kPush, kC + 9, kS + 1, "ghi"}).reason, Reason::held_full);
}

TEST(Stream, undo_forgets_a_segment_as_if_never_seen) {
  Conversation talk;
  sent_ten(talk);
  ASSERT_EQ(talk.send({kClient, kPush, kC + 11, kS + 1, "ab"}).fresh, 2U);
  talk.stream.settle(kClient, talk.pools);
  ASSERT_EQ(talk.pending(kClient), "ab") << "an unfinished message";

  const Segment denied{kClient, kFin, kC + 11, kS + 1, "abcXYZ"};
  const Packet packet = talk.packet(denied);
  ASSERT_EQ(talk.send(kClient, packet).fresh, 4U);
  ASSERT_EQ(talk.pending(kClient), "abcXYZ");
  talk.stream.consume(kClient, 3);
  talk.stream.undo(kClient, packet, 4, talk.pools);
  EXPECT_EQ(talk.pending(kClient), "ab");
  EXPECT_EQ(talk.stream.phase(), StreamPhase::established);
  EXPECT_EQ(talk.stream.position(kClient).sequence, kC + 13);
  EXPECT_EQ(talk.send({kClient, kPush, kC + 11, kS + 1, "aXcd"}).reason, Reason::conflict);
  EXPECT_EQ(talk.send({kClient, kPush, kC + 13, kS + 1, "other"}).fresh, 5U);
  EXPECT_EQ(talk.pending(kClient), "abother");
}

TEST(Stream, undo_of_the_handshakes_last_segment_and_of_a_midstream_start_goes_all_the_way_back) {
  Conversation talk;
  talk.send({kClient, kSyn, kC, 0});
  talk.send({kServer, kSynAck, kS, kC + 1});
  Packet packet = talk.packet({kClient, kPush, kC + 1, kS + 1, "no"});
  EXPECT_TRUE(talk.send(kClient, packet).opened);
  talk.stream.undo(kClient, packet, 2, talk.pools);
  EXPECT_EQ(talk.stream.phase(), StreamPhase::syn_ack_seen);
  EXPECT_EQ(talk.bytes.taken(), 0U);
  EXPECT_TRUE(talk.send({kClient, kAck, kC + 1, kS + 1}).opened);

  Conversation middle;
  packet = middle.packet({kClient, kPush, 500, 900, "junk"});
  EXPECT_EQ(middle.send(kClient, packet).fresh, 4U);
  middle.stream.undo(kClient, packet, 4, middle.pools);
  EXPECT_EQ(middle.stream.phase(), StreamPhase::fresh);
  EXPECT_EQ(middle.send({kClient, kPush, 501, 900, "good"}).fresh, 4U);
  EXPECT_EQ(middle.pending(kClient), "good");
}

TEST(Stream, memory_is_given_back_when_all_is_judged_and_acknowledged) {
  Conversation talk;
  talk.open(kC, kS);
  talk.send({kClient, kPush, kC + 1, kS + 1, "request"});
  EXPECT_EQ(talk.take(kClient), "request");
  EXPECT_EQ(talk.bytes.taken(), BytePool::kLeast);
  talk.send({kServer, kAck, kS + 1, kC + 8});
  EXPECT_EQ(talk.bytes.taken(), 0U) << "judged, then acknowledged";
  talk.send({kClient, kPush, kC + 8, kS + 1, "request"});
  talk.stream.settle(kClient, talk.pools);
  talk.send({kServer, kAck, kS + 1, kC + 15});
  EXPECT_EQ(talk.bytes.taken(), BytePool::kLeast);
  EXPECT_EQ(talk.take(kClient), "request");
  EXPECT_EQ(talk.bytes.taken(), 0U) << "acknowledged, then judged";
}

TEST(Stream, retains_up_to_its_cap_and_says_so_beyond) {
  Conversation talk;
  talk.open(kC, kS, 65535, 14);
  talk.send({kServer, kAck, kS + 1, kC + 1, "", 65535});
  std::uint32_t sent = 0;
  std::string wire;
  Step step;
  for (;;) {
    const std::string data(1000, static_cast<char>('a' + sent / 1000 % 26));
    step = talk.send({kClient, kPush, kC + 1 + sent, kS + 1, data});
    if (step.act != Act::forward) break;
    wire += data;
    sent += 1000;
  }
  EXPECT_EQ(step.reason, Reason::memory_full);
  EXPECT_EQ(sent, Half::kMostRetained / 1000 * 1000);
  EXPECT_EQ(talk.pending(kClient), wire);
  EXPECT_EQ(talk.send({kClient, kPush, kC + 1, kS + 1, wire.substr(0, 1000)}).act, Act::forward);
  EXPECT_EQ(talk.send({kClient, kPush, kC + 1, kS + 1, "XX"}).reason, Reason::conflict);
  talk.take(kClient);
  talk.send({kServer, kAck, kS + 1, kC + 1 + 5000, "", 65535});
  EXPECT_EQ(talk.send({kClient, kPush, kC + 1 + sent, kS + 1, "more"}).fresh, 4U);
}

TEST(Stream, an_opaque_flow_is_ordered_by_its_numbers_and_costs_no_memory) {
  Conversation talk;
  talk.retain = false;
  talk.open(kC, kS);
  EXPECT_EQ(talk.send({kClient, kPush, kC + 1, kS + 1, "abc"}).fresh, 3U);
  EXPECT_EQ(talk.pending(kClient), "");
  EXPECT_EQ(talk.send({kClient, kPush, kC + 9, kS + 1, "abc"}).act, Act::hold);
  EXPECT_EQ(talk.send({kClient, kPush, kC + 1, kS + 1, "Xbcd"}).fresh, 1U) << "nothing to compare with";
  EXPECT_EQ(talk.send({kClient, kRst, kC + 6, 0}).reason, Reason::bad_reset);
  EXPECT_EQ(talk.bytes.taken(), 0U);

  // From now on it is decoded: what passed unseen can't be vouched for.
  talk.retain = true;
  EXPECT_EQ(talk.send({kClient, kPush, kC + 1, kS + 1, "abcd"}).reason, Reason::midstream);
  EXPECT_EQ(talk.send({kClient, kPush, kC + 5, kS + 1, "ef"}).fresh, 2U);
  EXPECT_EQ(talk.pending(kClient), "ef");
  talk.retain = false;
  EXPECT_EQ(talk.send({kClient, kPush, kC + 7, kS + 1, "g"}).fresh, 1U);
  EXPECT_EQ(talk.bytes.taken(), 0U);
}

TEST(Stream, E30_midstream_starts_with_the_numbers_of_the_first_segment) {
  Conversation talk;
  EXPECT_EQ(talk.send({kServer, kPush, 700, 300, "answer"}).fresh, 6U);
  EXPECT_TRUE(talk.stream.midstream());
  EXPECT_EQ(talk.stream.phase(), StreamPhase::established);
  EXPECT_EQ(talk.send({kServer, kPush, 690, 300, "unseen"}).reason, Reason::midstream);
  EXPECT_EQ(talk.send({kClient, kAck, 299, 700, "G"}).act, Act::empty) << "a keepalive tells no place";
  EXPECT_EQ(talk.send({kClient, kPush, 298, 700, "abcd"}).act, Act::empty) << "two were acknowledged, or not";
  EXPECT_EQ(talk.pending(kClient), "");
  EXPECT_EQ(talk.send({kClient, kPush, 300, 700, "cd"}).fresh, 2U);
  EXPECT_EQ(talk.send({kClient, kPush, 310, 706, "later"}).act, Act::hold);
  EXPECT_EQ(talk.send({kServer, kPush, 694, 302, "unseen"}).act, Act::empty) << "acknowledged meanwhile";
  EXPECT_EQ(talk.send({kClient, kAck, 302, 900, ""}).reason, Reason::bad_sequence);
  EXPECT_EQ(talk.send({kClient, kSyn, 302, 0, ""}).reason, Reason::handshake);
  EXPECT_EQ(talk.send({kServer, kSynAck, 706, 302, ""}).reason, Reason::handshake);
  EXPECT_TRUE(talk.send({kClient, kRst, 302, 0, ""}).closed);
}

TEST(Stream, midstream_a_keepalive_or_an_acknowledgement_is_no_start) {
  Conversation talk;
  EXPECT_EQ(talk.send({kClient, kAck, 99, 300, "G"}).act, Act::empty);
  EXPECT_EQ(talk.send({kClient, kAck, 99, 300, ""}).act, Act::forward);
  EXPECT_EQ(talk.send({kServer, kAck, 300, 100, ""}).act, Act::forward);
  EXPECT_EQ(talk.send({kClient, kPush, 100, 300, "request"}).fresh, 7U);
  EXPECT_EQ(talk.pending(kClient), "request");
  EXPECT_EQ(talk.send({kServer, kFin, 300, 107, ""}).act, Act::forward);
  EXPECT_EQ(talk.send({kServer, kPush, 301, 107, "x"}).reason, Reason::bad_sequence);
}

TEST(Stream, position_is_what_both_ends_accept_a_reset_at) {
  Conversation talk;
  sent_ten(talk);
  talk.send({kServer, kPush, kS + 1, kC + 5, "abc", 777});
  const auto client = talk.stream.position(kClient);
  EXPECT_EQ(client.sequence, kC + 11);
  EXPECT_EQ(client.acknowledgement, kS + 1);
  const auto server = talk.stream.position(kServer);
  EXPECT_EQ(server.sequence, kS + 4);
  EXPECT_EQ(server.acknowledgement, kC + 5);
  EXPECT_EQ(server.window, 777);
}

TEST(Stream, E39_numbers_wrap_anywhere) {
  for (std::uint32_t back = 0; back < 24; ++back) {
    Conversation talk;
    const std::uint32_t isn = 0U - back;
    talk.open(isn, isn + 3);
    EXPECT_EQ(talk.send({kClient, kPush, isn + 5, isn + 4, "efgh"}).act, Act::hold);
    EXPECT_EQ(talk.send({kClient, kPush, isn + 1, isn + 4, "abcd"}).fresh, 4U);
    Packet packet;
    ASSERT_TRUE(talk.stream.next_held(kClient, talk.pools, packet));
    EXPECT_EQ(talk.send(kClient, packet).fresh, 4U);
    EXPECT_EQ(talk.send({kClient, kPush, isn + 3, isn + 4, "cdefghij"}).fresh, 2U);
    EXPECT_EQ(talk.send({kClient, kPush, isn + 3, isn + 4, "cdeXgh"}).reason, Reason::conflict);
    EXPECT_EQ(talk.take(kClient), "abcdefghij");
    EXPECT_EQ(talk.send({kServer, kAck, isn + 4, isn + 12, ""}).reason, Reason::bad_sequence);
    EXPECT_EQ(talk.send({kServer, kAck, isn + 4, isn + 11, ""}).act, Act::forward);
    EXPECT_EQ(talk.bytes.taken(), 0U);
    EXPECT_EQ(talk.send({kClient, kPush, isn + 3, isn + 4, "XXXX"}).act, Act::empty);
    EXPECT_EQ(talk.send({kClient, kPush, isn, isn + 4, "G"}).act, Act::empty);
    EXPECT_EQ(talk.send({kClient, kPush, isn - 1, isn + 4, "G"}).reason, Reason::bad_sequence);
  }
}

TEST(Stream, E39_a_session_of_many_gigabytes_wraps_and_keeps_its_lower_bound) {
  Conversation talk;
  talk.retain = false;
  talk.open(kC, kS);
  std::uint32_t sequence = kC + 1;
  Packet packet = talk.packet({kClient, kPush, sequence, kS + 1, std::string(60'000, 'x')});
  for (std::uint64_t sent = 0; sent < std::uint64_t{10} << 30; sent += 60'000) {
    packet.tcp.sequence = sequence;
    ASSERT_EQ(talk.send(kClient, packet).fresh, 60'000U);
    sequence += 60'000;
    ASSERT_EQ(talk.send({kServer, kAck, kS + 1, sequence}).act, Act::forward);
    talk.recycle();
  }
  EXPECT_EQ(talk.send({kClient, kPush, sequence - 10, kS + 1, "x"}).act, Act::empty);
  EXPECT_EQ(talk.send({kClient, kPush, sequence - Half::kSpan - 10, kS + 1, "x"}).reason,
            Reason::bad_sequence);
  EXPECT_EQ(talk.send({kClient, kPush, sequence + (1U << 30), kS + 1, "x"}).reason, Reason::bad_sequence);
}

}  // namespace
}  // namespace sluice
