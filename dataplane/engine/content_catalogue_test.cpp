// The catalogue's cases of Modbus, through the whole engine: a message that a rule does not
// allow never arrives whole, wherever the sender cuts it.
#include <algorithm>

#include "dataplane/engine/engine_test.hpp"

namespace sluice::test {
namespace {

const Bytes kRead = modbus(1, 1, {3, 0, 10, 0, 2});

// hmi may read all of plc's unit 1 and nothing else.
std::string only_reads() {
  return kZones + conduit("enforce") + R"(
[[allow]]
from = "hmi"
to = "plc"
protocol = "modbus"
access = ["read"]
where = "mbtcp.unit_id == 1"
reason = "the HMI polls"
)";
}

Bytes joined(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// In one segment, and in two, cut at each byte: not all of it arrives, and `reason` is told. Each cut is a
// session of its own, since what comes before the cut may arrive.
void expect_denied(const Bytes& message, Reason reason, const std::string& policy = only_reads()) {
  Box box{policy};
  for (std::size_t cut = 0; cut < message.size(); ++cut) {
    SCOPED_TRACE("cut at " + std::to_string(cut));
    box.log.verdicts.clear();
    Talk talk{box, "10.0.0.1", "10.0.1.2", static_cast<std::uint16_t>(40'000 + cut)};
    talk.open();
    const auto at = message.begin() + static_cast<std::ptrdiff_t>(cut);
    Bytes arrived;
    if (cut > 0) arrived = payload_to(talk.say(Role::client, {message.begin(), at}), kOt);
    arrived = joined(arrived, payload_to(talk.say(Role::client, {at, message.end()}), kOt));
    ASSERT_LT(arrived.size(), message.size());
    ASSERT_TRUE(cut > 0 || arrived.empty());
    ASSERT_FALSE(box.log.verdicts.empty());
    ASSERT_EQ(box.log.verdicts.front().reason, reason) << name_of(box.log.verdicts.front().reason);
  }
  box.expect_conserved();
}

void expect_passes(const Bytes& message, const std::string& policy = only_reads()) {
  Box box{policy};
  Talk talk{box};
  talk.open();
  EXPECT_EQ(payload_to(talk.say(Role::client, message), kOt), message);
  EXPECT_TRUE(box.log.verdicts.empty()) << name_of(box.log.verdicts.front().reason);
}

// The header says where a message ends, whatever its function needs; both have to agree.
TEST(ContentCatalogue, E53_a_length_that_its_function_contradicts) {
  for (const auto length : {2, 3, 4, 5, 7, 8, 60, 254}) {
    SCOPED_TRACE(length);
    auto message = modbus(1, 1, {3, 0, 10, 0, 2});
    message[5] = static_cast<std::uint8_t>(length);
    // Behind it stands what the declared length would hide.
    message = joined(message, modbus(2, 1, {5, 0, 7, 0xff, 0}));
    message.resize(std::max<std::size_t>(message.size(), static_cast<std::size_t>(length) + 6));
    expect_denied(message, Reason::malformed);
  }
}

TEST(ContentCatalogue, E54_a_denied_request_behind_many_allowed_ones_in_one_segment) {
  Box box{only_reads()};
  for (const int allowed : {1, 15, 63}) {
    SCOPED_TRACE(allowed);
    Bytes all;
    for (std::uint16_t i = 0; i < static_cast<std::uint16_t>(allowed); ++i)
      all = joined(all, modbus(i, 1, {3, 0, 10, 0, 2}));
    Talk talk{box, "10.0.0.1", "10.0.1.2", static_cast<std::uint16_t>(40'000 + allowed)};
    talk.open();
    EXPECT_TRUE(
        payload_to(talk.say(Role::client, joined(all, modbus(100, 1, {5, 0, 7, 0xff, 0}))), kOt).empty());
    // The seventeenth is one too many already.
    EXPECT_EQ(box.log.verdicts.back().reason, allowed > 16 ? Reason::too_many_requests : Reason::no_rule);
  }
  box.expect_conserved();
}

TEST(ContentCatalogue, E56_another_protocol_identifier_is_no_modbus) {
  Box box{only_reads()};
  std::uint16_t port = 40'000;
  for (const auto& [high, low] : {std::pair{0, 1}, {1, 0}, {0xff, 0xff}}) {
    auto message = kRead;
    message[2] = static_cast<std::uint8_t>(high);
    message[3] = static_cast<std::uint8_t>(low);
    for (const bool first : {true, false}) {
      Talk talk{box, "10.0.0.1", "10.0.1.2", port++};
      talk.open();
      if (!first) talk.say(Role::client, kRead);
      EXPECT_TRUE(payload_to(talk.say(Role::client, message), kOt).empty());
      EXPECT_EQ(box.log.verdicts.back().reason, first ? Reason::wrong_protocol : Reason::bad_framing);
    }
  }
}

TEST(ContentCatalogue, E57_lengths_that_no_message_has) {
  Box box{only_reads()};
  std::uint16_t port = 40'000;
  for (const auto length : {0, 1, 255, 256, 1000, 65535}) {
    SCOPED_TRACE(length);
    for (const bool first : {true, false}) {
      auto message = kRead;
      message[4] = static_cast<std::uint8_t>(length >> 8);
      message[5] = static_cast<std::uint8_t>(length);
      message.resize(300, 0x41);
      Talk talk{box, "10.0.0.1", "10.0.1.2", port++};
      talk.open();
      if (!first) talk.say(Role::client, kRead);
      EXPECT_TRUE(payload_to(talk.say(Role::client, message), kOt).empty());
      EXPECT_EQ(box.log.verdicts.back().reason, first ? Reason::wrong_protocol : Reason::bad_framing);
    }
  }
}

TEST(ContentCatalogue, E58_functions_and_sub_functions_that_no_rule_names) {
  for (const auto function : {0, 9, 10, 65, 72, 100, 110, 127})
    expect_denied(modbus(1, 1, {static_cast<std::uint8_t>(function), 0, 0, 0, 1}), Reason::no_rule);
  // Nobody asks by what only an answer has.
  for (const auto function : {128, 131, 255})
    expect_denied(modbus(1, 1, {static_cast<std::uint8_t>(function), 0, 0, 0, 1}), Reason::wrong_protocol);
  for (const int sub : {0, 1, 4, 10, 11, 21, 255})
    expect_denied(modbus(1, 1, {8, 0, static_cast<std::uint8_t>(sub), 0, 0}), Reason::no_rule);
  expect_denied(modbus(1, 1, {43, 13, 0, 0}), Reason::no_rule);
  // What is carried by a vendor's function is a protocol of its own.
  expect_denied(modbus(1, 1, {90, 0, 0x41, 0xff, 0}), Reason::no_policy);
}

TEST(ContentCatalogue, E59_counts_that_contradict_the_bytes_or_run_past_the_last_address) {
  const std::string writes =
      kZones + conduit("enforce") +
      "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = [\"read\", "
      "\"write\"]\nreason = \"the HMI sets\"\n";
  expect_passes(modbus(1, 1, {16, 0, 0, 0, 2, 4, 1, 2, 3, 4}), writes);
  expect_passes(modbus(1, 1, {3, 0xff, 0xff, 0, 1}), writes);
  for (const auto& pdu :
       {Bytes{16, 0, 0, 0, 2, 3, 1, 2, 3}, Bytes{16, 0, 0, 0, 1, 4, 1, 2, 3, 4}, Bytes{16, 0, 0, 0, 0, 0},
        Bytes{15, 0, 0, 0, 9, 1, 0xff}, Bytes{23, 0, 0, 0, 1, 0, 0, 0, 2, 2, 1, 2},
        Bytes{3, 0xff, 0xff, 0, 2}, Bytes{3, 0, 0, 0, 0}, Bytes{3, 0, 0, 0, 126}, Bytes{3, 0, 0, 0xff, 0xff},
        Bytes{16, 0xff, 0xff, 0, 2, 4, 1, 2, 3, 4}, Bytes{5, 0, 0, 0x12, 0x34}}) {
    SCOPED_TRACE(testing::PrintToString(pdu));
    expect_denied(modbus(1, 1, pdu), Reason::malformed, writes);
  }
}

TEST(ContentCatalogue, E60_functions_that_read_and_write_are_no_reads_and_each_sub_request_counts) {
  expect_denied(modbus(1, 1, {23, 0, 0, 0, 1, 0, 0, 0, 1, 2, 1, 2}), Reason::no_rule);
  expect_denied(modbus(1, 1, {22, 0, 4, 0, 0xf2, 0, 0x25}), Reason::no_rule);
  expect_denied(modbus(1, 1, {21, 9, 6, 0, 4, 0, 7, 0, 1, 0, 1}), Reason::no_rule);
  // Of three records, file 4 is nobody's.
  const std::string files = kZones + conduit("enforce") +
                            "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = "
                            "[\"read\"]\ntargets = [\"file 3 0..99\"]\nreason = \"a log\"\n";
  for (std::size_t place = 0; place < 4; ++place) {
    Bytes pdu = {20, 21};
    for (std::size_t i = 0; i < 3; ++i)
      pdu = joined(pdu, {6, 0, static_cast<std::uint8_t>(i == place ? 4 : 3), 0, 1, 0, 2});
    SCOPED_TRACE(place);
    place == 3 ? expect_passes(modbus(1, 1, pdu), files)
               : expect_denied(modbus(1, 1, pdu), Reason::no_rule, files);
  }
}

TEST(ContentCatalogue, E61_broadcasts_other_units_and_framing_of_serial_lines) {
  for (const int unit : {0, 2, 247, 255})
    expect_denied(modbus(1, static_cast<std::uint8_t>(unit), {3, 0, 10, 0, 2}), Reason::no_rule);
  for (const auto& line : {build::hex("01 03 000a 0002 e409"), build::bytes(":0103000A0002F0\r\n")}) {
    Box box{only_reads()};
    Talk talk{box};
    talk.open();
    EXPECT_TRUE(payload_to(talk.say(Role::client, line), kOt).empty());
    EXPECT_EQ(box.log.verdicts.front().reason, Reason::wrong_protocol);
  }
}

}  // namespace
}  // namespace sluice::test
