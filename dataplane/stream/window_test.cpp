// The window: what the other end has announced is the edge of what may be sent.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "dataplane/stream/conversation.hpp"

namespace sluice {
namespace {

using namespace testing;
using Act = Step::Act;

constexpr std::uint32_t kC = 1000;
constexpr std::uint32_t kS = 5000;

TEST(Window, E44_one_that_shrinks_does_not_take_back_what_was_announced) {
  Conversation talk;
  talk.open(kC, kS, 1000);
  talk.send({kServer, kAck, kS + 1, kC + 1, "", 10});
  EXPECT_EQ(talk.send({kClient, kPush, kC + 1, kS + 1, std::string(500, 'x')}).fresh, 500U);
  talk.take(kClient);
  talk.send({kServer, kAck, kS + 1, kC + 501, "", 0});
  EXPECT_EQ(talk.send({kClient, kPush, kC + 501, kS + 1, std::string(500, 'y')}).fresh, 500U)
      << "sent before the sender heard of it";
  EXPECT_EQ(talk.send({kClient, kPush, kC + 1001, kS + 1, "zz"}).reason, Reason::bad_sequence);
}

TEST(Window, E44_one_that_opens_and_closes_again_and_again_never_loses_what_lies_inside) {
  Conversation talk;
  talk.open(kC, kS, 64);
  std::uint32_t sent = 0;
  for (int i = 0; i < 200; ++i) {
    const auto window = static_cast<std::uint16_t>(i % 3 == 0 ? 0 : i % 50);
    talk.send({kServer, kAck, kS + 1, kC + 1 + sent, "", window});
    const std::string data(i % 3 == 0 ? 1 : window, 'd');
    if (data.empty()) continue;
    EXPECT_EQ(talk.send({kClient, kPush, kC + 1 + sent, kS + 1, data}).fresh, data.size()) << i;
    talk.take(kClient);
    sent += static_cast<std::uint32_t>(data.size());
  }
}

TEST(Window, E44_a_scale_outside_of_a_syn_changes_nothing) {
  Conversation talk;
  talk.open(kC, kS, 1000, 0);
  talk.send({kServer, kAck, kS + 1, kC + 1, "", 1000, 14});
  EXPECT_EQ(talk.send({kClient, kPush, kC + 1, kS + 1, std::string(1001, 'x')}).reason, Reason::bad_sequence);
  EXPECT_EQ(talk.send({kClient, kPush, kC + 1, kS + 1, std::string(1000, 'x')}).fresh, 1000U);
}

TEST(Window, E44_of_two_scales_in_one_ends_syns_the_wider_counts_since_nobody_knows_which_arrived) {
  for (const auto& [first, second, act] :
       std::vector<std::tuple<std::uint8_t, std::uint8_t, Act>>{{0, 0, Act::drop},
                                                                {0, 2, Act::hold},
                                                                {2, 0, Act::hold},
                                                                {2, 0xff, Act::hold},
                                                                {0xff, 2, Act::hold}}) {
    Conversation talk;
    talk.send({kClient, kSyn, kC, 0, "", 1000, first});
    talk.send({kClient, kSyn, kC, 0, "", 1000, second});
    talk.send({kServer, kSynAck, kS, kC + 1, "", 1000, 2});
    talk.send({kClient, kAck, kC + 1, kS + 1, "", 1000});
    EXPECT_EQ(talk.send({kServer, kPush, kS + 1 + 2000, kC + 1, "x", 1000}).act, act)
        << int{first} << int{second};
  }
}

// A hostile sender of the catalogue: single bytes, the last one first, over 64 KiB. It holds no more than its
// share, and a sender that repeats what was dropped gets everything through.
TEST(Window, E45_bytes_in_reversed_order_over_64_KiB_are_bounded_and_arrive_when_they_are_repeated) {
  constexpr std::uint32_t kStep = 64;
  constexpr std::uint32_t kSize = 65'536;
  Conversation talk{Tracking::enforce, 64, 32};
  talk.open(kC, kS, 65'535, 1);
  talk.send({kServer, kAck, kS + 1, kC + 1, "", 65'535});
  std::string content(kSize, ' ');
  for (std::uint32_t i = 0; i < kSize; ++i) content[i] = static_cast<char>('a' + i % 26);
  std::uint32_t held = 0;
  std::uint32_t full = 0;
  for (std::uint32_t at = kSize - kStep; at > 0; at -= kStep) {
    const Step step = talk.send({kClient, kPush, kC + 1 + at, kS + 1, content.substr(at, 1)});
    held += step.act == Act::hold ? 1U : 0U;
    full += step.reason == Reason::held_full ? 1U : 0U;
  }
  EXPECT_EQ(held, 32U);
  EXPECT_EQ(full, kSize / kStep - 1 - 32);
  EXPECT_EQ(talk.stream.held(), 32U);

  std::string seen;
  Packet packet;
  for (std::uint32_t at = 0; at < kSize; at = static_cast<std::uint32_t>(seen.size())) {
    const auto length = std::min<std::uint32_t>(1000, kSize - at);
    const Step step = talk.send({kClient, kPush, kC + 1 + at, kS + 1, content.substr(at, length)});
    ASSERT_EQ(step.act, Act::forward) << at;
    seen += talk.take(kClient);
    while (talk.stream.next_held(kClient, talk.pools, packet)) {
      EXPECT_EQ(talk.send(kClient, packet).act, Act::forward) << "equal bytes that waited";
      seen += talk.take(kClient);
    }
    talk.send({kServer, kAck, kS + 1, kC + 1 + static_cast<std::uint32_t>(seen.size()), "", 65'535});
  }
  EXPECT_EQ(seen, content);
  EXPECT_EQ(talk.held.taken(), 0U);
}

}  // namespace
}  // namespace sluice
