#include "dataplane/engine/judge.hpp"

#include <gtest/gtest.h>

#include <array>

#include "dataplane/engine/engine_test.hpp"

namespace sluice::test {
namespace {

constexpr std::uint8_t kLie = 3;  // the rest of a body that no write of a coil has

// What is told of `message` behind an allowed exchange, cut behind `cut` bytes.
Told told_of(Box& box, const std::array<Bytes, 2>& before, const Bytes& message, std::size_t cut) {
  static std::uint16_t port = 40000;
  Talk talk{box, "10.0.0.1", "10.0.1.2", ++port};
  talk.open();
  talk.say(Role::client, before[0]);
  talk.say(Role::server, before[1]);
  box.log.verdicts.clear();
  const auto middle = message.begin() + static_cast<std::ptrdiff_t>(cut);
  if (cut != 0) talk.say(Role::client, {message.begin(), middle});
  talk.say(Role::client, {middle, message.end()});
  EXPECT_EQ(box.log.verdicts.size(), 1U);
  box.expect_conserved();
  return box.log.verdicts.empty() ? Told{} : box.log.verdicts.back();
}

TEST(Judge, tells_a_request_without_a_rule_alike_wherever_it_is_cut) {
  Box reads{enforce()};
  Box umas_only{kZones + conduit("enforce") + R"(
[[allow]]
from = "hmi"
to = "plc"
protocol = "umas"
functions = ["read_id"]
reason = "nothing of Modbus itself"
)"};
  const std::array read = {modbus(1, 1, {3, 0, 0, 0, 1}), modbus(1, 1, {3, 2, 0, 0})};
  const std::array id = {modbus(1, 1, {90, 0, 2}), modbus(1, 1, {90, 0, 0xfe})};
  const struct {
    const char* name;
    Box& box;
    const std::array<Bytes, 2>& before;
    Bytes message;
    Reason reason;
    std::uint16_t function;
  } cases[] = {
      {"a write", reads, read, modbus(2, 1, {5, 0, 0, 0xff, 0}), Reason::no_rule, 5},
      {"a code without a name", reads, read, modbus(2, 1, {99, 0, 0}), Reason::no_rule, 99},
      {"a write whose body lies", reads, read, modbus(2, 1, {5, 0, kLie}), Reason::no_rule, 5},
      {"no rule is about Modbus", umas_only, id, modbus(2, 1, {5, 0, 0, 0xff, 0}), Reason::no_policy, 5},
  };
  for (const auto& one : cases) {
    for (std::size_t cut = 0; cut < one.message.size(); ++cut) {
      const auto told = told_of(one.box, one.before, one.message, cut);
      EXPECT_EQ(told.reason, one.reason) << one.name << " cut at " << cut << ": " << name_of(told.reason);
      EXPECT_EQ(told.function, one.function) << one.name << " cut at " << cut;
      EXPECT_EQ(told.protocol, "modbus");
      EXPECT_EQ(told.verdict, Verdict::reset);
    }
  }
}

TEST(Judge, counts_what_goes_with_a_request_that_is_denied_before_its_end) {
  const auto read = modbus(2, 1, {3, 0, 0, 0, 1});
  const auto write = modbus(3, 1, {5, 0, 0, 0xff, 0});
  Bytes strange = read;
  strange[3] = 1;
  for (const auto& tail : {write, Bytes{write.begin(), write.begin() + 9}, strange}) {
    Box box{enforce()};
    Talk talk{box};
    talk.open();
    talk.say(Role::client, modbus(1, 1, {3, 0, 0, 0, 1}));
    Bytes both = read;
    both.insert(both.end(), tail.begin(), tail.end());
    EXPECT_TRUE(payload_to(talk.say(Role::client, both), kOt).empty());
    EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::collateral)], 1U);
  }
}

TEST(Judge, says_which_protocol_an_answer_to_nothing_is_of) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, modbus(1, 1, {3, 0, 0, 0, 1}));
  talk.say(Role::server, modbus(9, 1, {3, 2, 0, 0}));
  ASSERT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.log.verdicts[0].reason, Reason::unsolicited);
  EXPECT_EQ(box.log.verdicts[0].protocol, "modbus");
  EXPECT_EQ(box.log.verdicts[0].function, 3);
}

}  // namespace
}  // namespace sluice::test
