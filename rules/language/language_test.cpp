#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "rules/language/language_fixture.hpp"

namespace sluice::language {
namespace {

using namespace fixture;
using testing::HasSubstr;

// One frame that the tables below ask about.
const Frame& frame() {
  static const Frame kFrame = [] {
    Frame frame;
    frame.bytes(kToy, "\x01\x02\x03\x04")
        .number(kU8, 3)
        .number(kU8, 7)
        .number(kU16, 502)
        .number(kU32, 0xdeadbeef)
        .number(kU64, 0xffffffffffffffff)
        .number(kI16, static_cast<std::uint64_t>(-5))
        .number(kBool, 1)
        .number(kReal, std::bit_cast<std::uint64_t>(2.5))
        .bytes(kBytes, {"\xff\x00", 2})
        .bytes(kText, "ACME")
        .bytes(kText, "PLC1")
        .bytes(kText, "1.0")
        .bytes(kIp, {"\x0a\x37\x00\x01", 4})
        .bytes(kIp6, {"\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16})
        .bytes(kMac, {"\0\x1b\x1b\x23\xeb\x3b", 6});
    return frame;
  }();
  return kFrame;
}

struct Case {
  const char* text;
  bool expected;
};

class Meaning : public testing::TestWithParam<Case> {};

TEST_P(Meaning, IsWiresharks) {
  Diagnostics diagnostics;
  const auto program = compile(GetParam().text, {"t", 1, 1}, kSchemas, {}, diagnostics);
  ASSERT_TRUE(diagnostics.empty()) << diagnostics.errors().front().text();
  ASSERT_TRUE(validate(view(program), kSchemas));
  EXPECT_EQ(evaluate(view(program), frame().set(), kSchemas), GetParam().expected) << GetParam().text;
}

constexpr Case kCases[] = {
    // presence
    {"toy", true},
    {"toy.u8", true},
    {"toy.i64", false},
    {"far.away", false},
    {"!toy.i64", true},
    {"toy.bytes[0:2]", true},
    {"toy.bytes[2]", false},
    // equality over repeated fields
    {"toy.u8 == 3", true},
    {"toy.u8 eq 7", true},
    {"toy.u8 any_eq 4", false},
    {"toy.u8 != 3", false},
    {"toy.u8 ne 4", true},
    {"toy.u8 all_ne 7", false},
    {"toy.u8 === 3", false},
    {"toy.u8 all_eq 3", false},
    {"toy.u16 === 502", true},
    {"toy.u8 !== 3", true},
    {"toy.u8 ~= 3", true},
    {"toy.u8 any_ne 3", true},
    {"toy.u16 !== 502", false},
    {"any toy.u8 != 3", true},
    {"all toy.u8 == 3", false},
    {"all toy.u8 > 2", true},
    {"any toy.u8 > 6", true},
    {"all toy.u8 !== 4", true},
    {"any toy.u8 === 3", true},
    // what is not there is neither equal nor unequal
    {"toy.i64 == 0", false},
    {"toy.i64 != 0", false},
    {"!(toy.i64 == 0)", true},
    {"all toy.i64 == 0", false},
    {"not toy.i64 in {0}", true},
    {"toy.i64 not in {0}", true},
    {"toy.i64 !in {0}", true},
    {"toy.u8 not in {3}", false},
    // order
    {"toy.u8 < 4", true},
    {"toy.u8 lt 3", false},
    {"toy.u8 <= 3", true},
    {"toy.u8 ge 7", true},
    {"toy.u8 gt 7", false},
    {"toy.i16 < 0", true},
    {"toy.i16 == -5", true},
    {"toy.i16 > -6", true},
    {"toy.u64 == 0xffffffffffffffff", true},
    {"toy.real == 2.5", true},
    {"toy.real > 2", true},
    {"toy.real < -1.5", false},
    {"toy.real in {2.0..2.6}", true},
    // integers as Wireshark reads them
    {"toy.u8 == 0x3", true},
    {"toy.u8 == 03", true},
    {"toy.u16 == 0766", true},
    {"toy.u8 == 0b11", true},
    {"toy.u8 == '\\x03'", true},
    {"toy.u8 == +3", true},
    {"toy.u8 == 1 + 2", true},
    {"toy.u8 == {1 + 2} * 1", true},
    {"toy.bool == true", true},
    {"toy.bool == True", true},
    {"toy.bool == 2", true},
    {"toy.bool == FALSE", false},
    {"toy.bool in {1}", true},
    {"toy.bool > 0", true},
    // sets
    {"toy.u8 in {1, 3..5, 9}", true},
    {"toy.u8 in {4..6}", false},
    {"all toy.u8 in {3..7}", true},
    {"all toy.u8 in {3}", false},
    {"all toy.u8 in {3, 7}", false},
    {"all toy.u8 in {1, 3..7}", true},
    {"all toy.u8 not in {3}", false},
    {"any toy.u8 not in {3}", false},
    {"all toy.u8 not in {4}", true},
    {"not all toy.u8 in {3}", true},
    {"all toy.u8 in {toy.u8}", false},
    {"all toy.u16 in {1, toy.u16}", true},
    {"toy.u8 in {toy.u16, 7}", true},
    {"toy.u8 in {toy.u8}", true},
    {"toy.i16 in {-6..-4}", true},
    {"toy.i16 in {-4..6}", false},
    {"toy.text in {\"x\", \"ACME\"}", true},
    {"toy.text in {\"B\"..\"C\"}", false},
    {"toy.text in {\"A\"..\"B\"}", true},
    {"toy.ip in {10.55.0.0/24}", true},
    {"toy.ip in {10.55.0.2 .. 10.55.0.9}", false},
    {"toy.ip in {10.55.0.0..10.55.0.1}", true},
    {"toy.bytes in {ff:00, 01}", true},
    // addresses
    {"toy.ip == 10.55.0.1", true},
    {"toy.ip == 10.55.0.0/24", true},
    {"toy.ip != 10.55.0.0/24", false},
    {"toy.ip == 10.54.0.0/15", true},
    {"toy.ip == 10.56.0.0/15", false},
    {"toy.ip < 10.55.0.0/24", false},
    {"toy.ip <= 10.55.0.0/24", true},
    {"toy.ip > 10.54.255.255", true},
    {"toy.ip == 0.0.0.0/0", true},
    {"toy.ip6 == fe80::1", true},
    {"toy.ip6 == fe80::/10", true},
    {"toy.ip6 == ::1", false},
    {"toy.ip6 == fe80:0:0:0:0:0:0.0.0.1", true},
    {"toy.mac == 00:1b:1b:23:eb:3b", true},
    {"toy.mac == 00-1b-1b-23-eb-3b", true},
    {"toy.mac == 001b.1b23.eb3b", true},
    {"toy.mac == 001b1b23eb3b", true},
    {"toy.mac[0:3] == 00:1b:1b", true},
    {"toy.ip[0] == 0a", true},
    {"toy.ip[0] == 10", false},
    {"toy.ip & 255.0.0.0 == 10.0.0.0", true},
    // bytes: by length first; strings: by character
    {"toy.bytes == ff:00", true},
    {"toy.bytes == ff00", true},
    {"toy.bytes == ff.00", true},
    {"toy.bytes == \"\\xff\\x00\"", true},
    {"toy.bytes > 55:00", true},
    {"toy.bytes < 01:00:00", true},
    {"toy.bytes == 0xff", false},
    {"toy.text == \"ACME\"", true},
    {"all toy.text > \"0\"", true},
    {"all toy.text < \"Q\"", true},
    {"toy.text == \"\\x41CME\"", true},
    {"toy.text == \"\\101CME\"", true},
    {"toy.text == r\"ACME\"", true},
    {"toy.text != \"ACME\"", false},
    // slices
    {"toy[0] == 01", true},
    {"toy[0:2] == 01:02", true},
    {"toy[1-2] == 02:03", true},
    {"toy[:2] == 01:02", true},
    {"toy[2:] == 03:04", true},
    {"toy[-1] == 04", true},
    {"toy[-3:2] == 02:03", true},
    {"toy[-3--2] == 02:03", true},
    {"toy[-2:] == 03:04", true},
    {"toy[:] == 01:02:03:04", true},
    {"toy[0,2-3] == 01:03:04", true},
    {"toy[0,9,1] == 01", true},
    {"toy[9,0]", false},
    {"toy[3:2]", false},
    {"toy[-5:]", false},
    {"toy[1:3][1] == 03", true},
    {"toy[0,2][1] == 03", true},
    {"toy[0:2] == toy[0-1]", true},
    // a slice beyond the end is empty: not there, and yet unequal
    {"toy[9]", false},
    {"toy[9] != 00", true},
    {"toy[9] < 00", true},
    {"toy[9] == toy[8]", true},
    {"toy[9] == \"\"", true},
    {"toy[9] matches \"\"", false},
    {"toy[9] & 01 != 01", true},
    {"all toy.text[3:1] < 00:00", true},
    {"toy.other[0] != 00", false},
    {"toy.text[0:2] == \"AC\"", true},
    {"toy.text[0:2] == 41:43", true},
    {"toy[0] == 0x01", true},
    {"toy[0] == 1", true},
    // masks
    {"toy.u8 & 4", true},
    {"toy.u8 & 8", false},
    {"toy.u8 & 0x4 == 4", true},
    {"toy.u8 & 0xf in {7}", true},
    {"toy.u8 bitwise_and 3 == 3", true},
    {"!toy.u8 & 8", true},
    {"toy[0:2] & 01:00", true},
    {"toy[0:2] & 02:00", false},
    {"toy[1] & 0xfe == 02", true},
    {"all toy.u8 & 3 == 3", true},
    {"toy.bytes & 0f:00:00 == 0f:00", true},
    {"toy.u8 & 0x1 + 1 == 2", true},
    // contains
    {"toy.text contains \"LC\"", true},
    {"toy.text contains \"lc\"", false},
    {"toy.text contains 'M'", true},
    {"toy.bytes contains 0xff", true},
    {"toy contains 02:03", true},
    {"toy contains 02:04", false},
    {"toy.mac contains 1b:23", true},
    {"all toy.text contains \"C\"", false},
    // matches
    {"toy.text matches \"^plc\"", true},
    {"toy.text ~ \"^plc\"", true},
    {"toy.text matches \"(?-i)^plc\"", false},
    {"toy.text matches r\"\\d$\"", true},
    {"toy.text matches \"\\\\d\\\\.\\\\d\"", true},
    {"toy.bytes matches \"^\\\\xff\\\\x00$\"", true},
    {"all toy.text matches \"[0-9]\"", false},
    // functions and arithmetic
    {"len(toy.text) == 3", true},
    {"all len(toy.text) >= 3", true},
    {"len(toy) > toy.u8", true},
    {"count(toy.u8) == 2", true},
    {"count(toy.i64) == 0", false},
    {"lower(toy.text) == \"acme\"", true},
    {"upper(toy.text)[0:2] == \"PL\"", true},
    {"string(toy.u16) matches \"^502$\"", true},
    {"string(toy.ip) == \"10.55.0.1\"", true},
    {"string(toy.mac) contains \"1b:23\"", true},
    {"string(toy.ip6) == \"fe80::1\"", true},
    {"string(toy.i16) == \"-5\"", true},
    {"toy.u8 + 1 == 8", true},
    {"toy.u8 - 5 < 0", true},
    {"-toy.u8 == -7", true},
    {"toy.u16 % 100 == 2", true},
    {"toy.u16 / 2 == 251", true},
    {"10 - toy.u8 == 3", true},
    {"toy.u16 > toy.u8 + 400", true},
    // fields with fields
    {"toy.u8 == toy.u8", true},
    {"toy.u8 != toy.u8", false},
    {"toy.u8 === toy.u8", false},
    {"toy.u8 < toy.u16", true},
    {"all toy.u8 < toy.u8", false},
    {"toy.u8 == toy.i64", false},
    {"toy.i16 < toy.u8", true},
    {"toy.u8 == toy.u8 == 3", true},
    {"toy.u8 == toy.u8 == 4", false},
    // logic
    {"toy.i64 or toy.u8 == 3", true},
    {"toy.u8 == 3 and toy.i64", false},
    {"toy || toy.i64 && toy.i64", true},
    {"(toy || toy.i64) && toy.i64", false},
    {"not toy.u8 == 4 and toy", true},
    {"!!toy", true},
    {"not not toy.i64", false},
    {"((toy))", true},
    {"toy\n\t&&\ntoy.u8", true},
};
INSTANTIATE_TEST_SUITE_P(OfExpressions, Meaning, testing::ValuesIn(kCases));

TEST(Compile, NamesTheNearestFieldForAnUnknownOne) {
  EXPECT_EQ(errors("toy.u9 == 3"), "t:1:1: no field is called 'toy.u9'; did you mean 'toy.u8'?\n");
  EXPECT_THAT(errors("toy && toy.txet == \"x\""),
              HasSubstr("t:1:8: no field is called 'toy.txet'; did you mean 'toy.text'?"));
  EXPECT_THAT(errors("toy.u8 == toy.u61"),
              HasSubstr("t:1:11: 'toy.u61' is neither a number nor a field; did you mean"));
}

TEST(Compile, SaysWhenAFieldBelongsToAProtocolTheRuleIsNotAbout) {
  const std::array about = {ProtocolId{0}};
  EXPECT_THAT(errors("far.away == 1", about), HasSubstr("it belongs to far, which this rule is not about"));
}

TEST(Compile, ReportsIndependentErrorsTogether) {
  const auto all = errors(
      "toy.nine == 1 && toy.u8 == \"x\" || (toy.ip == 10.0.0 and ) or toy.text matches \"(\"\n and toy.u8 = "
      "256");
  EXPECT_THAT(all, HasSubstr("t:1:1: no field"));
  EXPECT_THAT(all, HasSubstr("t:1:28: this is not a number"));
  EXPECT_THAT(all, HasSubstr("t:1:46: '10.0.0' is not an IPv4 address"));
  EXPECT_THAT(all, HasSubstr("t:1:57: ')' was not expected here"));
  EXPECT_THAT(all, HasSubstr("in the pattern, at its character 1: the group is not closed"));
  EXPECT_THAT(all, HasSubstr("t:2:13: '=' is not an operator; write '=='"));
  EXPECT_THAT(all, HasSubstr("t:2:15: '256' is not in the range of the field, 0 to 255"));
}

}  // namespace
}  // namespace sluice::language
