#include "dataplane/protocol/umas/decoder.hpp"

#include <gtest/gtest.h>

#include "dataplane/protocol/cases.hpp"
#include "dataplane/protocol/properties.hpp"
#include "dataplane/protocol/umas/schema.hpp"

namespace sluice::umas {
namespace {

const std::string kCases = SLUICE_SOURCE_DIR "/dataplane/protocol/umas/cases/messages.txt";

TEST(UmasCases, mean_what_their_table_says) {
  const auto cases = read_cases(kCases);
  ASSERT_GT(cases.size(), 50U);
  for (const auto& one : cases) {
    Recorder recorder{protocol};
    ASSERT_FALSE(one.messages.empty()) << one.name;
    for (const auto& message : one.messages) {
      EXPECT_EQ(describe(recorder, message), message.expected) << one.name;
    }
  }
}

TEST(UmasSchema, is_sound) { expect_sound(protocol); }

TEST(UmasSchema, is_found_by_its_carrier) {
  const auto& all = registry();
  const auto modbus = find_protocol(all.schemas, "modbus");
  ASSERT_TRUE(modbus.exists());
  EXPECT_EQ(all.carried_by(modbus, 90), find_protocol(all.schemas, "umas"));
  EXPECT_FALSE(all.carried_by(modbus, 43).exists());
  EXPECT_FALSE(all.carried_by(find_protocol(all.schemas, "umas"), 90).exists());
}

// A session inside a carrier's payload must not be told from its bytes: the carrier says what it is.
TEST(UmasProbe, never_claims_a_flow) {
  EXPECT_EQ(protocol.probe(Role::client, bytes_of_hex("00 01 00")), Likeness::no);
}

TEST(UmasEarly, foretells_the_function_of_a_request) {
  EXPECT_EQ(protocol.early(Role::client, bytes_of_hex("01")), kNoFunction);
  EXPECT_EQ(protocol.early(Role::client, bytes_of_hex("01 41")), 0x41);
  EXPECT_EQ(protocol.early(Role::server, bytes_of_hex("01 fe")), kNoFunction);
}

TEST(UmasDecoder, keeps_its_contract_near_every_case) {
  auto sink = std::make_unique<Sink>();
  for (const auto& one : read_cases(kCases)) {
    for (const auto& message : one.messages) {
      for (const auto role : {Role::client, Role::server}) {
        expect_contract_nearby(protocol, role, message.bytes, *sink);
      }
      if (HasFailure()) FAIL() << one.name;
    }
  }
}

TEST(UmasSeeds, are_whole_messages_that_mean_something) {
  const auto seeds = read_seeds(SLUICE_SOURCE_DIR "/dataplane/protocol/umas/seeds");
  EXPECT_GT(seeds.size(), 9U);
  for (const auto& seed : seeds) {
    Recorder recorder{protocol};
    EXPECT_EQ(recorder.decode(seed.role, seed.bytes), Malformed::fine) << seed.name;
  }
}

TEST(UmasDecoder, holds_as_many_variables_as_a_carrier_has_room_for) {
  std::vector<std::uint8_t> request = bytes_of_hex("00 22 01020304");
  request.push_back(145);
  for (int i = 0; i < 145; ++i) {
    const auto variable = bytes_of_hex("02 3100 01 1000 04");
    request.insert(request.end(), variable.begin(), variable.end());
  }
  ASSERT_LE(request.size(), kSchema.max_pdu);
  Recorder recorder{protocol};
  EXPECT_EQ(recorder.decode(Role::client, request), Malformed::fine);
  EXPECT_EQ(recorder.items.size(), 145U);
  EXPECT_FALSE(recorder.sink().overflow());
}

TEST(UmasDecoder, no_code_passes_for_a_named_one) {
  for (unsigned code = 0; code < 256; ++code) {
    const std::array<std::uint8_t, 2> request{1, static_cast<std::uint8_t>(code)};
    Recorder recorder{protocol};
    (void)recorder.decode(Role::client, request);
    ASSERT_FALSE(recorder.items.empty());
    const bool named = kSchema.function(static_cast<std::uint16_t>(code)) != nullptr;
    EXPECT_EQ(recorder.items[0].starts_with(std::to_string(code) + " program"), !named) << recorder.items[0];
  }
}

}  // namespace
}  // namespace sluice::umas
