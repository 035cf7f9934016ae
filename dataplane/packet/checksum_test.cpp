#include "dataplane/packet/checksum.hpp"

#include <gtest/gtest.h>

#include <random>

#include "dataplane/packet/builder.hpp"

namespace sluice {
namespace {

// As RFC 1071 4.1 writes it, a word at a time.
std::uint16_t plain(ByteView bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<std::uint32_t>(bytes[i] << 8 | (i + 1 < bytes.size() ? bytes[i + 1] : 0));
  }
  while (sum >> 16 != 0) sum = (sum & 0xffffU) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

TEST(Checksum, gives_the_example_of_rfc_1071) {
  EXPECT_EQ(internet_checksum(build::hex("0001 f203 f4f5 f6f7")), static_cast<std::uint16_t>(~0xddf2));
}

TEST(Checksum, agrees_with_the_plain_sum_for_every_length_and_alignment) {
  std::mt19937 random{1};
  build::Bytes bytes(300);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  for (std::size_t start = 0; start < 9; ++start) {
    for (std::size_t length = 0; start + length <= bytes.size(); ++length) {
      const auto some = ByteView{bytes}.subspan(start, length);
      ASSERT_EQ(internet_checksum(some), plain(some)) << start << ' ' << length;
    }
  }
  EXPECT_EQ(internet_checksum(build::Bytes(65535, 0xff)), plain(build::Bytes(65535, 0xff)));
  EXPECT_EQ(internet_checksum({}), 0xffff);
}

TEST(Checksum, parts_at_even_places_add_up) {
  std::mt19937 random{2};
  build::Bytes bytes(101);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 2) {
    const auto sum = add(add(Sum{}, ByteView{bytes}.first(cut)), ByteView{bytes}.subspan(cut));
    ASSERT_EQ(fold(sum), plain(bytes));
  }
}

TEST(Checksum, an_update_equals_a_new_sum_for_any_change_of_a_word) {
  std::mt19937 random{3};
  for (int round = 0; round < 100'000; ++round) {
    build::Bytes bytes(8);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(round % 3 == 0 ? random() % 2 * 255 : random());
    const auto before = plain(bytes);
    const std::uint16_t old_word = static_cast<std::uint16_t>(bytes[2] << 8 | bytes[3]);
    bytes[2] = static_cast<std::uint8_t>(random());
    bytes[3] = static_cast<std::uint8_t>(random());
    const std::uint16_t new_word = static_cast<std::uint16_t>(bytes[2] << 8 | bytes[3]);
    const auto updated = updated_checksum(before, old_word, new_word);
    const auto after = plain(bytes);
    // 0 and 0xffff are one number to whoever verifies, unless all the data is zero.
    ASSERT_EQ(updated == 0xffff ? 0 : updated, after == 0xffff ? 0 : after);
  }
}

TEST(Checksum, an_update_gives_the_example_of_rfc_1624) {
  EXPECT_EQ(updated_checksum(0xdd2f, 0x5555, 0x3285), 0x0000);
}

}  // namespace
}  // namespace sluice
