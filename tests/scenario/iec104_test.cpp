// IEC 60870-5-104 through the engine: what only a whole box can show of a protocol whose ends keep an order
// and need not wait for answers.
#include <gtest/gtest.h>

#include "dataplane/engine/engine_test.hpp"
#include "dataplane/protocol/cases.hpp"

namespace sluice::test {
namespace {

std::string rules() {
  return kZones + conduit("enforce") + R"(
[[allow]]
from = "hmi"
to = "plc"
protocol = "iec104"
access = ["read"]
reason = "interrogates"

[[allow]]
from = "hmi"
to = "plc"
protocol = "iec104"
functions = ["C_SC_NA_1"]
targets = ["ioa 3 100..199"]
where = "iec60870_asdu.sco.se == 0"
reason = "switches what it may"
)";
}

std::string with_stand_ins() {
  auto policy = rules();
  const std::string plc = "name = \"plc\"\n";
  return policy.replace(policy.find(plc), plc.size(), plc + "neutralise = true\n");
}

Bytes of(const std::string& hex) { return bytes_of_hex(hex); }

const Bytes kStart = of("6804 0700 0000");
const Bytes kStarted = of("6804 0b00 0000");

// An information message: numbers, then application data.
Bytes information(std::uint16_t sent, std::uint16_t received, const std::string& asdu) {
  const auto data = of(asdu);
  Bytes bytes{0x68, static_cast<std::uint8_t>(data.size() + 4)};
  for (const auto number : {sent, received}) {
    bytes.push_back(static_cast<std::uint8_t>(number << 1));
    bytes.push_back(static_cast<std::uint8_t>(number >> 7));
  }
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

const std::string kInterrogate = "6401 0600 0300 000000 14";
const std::string kReported = "0101 0300 0300 050000 01";

class Iec104 : public testing::Test {
 protected:
  void begin(const std::string& policy = rules()) {
    box_ = std::make_unique<Box>(policy);
    talk_ = std::make_unique<Talk>(*box_, "10.0.0.1", "10.0.1.2", 40000, 2404);
    talk_->open();
  }
  void start() {
    EXPECT_TRUE(passes(Role::client, kStart));
    EXPECT_TRUE(passes(Role::server, kStarted));
  }
  bool passes(Role role, const Bytes& bytes) {
    return payload_to(talk_->say(role, bytes), role == Role::client ? kOt : kIt) == bytes;
  }
  Reason told() { return box_->log.verdicts.empty() ? Reason::none : box_->log.verdicts.back().reason; }

  std::unique_ptr<Box> box_;
  std::unique_ptr<Talk> talk_;
};

TEST_F(Iec104, lets_pass_what_the_rules_allow_and_what_the_station_says) {
  begin();
  start();
  EXPECT_TRUE(passes(Role::client, information(0, 0, kInterrogate)));
  EXPECT_TRUE(passes(Role::server, information(0, 1, "6401 0700 0300 000000 14")));
  EXPECT_TRUE(passes(Role::server, information(1, 1, kReported)));
  EXPECT_TRUE(passes(Role::client, of("6804 0100 0400")));
  EXPECT_TRUE(passes(Role::client, information(1, 2, "2d01 0600 0300 640000 01")));
  EXPECT_EQ(told(), Reason::none);
}

TEST_F(Iec104, denies_an_object_a_station_a_selection_and_a_type_that_no_rule_names) {
  for (const auto* asdu : {"2d01 0600 0300 c80000 01", "2d01 0600 0400 640000 01", "2d01 0600 0300 640000 81",
                           "2e01 0600 0300 640000 01", "6501 0600 0300 000000 45", "8c01 0600 0300 640000 01",
                           "0101 0300 0300 640000 01", "6901 0600 0300 000000 01"}) {
    begin();
    start();
    EXPECT_FALSE(passes(Role::client, information(0, 0, asdu))) << asdu;
    EXPECT_EQ(told(), Reason::no_rule) << asdu;
  }
}

TEST_F(Iec104, holds_a_session_that_it_saw_begin_to_its_order_E93) {
  begin();
  EXPECT_FALSE(passes(Role::client, information(0, 0, kInterrogate)));
  EXPECT_EQ(told(), Reason::malformed);
  begin();
  start();
  EXPECT_TRUE(passes(Role::client, information(0, 0, kInterrogate)));
  EXPECT_FALSE(passes(Role::client, information(2, 0, kInterrogate)));
  EXPECT_EQ(told(), Reason::malformed);
}

TEST_F(Iec104, takes_up_a_session_in_its_middle_whatever_its_numbers) {
  box_ = std::make_unique<Box>(rules());
  talk_ = std::make_unique<Talk>(*box_, "10.0.0.1", "10.0.1.2", 40000, 2404);
  EXPECT_TRUE(passes(Role::server, information(700, 31, kReported)));
  EXPECT_TRUE(passes(Role::client, information(31, 701, kInterrogate)));
  EXPECT_TRUE(passes(Role::server, information(701, 32, kReported)));
  EXPECT_TRUE(passes(Role::client, of("6804 0100 7c05")));
  EXPECT_FALSE(passes(Role::client, information(5, 702, kInterrogate)));
  EXPECT_EQ(told(), Reason::malformed);
}

TEST_F(Iec104, interrogates_forty_stations_at_once_and_need_not_be_confirmed) {
  begin();
  start();
  for (std::uint16_t i = 0; i < 40; ++i) {
    EXPECT_TRUE(passes(Role::client, information(i, 0, kInterrogate))) << i;
  }
  for (std::uint16_t i = 0; i < 60; ++i) {
    EXPECT_TRUE(passes(Role::server, information(i, 40, "6401 0700 0300 000000 14"))) << i;
  }
  EXPECT_EQ(told(), Reason::none);
}

TEST_F(Iec104, judges_each_of_several_messages_of_a_segment_E93) {
  begin();
  start();
  auto segment = information(0, 0, kInterrogate);
  const auto denied = information(1, 0, "2d01 0600 0300 c80000 01");
  segment.insert(segment.end(), denied.begin(), denied.end());
  EXPECT_FALSE(passes(Role::client, segment));
  EXPECT_EQ(told(), Reason::no_rule);
}

TEST_F(Iec104, neutralises_a_command_and_the_session_goes_on_with_its_numbers) {
  begin(with_stand_ins());
  start();
  const auto left = payload_to(talk_->say(Role::client, information(0, 0, "2d01 0600 0300 c80000 01")), kOt);
  EXPECT_EQ(left, information(0, 0, "1601 0600 0300 c80000 00"));
  EXPECT_EQ(told(), Reason::no_rule);
  const auto answer =
      payload_to(talk_->say(Role::server, information(0, 1, "1601 6c00 0300 c80000 00")), kIt);
  EXPECT_EQ(answer, information(0, 1, "2d01 6c00 0300 c80000 00"));
  EXPECT_TRUE(passes(Role::client, information(1, 1, kInterrogate)));
  EXPECT_TRUE(passes(Role::server, information(1, 2, "6401 0700 0300 000000 14")));
}

}  // namespace
}  // namespace sluice::test
