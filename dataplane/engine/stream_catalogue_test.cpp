// The catalogue's cases of TCP, through the whole engine. Each frame comes to a conversation that has been
// prepared the same in both modes: enforcing, it does not reach the other end and its reason is counted;
// monitoring, it leaves as it came and the same reason is told.

#include <functional>

#include "dataplane/engine/engine_test.hpp"

namespace sluice::test {
namespace {

const Bytes kRead = modbus(1, 1, {3, 0, 10, 0, 2});
const Bytes kAnswer = modbus(1, 1, {3, 4, 0, 1, 0, 2});
const Bytes kOtherRead = modbus(1, 1, {3, 0, 11, 0, 2});
const Bytes kDenied = modbus(1, 1, {6, 0, 200, 0, 1});  // holding 200 is nobody's

using Prepare = std::function<void(Talk&)>;

const Prepare kNothing = [](Talk&) {};
const Prepare kSynSeen = [](Talk& talk) {
  talk.put(Role::client, talk.segment(Role::client, talk.next[0]++, tcp_flag::syn, {}));
};
const Prepare kAnswered = [](Talk& talk) {
  kSynSeen(talk);
  talk.put(Role::server, talk.segment(Role::server, talk.next[1]++, tcp_flag::syn | tcp_flag::ack, {}));
};
const Prepare kOpen = [](Talk& talk) { talk.open(); };
// A request under way: forwarded, not acknowledged.
const Prepare kAsked = [](Talk& talk) {
  talk.open();
  talk.say(Role::client, kRead);
};
const Prepare kAnsweredRequest = [](Talk& talk) {
  kAsked(talk);
  talk.say(Role::server, kAnswer);
  talk.acknowledge(Role::client);
};
const Prepare kClientFinished = [](Talk& talk) {
  kAnsweredRequest(talk);
  talk.put(Role::client, talk.segment(Role::client, talk.next[0]++, tcp_flag::fin | tcp_flag::ack, {}));
};
const Prepare kReset = [](Talk& talk) {
  kAnsweredRequest(talk);
  talk.put(Role::server, talk.segment(Role::server, talk.next[1], tcp_flag::rst | tcp_flag::ack, {}));
};

struct Forged {
  Role from = Role::client;
  std::int64_t ahead = 0;  // of the sender's next number
  std::uint8_t flags = tcp_flag::ack;
  Bytes payload{};
  std::int64_t acknowledges = 0;  // ahead of the other end's next number
};

Bytes frame_of(Talk& talk, const Forged& forged) {
  const auto me = static_cast<std::size_t>(forged.from);
  const auto other = talk.next[1 - me];
  talk.next[1 - me] += static_cast<std::uint32_t>(forged.acknowledges);
  const auto sequence = talk.next[me] + static_cast<std::uint32_t>(forged.ahead);
  const auto frame = talk.segment(forged.from, sequence, forged.flags, forged.payload);
  talk.next[1 - me] = other;
  return frame;
}

struct Row {
  const char* name;
  Prepare prepare;
  Forged forged;
  Reason reason;
};

std::uint64_t told(const Box& box, Reason reason) {
  std::uint64_t count = 0;
  for (const Told& one : box.log.verdicts) count += one.reason == reason ? 1U : 0U;
  return count;
}

void expect_each(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    for (const bool enforced : {true, false}) {
      SCOPED_TRACE(std::string{row.name} + (enforced ? ", enforcing" : ", monitoring"));
      Box box{enforced ? enforce() : monitor()};
      Talk talk{box};
      row.prepare(talk);
      EXPECT_TRUE(box.log.verdicts.empty()) << name_of(box.log.verdicts.front().reason);
      const PortId to = row.forged.from == Role::client ? kOt : kIt;
      const auto frame = frame_of(talk, row.forged);
      const auto left = talk.put(row.forged.from, frame);
      if (enforced) {
        for (const auto& one : left) EXPECT_TRUE(one.to != to || has_reset({one}, to));
      } else {
        ASSERT_EQ(left.size(), 1U);
        EXPECT_EQ(left[0].to, to);
        EXPECT_EQ(left[0].bytes, frame);
      }
      EXPECT_EQ(told(box, row.reason), 1U);
      if (!box.log.verdicts.empty()) {
        EXPECT_EQ(name_of(box.log.verdicts[0].reason), name_of(row.reason));
        EXPECT_EQ(box.log.verdicts[0].acted, enforced);
      }
      box.expect_conserved();
    }
  }
}

constexpr std::uint8_t kAckFlag = tcp_flag::ack;
constexpr std::uint8_t kPushFlags = tcp_flag::ack | tcp_flag::psh;
constexpr std::uint8_t kSynAckFlags = tcp_flag::syn | tcp_flag::ack;
constexpr std::uint8_t kFinFlags = tcp_flag::ack | tcp_flag::fin;

TEST(StreamCatalogue, E31_a_syn_with_another_initial_number_does_not_replace_the_first_one) {
  // Monitoring, it is taken for a new connection, and told as nothing: there is no telling which one is real.
  Box box{enforce()};
  Talk talk{box};
  kSynSeen(talk);
  EXPECT_TRUE(talk.put(Role::client, talk.segment(Role::client, 5000, tcp_flag::syn, {})).empty());
  EXPECT_EQ(told(box, Reason::handshake), 1U);
  talk.put(Role::server, talk.segment(Role::server, talk.next[1]++, kSynAckFlags, {}));
  EXPECT_EQ(talk.acknowledge(Role::client).size(), 1U);
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead) << "the first one goes on";

  Box seen{monitor()};
  Talk other{seen};
  kSynSeen(other);
  const auto frame = other.segment(Role::client, 5000, tcp_flag::syn, {});
  const auto left = other.put(Role::client, frame);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].bytes, frame);
}

TEST(StreamCatalogue, E31_a_handshake_is_not_kept_alive_by_syns_that_are_no_part_of_it) {
  Box box{enforce()};
  Talk talk{box};
  kSynSeen(talk);
  // A host with a fixed port gives up and dials again, and again, each time with another number.
  std::uint32_t number = 50'000;
  bool passed = false;
  for (int second = 0; second < 45 && !passed; ++second) {
    box.now = box.now + seconds(1);
    for (int i = 0; i < 20; ++i) box.engine->tick(box.now, *box.rules);
    passed = !talk.put(Role::client, talk.segment(Role::client, number += 1000, tcp_flag::syn, {})).empty();
  }
  EXPECT_TRUE(passed) << "after half a minute at most";
}

TEST(StreamCatalogue, E32_simultaneous_and_split_handshakes) {
  expect_each({
      {"a split handshake's bare ACK of the SYN", kSynSeen, {Role::server, 0, kAckFlag}, Reason::handshake},
      {"a SYN-ACK of the one who called", kSynSeen, {Role::client, -1, kSynAckFlags}, Reason::handshake},
      {"data in place of an answer", kSynSeen, {Role::server, 0, kPushFlags, kAnswer}, Reason::handshake},
  });
  Box box{enforce()};
  Talk talk{box};
  kSynSeen(talk);
  EXPECT_TRUE(talk.put(Role::server, talk.segment(Role::server, 7000, tcp_flag::syn, {})).empty())
      << "simultaneous open, or a split handshake's second step";
  EXPECT_EQ(told(box, Reason::handshake), 1U);
}

TEST(StreamCatalogue, E33_answers_to_a_syn_that_was_not_sent_and_a_second_answer) {
  expect_each({
      {"off by one", kSynSeen, {Role::server, 0, kSynAckFlags, {}, 1}, Reason::handshake},
      {"of an older one", kSynSeen, {Role::server, 0, kSynAckFlags, {}, -900}, Reason::handshake},
      {"another one", kAnswered, {Role::server, 41, kSynAckFlags}, Reason::handshake},
      {"another one later", kOpen, {Role::server, 41, kSynAckFlags}, Reason::handshake},
      {"to nothing", kNothing, {Role::server, 0, kSynAckFlags}, Reason::handshake},
  });
}

TEST(StreamCatalogue, E34_resets_that_are_not_exactly_in_sequence) {
  const std::uint8_t rst = tcp_flag::rst;
  expect_each({
      {"in the window", kAnsweredRequest, {Role::client, 1, rst}, Reason::bad_reset},
      {"behind", kAnsweredRequest, {Role::server, -1, rst}, Reason::bad_reset},
      {"far out", kAnsweredRequest, {Role::client, 1'000'000, rst}, Reason::bad_reset},
      {"acknowledging too much",
       kAsked,
       {Role::client, 0, tcp_flag::rst | tcp_flag::ack, {}, 5},
       Reason::bad_reset},
  });
  Box box{enforce()};
  Talk talk{box};
  kAnsweredRequest(talk);
  talk.put(Role::client, frame_of(talk, {Role::client, 1, rst}));
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead) << "the state is as it was";
  EXPECT_EQ(talk.put(Role::client, frame_of(talk, {Role::client, 0, rst})).size(), 1U)
      << "an exact one passes";
  EXPECT_TRUE(talk.say(Role::client, kRead).empty());
  auto broken = frame_of(talk, {Role::server, 0, rst});
  broken[50] ^= 1U;  // the checksum
  EXPECT_TRUE(talk.put(Role::server, broken).empty());
}

TEST(StreamCatalogue, E35_data_behind_a_fin_or_a_reset_and_a_fin_inside_of_data) {
  expect_each({
      {"in place of the FIN", kClientFinished, {Role::client, -1, kPushFlags, kRead}, Reason::bad_sequence},
      {"behind the FIN", kClientFinished, {Role::client, 0, kPushFlags, kRead}, Reason::bad_sequence},
      {"a second FIN", kClientFinished, {Role::client, 0, kFinFlags}, Reason::bad_sequence},
      {"after a reset", kReset, {Role::client, 0, kPushFlags, kRead}, Reason::bad_sequence},
      {"after a reset, of its sender", kReset, {Role::server, 0, kPushFlags, kAnswer}, Reason::bad_sequence},
      {"a FIN inside of data", kAsked, {Role::client, -5, kFinFlags}, Reason::bad_sequence},
  });
}

TEST(StreamCatalogue, E36_data_without_ack) {
  expect_each({
      {"pushed", kOpen, {Role::client, 0, tcp_flag::psh, kRead}, Reason::bad_flags},
      {"with no flag at all", kOpen, {Role::client, 0, 0, kRead}, Reason::bad_flags},
      {"of the server", kAsked, {Role::server, 0, tcp_flag::psh, kAnswer}, Reason::bad_flags},
  });
}

TEST(StreamCatalogue, E37_E38_a_repetition_with_other_bytes_before_and_after_its_acknowledgement) {
  const auto length = -static_cast<std::int64_t>(kRead.size());
  expect_each({{"before", kAsked, {Role::client, length, kPushFlags, kOtherRead}, Reason::conflict}});

  for (const bool enforced : {true, false}) {
    Box box{enforced ? enforce() : monitor()};
    Talk talk{box};
    kAnsweredRequest(talk);
    const auto frame = frame_of(talk, {Role::client, length, kPushFlags, kOtherRead});
    const auto left = talk.put(Role::client, frame);
    ASSERT_EQ(left.size(), 1U) << "so that the receiver acknowledges again";
    EXPECT_EQ(payload_to(left, kOt), enforced ? Bytes{} : kOtherRead);
    EXPECT_TRUE(box.log.verdicts.empty());
    // A keepalive as Windows sends it, with a byte of garbage.
    const auto keepalive = talk.put(Role::client, frame_of(talk, {Role::client, -1, kAckFlag, {0x5a}}));
    ASSERT_EQ(keepalive.size(), 1U);
    EXPECT_EQ(payload_to(keepalive, kOt), enforced ? Bytes{} : Bytes{0x5a});
    EXPECT_TRUE(box.log.verdicts.empty());
    box.expect_conserved();
  }
}

TEST(StreamCatalogue, E39_E40_E46_numbers_that_no_honest_end_sends) {
  expect_each({
      {"below the initial number", kOpen, {Role::client, -20, kPushFlags, kRead}, Reason::bad_sequence},
      {"beyond the window", kOpen, {Role::client, 66'000, kPushFlags, kRead}, Reason::bad_sequence},
      {"half the space away", kOpen, {Role::client, 1LL << 31, kPushFlags, kRead}, Reason::bad_sequence},
      {"acknowledging what was never sent", kOpen, {Role::server, 0, kAckFlag, {}, 1}, Reason::bad_sequence},
      {"the same with data", kOpen, {Role::client, 0, kPushFlags, kRead, 100}, Reason::bad_sequence},
      {"acknowledging far behind", kOpen, {Role::server, 0, kAckFlag, {}, -100'000}, Reason::bad_sequence},
      {"the handshake's last step, one too few",
       kAnswered,
       {Role::client, 0, kAckFlag, {}, -1},
       Reason::handshake},
      {"one too many", kAnswered, {Role::client, 0, kAckFlag, {}, 1}, Reason::handshake},
  });
  // What is held here was never sent: to acknowledge it is a lie (E46).
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  EXPECT_TRUE(talk.put(Role::client, frame_of(talk, {Role::client, 12, kPushFlags, kRead})).empty());
  EXPECT_EQ(box.engine->counters().held, 1U);
  EXPECT_TRUE(talk.put(Role::server, frame_of(talk, {Role::server, 0, kAckFlag, {}, 24})).empty());
  EXPECT_EQ(told(box, Reason::bad_sequence), 1U);
  box.expect_conserved();
  box.engine->drain();
}

TEST(StreamCatalogue, E39_a_session_across_the_wrap_of_its_numbers_is_as_any_other) {
  for (const std::uint32_t start : {0xffff'fff0U, 0x7fff'fff0U}) {
    Box box{enforce()};
    Talk talk{box};
    talk.next[0] = talk.next[1] = start;
    talk.open();
    for (std::uint16_t i = 0; i < 8; ++i) {
      EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
      EXPECT_EQ(payload_to(talk.say(Role::server, kAnswer), kIt), kAnswer);
    }
    EXPECT_TRUE(box.log.verdicts.empty());
  }
}

TEST(StreamCatalogue, E49_a_conversation_of_which_one_side_is_not_seen_does_not_open) {
  expect_each({
      {"no answer came this way", kSynSeen, {Role::client, 0, kAckFlag}, Reason::handshake},
      {"nor then data", kSynSeen, {Role::client, 0, kPushFlags, kRead}, Reason::handshake},
  });
}

TEST(StreamCatalogue, E50_a_server_that_asks_is_judged_as_one_that_answers) {
  for (const auto& prepare : {kOpen, kAnsweredRequest}) {
    Box box{enforce()};
    Talk talk{box};
    prepare(talk);
    EXPECT_EQ(payload_to(talk.say(Role::server, modbus(9, 1, {3, 0, 10, 0, 2})), kIt), Bytes{});
    EXPECT_EQ(box.log.verdicts.size(), 1U);
  }
}

TEST(StreamCatalogue, E50_a_usual_port_does_not_make_an_asking_end_the_one_that_answers) {
  // Rules both ways, on other ports. After a restart the HMI writes from port 502, as if it answered.
  const std::string both = kZones + conduit("enforce") + R"(
[[allow]]
from = "hmi"
to = "plc"
protocol = "modbus"
ports = [1502]
access = ["read"]
targets = ["holding 0..99"]
reason = "the HMI polls"
[[allow]]
from = "plc"
to = "hmi"
protocol = "modbus"
access = ["read"]
targets = ["holding 0..99"]
reason = "the PLC polls the HMI"
)";
  Box box{both};
  Talk talk{box, "10.0.0.1", "10.0.1.2", 502, 1502};
  EXPECT_EQ(payload_to(talk.say(Role::client, kDenied), kOt), Bytes{});
  EXPECT_FALSE(box.log.verdicts.empty());
  Box again{both};
  Talk asks{again, "10.0.0.1", "10.0.1.2", 502, 1502};
  EXPECT_EQ(payload_to(asks.say(Role::client, kRead), kOt), kRead);
}

}  // namespace
}  // namespace sluice::test
