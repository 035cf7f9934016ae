#include "dataplane/protocol/iec104/stand_in.hpp"

#include <gtest/gtest.h>

#include "dataplane/protocol/cases.hpp"
#include "dataplane/protocol/iec104/decoder.hpp"
#include "dataplane/protocol/iec104/schema.hpp"

namespace sluice::iec104 {
namespace {

std::vector<CaseMessage> requests() {
  std::vector<CaseMessage> all;
  for (const auto* file : {"commands.txt", "station.txt"}) {
    for (const auto& one :
         read_cases(SLUICE_SOURCE_DIR "/dataplane/protocol/iec104/cases/" + std::string{file})) {
      for (const auto& message : one.messages) {
        if (message.role == Role::client && message.expected.starts_with("request")) all.push_back(message);
      }
    }
  }
  return all;
}

// What a station does with a type that it does not know (101 7.2.3).
std::vector<std::uint8_t> sent_back(std::vector<std::uint8_t> request) {
  request[8] = static_cast<std::uint8_t>((request[8] & 0x80U) | 0x40U | 44U);
  return request;
}

TEST(Iec104StandIn, has_the_size_the_numbers_and_the_station_and_nothing_of_what_was_asked) {
  std::size_t replaced = 0;
  for (const auto& request : requests()) {
    std::vector<std::uint8_t> out(request.bytes.size(), 0xee);
    if (!stand_in(request.bytes, out)) {
      EXPECT_EQ(kTypeOf[request.bytes[6]].kind, Kind::unnamed) << Recorder::hex(request.bytes);
      EXPECT_EQ(out, std::vector<std::uint8_t>(out.size(), 0xee));
      continue;
    }
    ++replaced;
    EXPECT_EQ(kTypeOf[out[6]].kind, Kind::unnamed);
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i == 6) continue;
      EXPECT_EQ(out[i], i < 15 ? request.bytes[i] : 0) << i;
    }
    EXPECT_EQ(protocol.frame({}, Role::client, out).length, out.size());
    EXPECT_EQ(protocol.early(Role::client, out), out[6]);
  }
  EXPECT_GT(replaced, 40U);
}

TEST(Iec104StandIn, is_answered_under_the_type_that_was_asked) {
  for (const auto& request : requests()) {
    std::vector<std::uint8_t> out(request.bytes.size());
    if (!stand_in(request.bytes, out)) continue;
    Recorder recorder{protocol};
    recorder.follows = false;
    EXPECT_EQ(recorder.decode(Role::client, out), Malformed::fine);
    const auto answer = sent_back(out);
    EXPECT_EQ(recorder.decode(Role::server, answer), Malformed::fine);
    EXPECT_EQ(recorder.exchange(), "response " + std::to_string(out[6]));
    std::vector<std::uint8_t> restored(answer.size());
    ASSERT_TRUE(stand_in_answer(answer, restored));
    EXPECT_EQ(restored[6], request.bytes[6]);
    EXPECT_EQ(restored[8], answer[8]);
    EXPECT_EQ(recorder.decode(Role::server, restored), Malformed::fine);
  }
}

TEST(Iec104StandIn, has_no_other_answer) {
  const auto none = [](const char* hex) {
    const auto answer = bytes_of_hex(hex);
    std::vector<std::uint8_t> out(answer.size(), 0xee);
    const bool found = stand_in_answer(answer, out);
    EXPECT_EQ(out[0], found ? 0x68 : 0xee);
    return !found;
  };
  EXPECT_FALSE(none("680e 0000 0000 1601 6c00 0300 090000 01"));
  EXPECT_TRUE(none("680e 0000 0000 2d01 6c00 0300 090000 01")) << "a type with an owner";
  EXPECT_TRUE(none("680e 0000 0000 1601 4700 0300 090000 01")) << "the station knows the type";
  EXPECT_TRUE(none("680e 0100 0000 1601 6c00 0300 090000 01")) << "no information message";
  EXPECT_TRUE(none("680c 0000 0000 1601 6c00 0300 0900")) << "too short";
}

TEST(Iec104StandIn, is_for_commands_only) {
  const auto none = [](const char* hex) {
    const auto request = bytes_of_hex(hex);
    std::vector<std::uint8_t> out(request.size());
    return !stand_in(request, out);
  };
  EXPECT_FALSE(none("680e 0000 0000 2d01 0600 0300 090000 01"));
  EXPECT_TRUE(none("6804 0700 0000"));
  EXPECT_TRUE(none("680e 0000 0000 2d01 0700 0300 090000 01")) << "not activated";
  EXPECT_TRUE(none("680e 0000 0000 2d02 0600 0300 090000 01")) << "not one object";
  EXPECT_TRUE(none("6811 0000 0000 7a01 0d00 0300 090000 01000002")) << "a file";
  EXPECT_TRUE(none("680e 0000 0000 0101 0300 0300 090000 01")) << "a report";
}

}  // namespace
}  // namespace sluice::iec104
