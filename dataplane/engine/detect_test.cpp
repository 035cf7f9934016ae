#include "dataplane/engine/engine_test.hpp"

namespace sluice::test {
namespace {

const std::string kStopPatch = R"(
[[patch]]
id = "SLU-TEST-1"
name = "UMAS stop"
cve = ["CVE-2017-6034"]
affects = [{ vendor = "Schneider Electric", product = "Modicon *" }]
protocol = "umas"
match = "umas.func == 0x41"
severity = 1
action = "reset"
)";

TEST(Engine, a_patch_stops_what_the_rules_would_allow_and_nothing_else) {
  Box box{kZones + conduit("enforce") +
          "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"umas\"\naccess = [\"read\", \"write\", "
          "\"control\", \"program\", "
          "\"diagnose\"]\nreason = \"x\"\n" +
          kStopPatch};
  Talk talk{box};
  talk.open();
  const auto run = modbus(1, 0, {90, 0, 0x40, 0xff, 0});
  EXPECT_EQ(payload_to(talk.say(Role::client, run), kOt), run);
  EXPECT_TRUE(payload_to(talk.say(Role::client, modbus(2, 0, {90, 0, 0x41, 0xff, 0})), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::patch);
  EXPECT_EQ(box.log.verdicts.back().patch.value, 0U);
}

const std::string kPatternPatch = R"(
[[patch]]
id = "SLU-TEST-2"
name = "a value that kills"
affects = [{ vendor = "Schneider Electric", product = "*" }]
protocol = "modbus"
pattern = { field = "payload", regex = '\x06\x00.\xde\xad' }
severity = 2
action = "reset"
)";
const Bytes kGood = modbus(1, 1, {6, 0, 5, 0xde, 0xae});
const Bytes kDeadly = modbus(2, 1, {6, 0, 5, 0xde, 0xad});

TEST(Engine, a_pattern_patch_finds_its_bytes_by_hyperscan) {
  Box box{enforce() + kPatternPatch};
  Talk talk{box};
  talk.open();
  EXPECT_EQ(payload_to(talk.say(Role::client, kGood), kOt), kGood);
  EXPECT_TRUE(payload_to(talk.say(Role::client, kDeadly), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::patch);
}

// The pattern lies over the end of one segment, or of one piece of a datagram, and the start of the next.
TEST(Engine, E95_a_pattern_is_found_wherever_the_sender_cuts_it) {
  Box box{enforce() + kPatternPatch};
  std::uint16_t port = 40'000;
  const auto expect_found = [&](const Bytes& arrived) {
    ASSERT_LT(arrived.size(), kDeadly.size());
    ASSERT_EQ(box.log.verdicts.back().reason, Reason::patch) << name_of(box.log.verdicts.back().reason);
    box.log.verdicts.clear();
  };
  for (auto cut = kDeadly.begin(); cut != kDeadly.end(); ++cut) {
    Talk talk{box, "10.0.0.1", "10.0.1.2", ++port};
    talk.open();
    Bytes arrived;
    for (const auto& part : {Bytes{kDeadly.begin(), cut}, Bytes{cut, kDeadly.end()}}) {
      const auto left = payload_to(talk.say(Role::client, part), kOt);
      arrived.insert(arrived.end(), left.begin(), left.end());
    }
    expect_found(arrived);
  }
  for (std::uint32_t size = 24; size < 20 + kDeadly.size(); size += 8) {
    Talk talk{box, "10.0.0.1", "10.0.1.2", ++port};
    talk.open();
    const auto frame = talk.segment(Role::client, talk.next[0], tcp_flag::ack | tcp_flag::psh, kDeadly);
    Bytes arrived;
    for (const auto& piece : build::fragments(frame, size)) {
      const auto left = payload_to(talk.put(Role::client, piece), kOt);
      arrived.insert(arrived.end(), left.begin(), left.end());
    }
    expect_found(arrived);
  }
}

}  // namespace
}  // namespace sluice::test
