// How sessions begin again: hosts that lost them, ports that are used again, sessions that are older than the
// box, and those that say nothing for long.

#include <algorithm>

#include "dataplane/engine/engine_test.hpp"

namespace sluice::test {
namespace {

const Bytes kRead = modbus(1, 1, {3, 0, 10, 0, 2});
const Bytes kAnswer = modbus(1, 1, {3, 4, 0, 1, 0, 2});
const Bytes kDenied = modbus(1, 1, {6, 0, 200, 0, 1});
constexpr std::uint8_t kSynAck = tcp_flag::syn | tcp_flag::ack;
constexpr std::uint8_t kFinAck = tcp_flag::fin | tcp_flag::ack;
constexpr std::uint8_t kPush = tcp_flag::ack | tcp_flag::psh;

std::uint64_t told(const Box& box, Reason reason) {
  return box.engine->counters().reasons[static_cast<std::size_t>(reason)];
}

Packet packet_of(Bytes& bytes) {
  Packet packet;
  EXPECT_EQ(parse(build::frame_over(bytes), Checksums::verify, packet).reason, Reason::none);
  return packet;
}

void exchange(Talk& talk) {
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
  EXPECT_EQ(payload_to(talk.say(Role::server, kAnswer), kIt), kAnswer);
  talk.acknowledge(Role::client);
}

void idle(Box& box, Duration time) {
  box.now = box.now + time;
  box.wires.left.clear();
  for (int i = 0; i < 3000; ++i) box.engine->tick(box.now, *box.rules);
}

TEST(StreamLife, E31_E48_a_host_that_lost_its_session_is_challenged_resets_it_and_dials_again_at_once) {
  for (const Role rebooted : {Role::client, Role::server}) {
    SCOPED_TRACE(rebooted == Role::client ? "the client" : "the server");
    const auto me = static_cast<std::size_t>(rebooted);
    const PortId mine = rebooted == Role::client ? kIt : kOt;
    Box box{enforce()};
    Talk talk{box};
    talk.open();
    exchange(talk);

    auto left = talk.put(rebooted, talk.segment(rebooted, 0x1234'5678, tcp_flag::syn, {}));
    ASSERT_EQ(left.size(), 1U) << "the SYN itself does not pass";
    EXPECT_EQ(left[0].to, mine);
    const Packet challenge = packet_of(left[0].bytes);
    EXPECT_EQ(challenge.tcp.flags, tcp_flag::ack);
    EXPECT_EQ(challenge.tcp.sequence, talk.next[1 - me]);
    EXPECT_EQ(challenge.tcp.acknowledgement, talk.next[me]);
    EXPECT_EQ(challenge.tcp.window, 65535);
    EXPECT_EQ(challenge.payload_length, 0U);
    EXPECT_EQ(told(box, Reason::handshake), 1U);
    box.expect_conserved();

    // RFC 9293 3.10.7.3: an ACK that is not of its SYN makes it send a reset with that number.
    const auto reset = talk.segment(rebooted, challenge.tcp.acknowledgement, tcp_flag::rst, {});
    left = talk.put(rebooted, reset);
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].bytes, reset);
    EXPECT_NE(left[0].to, mine);
    if (rebooted == Role::server) continue;
    talk.next[0] = 0x1234'5678;
    talk.next[1] = 99;
    talk.open();
    exchange(talk);
    EXPECT_EQ(told(box, Reason::handshake), 1U);
  }
}

TEST(StreamLife, E48_a_live_host_ignores_the_challenge_and_its_session_goes_on) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  for (int i = 0; i < 50; ++i) {
    // Forged by somebody behind the same port.
    talk.put(Role::client,
             talk.segment(Role::client, 77'000U + static_cast<std::uint32_t>(i), tcp_flag::syn, {}));
    if (i % 10 == 0) exchange(talk);
  }
  exchange(talk);
  EXPECT_LE(box.engine->counters().made, 2U) << "one in half a second";
  EXPECT_EQ(told(box, Reason::handshake), 50U);
  box.expect_conserved();
}

TEST(StreamLife, E48_challenges_are_bounded_for_all_flows_together) {
  EngineOptions options;
  options.limits.challenges_per_second = 3;
  Box box{enforce(), options};
  for (std::uint16_t port = 40'000; port < 40'010; ++port) {
    Talk talk{box, "10.0.0.1", "10.0.1.2", port};
    talk.open();
    talk.put(Role::client, talk.segment(Role::client, 77'000, tcp_flag::syn, {}));
  }
  EXPECT_EQ(box.engine->counters().made, 3U);
  EXPECT_EQ(told(box, Reason::rate_limited), 7U);
  box.now = box.now + seconds(1);
  Talk talk{box, "10.0.0.1", "10.0.1.2", 40'000};
  talk.put(Role::client, talk.segment(Role::client, 78'000, tcp_flag::syn, {}));
  EXPECT_EQ(box.engine->counters().made, 4U);
  box.expect_conserved();
}

TEST(StreamLife, E48_monitoring_a_new_syn_leaves_as_it_came_and_nothing_is_said_in_anybodys_name) {
  Box box{monitor()};
  Talk talk{box};
  talk.open();
  exchange(talk);
  const auto syn = talk.segment(Role::client, 0x1234'5678, tcp_flag::syn, {});
  const auto left = talk.put(Role::client, syn);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].bytes, syn);
  EXPECT_EQ(box.engine->counters().made, 0U);
}

TEST(StreamLife, E30_E48_the_called_ends_own_challenge_for_an_older_session_passes_and_so_does_its_reset) {
  for (const bool enforced : {true, false}) {
    Box box{enforced ? enforce() : monitor()};  // it never saw the older session
    Talk talk{box};
    EXPECT_EQ(talk.put(Role::client, talk.segment(Role::client, talk.next[0]++, tcp_flag::syn, {})).size(),
              1U);
    talk.next[0] += 500'000;
    const auto challenge = talk.segment(Role::server, 900, tcp_flag::ack, {});
    EXPECT_EQ(talk.put(Role::server, challenge).size(), 1U);
    if (enforced) {
      EXPECT_TRUE(talk.put(Role::client, talk.segment(Role::client, 4711, tcp_flag::rst, {})).empty())
          << "only with the number of the challenge";
      EXPECT_EQ(told(box, Reason::bad_reset), 1U);
      EXPECT_TRUE(talk.put(Role::server, talk.segment(Role::server, 900, kPush, kAnswer)).empty())
          << "no data";
    }
    EXPECT_EQ(talk.put(Role::client, talk.segment(Role::client, talk.next[0], tcp_flag::rst, {})).size(), 1U);
    talk.next[0] -= 500'001;
    talk.open();
    exchange(talk);
    box.expect_conserved();
  }
}

TEST(StreamLife, E48_a_port_is_used_again_after_a_clean_end_even_with_the_same_initial_number) {
  for (const std::uint32_t again : {1000U, 900U, 0x8000'0000U}) {
    Box box{enforce()};
    Talk talk{box};
    talk.open();
    exchange(talk);
    talk.put(Role::client, talk.segment(Role::client, talk.next[0]++, kFinAck, {}));
    talk.put(Role::server, talk.segment(Role::server, talk.next[1]++, kFinAck, {}));
    talk.acknowledge(Role::client);
    const auto old = talk.next[0];
    // What is left of the old one carries no bytes any more.
    EXPECT_EQ(payload_to(talk.put(Role::client, talk.segment(Role::client, old - 13, kPush, kDenied)), kOt),
              Bytes{});
    talk.next[0] = again;
    talk.next[1] = 7000;
    talk.open();
    exchange(talk);
    EXPECT_EQ(payload_to(talk.say(Role::client, kDenied), kOt), Bytes{});
  }
}

TEST(StreamLife, E48_a_new_session_does_not_take_over_the_bytes_of_the_old_one) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, Bytes{kDenied.begin(), kDenied.begin() + 6});  // a message that is never finished
  talk.put(Role::client, talk.segment(Role::client, talk.next[0], tcp_flag::rst, {}));
  talk.next[0] = 1000;
  talk.next[1] = 7000;
  talk.open();
  exchange(talk);
}

TEST(StreamLife, E30_a_session_older_than_the_box_is_picked_up_as_the_conduit_says) {
  for (const std::string policy : {"drop", "resync", "pass"}) {
    for (const bool enforced : {true, false}) {
      auto toml = enforced ? enforce() : monitor();
      const std::string was = "midstream = \"resync\"";
      toml.replace(toml.find(was), was.size(), "midstream = \"" + policy + "\"");
      Box box{toml};
      Talk talk{box};
      const bool passes = policy != "drop" || !enforced;
      EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), passes ? kRead : Bytes{}) << policy;
      EXPECT_EQ(told(box, Reason::midstream), passes ? 0U : 1U);
      if (!passes) continue;
      EXPECT_EQ(payload_to(talk.say(Role::server, kAnswer), kIt), kAnswer);
      EXPECT_EQ(payload_to(talk.say(Role::client, kDenied), kOt), enforced ? Bytes{} : kDenied);
      box.expect_conserved();
    }
  }
}

// The dial of the other end, which no rule is for, and then an update made the box forget that it had ended
// the session; what came next was taken for one that is older than the box.
TEST(StreamLife, E48_an_ended_session_stays_ended_when_its_other_end_dials_and_the_policy_is_loaded_anew) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  EXPECT_TRUE(has_reset(talk.say(Role::client, kDenied), kOt));
  (void)talk.put(Role::server, talk.segment(Role::server, talk.next[1], tcp_flag::syn, {}));
  box.swap(enforce());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(payload_to(talk.acknowledge(Role::server), kIt), Bytes{});
    const auto left = talk.put(Role::client, talk.segment(Role::client, talk.next[0], tcp_flag::ack, {}));
    EXPECT_TRUE(std::none_of(left.begin(), left.end(), [](const auto& one) { return one.to == kOt; }));
  }
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), Bytes{});
  box.expect_conserved();
}

// The first segment was refused, so the flow that waits for a better one has no beginning: the dial of the
// other end is no part of it, and no rule is for it.
TEST(StreamLife, E30_E50_a_dial_of_the_other_end_is_one_also_where_a_session_is_not_in_step_yet) {
  Box box{enforce()};
  Talk talk{box};
  EXPECT_EQ(payload_to(talk.put(Role::client, talk.segment(Role::client, talk.next[0], tcp_flag::ack,
                                                           {kRead.begin(), kRead.begin() + 7})),
                       kOt),
            Bytes{});
  const auto left = talk.put(Role::server, talk.segment(Role::server, 5000, tcp_flag::syn, {}));
  EXPECT_TRUE(std::none_of(left.begin(), left.end(), [](const auto& one) { return one.to == kIt; }));
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::no_policy);
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead) << "it does the session no harm";
}

// After a restart the box sees the second request first. The first one was lost behind the old box, and is
// repeated: without it the session would hang.
TEST(StreamLife, E30_what_passed_before_a_restart_is_judged_by_itself_when_it_is_repeated) {
  const auto start = [](Talk& talk) {
    talk.next[0] += 100;
    EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
    talk.next[0] -= 112;
  };
  const auto repeat = [](Talk& talk, const Bytes& payload) {
    const auto length = static_cast<std::uint32_t>(payload.size());
    const auto at = talk.next[0] + 100 - length;
    return payload_to(talk.put(Role::client, talk.segment(Role::client, at, kPush, payload)), kOt);
  };
  const auto twice = [](Bytes one, const Bytes& two) {
    one.insert(one.end(), two.begin(), two.end());
    return one;
  };
  const struct {
    const char* name;
    Bytes payload;
    bool passes;
    Reason reason;
  } rows[] = {
      {"a whole one", kRead, true, Reason::none},
      {"two whole ones", twice(kRead, kRead), true, Reason::none},
      {"a denied one", kDenied, false, Reason::no_rule},
      {"a whole one and a denied one", twice(kRead, kDenied), false, Reason::no_rule},
      {"a part", Bytes{kRead.begin(), kRead.end() - 1}, false, Reason::midstream},
      {"the end of one", Bytes{kRead.begin() + 1, kRead.end()}, false, Reason::bad_framing},
      {"a byte", Bytes{0}, false, Reason::midstream},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Box box{enforce()};
    Talk talk{box};
    start(talk);
    EXPECT_EQ(repeat(talk, row.payload), row.passes ? row.payload : Bytes{});
    if (row.reason != Reason::none) {
      ASSERT_FALSE(box.log.verdicts.empty());
      EXPECT_EQ(name_of(box.log.verdicts.back().reason), name_of(row.reason));
    }
    box.expect_conserved();
  }

  // It changes nothing of what is known, may come more than once, and together with what is remembered.
  Box box{enforce()};
  Talk talk{box};
  start(talk);
  EXPECT_EQ(repeat(talk, kRead), kRead);
  EXPECT_EQ(repeat(talk, kRead), kRead);
  const auto both = twice(kRead, kRead);
  const auto at = talk.next[0] + 88;
  EXPECT_EQ(payload_to(talk.put(Role::client, talk.segment(Role::client, at, kPush, both)), kOt), both);
  auto changed = both;
  changed.back() ^= 1U;
  EXPECT_EQ(payload_to(talk.put(Role::client, talk.segment(Role::client, at, kPush, changed)), kOt), Bytes{});
  EXPECT_EQ(told(box, Reason::conflict), 1U);

  // Monitoring it leaves as it came.
  Box seen{monitor()};
  Talk other{seen};
  start(other);
  EXPECT_EQ(repeat(other, kDenied), kDenied);
  EXPECT_EQ(told(seen, Reason::midstream), 1U);
}

TEST(StreamLife, E30_of_a_repetition_that_is_partly_acknowledged_only_the_rest_is_judged) {
  for (const auto& [rest, passes] : {std::pair{kRead, true}, std::pair{kDenied, false}}) {
    Box box{enforce()};
    Talk talk{box};
    talk.next[0] = 1100;
    EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
    talk.next[0] = 1100 - 12;
    talk.acknowledge(Role::server);  // all but the last 12 before what was seen first
    Bytes payload{kDenied};
    payload.insert(payload.end(), rest.begin(), rest.end());
    const auto left = talk.put(Role::client, talk.segment(Role::client, 1100 - 24, kPush, payload));
    EXPECT_EQ(payload_to(left, kOt), passes ? payload : Bytes{});
  }
}

// One end only speaks, of what no decoder knows; then comes a byte that could begin anything.
TEST(StreamLife, E38_an_opaque_sessions_repetition_passes_after_a_byte_that_could_begin_any_protocol) {
  Box box{enforce() + R"(
[[allow]]
from = "hmi"
to = "plc"
protocol = "tcp"
ports = [2000]
reason = "a log"
)"};
  Talk talk{box, "10.0.0.1", "10.0.1.2", 40000, 2000};
  talk.open();
  const Bytes line = build::bytes("a line of text that is no protocol");
  EXPECT_EQ(payload_to(talk.say(Role::client, line), kOt), line);
  EXPECT_EQ(payload_to(talk.say(Role::client, {0}), kOt), Bytes{0});
  Bytes all = line;
  all.push_back(0);
  const auto first = talk.next[0] - static_cast<std::uint32_t>(all.size());
  EXPECT_EQ(payload_to(talk.put(Role::client, talk.segment(Role::client, first, kPush, all)), kOt), all);
  EXPECT_EQ(payload_to(talk.say(Role::client, line), kOt), line);
  EXPECT_TRUE(box.log.verdicts.empty());
}

TEST(StreamLife, E47_a_session_that_is_idle_for_a_day_and_longer_is_never_reset_and_goes_on_midstream) {
  for (const std::string policy : {"drop", "resync"}) {
    auto toml = enforce();
    const std::string was = "midstream = \"resync\"";
    toml.replace(toml.find(was), was.size(), "midstream = \"" + policy + "\"");
    Box box{toml};
    Talk talk{box};
    talk.open();
    exchange(talk);
    idle(box, seconds(23 * 3600));
    EXPECT_TRUE(box.wires.left.empty());
    exchange(talk);
    EXPECT_EQ(box.engine->counters().flows, 1U);

    for (const unsigned days : {2U, 60U}) {
      idle(box, seconds(days * 24ULL * 3600));
      EXPECT_TRUE(box.wires.left.empty()) << "nobody is told anything";
      EXPECT_EQ(box.engine->counters().flows, 0U);
      if (policy == "drop") {
        const auto left = talk.put(Role::client, talk.segment(Role::client, talk.next[0], kPush, kRead));
        EXPECT_TRUE(left.empty()) << "dropped, not reset";
      } else {
        exchange(talk);
      }
    }
    EXPECT_EQ(box.engine->counters().made, 0U);
    EXPECT_EQ(payload_to(talk.say(Role::client, kDenied), kOt), Bytes{});
  }
}

TEST(StreamLife, E47_a_denied_message_that_drips_in_over_hours_never_arrives_whole) {
  for (const auto pause : {seconds(1), seconds(50), seconds(3600), seconds(25ULL * 3600)}) {
    Box box{enforce()};
    Talk talk{box};
    talk.open();
    Bytes arrived;
    for (const std::uint8_t byte : kDenied) {
      const auto got = payload_to(talk.say(Role::client, {byte}), kOt);
      arrived.insert(arrived.end(), got.begin(), got.end());
      idle(box, pause);
    }
    EXPECT_LT(arrived.size(), kDenied.size());
    EXPECT_FALSE(box.log.verdicts.empty());
    box.expect_conserved();
  }
}

}  // namespace
}  // namespace sluice::test
