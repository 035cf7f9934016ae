// Denial by a stand-in that the device itself refuses, and what segments and time have to do with messages.
#include <gmock/gmock.h>

#include "dataplane/engine/engine_test.hpp"
#include "dataplane/protocol/modbus/stand_in.hpp"

namespace sluice::test {
namespace {

std::string asset_with(const std::string& line, const std::string& toml) {
  const std::string product = "product = \"Modicon M340\"\n";
  auto changed = toml;
  changed.insert(changed.find(product) + product.size(), line + "\n");
  return changed;
}
std::string opted_in() { return asset_with("neutralise = true", enforce()); }

const Bytes kRead = modbus(1, 1, {3, 0, 0, 0, 10});
const Bytes kWrite = modbus(2, 1, {5, 0, 7, 0xff, 0});
const Bytes kRefusal = modbus(2, 1, {0x85, 1});

Bytes stand_in_for(const Bytes& request) {
  Bytes out(request.size());
  EXPECT_TRUE(modbus::stand_in(request, out));
  return out;
}
Bytes device_refuses(const Bytes& stand_in) {
  return modbus(static_cast<std::uint16_t>(stand_in[0] << 8 | stand_in[1]), stand_in[6],
                {static_cast<std::uint8_t>(stand_in[7] | 0x80), 1});
}
Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Bytes part(const Bytes& all, std::size_t from, std::size_t to) {
  return {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)};
}
Bytes read_answer(std::uint16_t transaction) {
  Bytes pdu = {3, 20};
  pdu.resize(22);
  return modbus(transaction, 1, pdu);
}

TEST(Neutralise, a_denied_request_leaves_as_its_stand_in_and_the_client_hears_illegal_function) {
  Box box{opted_in()};
  Talk talk{box};
  talk.open();
  EXPECT_EQ(payload_to(talk.say(Role::client, kWrite), kOt), stand_in_for(kWrite));
  ASSERT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.log.verdicts[0].reason, Reason::no_rule);
  EXPECT_EQ(box.log.verdicts[0].verdict, Verdict::neutralise);
  EXPECT_EQ(box.log.verdicts[0].function, 5);
  EXPECT_TRUE(box.log.verdicts[0].acted);
  EXPECT_EQ(payload_to(talk.say(Role::server, device_refuses(stand_in_for(kWrite))), kIt), kRefusal);
  // The session goes on.
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
  EXPECT_EQ(payload_to(talk.say(Role::server, read_answer(1)), kIt), read_answer(1));
  EXPECT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.engine->counters().neutralised, 1U);
  box.expect_conserved();
}

TEST(Neutralise, every_function_that_is_denied_is_refused_as_itself) {
  for (int code = 1; code < 128; ++code) {
    const auto function = static_cast<std::uint8_t>(code);
    if (function == 3 || function == 6) continue;
    Box box{opted_in()};
    Talk talk{box};
    talk.open();
    const auto asked = modbus(9, 1, {function, 0, 7, 0xff, 0});
    const auto left = payload_to(talk.say(Role::client, asked), kOt);
    const auto told = box.log.verdicts.empty() ? Reason::none : box.log.verdicts[0].reason;
    if (modbus::stand_in_of(function) == 0 || told == Reason::malformed) {
      EXPECT_TRUE(left.empty()) << code;
      continue;
    }
    ASSERT_EQ(left, stand_in_for(asked)) << code;
    const auto answer = payload_to(talk.say(Role::server, device_refuses(left)), kIt);
    EXPECT_EQ(answer, modbus(9, 1, {static_cast<std::uint8_t>(function | 0x80), 1})) << code;
    box.expect_conserved();
  }
}

TEST(Neutralise, only_the_denied_one_of_several_in_a_segment_is_replaced) {
  for (std::size_t place = 0; place < 6; ++place) {
    Box box{opted_in()};
    Talk talk{box};
    talk.open();
    Bytes sent;
    Bytes expected;
    for (std::size_t i = 0; i < 6; ++i) {
      const auto read = modbus(static_cast<std::uint16_t>(10 + i), 1, {3, 0, 0, 0, 1});
      sent = sent + (i == place ? kWrite : read);
      expected = expected + (i == place ? stand_in_for(kWrite) : read);
    }
    EXPECT_EQ(payload_to(talk.say(Role::client, sent), kOt), expected);
    EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::collateral)], 0U);
    box.expect_conserved();
  }
}

TEST(Neutralise, a_request_of_which_bytes_have_left_ends_its_session) {
  for (std::size_t cut = 1; cut < kWrite.size(); ++cut) {
    Box box{opted_in()};
    Talk talk{box};
    talk.open();
    auto left = talk.say(Role::client, part(kWrite, 0, cut));
    const auto rest = talk.say(Role::client, part(kWrite, cut, kWrite.size()));
    left.insert(left.end(), rest.begin(), rest.end());
    EXPECT_LT(payload_to(left, kOt).size(), kWrite.size());
    EXPECT_TRUE(has_reset(left, kOt)) << cut;
    EXPECT_EQ(box.engine->counters().neutralised, 0U);
  }
}

TEST(Neutralise, E38_what_is_repeated_before_its_acknowledgement_leaves_as_the_same_stand_in) {
  Box box{opted_in()};
  Talk talk{box};
  talk.open();
  const auto at = talk.next[0];
  const auto sent = kRead + kWrite;
  const auto expected = kRead + stand_in_for(kWrite);
  EXPECT_EQ(payload_to(talk.say(Role::client, sent), kOt), expected);
  // Whole, and any piece of it.
  for (std::size_t from = 0; from < sent.size(); ++from) {
    for (std::size_t to = from + 1; to <= sent.size(); ++to) {
      const auto again = talk.segment(Role::client, at + static_cast<std::uint32_t>(from), tcp_flag::ack,
                                      part(sent, from, to));
      ASSERT_EQ(payload_to(talk.put(Role::client, again), kOt), part(expected, from, to))
          << from << " " << to;
    }
  }
  EXPECT_EQ(box.log.verdicts.size(), 1U) << "told once";
  box.expect_conserved();
}

TEST(Neutralise, E30_E38_midstream_the_same_request_at_another_number_does_not_mix_with_its_stand_in) {
  for (std::uint32_t back = 1; back < kWrite.size(); ++back) {
    Box box{opted_in()};
    Talk talk{box};
    const auto at = talk.next[0];
    std::vector<Bytes> left(2);
    for (std::uint32_t i = 0; i < 2; ++i) {
      const auto frame = talk.segment(Role::client, at - i * back, tcp_flag::ack | tcp_flag::psh, kWrite);
      left[i] = payload_to(talk.put(Role::client, frame), kOt);
    }
    EXPECT_EQ(left[0], stand_in_for(kWrite));
    EXPECT_TRUE(left[1].empty()) << back;
    box.expect_conserved();
  }
}

// Its last two bytes are the first two of what has left: the stand-in would change them.
TEST(Neutralise, E30_E38_midstream_a_request_of_which_bytes_have_left_is_not_replaced) {
  Box box{opted_in()};
  Talk talk{box};
  const auto at = talk.next[0];
  const auto first = modbus(1, 1, {3, 0, 0, 0, 1});
  EXPECT_EQ(payload_to(talk.say(Role::client, first), kOt), first);
  const auto denied = modbus(2, 1, {1, 0, 0, 0, 1});
  for (const std::uint32_t overlap : {2U, 0U}) {
    const auto length = static_cast<std::uint32_t>(denied.size());
    const auto left =
        talk.put(Role::client, talk.segment(Role::client, at + overlap - length, tcp_flag::ack, denied));
    EXPECT_EQ(payload_to(left, kOt), overlap != 0 ? Bytes{} : stand_in_for(denied));
  }
  box.expect_conserved();
}

TEST(Neutralise, a_repeated_refusal_is_the_same_refusal) {
  Box box{opted_in()};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, kWrite);
  const auto at = talk.next[1];
  const auto refused = device_refuses(stand_in_for(kWrite));
  EXPECT_EQ(payload_to(talk.say(Role::server, refused), kIt), kRefusal);
  EXPECT_EQ(payload_to(talk.put(Role::server, talk.segment(Role::server, at, tcp_flag::ack, refused)), kIt),
            kRefusal);
}

TEST(Neutralise, nothing_is_remembered_so_a_new_box_goes_on_with_the_session) {
  Box first{opted_in()};
  Talk talk{first};
  talk.open();
  const auto at = talk.next[0];
  EXPECT_EQ(payload_to(talk.say(Role::client, kWrite), kOt), stand_in_for(kWrite));

  // The box was restarted: the request is repeated, the refusal comes, the next one is asked.
  Box second{opted_in()};
  const auto again = talk.segment(Role::client, at, tcp_flag::ack | tcp_flag::psh, kWrite);
  EXPECT_EQ(payload_to(second.send(again, kIt), kOt), stand_in_for(kWrite));

  Box third{opted_in()};
  auto& server_next = talk.next[1];
  const auto answer =
      talk.segment(Role::server, server_next, tcp_flag::ack, device_refuses(stand_in_for(kWrite)));
  server_next += static_cast<std::uint32_t>(kRefusal.size());
  EXPECT_EQ(payload_to(third.send(answer, kOt), kIt), kRefusal);
  const auto read = talk.segment(Role::client, talk.next[0], tcp_flag::ack, kRead);
  EXPECT_EQ(payload_to(third.send(read, kIt), kOt), kRead);
}

TEST(Neutralise, a_code_that_a_rule_permits_stands_for_nothing) {
  const auto code = std::to_string(modbus::stand_in_of(5));
  const auto toml = opted_in() +
                    "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\nfunctions = [" + code +
                    "]\nreason = \"the vendor's own\"\n";
  Box box{toml};
  Talk talk{box};
  talk.open();
  const auto own = modbus(4, 1, {modbus::stand_in_of(5), 1});
  EXPECT_EQ(payload_to(talk.say(Role::client, own), kOt), own);
  const auto refused = device_refuses(own);
  EXPECT_EQ(payload_to(talk.say(Role::server, refused), kIt), refused) << "the device's own word";
  const auto left = talk.say(Role::client, kWrite);
  EXPECT_TRUE(payload_to(left, kOt).empty());
  EXPECT_TRUE(has_reset(left, kOt));
}

TEST(Neutralise, an_asset_that_is_not_opted_in_and_a_broken_message_are_reset) {
  Box plain{enforce()};
  Talk talk{plain};
  talk.open();
  EXPECT_TRUE(has_reset(talk.say(Role::client, kWrite), kOt));

  Box box{opted_in()};
  Talk broken{box};
  broken.open();
  EXPECT_TRUE(has_reset(broken.say(Role::client, modbus(2, 1, {3, 0, 0, 0, 0})), kOt));
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::malformed);
}

TEST(Neutralise, more_at_once_than_can_wait_for_an_answer_ends_the_session) {
  Box box{opted_in()};
  Talk talk{box};
  talk.open();
  Bytes sent;
  for (std::uint16_t i = 0; i < 9; ++i) sent = sent + modbus(i, 1, {5, 0, 7, 0xff, 0});
  const auto left = talk.say(Role::client, sent);
  EXPECT_TRUE(payload_to(left, kOt).empty());
  EXPECT_TRUE(has_reset(left, kIt));
  box.expect_conserved();
}

TEST(Neutralise, monitor_leaves_the_request_as_it_came) {
  Box box{asset_with("neutralise = true", monitor())};
  Talk talk{box};
  talk.open();
  EXPECT_EQ(payload_to(talk.say(Role::client, kWrite), kOt), kWrite);
  EXPECT_FALSE(box.log.verdicts.back().acted);
  const auto own = device_refuses(stand_in_for(kWrite));
  EXPECT_EQ(payload_to(talk.say(Role::server, own), kIt), own);
}

TEST(WholeSegments, a_request_must_begin_and_end_with_its_segment) {
  const auto toml = asset_with("whole_segments = true", enforce());
  {
    Box box{toml};
    Talk talk{box};
    talk.open();
    EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
    EXPECT_EQ(payload_to(talk.say(Role::server, part(read_answer(1), 0, 12)), kIt).size(), 12U)
        << "what the device says may come in any pieces";
  }
  const std::vector<Bytes> broken = {kRead + kRead, part(kRead, 0, 7), kRead + part(kRead, 0, 3)};
  for (const auto& segment : broken) {
    Box box{toml};
    Talk talk{box};
    talk.open();
    const auto left = talk.say(Role::client, segment);
    EXPECT_TRUE(payload_to(left, kOt).empty());
    EXPECT_EQ(box.log.verdicts.back().reason, Reason::whole_segments);
    EXPECT_TRUE(has_reset(left, kOt));
    box.expect_conserved();
  }
  Box watched{asset_with("whole_segments = true", monitor())};
  Talk talk{watched};
  talk.open();
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead + kRead), kOt), kRead + kRead);
  EXPECT_EQ(watched.log.verdicts.back().reason, Reason::whole_segments);
  EXPECT_FALSE(watched.log.verdicts.back().acted);
}

TEST(Time, E47_a_message_that_is_begun_and_not_finished_ends_its_session_with_a_reset) {
  EngineOptions options;
  options.limits.flows = 64;  // which one call of tick() looks at
  for (const bool drips : {true, false}) {
    Box box{enforce(), options};
    Talk talk{box};
    talk.open();
    EXPECT_EQ(payload_to(talk.say(Role::client, part(kRead, 0, 1)), kOt).size(), 1U);
    std::vector<Wires::Left> left;
    for (std::size_t second = 1; second < 70; ++second) {
      box.now = box.now + seconds(1);
      box.wires.left.clear();
      box.engine->tick(box.now, *box.rules);
      left.insert(left.end(), box.wires.left.begin(), box.wires.left.end());
      if (!drips || second % 10 != 0) continue;
      const auto more = talk.say(Role::client, part(kRead, second / 10, second / 10 + 1));
      left.insert(left.end(), more.begin(), more.end());
    }
    EXPECT_TRUE(has_reset(left, kOt));
    EXPECT_TRUE(has_reset(left, kIt));
    ASSERT_EQ(box.log.verdicts.size(), 1U);
    EXPECT_EQ(box.log.verdicts[0].reason, Reason::expired);
    box.expect_conserved();
  }
}

TEST(Time, E47_an_idle_session_with_nothing_unfinished_lives_for_hours) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, kRead);
  talk.say(Role::server, read_answer(1));
  for (int minute = 0; minute < 23 * 60; ++minute) {
    box.now = box.now + seconds(60);
    box.engine->tick(box.now, *box.rules);
  }
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
  EXPECT_TRUE(box.log.verdicts.empty());
}

TEST(Time, monitor_tells_an_unfinished_message_and_resets_nobody) {
  EngineOptions options;
  options.limits.flows = 64;
  Box box{monitor(), options};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, part(kRead, 0, 9));
  for (int second = 0; second < 70; ++second) {
    box.now = box.now + seconds(1);
    box.wires.left.clear();
    box.engine->tick(box.now, *box.rules);
    EXPECT_TRUE(box.wires.left.empty());
  }
  ASSERT_FALSE(box.log.verdicts.empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::expired);
  EXPECT_FALSE(box.log.verdicts.back().acted);
}

TEST(Time, a_session_that_is_not_in_step_after_ten_seconds_of_trying_is_ended) {
  Box box{enforce()};
  Talk talk{box};
  std::vector<Wires::Left> left;
  for (int second = 0; second < 12; ++second) {
    left = talk.put(Role::client, talk.segment(Role::client, talk.next[0], tcp_flag::ack, part(kRead, 0, 8)));
    EXPECT_TRUE(payload_to(left, kOt).empty());
    if (second < 10) {
      EXPECT_EQ(box.log.verdicts.back().reason, Reason::midstream);
      EXPECT_FALSE(has_reset(left, kIt));
    }
    box.now = box.now + seconds(1);
  }
  EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::expired)], 1U);
  EXPECT_TRUE(payload_to(talk.say(Role::client, kRead), kOt).empty());

  // One that gets in step is not.
  Box other{enforce()};
  Talk good{other};
  for (int second = 0; second < 30; ++second) {
    if (second < 8)
      good.put(Role::client, good.segment(Role::client, good.next[0], tcp_flag::ack, part(kRead, 0, 8)));
    other.now = other.now + seconds(1);
  }
  EXPECT_EQ(payload_to(good.say(Role::client, kRead), kOt), kRead);
}

TEST(Reset, an_end_that_goes_on_after_the_end_of_its_session_is_told_again_but_not_for_ever) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, kWrite);
  int told = 0;
  for (int i = 0; i < 100; ++i) {
    box.now = box.now + milliseconds(150);
    // As the device acknowledges by itself: exactly what it expects is what it gets.
    const auto left = talk.acknowledge(Role::server);
    if (left.empty()) continue;
    ++told;
    auto copy = left[0].bytes;
    Packet packet;
    ASSERT_EQ(parse(build::frame_over(copy), Checksums::verify, packet).reason, Reason::none);
    EXPECT_EQ(left[0].to, kOt);
    EXPECT_EQ(packet.tcp.sequence, talk.next[0]);
    EXPECT_NE(packet.tcp.flags & tcp_flag::rst, 0);
  }
  EXPECT_GT(told, 3);
  EXPECT_LE(told, 16);
  box.expect_conserved();
}

}  // namespace
}  // namespace sluice::test
