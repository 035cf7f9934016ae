#include "dataplane/protocol/carrier/cotp.hpp"

#include <gtest/gtest.h>

#include "dataplane/protocol/cases.hpp"

namespace sluice::carrier {
namespace {

constexpr auto kMore = Framing::Kind::need_more;
constexpr auto kBad = Framing::Kind::bad;
constexpr auto kPdu = Framing::Kind::pdu;

struct Bound {
  const char* what;
  const char* bytes;
  Framing::Kind kind;
};

TEST(Tpkt, keeps_to_the_bounds_of_its_header_E65) {
  for (const auto& bound : {
           Bound{"nothing", "", kMore},
           Bound{"version 3", "03", kMore},
           Bound{"version 2", "02", kBad},
           Bound{"version 0", "00 00 00 07", kBad},
           Bound{"a reserved byte that is not zero", "03 01", kBad},
           Bound{"half a length", "03 00 00", kMore},
           Bound{"a length of 0", "03 00 00 00", kBad},
           Bound{"a length of 6", "03 00 00 06", kBad},
           Bound{"a length of 7, the shortest", "03 00 00 07", kMore},
           Bound{"a length of 7, all of it", "03 00 00 07 02 f0 80", kPdu},
           Bound{"a length of 8,196, the longest", "03 00 20 04", kMore},
           Bound{"a length of 8,197", "03 00 20 05", kBad},
           Bound{"a length of 65,535", "03 00 ff ff", kBad},
       }) {
    EXPECT_EQ(tpkt_frame(bytes_of_hex(bound.bytes)).kind, bound.kind) << bound.what;
  }
}

TEST(Tpkt, says_how_many_bytes_it_waits_for_E65) {
  EXPECT_EQ(tpkt_frame(bytes_of_hex("03")).length, 4U);
  EXPECT_EQ(tpkt_frame(bytes_of_hex("0300 0016 11")).length, 22U);
  EXPECT_EQ(tpkt_frame(bytes_of_hex("0300 0007 02f080 0300")).length, 7U);
}

struct Reading {
  const char* what;
  const char* bytes;
  Malformed malformed;
};

TEST(Cotp, knows_the_TPDUs_of_class_0_and_no_others_E67) {
  for (const auto& one : {
           Reading{"a connect", "0300 0016 11 e0 0000 0001 00 c0 01 0a c1 02 0100 c2 02 0102",
                   Malformed::fine},
           Reading{"a confirm without parameters", "0300 000b 06 d0 0001 0002 00", Malformed::fine},
           Reading{"a preferred size", "0300 000f 0a e0 0000 0001 00 f0 02 0040", Malformed::fine},
           Reading{"class 2", "0300 000b 06 e0 0000 0001 20", Malformed::bad_value},
           Reading{"class 4", "0300 000b 06 e0 0000 0001 40", Malformed::bad_value},
           Reading{"an option", "0300 000b 06 e0 0000 0001 01", Malformed::bad_value},
           Reading{"credit", "0300 000b 06 e5 0000 0001 00", Malformed::bad_value},
           Reading{"a checksum", "0300 000f 0a e0 0000 0001 00 c3 02 1234", Malformed::bad_value},
           Reading{"a parameter that ends behind the header", "0300 000e 09 e0 0000 0001 00 c1 02 01",
                   Malformed::truncated},
           Reading{"a cut connect", "0300 0009 04 e0 0000 00", Malformed::truncated},
           Reading{"a header of no bytes", "0300 0007 00 f080", Malformed::truncated},
           Reading{"a header beyond the message", "0300 0007 ff f080", Malformed::truncated},
           Reading{"expedited data", "0300 0008 02 10 80 00", Malformed::bad_value},
           Reading{"an acknowledgement", "0300 0009 04 60 0001 01", Malformed::bad_value},
           Reading{"a disconnect confirm", "0300 000a 05 c0 0001 0002", Malformed::bad_value},
           Reading{"a disconnect", "0300 000b 06 80 0002 0001 80", Malformed::fine},
           Reading{"a disconnect with data", "0300 000c 06 80 0002 0001 80 32", Malformed::trailing},
           Reading{"an error", "0300 0009 04 70 0001 02", Malformed::fine},
           Reading{"data with a number", "0300 0008 02 f0 81 32", Malformed::bad_value},
           Reading{"data with a reference", "0300 000a 04 f0 0001 80 32", Malformed::bad_length},
           Reading{"data of nothing", "0300 0007 02 f0 00", Malformed::fine},
       }) {
    Tpdu tpdu;
    EXPECT_EQ(read_tpdu(bytes_of_hex(one.bytes), tpdu), one.malformed) << one.what;
  }
}

Malformed step(CotpState& state, Role role, const char* bytes, std::uint32_t most = 100) {
  const auto message = bytes_of_hex(bytes);
  Tpdu tpdu;
  EXPECT_EQ(read_tpdu(message, tpdu), Malformed::fine);
  return follow(state, role, tpdu, most);
}

TEST(Cotp, a_connection_is_made_once_E67) {
  CotpState state;
  EXPECT_EQ(step(state, Role::server, "0300 000b 06 e0 0000 0001 00"), Malformed::bad_direction);
  EXPECT_EQ(step(state, Role::client, "0300 000b 06 e0 0000 0001 00"), Malformed::fine);
  EXPECT_EQ(step(state, Role::client, "0300 000b 06 e0 0000 0001 00"), Malformed::bad_value);
  EXPECT_EQ(step(state, Role::client, "0300 000b 06 d0 0000 0001 00"), Malformed::bad_direction);
  EXPECT_EQ(step(state, Role::server, "0300 000b 06 d0 0001 0002 00"), Malformed::fine);
  EXPECT_EQ(step(state, Role::server, "0300 000b 06 d0 0001 0002 00"), Malformed::bad_value);
  EXPECT_EQ(step(state, Role::client, "0300 0008 02 f0 80 32"), Malformed::fine);
  EXPECT_EQ(step(state, Role::client, "0300 000b 06 e0 0000 0001 00"), Malformed::bad_value);
  EXPECT_EQ(step(state, Role::client, "0300 000b 06 80 0002 0001 80"), Malformed::fine);
  EXPECT_EQ(step(state, Role::server, "0300 0008 02 f0 80 32"), Malformed::bad_value);
}

TEST(Cotp, nobody_connects_in_a_session_that_was_picked_up_in_its_midst_E67) {
  CotpState state;
  EXPECT_EQ(step(state, Role::server, "0300 0008 02 f0 80 32"), Malformed::fine);
  EXPECT_EQ(step(state, Role::client, "0300 000b 06 e0 0000 0001 00"), Malformed::bad_value);
}

TEST(Cotp, counts_what_is_unfinished_and_bounds_it_E66) {
  CotpState state;
  const auto part = "0300 0011 02 f0 00 00010203040506070809";
  for (int i = 0; i < 10; ++i) EXPECT_EQ(step(state, Role::client, part), Malformed::fine);
  EXPECT_EQ(state.unfinished[0], 100U);
  EXPECT_EQ(state.unfinished[1], 0U);
  EXPECT_EQ(step(state, Role::client, part), Malformed::bad_length);
  EXPECT_EQ(step(state, Role::client, part), Malformed::bad_length);
  EXPECT_TRUE(state.overrun[0]);
  EXPECT_EQ(step(state, Role::client, "0300 0008 02 f0 80 32"), Malformed::bad_length);
  EXPECT_FALSE(state.overrun[0]);
  EXPECT_EQ(step(state, Role::client, "0300 0008 02 f0 80 32"), Malformed::fine);
}

TEST(Cotp, a_TPDU_has_no_more_bytes_than_were_agreed_on_E66) {
  CotpState state;
  EXPECT_EQ(step(state, Role::client, "0300 000e 09 e0 0000 0001 00 c0 01 08"), Malformed::fine);
  EXPECT_EQ(step(state, Role::server, "0300 000e 09 d0 0001 0002 00 c0 01 07"), Malformed::fine);
  std::string longest = "0300 0084 02 f0 80";
  for (int i = 0; i < 125; ++i) longest += " 32";
  EXPECT_EQ(step(state, Role::client, longest.c_str(), 1000), Malformed::fine);
  longest.replace(5, 4, "0085");
  EXPECT_EQ(step(state, Role::client, (longest + " 32").c_str(), 1000), Malformed::bad_length);
}

}  // namespace
}  // namespace sluice::carrier
