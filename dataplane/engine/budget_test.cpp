// What one frame may cost: honest policies and the largest messages stay far below it, and what goes beyond
// is denied.
#include "dataplane/engine/engine_test.hpp"

namespace sluice::test {
namespace {

std::uint64_t count(const Box& box, Reason reason) {
  return box.engine->counters().reasons[static_cast<std::size_t>(reason)];
}

// `rules` rules between the same two assets: one for each of as many units and ranges.
std::string many_rules(int rules, bool with_units) {
  std::string text = kZones + conduit("enforce");
  for (int i = 0; i < rules; ++i) {
    text +=
        "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = [\"read\", \"write\"]\n";
    if (with_units) text += "where = \"mbtcp.unit_id == " + std::to_string(i % 247 + 1) + "\"\n";
    text += "targets = [\"holding " + std::to_string(i) + ".." + std::to_string(i + 200) +
            "\", \"coil 0..1999\", \"input 0..9\", \"discrete 0..9\", \"file " + std::to_string(i) +
            " 0..9999\"]\nreason = \"r\"\n";
  }
  return text;
}

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// The last of a thousand rules is the one that permits each of them.
TEST(Budget, a_thousand_rules_for_a_pair_and_the_fullest_frames_stay_below_it) {
  for (const bool with_units : {true, false}) {
    Box box{many_rules(1000, with_units)};
    const std::uint8_t unit = 999 % 247 + 1;

    std::vector<Bytes> reads;
    for (std::uint16_t i = 0; i < 14; ++i) reads.push_back(modbus(i, unit, {3, 4, 0, 0, 1}));
    Talk first{box};
    first.open();
    EXPECT_EQ(payload_to(first.say(Role::client, joined(reads)), kOt), joined(reads));

    // 1,968 coils are as many values.
    Bytes coils = {15, 0, 0, 7, 0xb0, 246};
    coils.resize(6 + 246, 0xff);
    Talk second{box, "10.0.0.1", "10.0.1.2", 40001};
    second.open();
    const std::vector<Bytes> writes(5, modbus(9, unit, coils));
    EXPECT_EQ(payload_to(second.say(Role::client, joined(writes)), kOt), joined(writes));

    // 35 sub-requests are as many items.
    Bytes files = {20, 245};
    for (std::uint8_t i = 0; i < 35; ++i) files.insert(files.end(), {6, 3, 231, 0, i, 0, 1});
    Talk third{box, "10.0.0.1", "10.0.1.2", 40002};
    third.open();
    const std::vector<Bytes> records(5, modbus(9, unit, files));
    EXPECT_EQ(payload_to(third.say(Role::client, joined(records)), kOt), joined(records));

    EXPECT_TRUE(box.log.verdicts.empty());
    EXPECT_EQ(count(box, Reason::work_budget), 0U);
  }
}

// Each value of a message is looked for by a pattern that keeps many states under way.
const std::string kDear = R"(
[[allow]]
from = "hmi"
to = "plc"
protocol = "modbus"
access = ["write"]
where = '''modbus.data matches r"(\x01?){200}\x01{200}\x02"'''
reason = "too clever"
)";

const Bytes kHostile = [] {
  Bytes write = {21, 245, 6, 0, 1, 0, 0, 0, 119};
  write.resize(9 + 238, 1);
  return modbus(1, 1, write);
}();

TEST(Budget, what_costs_more_is_denied_and_counted_and_ends_its_session_only) {
  Box box{kZones + conduit("enforce") + kDear + kReads};
  Talk other{box, "10.0.0.1", "10.0.1.2", 40001};
  other.open();
  Talk talk{box};
  talk.open();
  const auto left = talk.say(Role::client, kHostile);
  EXPECT_TRUE(payload_to(left, kOt).empty());
  EXPECT_TRUE(has_reset(left, kOt));
  ASSERT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.log.verdicts[0].reason, Reason::work_budget);
  EXPECT_EQ(box.log.verdicts[0].function, 21);
  EXPECT_TRUE(box.log.verdicts[0].acted);
  EXPECT_EQ(count(box, Reason::work_budget), 1U);
  const auto read = modbus(2, 1, {3, 0, 0, 0, 10});
  EXPECT_EQ(payload_to(other.say(Role::client, read), kOt), read) << "the next frame has a budget of its own";
  box.expect_conserved();
}

TEST(Budget, in_monitor_it_is_told_and_passes) {
  Box box{kZones + conduit("monitor") + kDear};
  Talk talk{box};
  talk.open();
  const auto frame = talk.segment(Role::client, talk.next[0], tcp_flag::ack | tcp_flag::psh, kHostile);
  const auto left = talk.put(Role::client, frame);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].bytes, frame);
  ASSERT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.log.verdicts[0].reason, Reason::work_budget);
  EXPECT_FALSE(box.log.verdicts[0].acted);
  EXPECT_EQ(box.engine->counters().dropped, 0U);
}

TEST(Budget, a_patch_that_costs_more_is_not_taken_for_one_that_does_not_match) {
  Box box{enforce() + R"(
[[patch]]
id = "SLU-TEST-9"
name = "dear"
affects = [{ vendor = "Schneider Electric", product = "*" }]
protocol = "modbus"
match = '''modbus.data matches r"(\x01?){200}\x01{200}\x02"'''
severity = 1
action = "reset"
)" +
          "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = [\"write\"]\nreason = "
          "\"w\"\n"};
  Talk talk{box};
  talk.open();
  EXPECT_TRUE(payload_to(talk.say(Role::client, kHostile), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::work_budget);
}

// More rules, patches or counters than 16 bits count.
constexpr int kSoMany = 70'000;

TEST(Budget, E96_seventy_thousand_rules_that_all_match_permit_and_the_first_is_named) {
  std::string text = kZones + conduit("enforce");
  for (int i = 0; i < kSoMany; ++i) {
    text +=
        "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = [\"read\"]\nreason = "
        "\"r\"\n";
  }
  Box box{text};
  Talk talk{box};
  talk.open();
  const auto read = modbus(1, 1, {3, 0, 0, 0, 1});
  EXPECT_EQ(payload_to(talk.say(Role::client, read), kOt), read);
  ASSERT_FALSE(box.log.transactions.empty());
  EXPECT_EQ(box.log.transactions[0].rule.value, 0U);
  // And none of them permits a write: each was looked at.
  EXPECT_TRUE(payload_to(talk.say(Role::client, modbus(2, 1, {5, 0, 0, 0xff, 0})), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::no_rule);
}

TEST(Budget, E96_seventy_thousand_patches_that_all_match_deny_and_the_first_is_named) {
  std::string text = enforce();
  for (int i = 0; i < kSoMany; ++i) {
    text += "[[patch]]\nid = \"SLU-" + std::to_string(i) +
            "\"\nname = \"n\"\naffects = [{ vendor = \"Schneider Electric\", product = \"*\" }]\nprotocol = "
            "\"modbus\"\nmatch = \"modbus.func_code == 3\"\nseverity = 2\naction = \"reset\"\n";
  }
  Box box{text};
  Talk talk{box};
  talk.open();
  const auto left = talk.say(Role::client, modbus(1, 1, {3, 0, 0, 0, 1}));
  EXPECT_TRUE(payload_to(left, kOt).empty());
  ASSERT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.log.verdicts[0].reason, Reason::patch);
  EXPECT_EQ(box.log.verdicts[0].patch.value, 0U);
  EXPECT_EQ(box.log.verdicts[0].verdict, Verdict::reset);
}

// Each rule permits one register; a request for 125 of them needs as many rules, in whatever order they
// stand.
TEST(Budget, a_range_that_many_rules_cover_together_is_not_the_product_of_both) {
  for (const bool ascending : {true, false}) {
    std::string text = kZones + conduit("enforce");
    for (int i = 0; i < 1000; ++i) {
      const auto at = std::to_string(ascending ? i : 999 - i);
      text +=
          "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = [\"read\"]\ntargets = "
          "[\"holding " +
          at + "\"]\nreason = \"r\"\n";
    }
    Box box{text};
    Talk talk{box};
    talk.open();
    std::vector<Bytes> reads;
    for (std::uint16_t i = 0; i < 14; ++i) reads.push_back(modbus(i, 1, {3, 3, 100, 0, 125}));
    EXPECT_EQ(payload_to(talk.say(Role::client, joined(reads)), kOt), joined(reads));
    EXPECT_TRUE(payload_to(talk.say(Role::client, modbus(99, 1, {3, 3, 0x85, 0, 125})), kOt).empty());
    EXPECT_EQ(box.log.verdicts.back().reason, Reason::no_rule);
  }
}

}  // namespace
}  // namespace sluice::test
