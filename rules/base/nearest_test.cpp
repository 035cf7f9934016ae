#include "rules/base/nearest.hpp"

#include <gtest/gtest.h>

#include <array>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 5> kKnown = {"networks", "security_level", "name", "modbus.func_code",
                                                    "modbus.unit_id"};

TEST(Nearest, finds_the_name_with_the_fewest_typing_errors) {
  EXPECT_EQ(nearest("network", kKnown), "networks");
  EXPECT_EQ(nearest("netwroks", kKnown), "networks");
  EXPECT_EQ(nearest("Security_Level", kKnown), "security_level");
  EXPECT_EQ(nearest("modbus.funccode", kKnown), "modbus.func_code");
  EXPECT_EQ(nearest("nam", kKnown), "name");
}

TEST(Nearest, suggests_nothing_when_nothing_is_close) {
  EXPECT_EQ(nearest("zebra", kKnown), "");
  EXPECT_EQ(nearest("", kKnown), "");
  EXPECT_EQ(nearest("x", kKnown), "");
  EXPECT_EQ(nearest(std::string(1000, 'n'), kKnown), "");
}

TEST(Nearest, the_first_of_equals_wins_and_an_exact_name_beats_all) {
  EXPECT_EQ(nearest("cell-x", std::array<std::string_view, 2>{"cell-1", "cell-2"}), "cell-1");
  EXPECT_EQ(nearest("cell-2", std::array<std::string_view, 2>{"cell-1", "cell-2"}), "cell-2");
}

TEST(Nearest, says_the_remedy_in_a_sentence) {
  Nearest search{"cel-1"};
  search.offer("cell-1");
  EXPECT_EQ(search.remedy("add it"), "did you mean \"cell-1\"?");
  EXPECT_EQ(Nearest{"x"}.remedy("add it"), "add it");
}

}  // namespace
}  // namespace sluice
