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

TEST(Engine, a_pattern_patch_finds_its_bytes_by_hyperscan) {
  Box box{enforce() + R"(
[[patch]]
id = "SLU-TEST-2"
name = "a value that kills"
affects = [{ vendor = "Schneider Electric", product = "*" }]
protocol = "modbus"
pattern = { field = "payload", regex = '\x06\x00.\xde\xad' }
severity = 2
action = "reset"
)"};
  Talk talk{box};
  talk.open();
  const auto good = modbus(1, 1, {6, 0, 5, 0xde, 0xae});
  EXPECT_EQ(payload_to(talk.say(Role::client, good), kOt), good);
  EXPECT_TRUE(payload_to(talk.say(Role::client, modbus(2, 1, {6, 0, 5, 0xde, 0xad})), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::patch);
}

}  // namespace
}  // namespace sluice::test
