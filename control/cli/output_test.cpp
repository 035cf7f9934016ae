#include "control/cli/output.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>

namespace sluice::cli {
namespace {

std::string printed(FieldType type, std::uint8_t bits, Base base, const Value& value) {
  std::string out;
  append_value(out, Field{"a.field", type, bits, base, "", ""}, value);
  return out;
}

std::string number(FieldType type, std::uint8_t bits, Base base, std::uint64_t number) {
  return printed(type, bits, base, Value::of({}, number));
}

std::string bytes(FieldType type, std::string_view text) {
  return printed(type, 0, Base::decimal, Value::of({}, bytes_of(text)));
}

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

TEST(Output, integers_are_decimal_or_hexadecimal_with_the_digits_of_their_width) {
  EXPECT_EQ(number(FieldType::unsigned_integer, 16, Base::decimal, 500), "500");
  EXPECT_EQ(number(FieldType::unsigned_integer, 4, Base::hexadecimal, 0xa), "0x0a");
  EXPECT_EQ(number(FieldType::unsigned_integer, 16, Base::hexadecimal, 0x1f), "0x001f");
  EXPECT_EQ(number(FieldType::unsigned_integer, 24, Base::hexadecimal, 1), "0x000001");
  EXPECT_EQ(number(FieldType::unsigned_integer, 32, Base::hexadecimal, 1), "0x00000001");
  EXPECT_EQ(number(FieldType::unsigned_integer, 64, Base::decimal, ~std::uint64_t{0}),
            "18446744073709551615");
  EXPECT_EQ(number(FieldType::signed_integer, 16, Base::decimal, static_cast<std::uint64_t>(-7)), "-7");
}

TEST(Output, booleans_are_one_and_zero) {
  EXPECT_EQ(number(FieldType::boolean, 1, Base::decimal, 1), "1");
  EXPECT_EQ(number(FieldType::boolean, 1, Base::decimal, 0), "0");
}

TEST(Output, reals_have_the_digits_of_their_width) {
  EXPECT_EQ(number(FieldType::real, 32, Base::decimal, std::bit_cast<std::uint64_t>(double{1.5F})), "1.5");
  EXPECT_EQ(number(FieldType::real, 64, Base::decimal, std::bit_cast<std::uint64_t>(0.1)), "0.1");
}

TEST(Output, bytes_and_addresses_are_as_people_write_them) {
  EXPECT_EQ(bytes(FieldType::bytes, std::string_view{"\x00\xff\x10", 3}), "00ff10");
  EXPECT_EQ(bytes(FieldType::ipv4, std::string_view{"\x0a\x00\x00\x01", 4}), "10.0.0.1");
  EXPECT_EQ(bytes(FieldType::ipv6, std::string_view{"\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16}),
            "fe80::1");
  EXPECT_EQ(bytes(FieldType::ether, std::string_view{"\x02\x00\x00\xab\xcd\xef", 6}), "02:00:00:ab:cd:ef");
}

TEST(Output, E98_strings_cannot_break_a_line_a_cell_or_a_terminal) {
  EXPECT_EQ(escaped("pump 1"), "pump 1");
  EXPECT_EQ(escaped("a\tb,c\\d\ne"), "a\\x09b\\x2cc\\x5cd\\x0ae");
  EXPECT_EQ(escaped("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(escaped(std::string_view{"\0\x7f", 2}), "\\x00\\x7f");
  EXPECT_EQ(escaped("\xc2\x9b"), "\\xc2\\x9b");  // CSI as one C1 character
  EXPECT_EQ(escaped("Füllstand ≥ 5"), "Füllstand ≥ 5");
}

TEST(Output, what_is_no_utf8_is_escaped_byte_by_byte) {
  EXPECT_EQ(escaped("\xff"), "\\xff");
  EXPECT_EQ(escaped("\xc0\x80"), "\\xc0\\x80");                    // overlong
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
  EXPECT_EQ(escaped("ab\xe2\x82"), "ab\\xe2\\x82");                // cut
}

TEST(Output, every_byte_string_becomes_printable) {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const std::array<char, 2> text{static_cast<char>(first), static_cast<char>(second)};
      for (const char c : escaped({text.data(), text.size()})) {
        ASSERT_FALSE(static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f || c == '\t' || c == ',');
      }
    }
  }
}

}  // namespace
}  // namespace sluice::cli
