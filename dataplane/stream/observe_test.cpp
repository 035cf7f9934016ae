// Observing: every segment passes, and no byte is read twice.

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "dataplane/stream/conversation.hpp"

namespace sluice {
namespace {

using namespace testing;
using Act = Step::Act;

constexpr std::uint32_t kC = 1000;
constexpr std::uint32_t kS = 5000;

class Observed : public ::testing::Test {
 protected:
  void open(std::uint16_t window = 65535) { talk.open(kC, kS, window); }
  // The client's segment at this offset of its data.
  Step client(std::uint32_t offset, const std::string& data, std::uint8_t flags = kPush) {
    return talk.send({kClient, flags, kC + 1 + offset, kS + 1, data});
  }
  Conversation talk{Tracking::observe};
};

TEST_F(Observed, a_repetition_is_not_read_again_and_a_partial_one_only_where_it_is_new) {
  open();
  EXPECT_EQ(client(0, "abcd").fresh, 4U);
  EXPECT_EQ(client(0, "abcd").fresh, 0U);
  const Step step = client(2, "cdef");
  EXPECT_EQ(step.fresh, 2U);
  EXPECT_EQ(step.repeated, 2U);
  EXPECT_EQ(step.reason, Reason::none);
  EXPECT_EQ(talk.take(kClient), "abcdef");
}

TEST_F(Observed, a_segment_behind_a_hole_is_read_from_its_own_start_and_the_late_one_is_not_read) {
  open();
  client(0, "ab");
  const Step step = client(10, "xyz");
  EXPECT_EQ(step.act, Act::forward);
  EXPECT_EQ(step.fresh, 3U);
  EXPECT_TRUE(step.gap);
  EXPECT_EQ(step.missing, 8U);
  EXPECT_EQ(talk.take(kClient), "xyz") << "the unfinished message is gone";
  const Step late = client(2, "cdefghij");
  EXPECT_EQ(late.fresh, 0U);
  EXPECT_EQ(late.reason, Reason::hole);
  EXPECT_FALSE(client(13, "next").gap);
  EXPECT_EQ(talk.take(kClient), "next");
  EXPECT_EQ(talk.held.taken(), 0U);
}

TEST_F(Observed, says_what_enforce_would_have_done) {
  open(1000);
  client(0, "abcd");
  EXPECT_EQ(client(0, "abXd").reason, Reason::conflict);
  EXPECT_EQ(client(4, "e", kPush | tcp_flag::urg).reason, Reason::none)
      << "as enforce after it is made ordinary";
  EXPECT_EQ(talk.send({kClient, kRst, kC + 50, 0, ""}).reason, Reason::bad_reset);
  EXPECT_EQ(talk.send({kServer, kAck, kS + 1, kC + 60, ""}).reason, Reason::bad_sequence);
  EXPECT_EQ(client(500'000, "far").reason, Reason::bad_sequence);
  EXPECT_EQ(talk.send({kClient, tcp_flag::psh, kC + 6, 0, "no ack"}).reason, Reason::bad_flags);
  EXPECT_EQ(talk.stream.phase(), StreamPhase::established);
}

TEST_F(Observed, urgent_data_is_read_and_the_text_of_a_reset_is_not) {
  open();
  EXPECT_EQ(client(0, "ab", kPush | tcp_flag::urg).fresh, 2U);
  EXPECT_EQ(talk.send({kClient, kRst | kAck, kC + 3, kS + 1, "text"}).fresh, 0U);
  EXPECT_EQ(talk.take(kClient), "ab");
  EXPECT_EQ(talk.stream.phase(), StreamPhase::closed);
}

TEST_F(Observed, a_decoy_that_no_receiver_takes_does_not_hide_what_follows_in_its_place) {
  const Segment decoys[] = {
      {kClient, tcp_flag::psh, kC + 3, 0, "decoy"},              // no acknowledgement
      {kClient, kPush, kC + 3, kS + 9, "decoy"},                 // of what was never sent
      {kClient, kPush, kC + 3, kS + 1, std::string(2000, 'd')},  // beyond the window
  };
  for (const Segment& decoy : decoys) {
    talk.restart();
    open(1000);
    client(0, "ab");
    EXPECT_GT(talk.send(decoy).fresh, 0U);
    talk.take(kClient);
    EXPECT_EQ(talk.send(decoy).fresh, 0U) << "the very same again is a repetition";
    const Step step = client(2, "true");
    EXPECT_EQ(step.fresh, 4U);
    EXPECT_TRUE(step.gap);
    EXPECT_EQ(talk.take(kClient), "true");
    EXPECT_EQ(client(6, "next").fresh, 4U);
    // Once the other end has acknowledged it, it was taken.
    talk.restart();
    open(1000);
    client(0, "ab");
    talk.send(decoy);
    talk.send({kServer, kAck, kS + 1, kC + 8, ""});
    EXPECT_EQ(client(2, "later").fresh, 0U);
  }
}

TEST_F(Observed, one_far_segment_does_not_lead_it_away_from_the_stream) {
  open(1000);
  client(0, "ab");
  EXPECT_EQ(client(500'000, "decoy").fresh, 5U);
  talk.take(kClient);
  const Step step = client(2, "cd");
  EXPECT_EQ(step.fresh, 2U);
  EXPECT_TRUE(step.gap);
  EXPECT_EQ(talk.take(kClient), "cd");
  EXPECT_FALSE(client(4, "ef").gap);
  // When the other end acknowledges the far side, the capture has a hole, and it stays behind.
  client(600'000, "real");
  talk.send({kServer, kAck, kS + 1, kC + 1 + 600'004, ""});
  EXPECT_EQ(client(6, "gh").fresh, 0U);
  EXPECT_EQ(client(600'004, "on").fresh, 2U);
}

TEST_F(Observed, acknowledgements_may_come_before_what_they_acknowledge) {
  open();
  EXPECT_EQ(talk.send({kServer, kPush, kS + 1, kC + 5, "answer"}).fresh, 6U);
  EXPECT_EQ(client(0, "abcd").fresh, 4U) << "a capture may be out of order between directions";
  EXPECT_EQ(talk.take(kClient), "abcd");
}

TEST_F(Observed, a_capture_may_begin_anywhere) {
  EXPECT_EQ(talk.send({kServer, kSynAck, kS, kC + 1}).act, Act::forward);
  EXPECT_EQ(talk.stream.opener(), kClient);
  EXPECT_TRUE(talk.send({kClient, kPush, kC + 1, kS + 1, "abc"}).opened);
  EXPECT_EQ(talk.pending(kClient), "abc");

  Conversation middle{Tracking::observe};
  EXPECT_EQ(middle.send({kServer, kPush, 700, 300, "answer"}).fresh, 6U);
  EXPECT_TRUE(middle.stream.midstream());
  EXPECT_EQ(middle.send({kClient, kPush, 290, 706, "request"}).fresh, 7U) << "captured late";
  EXPECT_EQ(middle.send({kClient, kAck, 296, 706, "G"}).fresh, 0U);

  Conversation data_on_syn{Tracking::observe};
  EXPECT_EQ(data_on_syn.send({kClient, kSyn, kC, 0, "early"}).fresh, 5U);
  EXPECT_EQ(data_on_syn.send({kServer, kSynAck, kS, kC + 1}).act, Act::forward);
  EXPECT_EQ(data_on_syn.send({kClient, kPush, kC + 1, kS + 1, "earlymore"}).fresh, 4U);
  EXPECT_EQ(data_on_syn.pending(kClient), "earlymore");
}

TEST_F(Observed, a_new_syn_begins_a_new_connection_whatever_was_before) {
  open();
  EXPECT_FALSE(talk.send({kClient, kSyn, kC, 0}).restart) << "an old one, late";
  EXPECT_TRUE(talk.send({kClient, kSyn, kC + 70'000, 0}).restart);
  EXPECT_TRUE(talk.send({kServer, kSyn, kS, 0}).restart);
  EXPECT_TRUE(talk.send({kClient, kSyn, kC + 70'000, 0, "fast open"}).restart);
  talk.send({kClient, kRst, kC + 1, 0});
  EXPECT_TRUE(talk.send({kClient, kSyn, kC, 0}).restart) << "closed: the number may be the same";
}

TEST_F(Observed, without_memory_comparing_is_given_up_first_and_then_the_message) {
  open();
  const std::string block(1000, 'b');
  std::uint32_t sent = 0;
  for (; sent < 3 * Half::kMostRetained; sent += 1000) {
    const Step step = client(sent, block);
    ASSERT_EQ(step.fresh, 1000U);
    ASSERT_NE(step.reason, Reason::memory_full);
    ASSERT_EQ(talk.take(kClient), block);
  }
  const std::uint32_t whole = Half::kMostRetained / 1000 * 1000;
  for (std::uint32_t i = 0; i < whole; i += 1000, sent += 1000) ASSERT_EQ(client(sent, block).fresh, 1000U);
  EXPECT_EQ(talk.pending(kClient).size(), whole);
  const Step full = client(sent, block);
  EXPECT_EQ(full.act, Act::forward);
  EXPECT_EQ(full.reason, Reason::memory_full);
  EXPECT_EQ(full.fresh, 0U);
  EXPECT_EQ(talk.bytes.taken(), 0U);
  const Step next = client(sent + 1000, "after");
  EXPECT_TRUE(next.gap);
  EXPECT_EQ(talk.take(kClient), "after");
}

TEST_F(Observed, random_segments_all_pass_and_no_byte_is_read_twice) {
  std::mt19937_64 random{7};
  const auto below = [&random](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  std::uint64_t fresh = 0;
  for (int schedule = 0; schedule < 60'000; ++schedule) {
    talk.restart();
    const std::uint32_t isn = below(2) == 0 ? 0U - below(60) : static_cast<std::uint32_t>(random());
    if (below(3) != 0) talk.open(isn, kS);
    std::set<std::uint32_t> read;
    for (std::uint32_t i = 0; i < 8; ++i) {
      const std::uint32_t offset = below(64);
      std::string data(below(12), ' ');
      for (char& c : data) c = static_cast<char>('a' + static_cast<char>(below(3)));
      // With an acknowledgement, so that a receiver takes it; else the same number may be read again.
      const auto random_flags = static_cast<std::uint8_t>((random() & ~std::uint64_t{tcp_flag::syn}) | kAck);
      const auto flags = below(12) == 0 ? random_flags : kPush;
      const Packet packet = talk.packet({kClient, flags, isn + 1 + offset, kS + 1, data});
      const std::string before = talk.pending(kClient);
      const Step step = talk.send(kClient, packet);
      ASSERT_EQ(step.act, Act::forward);
      ASSERT_LE(step.fresh, data.size());
      const std::string after = talk.pending(kClient);
      const std::string tail = data.substr(data.size() - step.fresh);
      if (step.fresh > 0) {
        ASSERT_EQ(after, step.gap ? tail : before + tail);
      }
      for (std::uint32_t j = 0; j < step.fresh; ++j) {
        const auto at = static_cast<std::uint32_t>(data.size()) - step.fresh + j;
        ASSERT_TRUE(read.insert(isn + 1 + offset + at).second) << "schedule " << schedule;
      }
      fresh += step.fresh;
      talk.stream.consume(kClient, below(20));
      talk.stream.settle(kClient, talk.pools);
      if (below(3) == 0) talk.send({kServer, kAck, kS + 1, isn + 1 + below(70), ""});
    }
    ASSERT_EQ(talk.held.taken(), 0U);
  }
  EXPECT_GT(fresh, 100'000U);
  talk.restart();
  EXPECT_EQ(talk.bytes.taken(), 0U);
}

}  // namespace
}  // namespace sluice
