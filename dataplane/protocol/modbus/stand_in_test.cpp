#include "dataplane/protocol/modbus/stand_in.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "dataplane/protocol/cases.hpp"
#include "dataplane/protocol/modbus/decoder.hpp"
#include "dataplane/protocol/modbus/message.hpp"

namespace sluice::modbus {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes message(std::uint8_t function, std::size_t data) {
  Bytes bytes{0xab, 0xcd, 0, 0, 0, static_cast<std::uint8_t>(2 + data), 17, function};
  for (std::size_t i = 0; i < data; ++i) bytes.push_back(static_cast<std::uint8_t>(i + 1));
  return bytes;
}

TEST(ModbusStandIn, has_one_for_every_function_that_is_assigned_and_for_no_other) {
  std::set<std::uint8_t> used;
  int count = 0;
  for (int code = 0; code < 256; ++code) {
    const auto function = static_cast<std::uint8_t>(code);
    const auto other = stand_in_of(function);
    if (is_named(function)) {
      EXPECT_NE(other, 0) << code << " is named and has none";
    }
    if (other == 0) continue;
    ++count;
    EXPECT_TRUE(used.insert(other).second) << code;
    EXPECT_EQ(stood_for(other), function);
    EXPECT_FALSE(is_named(other)) << code;
    EXPECT_EQ(stand_in_of(other), 0) << "a stand-in has none of its own";
    EXPECT_LT(other, 128);
  }
  EXPECT_EQ(count, 39);
}

TEST(ModbusStandIn, keeps_header_length_and_framing_and_carries_nothing_of_the_request) {
  for (const auto function : std::array<std::uint8_t, 7>{5, 6, 15, 16, 22, 90, 65}) {
    for (const auto data : std::array<std::size_t, 5>{0, 1, 4, 100, 252}) {
      const auto asked = message(function, data);
      Bytes out(asked.size(), 0xee);
      ASSERT_TRUE(stand_in(asked, out));
      EXPECT_TRUE(std::equal(asked.begin(), asked.begin() + 7, out.begin()));
      EXPECT_EQ(out[7], stand_in_of(function));
      for (std::size_t i = 8; i < out.size(); ++i) EXPECT_EQ(out[i], 0);
      const auto framing = protocol.frame({}, Role::client, out);
      EXPECT_EQ(framing.kind, Framing::Kind::pdu);
      EXPECT_EQ(framing.length, out.size());
      Bytes again(asked.size());
      ASSERT_TRUE(stand_in(asked, again));
      EXPECT_EQ(again, out) << "the same bytes give the same";
    }
  }
}

TEST(ModbusStandIn, is_none_for_what_is_unassigned_already_or_longer_than_the_standard) {
  for (const auto function : std::array<std::uint8_t, 11>{0, 9, 10, 13, 14, 42, 73, 91, 127, 128, 255}) {
    const auto asked = message(function, 4);
    Bytes out(asked.size(), 0xee);
    EXPECT_FALSE(stand_in(asked, out)) << int{function};
    EXPECT_EQ(out, Bytes(asked.size(), 0xee));
  }
  Bytes longer = message(90, 252);
  longer.resize(300);
  Bytes out(longer.size());
  EXPECT_FALSE(stand_in(longer, out));
}

TEST(ModbusStandIn, its_answer_turns_into_illegal_function_of_what_was_asked) {
  for (int code = 0; code < 256; ++code) {
    const auto function = static_cast<std::uint8_t>(code);
    for (const int exception : {1, 3, 4}) {
      const Bytes answer{0xab, 0xcd, 0, 0, 0, 3, 17, function, static_cast<std::uint8_t>(exception)};
      Bytes out(answer.size(), 0xee);
      const auto asked = function >= 0x80 ? stood_for(static_cast<std::uint8_t>(function & 0x7f)) : 0;
      ASSERT_EQ(stand_in_answer(answer, out), asked != 0) << code;
      if (asked == 0) continue;
      EXPECT_EQ(out, (Bytes{0xab, 0xcd, 0, 0, 0, 3, 17, static_cast<std::uint8_t>(asked | 0x80), 1}));
    }
  }
}

TEST(ModbusStandIn, an_answer_of_another_length_is_left_alone) {
  const Bytes answer{0, 1, 0, 0, 0, 4, 1, 0xc9, 1, 0};
  Bytes out(answer.size(), 0xee);
  EXPECT_FALSE(stand_in_answer(answer, out));
}

}  // namespace
}  // namespace sluice::modbus
