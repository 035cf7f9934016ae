// What the compiler refuses, what it says then, and where its limits are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "rules/language/language_fixture.hpp"
#include "rules/language/literal.hpp"
#include "rules/language/names.hpp"

namespace sluice::language {
namespace {

using namespace fixture;
using testing::HasSubstr;

struct Wrong {
  const char* text;
  const char* error;  // column and the beginning of what
};
constexpr Wrong kWrong[] = {
    // syntax
    {"", ":1: the expression is empty"},
    {"   ", ":1: the expression is empty"},
    {"toy and", ":8: the expression ends too early"},
    {"and toy", ":1: 'and' was not expected here"},
    {"()", ":2: ')' was not expected here"},
    {"(toy", ":1: '(' is not closed"},
    {"toy)", ":4: ')' without '('"},
    {"toy far.away", ":5: 'far.away' was not expected here; join"},
    {"toy.u8 = 3", ":8: '=' is not an operator"},
    {"toy | toy", ":5: '|' is not an operator"},
    {"toy ^^ toy", ":5: there is no exclusive or"},
    {"toy xor toy", ":5: 'xor' was not expected"},
    {"toy ; toy", ":5: ';' does not belong"},
    {"${toy}", ":1: there are no field references"},
    {"toy.ip#1 == 10.0.0.1", ":7: layers can't be chosen"},
    {"any toy.u8", ":11: the expression ends too early"},
    {"all toy.u8 & 1", ":15: the expression ends too early"},
    {"all toy.u8 == toy.u8 == 1", ":22: '==' was not expected here; 'any' and 'all' hold for one"},
    {"any (toy.u8 == 1)", ":5: '(' was not expected here"},
    {"(toy.u8) == 1", ":10: '==' was not expected"},
    {"toy.u8 in 3", ":11: '3' was not expected here; write the values in braces"},
    {"toy.u8 in {}", ":12: '}' was not expected"},
    {"toy.u8 in {3,}", ":14: '}' was not expected"},
    {"toy.u8 in {3 4}", ":14: '4' was not expected here; separate"},
    {"toy.u8 in {3..}", ":15: '}' was not expected"},
    {"toy.u8 == 3 #", ":13: layers"},
    {"toy.u8 ==", ":10: the expression ends too early"},
    {"toy.u8 eq3", ":8: 'eq3' was not expected"},
    {"TOY", ":1: no field is called 'TOY'"},
    // literals
    {"toy.u8 == 09", ":11: '09' is not a number"},
    {"toy.u8 == 0x", ":11: '0x' is not a number"},
    {"toy.u8 == 0b12", ":11: '0b12' is not a number"},
    {"toy.u8 == 3a", ":11: '3a' is not a number"},
    {"toy.u8 == 3.0", ":11: '3.0' is not a number"},
    {"toy.u8 == \"3\"", ":11: this is not a number; write it without quotes"},
    {"toy.u8 == 256", ":11: '256' is not in the range of the field, 0 to 255"},
    {"toy.u8 == -1", ":11: this is not in the range"},
    {"toy.i16 == 32768", ":12: '32768' is not in the range of the field, -32768 to 32767"},
    {"toy.u64 == 18446744073709551616", ":12: '18446744073709551616' is not a number"},
    {"toy.u8 in {5..3}", ":12: the range is empty"},
    {"toy.u8 & 256", ":10: '256' is not in the range"},
    {"toy.u8 / 0 == 1", ":1: this divides by zero"},
    {"toy.bool == maybe", ":13: 'maybe' is not a truth"},
    {"toy.real == x", ":13: 'x' is not a real number"},
    {"toy.ip == 10.55.0", ":11: '10.55.0' is not an IPv4 address"},
    {"toy.ip == 10.55.0.256", ":11: '10.55.0.256' is not an IPv4"},
    {"toy.ip == 10.0.0.1/33", ":11: '10.0.0.1/33' is not an IPv4"},
    {"toy.ip == \"10.0.0.1\"", ":11: this is not an IPv4 address"},
    {"toy.ip in {10.0.0.0/8 .. 10.0.0.1}", ":12: a network can't bound"},
    {"toy.ip6 == 1.2.3.4", ":12: '1.2.3.4' is not an IPv6"},
    {"toy.ip6 == fe80::1::2", ":12: 'fe80::1::2' is not"},
    {"toy.ip6 == ::/129", ":12: '::/129' is not an IPv6"},
    {"toy.mac == 00:00:00:00:00", ":12: '00:00:00:00:00' is not a MAC"},
    {"toy.bytes == 123", ":14: '123' is not a byte sequence"},
    {"toy.bytes == 0x123", ":14: '0x123' is not a byte"},
    {"toy.text == ACME", ":13: 'ACME' is not a string; put it into double quotes"},
    {"toy.text == \"a", ":13: the string is not closed"},
    {"toy.text == \"\\q\"", ":14: '\\q' is no escape"},
    {"toy.text == 'ab'", ":13: more than one byte"},
    {"toy.text == ''", ":13: there is no character"},
    {"toy.text == \"\\u12\"", ":14: '\\u' needs four hex digits"},
    {"toy.text == \"\\U00110000\"", ":14: this is no Unicode"},
    {"toy.text == \"\\777\"", ":14: the octal escape"},
    {"toy.text contains \"\"", ":19: nothing is searched"},
    // types
    {"3 == toy.u8", ":1: a field belongs here, not a value"},
    {"\"x\" == toy.text", ":1: a field belongs here"},
    {"-3 == toy.i16", ":1: a field belongs here"},
    {"toy.u8 == toy.ip", ":11: an unsigned integer can't be compared with an IPv4 address"},
    {"toy.text == toy.bytes", ":13: a string can't be compared with a byte sequence"},
    {"toy.bool == toy.u8", ":13: a boolean can't"},
    {"toy.u8[0] == 1", ":1: an unsigned integer can't be sliced"},
    {"toy.u8 contains 1", ":1: an unsigned integer can't be asked"},
    {"toy.ip contains 10", ":1: an IPv4 address can't be asked"},
    {"toy.u8 matches \"x\"", ":1: an unsigned"},
    {"toy.text matches 'x'", ":18: 'matches' needs a pattern in double"},
    {"toy contains toy.bytes", ":14: 'contains' needs a value"},
    {"toy & 01", ":1: a protocol can't be masked; mask a slice"},
    {"toy.text & 1", ":1: a string can't be masked"},
    {"toy.bool & 1", ":1: a boolean can't be masked"},
    {"toy[0] & \"a\"", ":10: this is not a byte sequence"},
    {"toy[0] & 1 & 1", ":1: a masked value can't"},
    {"toy.text + 1 == 2", ":1: a string can't be computed"},
    {"toy.u8 + toy.u8 == 3", ":1: two fields can't be computed"},
    {"10 / toy.u8 == 3", ":1: a value can't be divided"},
    {"len(toy)", ":1: a function is no test"},
    {"len(toy.u8) == 1", ":5: an unsigned integer can't be given to len()"},
    {"LEN(toy) == 1", ":1: no function is called 'LEN'"},
    {"len() == 1", ":1: len() takes one field"},
    {"len(toy, toy) == 1", ":1: len() takes one"},
    {"count(toy[0]) == 1", ":7: a slice can't be given to count()"},
    {"lower(toy.u8) == \"x\"", ":7: an unsigned integer can't be given to lower()"},
    {"string(toy.text) == \"x\"", ":8: a string can't"},
    {"string(toy.u8) == toy.text", ":19: what string() makes can't be compared"},
    // slices
    {"toy[]", ":5: ']' was not expected"},
    {"toy[0:0]", ":5: the count of bytes must be greater"},
    {"toy[0:-1]", ":5: the count of bytes"},
    {"toy[2-1]", ":5: the end of the range"},
    {"toy[1-1]", ":5: the end of the range"},
    {"toy[-4-1]", ":5: the end"},
    {"toy[x]", ":5: 'x' was not expected"},
    {"toy[0", ":6: the expression ends"},
    {"toy[99999999999]", ":5: '99999999999' is not an offset"},
    {"toy[0,1,2,3][0,1,2,3,4] == 1", ":1: the slices select more"},
};

TEST(Compile, SaysWhatIsWrongAndWhere) {
  for (const auto& [text, error] : kWrong) {
    const auto all = errors(text);
    EXPECT_THAT(all, HasSubstr("t:1" + std::string{error})) << text;
    EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 1) << text << "\n" << all;
  }
}

TEST(Compile, CountsColumnsInCharactersAndLinesFromWhereTheTextStands) {
  Diagnostics diagnostics;
  compile("toy.text == \"\xc3\xa4\xe2\x82\xac\" and x\n or  y", {"f", 7, 20}, kSchemas, {}, diagnostics);
  ASSERT_EQ(diagnostics.errors().size(), 2U);
  EXPECT_EQ(diagnostics.errors()[0].where, (Where{"f", 7, 41}));
  EXPECT_EQ(diagnostics.errors()[1].where, (Where{"f", 8, 6}));
}

TEST(Compile, HoldsItsLimits) {
  const auto repeated = [](std::string_view part, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += part;
    return out;
  };
  EXPECT_EQ(errors(repeated("(", 64) + "toy" + repeated(")", 64)), "");
  EXPECT_THAT(errors(repeated("(", 65) + "toy" + repeated(")", 65)),
              HasSubstr("nested deeper than 64 levels"));
  EXPECT_EQ(errors(repeated("!", 64) + "toy"), "");
  EXPECT_THAT(errors(repeated("not ", 65) + "toy"), HasSubstr("nested deeper"));
  EXPECT_THAT(errors("toy.u8 == " + repeated("{", 65) + "1" + repeated("}", 65)), HasSubstr("nested deeper"));
  EXPECT_THAT(errors("toy.u8 == " + repeated("- ", 65) + "1"), HasSubstr("nested deeper"));
  EXPECT_THAT(errors(repeated("len(", 65) + "toy" + repeated(")", 65)), HasSubstr("nested deeper"));
  EXPECT_THAT(errors("toy.u8" + repeated("+1", 500) + " == 3"), HasSubstr("nested deeper"));
  EXPECT_THAT(errors("toy.u8" + repeated(" + 1", 500) + " == 3"), HasSubstr("nested deeper"));
  EXPECT_EQ(errors("toy.u8 == 1" + repeated("||toy", 1364)), "");
  EXPECT_THAT(errors("toy.u8 == 1" + repeated("||toy", 1365)), HasSubstr("needs more than 4096 steps"));
  EXPECT_THAT(errors("toy" + std::string(kMostText, ' ')), HasSubstr("longer than 16384 bytes"));
  EXPECT_THAT(errors(std::string(1'000'000, '(')), HasSubstr("longer than"));
  EXPECT_THAT(errors(std::string(kMostText, '(')), HasSubstr("nested deeper"));
  EXPECT_THAT(errors(std::string{"toy\0", 4}), HasSubstr("t:1:4: a character that does not belong"));
  EXPECT_THAT(errors("toy.text == \"\xff\""), HasSubstr("t:1:14: the text is not UTF-8"));
  EXPECT_THAT(errors("toy.text == \"\xed\xa0\x80\""), HasSubstr("not UTF-8"));
  EXPECT_THAT(errors(repeated("x && ", 1000)), HasSubstr("more errors follow"));
}

TEST(Compile, NeverFailsOnRandomText) {
  std::mt19937_64 random{21};
  constexpr std::array<std::string_view, 60> kParts = {
      "toy",   "toy.u8", "toy.text", "toy.bytes",  "toy.ip",  "nothing",  "==",      "!=",  "===",
      "<",     ">=",     "in",       "not",        "and",     "or",       "(",       ")",   "[",
      "]",     "{",      "}",        ",",          "..",      ":",        "-",       "+",   "&",
      "&&",    "||",     "!",        "any",        "all",     "contains", "matches", "len", "count",
      "lower", "string", "\"a\"",    "r\"\\d\"",   "'c'",     "\"",       "'",       "0",   "3",
      "0x1f",  "255",    "ff:00",    "10.0.0.1/8", "fe80::1", "*",        "/",       "%",   "#",
      "~",     "=",      "\n",       "\xc3\xa4",   "$",       "^"};
  std::size_t good = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string text;
    for (auto k = random() % 12; k != 0; --k)
      text += std::string{kParts[random() % kParts.size()]} + (random() % 3 == 0 ? "" : " ");
    if (random() % 20 == 0 && !text.empty()) text[random() % text.size()] = static_cast<char>(random());
    Diagnostics diagnostics;
    const auto program = compile(text, {"t", 1, 1}, kSchemas, {}, diagnostics);
    ASSERT_EQ(program.nodes.empty(), !diagnostics.empty()) << text;
    if (program.nodes.empty()) continue;
    ++good;
    ASSERT_TRUE(validate(view(program), kSchemas)) << text;
    (void)evaluate(view(program), Frame{}.number(kU8, 3).bytes(kToy, "abc").set(), kSchemas);
  }
  EXPECT_GT(good, 100U);
}

TEST(Names, MeasureHowFarTheyAreApart) {
  EXPECT_EQ(distance("", "abc"), 3U);
  EXPECT_EQ(distance("modbus.func_code", "modbus.func_code"), 0U);
  EXPECT_EQ(distance("modbus.funccode", "modbus.func_code"), 1U);
  EXPECT_EQ(distance("tcp.prot", "tcp.port"), 1U);
  EXPECT_EQ(distance("abc", "cab"), 2U);
}

TEST(Literal, ReadsIpv6AsTheStandardWritesIt) {
  const auto text = [](const char* word) {
    const auto network = ipv6_literal(word);
    std::string out = network ? "" : "none";
    for (std::size_t i = 0; network && i < 16; ++i)
      out += "0123456789abcdef"[network->address[i] >> 4U],
          out += "0123456789abcdef"[network->address[i] & 15U];
    return network ? out + "/" + std::to_string(network->bits) : out;
  };
  EXPECT_EQ(text("::"), "00000000000000000000000000000000/128");
  EXPECT_EQ(text("::1"), "00000000000000000000000000000001/128");
  EXPECT_EQ(text("1::"), "00010000000000000000000000000000/128");
  EXPECT_EQ(text("2001:db8::8:800:200c:417a"), "20010db80000000000080800200c417a/128");
  EXPECT_EQ(text("1:2:3:4:5:6:7:8"), "00010002000300040005000600070008/128");
  EXPECT_EQ(text("::ffff:192.0.2.1/96"), "00000000000000000000ffffc0000201/96");
  for (const auto* const wrong :
       {"", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
        "12345::", "g::", "::1.2.3", "1.2.3.4::", "1:2:3:4:5:6:7::8", "::/", "::/129"}) {
    EXPECT_EQ(text(wrong), "none") << wrong;
  }
}

}  // namespace
}  // namespace sluice::language
