#include <gtest/gtest.h>

#include "dataplane/protocol/cases.hpp"
#include "dataplane/protocol/s7comm/decoder.hpp"

namespace sluice::s7comm {
namespace {

const std::string kFunctions = SLUICE_SOURCE_DIR "/dataplane/protocol/s7comm/cases/functions.txt";
const char* const kConnect = "0300 0016 11 e0 0000 0001 00 c0 01 0a c1 02 0100 c2 02 0102";
const char* const kSetup = "0300 0019 02f080 32 01 0000 0000 0008 0000 f0 00 0001 0001 01e0";

std::vector<std::uint8_t> joined(const char* first, const char* second) {
  auto bytes = bytes_of_hex(first);
  const auto more = bytes_of_hex(second);
  bytes.insert(bytes.end(), more.begin(), more.end());
  return bytes;
}

TEST(S7commProbe, says_yes_to_whole_messages_with_data_only_E71) {
  std::size_t certain = 0;
  for (const auto& one : read_cases(kFunctions)) {
    for (const auto& message : one.messages) {
      const ByteView bytes{message.bytes};
      const auto likely = protocol.probe(message.role, bytes);
      if (one.name != "a message in three TPDUs is read when the last is there") {
        EXPECT_NE(likely, Likeness::no) << one.name;
      }
      certain += likely == Likeness::yes ? 1 : 0;
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto part = protocol.probe(message.role, bytes.first(size));
        EXPECT_EQ(part, likely == Likeness::no ? part : Likeness::prefix) << one.name << ", " << size;
      }
    }
  }
  EXPECT_GT(certain, 100U);
}

TEST(S7commProbe, is_not_sure_of_a_connection_until_it_carries_something_E71) {
  EXPECT_EQ(protocol.probe(Role::client, bytes_of_hex(kConnect)), Likeness::prefix);
  EXPECT_EQ(protocol.probe(Role::client, joined(kConnect, "0300 0007 02f000")), Likeness::prefix);
  EXPECT_EQ(protocol.probe(Role::client, joined(kConnect, kSetup)), Likeness::yes);
}

TEST(S7commProbe, tells_what_else_runs_over_this_carrier_by_its_content_E71) {
  for (const auto* other : {
           "0300 0018 02f080 72 01 000a 31 0000 04ca 0000 0001 0000 0000",     // S7comm-plus
           "0300 0010 02f000 72 01 000a 31 0000 04ca",                         // S7comm-plus in parts
           "0300 0012 02f080 0d 09 05 06 13 01 00 16 01 02 14",                // ISO session, as MMS has it
           "0300 0010 02f080 01 00 01 00 61 07 30 05 02",                      // MMS in a session
           "0300 0019 02f080 32 01 0000 0000 0009 0000 f0 00 0001 0001 01e0",  // lengths that do not add up
           "0300 0011 02f080 32 05 0000 0000 0000 0000",
       }) {
    EXPECT_EQ(protocol.probe(Role::client, bytes_of_hex(other)), Likeness::no) << other;
    EXPECT_EQ(protocol.probe(Role::client, joined(kConnect, other)), Likeness::no) << other;
  }
}

TEST(S7commProbe, says_no_to_other_protocols_E63) {
  for (const auto* other : {"0001 0000 0006 01 03 0000 0001", "16 03 01 02 00 01 00", "474554202f2048",
                            "05 64 05 c0", "03 01 00 16", "0300 0006", "0300 2005"}) {
    EXPECT_EQ(protocol.probe(Role::client, bytes_of_hex(other)), Likeness::no) << other;
  }
}

TEST(S7commProbe, knows_who_asks_E50) {
  EXPECT_EQ(protocol.probe(Role::client, bytes_of_hex(kSetup)), Likeness::yes);
  EXPECT_EQ(protocol.probe(Role::server, bytes_of_hex(kSetup)), Likeness::no);
  const auto answer = bytes_of_hex("0300 001b 02f080 32 03 0000 0000 0008 0000 0000 f0 00 0001 0001 00f0");
  EXPECT_EQ(protocol.probe(Role::server, answer), Likeness::yes);
  EXPECT_EQ(protocol.probe(Role::client, answer), Likeness::no);
}

}  // namespace
}  // namespace sluice::s7comm
