// Bytes that were forwarded otherwise than they were sent: a repetition of them leaves as they were
// forwarded.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "dataplane/packet/builder.hpp"
#include "dataplane/stream/conversation.hpp"

namespace sluice {
namespace {

using namespace testing;
using Act = Step::Act;

constexpr std::uint32_t kC = 1000;
constexpr std::uint32_t kS = 5000;

// A conversation of whole frames, since these are edited.
class Replaced : public ::testing::Test {
 protected:
  void start(std::uint32_t client = kC) {
    first = client + 1;
    talk.restart();
    talk.open(client, kS);
  }

  Packet frame(std::uint32_t offset, const std::string& data, std::uint8_t flags = kPush) {
    build::Segment segment;
    segment.sequence = first + offset;
    segment.acknowledgement = kS + 1;
    segment.flags = flags;
    segment.payload = build::bytes(data);
    bytes_ = build::tcp({}, segment);
    Packet packet;
    EXPECT_EQ(parse(build::frame_over(bytes_), Checksums::verify, packet).reason, Reason::none);
    return packet;
  }

  // Sends it, judges all, and says what leaves; "!" when nothing does.
  std::string leaves(std::uint32_t offset, const std::string& data, std::uint8_t flags = kPush) {
    Packet packet = frame(offset, data, flags);
    step = talk.send(kClient, packet);
    if (step.act != Act::forward) return "!";
    if (step.rewrite) talk.stream.restore(kClient, packet);
    talk.take(kClient);
    Packet again;
    EXPECT_EQ(parse(packet.frame, Checksums::verify, again).reason, Reason::none);
    return std::string{text_of(again.payload())};
  }

  // The next segment, in which the engine forwards `instead` from `at` on.
  bool replaces(std::uint32_t offset, const std::string& data, std::uint32_t at, const std::string& instead) {
    step = talk.send(kClient, frame(offset, data));
    EXPECT_EQ(step.act, Act::forward);
    const bool done = talk.stream.replaced(kClient, at, build::bytes(instead));
    talk.take(kClient);
    return done;
  }

  void acknowledge(std::uint32_t offset) { talk.send({kServer, kAck, kS + 1, first + offset}); }

  Conversation talk;
  std::uint32_t first = 0;
  Step step;

 private:
  build::Bytes bytes_;
};

TEST_F(Replaced,
       E38_a_repetition_of_replaced_bytes_leaves_as_they_were_forwarded_wherever_it_begins_and_ends) {
  const std::string sent = "aaabbbbccc";
  const std::string forwarded = "aaaBBBBccc";
  for (const std::uint32_t client : {kC, 0xffff'fffaU}) {
    for (std::uint32_t from = 0; from < sent.size(); ++from) {
      for (std::uint32_t to = from + 1; to <= sent.size(); ++to) {
        start(client);
        ASSERT_TRUE(replaces(0, sent, 3, "BBBB"));
        ASSERT_EQ(leaves(from, sent.substr(from, to - from)), forwarded.substr(from, to - from));
        EXPECT_EQ(step.rewrite, from < 7 && to > 3);
        EXPECT_EQ(step.fresh, 0U);
        // Whatever is sent there, the same leaves.
        if (from >= 3 && to <= 7) {
          EXPECT_EQ(leaves(from, std::string(to - from, 'X')), forwarded.substr(from, to - from));
        }
        // Outside of it every byte is compared, on both sides.
        for (std::uint32_t at = from; at < to; ++at) {
          if (at >= 3 && at < 7) continue;
          std::string other = sent.substr(from, to - from);
          other[at - from] = 'X';
          EXPECT_EQ(leaves(from, other), "!");
          EXPECT_EQ(step.reason, Reason::conflict);
        }
        // What was forwarded is no repetition but is as good.
        EXPECT_EQ(leaves(from, forwarded.substr(from, to - from)), forwarded.substr(from, to - from));
      }
    }
  }
}

TEST_F(Replaced, E38_old_and_new_bytes_in_one_segment_leave_as_old_forwarded_and_new_sent) {
  start();
  ASSERT_TRUE(replaces(0, "aaabbbbccc", 3, "BBBB"));
  EXPECT_EQ(leaves(5, "bbcccnew"), "BBcccnew");
  EXPECT_EQ(step.fresh, 3U);
  EXPECT_EQ(step.repeated, 5U);
  // And the new part may be replaced in its turn.
  ASSERT_TRUE(replaces(9, "cnewddee", 0, "DD"));
  EXPECT_EQ(leaves(3, "bbbbcccnewddee"), "BBBBcccnewDDee");
}

TEST_F(Replaced, E38_what_is_acknowledged_is_replaced_no_more) {
  start();
  ASSERT_TRUE(replaces(0, "aaabbbbccc", 3, "BBBB"));
  acknowledge(5);
  EXPECT_EQ(leaves(3, "bbbbccc"), "bbBBccc") << "the receiver looks at neither of the first two again";
  EXPECT_EQ(leaves(5, "bbccc"), "BBccc");
  acknowledge(7);
  EXPECT_EQ(leaves(5, "bbccc"), "bbccc");
  EXPECT_FALSE(step.rewrite);
  acknowledge(10);
  EXPECT_EQ(talk.bytes.taken(), 0U);
  EXPECT_EQ(leaves(10, "aaabbbbccc"), "aaabbbbccc");
  EXPECT_EQ(leaves(10, "aaabbbbccX"), "!") << "nothing of the old range is left";
}

TEST_F(Replaced, E38_a_keepalives_byte_inside_of_it_leaves_as_forwarded) {
  start();
  ASSERT_TRUE(replaces(0, "bbbb", 0, "BBBB"));
  EXPECT_EQ(leaves(3, "G", kAck), "B");
}

TEST_F(Replaced, a_fin_with_the_repetition_passes_with_it) {
  start();
  ASSERT_TRUE(replaces(0, "bbbb", 0, "BBBB"));
  EXPECT_EQ(leaves(0, "bbbb", kFin), "BBBB");
  EXPECT_EQ(talk.stream.phase(), StreamPhase::closing);
  EXPECT_EQ(leaves(2, "bb", kFin), "BB");
}

TEST_F(Replaced, ranges_that_touch_are_one_and_more_than_eight_are_refused) {
  start();
  for (std::uint32_t i = 0; i < 20; ++i) ASSERT_TRUE(replaces(i * 2, "xy", 0, "XY")) << i;
  acknowledge(40);
  std::uint32_t at = 40;
  for (; at < 40 + Half::kMostReplaced * 2; at += 2) ASSERT_TRUE(replaces(at, "xy", 1, "Y"));
  EXPECT_FALSE(replaces(at, "xy", 1, "Y"));
  EXPECT_EQ(leaves(40, "xyxyxyxyxyxyxyxyxy"), "xYxYxYxYxYxYxYxYxy") << "nothing of the refused one";
  acknowledge(42);
  ASSERT_TRUE(replaces(at + 2, "xy", 1, "Y"));
  EXPECT_EQ(leaves(42, "xyxyxyxyxyxyxyxyxy"), "xYxYxYxYxYxYxYxyxY");
}

TEST_F(Replaced, several_ranges_of_one_segment_come_in_order) {
  start();
  step = talk.send(kClient, frame(0, "aabbccdd"));
  ASSERT_TRUE(talk.stream.replaced(kClient, 2, build::bytes("BB")));
  talk.stream.consume(kClient, 4);
  ASSERT_TRUE(talk.stream.replaced(kClient, 6, build::bytes("DD")));
  EXPECT_EQ(talk.pending(kClient), "ccDD");
  talk.take(kClient);
  EXPECT_EQ(leaves(0, "aabbccdd"), "aaBBccDD");
}

TEST_F(Replaced, undo_forgets_the_ranges_of_its_segment_and_keeps_the_others) {
  start();
  ASSERT_TRUE(replaces(0, "bbbb", 0, "BBBB"));
  const Packet denied = frame(4, "ddddee");
  step = talk.send(kClient, denied);
  ASSERT_TRUE(talk.stream.replaced(kClient, 0, build::bytes("DDDD")));
  talk.stream.undo(kClient, denied, step.fresh, talk.pools);
  EXPECT_EQ(leaves(0, "bbbb"), "BBBB");
  EXPECT_EQ(leaves(4, "other"), "other");
  EXPECT_EQ(leaves(2, "bbother"), "BBother");
  EXPECT_EQ(leaves(4, "Xther"), "!");
}

TEST_F(Replaced, undo_after_two_segments_that_were_one_range_leaves_the_first) {
  start();
  ASSERT_TRUE(replaces(0, "bbbb", 0, "BBBB"));
  const Packet denied = frame(4, "cccc");
  step = talk.send(kClient, denied);
  ASSERT_TRUE(talk.stream.replaced(kClient, 0, build::bytes("CCCC")));
  talk.stream.undo(kClient, denied, step.fresh, talk.pools);
  EXPECT_EQ(leaves(4, "next"), "next");
  EXPECT_EQ(leaves(0, "bbbbnext"), "BBBBnext");
  EXPECT_EQ(leaves(2, "bbneXt"), "!");
}

TEST_F(Replaced, only_the_last_segments_fresh_bytes_can_be_replaced_and_only_where_they_are_retained) {
  start();
  leaves(0, "abcd");
  EXPECT_EQ(talk.send(kClient, frame(2, "cdef")).fresh, 2U);
  EXPECT_FALSE(talk.stream.replaced(kClient, 1, build::bytes("FG"))) << "beyond the last byte";
  EXPECT_FALSE(talk.stream.replaced(kServer, 0, build::bytes("E")));
  EXPECT_TRUE(talk.stream.replaced(kClient, 0, {})) << "nothing is easily done";
  EXPECT_TRUE(talk.stream.replaced(kClient, 0, build::bytes("EF")));
  talk.take(kClient);
  EXPECT_EQ(leaves(0, "abcdef"), "abcdEF");
  talk.retain = false;
  talk.send(kClient, frame(6, "gh"));
  EXPECT_FALSE(talk.stream.replaced(kClient, 0, build::bytes("GH")));
}

TEST_F(Replaced, a_first_segment_midstream_counts_from_its_first_byte) {
  talk.restart();
  first = kC + 1;
  talk.send({kServer, kPush, kS + 1, first + 2, "x"});
  step = talk.send(kClient, frame(2, "cd"));
  ASSERT_EQ(step.fresh, 2U);
  ASSERT_TRUE(talk.stream.replaced(kClient, 0, build::bytes("CD")));
  talk.take(kClient);
  EXPECT_EQ(leaves(2, "cd"), "CD");
}

TEST_F(Replaced, observing_nothing_is_rewritten_and_the_range_is_no_conflict) {
  start();
  ASSERT_TRUE(replaces(0, "aabb", 2, "BB"));
  talk.tracking = Tracking::observe;
  EXPECT_EQ(leaves(0, "aabb"), "aabb");
  EXPECT_EQ(step.reason, Reason::none);
  EXPECT_EQ(leaves(0, "aXbb"), "aXbb");
  EXPECT_EQ(step.reason, Reason::conflict);
}

// Random segments, some with replaced parts, acknowledgements, repetitions from anywhere: what leaves for a
// number is always what left for it first.
TEST_F(Replaced, E38_E37_whatever_is_repeated_a_number_keeps_the_byte_that_was_first_forwarded_for_it) {
  std::mt19937 random{11};
  const auto below = [&random](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  std::uint32_t rewritten = 0;
  std::uint32_t full = 0;
  for (int run = 0; run < 1500; ++run) {
    start(0U - below(120));
    std::string sent;
    std::string forwarded;
    std::uint32_t acked = 0;
    for (int i = 0; i < 40; ++i) {
      const auto end = static_cast<std::uint32_t>(sent.size());
      switch (below(4)) {
        case 0: {
          std::string data(1 + below(12), ' ');
          for (char& c : data) c = static_cast<char>('a' + below(26));
          const auto at = below(static_cast<std::uint32_t>(data.size()));
          const std::string instead(1 + below(static_cast<std::uint32_t>(data.size()) - at), '#');
          sent += data;
          if (replaces(end, data, at, instead)) {
            data.replace(at, instead.size(), instead);
          } else {
            ++full;
          }
          forwarded += data;
          break;
        }
        case 1:
          if (below(4) == 0) acknowledge(acked += below(end - acked + 1));
          break;
        default: {
          if (acked == end) break;
          const auto from = acked + below(end - acked);
          const auto length = 1 + below(end - from);
          ASSERT_EQ(leaves(from, sent.substr(from, length)), forwarded.substr(from, length));
          rewritten += step.rewrite ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(rewritten, 5000U);
  EXPECT_GT(full, 100U);
}

}  // namespace
}  // namespace sluice
