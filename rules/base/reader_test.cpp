#include "rules/base/reader.hpp"

#include <gtest/gtest.h>

#include <array>

#include "rules/base/result.hpp"

namespace sluice {
namespace {

constexpr std::array<std::uint8_t, 8> kBytes = {1, 2, 3, 4, 5, 6, 7, 8};

TEST(Reader, reads_big_and_little_endian_numbers_in_order) {
  Reader reader{kBytes};
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.be16(), 0x0203);
  EXPECT_EQ(reader.le16(), 0x0504);
  EXPECT_EQ(reader.be24(), 0x060708U);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(Reader, reads_three_bytes_and_reals_from_the_little_end) {
  constexpr std::array<std::uint8_t, 7> kMore = {0x01, 0x02, 0x03, 0x00, 0x00, 0x20, 0xc1};
  Reader reader{kMore};
  EXPECT_EQ(reader.le24(), 0x030201U);
  EXPECT_EQ(reader.le_float(), -10.0F);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.le_float(), 0.0F);
  EXPECT_FALSE(reader.ok());
}

TEST(Reader, failure_sticks_and_yields_nothing_more) {
  Reader reader{kBytes};
  EXPECT_TRUE(reader.take(9).empty());
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_FALSE(reader.ok());
}

TEST(Reader, a_count_near_the_limit_of_its_type_does_not_wrap) {
  Reader reader{kBytes};
  reader.skip(4);
  EXPECT_TRUE(reader.take(static_cast<std::size_t>(-2)).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(Error, prints_file_line_column_what_and_remedy) {
  EXPECT_EQ((Error{{"a.toml", 3, 7}, "unknown zone \"cel-1\"", "did you mean \"cell-1\"?"}).text(),
            "a.toml:3:7: unknown zone \"cel-1\"; did you mean \"cell-1\"?");
  EXPECT_EQ((Error{{}, "no file", ""}).text(), "no file");
}

TEST(Diagnostics, counts_what_it_no_longer_lists) {
  Diagnostics diagnostics;
  for (std::size_t i = 0; i < Diagnostics::kMost + 5; ++i) diagnostics.add({}, "x");
  EXPECT_EQ(diagnostics.errors().size(), Diagnostics::kMost);
  EXPECT_EQ(diagnostics.unlisted(), 5U);
}

}  // namespace
}  // namespace sluice
