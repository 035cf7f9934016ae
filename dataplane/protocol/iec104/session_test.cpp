#include "dataplane/protocol/iec104/session.hpp"

#include <gtest/gtest.h>

namespace sluice::iec104 {
namespace {

constexpr auto kFine = Malformed::fine;
constexpr auto kBad = Malformed::bad_value;

Session started() {
  Session session;
  session.begin(true);
  EXPECT_EQ(session.unnumbered(Unnumbered::startdt_act), kFine);
  EXPECT_EQ(session.unnumbered(Unnumbered::startdt_con), kFine);
  return session;
}

TEST(Iec104Session, counts_past_the_end_of_15_bits) {
  auto session = started();
  for (std::uint32_t i = 0; i < 3 * 32768; ++i) {
    const auto number = static_cast<std::uint16_t>(i & 0x7fffU);
    const auto next = static_cast<std::uint16_t>((i + 1) & 0x7fffU);
    ASSERT_EQ(session.information(Role::server, number, 0), kFine) << i;
    ASSERT_EQ(session.supervisory(Role::client, next), kFine) << i;
  }
}

TEST(Iec104Session, lets_as_many_wait_as_numbers_can_tell_apart_E93) {
  auto session = started();
  for (std::uint16_t i = 0; i < 32767; ++i) ASSERT_EQ(session.information(Role::server, i, 0), kFine) << i;
  auto other = session;
  EXPECT_EQ(session.information(Role::server, 32767, 0), kBad);
  EXPECT_EQ(other.supervisory(Role::client, 32767), kFine);
  EXPECT_EQ(other.information(Role::server, 32767, 0), kFine);
}

TEST(Iec104Session, seen_from_its_middle_takes_what_comes_first) {
  Session session;
  session.begin(false);
  EXPECT_EQ(session.supervisory(Role::client, 700), kFine);
  EXPECT_EQ(session.information(Role::server, 705, 31), kFine);
  EXPECT_EQ(session.information(Role::client, 35, 706), kFine);
  EXPECT_EQ(session.information(Role::client, 37, 706), kBad);
}

TEST(Iec104Session, seen_from_its_middle_may_be_started_and_stopped) {
  Session session;
  session.begin(false);
  EXPECT_EQ(session.unnumbered(Unnumbered::stopdt_con), kFine);
  EXPECT_EQ(session.information(Role::server, 5, 0), kBad);
  Session other;
  other.begin(false);
  EXPECT_EQ(other.unnumbered(Unnumbered::startdt_act), kFine);
  EXPECT_EQ(other.information(Role::server, 5, 0), kFine) << "it may have been started before";
}

TEST(Iec104Session, begins_once) {
  Session session;
  session.begin(false);
  session.begin(true);
  EXPECT_EQ(session.information(Role::server, 5, 9), kFine);
}

TEST(Iec104Session, fits_the_state_of_a_flow_and_is_zero_at_its_start) {
  ProtocolState state{};
  auto session = state.recall<Session>();
  session.begin(true);
  EXPECT_EQ(session.information(Role::client, 0, 0), kBad);
  state.keep(started());
  EXPECT_EQ(state.recall<Session>().information(Role::client, 0, 0), kFine);
}

}  // namespace
}  // namespace sluice::iec104
