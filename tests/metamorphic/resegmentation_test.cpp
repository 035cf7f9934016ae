// The same bytes in other segments.
#include "tests/metamorphic/bench.hpp"

namespace sluice::metamorphic {
namespace {

using Cuts = Rendering::Cuts;

TEST(Resegmentation, E52_each_message_cut_in_two_at_each_of_its_bytes) {
  const auto count = at_each_size(written(), Unit::message, 1, 1, [](std::uint32_t size) {
    return Rendering{.cuts = Cuts::at, .cut = size};
  });
  EXPECT_GE(count, 259U);
}

TEST(Resegmentation, E52_what_is_said_in_a_row_in_two_segments_cut_at_each_byte) {
  const auto count = at_each_size(written(), Unit::turn, 0, 1, [](std::uint32_t size) {
    return Rendering{.cuts = Cuts::halves, .cut = size};
  });
  EXPECT_GE(count, 530U);
}

TEST(Resegmentation, E52_each_byte_a_segment_and_segments_of_each_size_across_messages) {
  Bench bench{written()};
  for (std::uint32_t cut = 1; cut < 300; cut += cut < 32 ? 1 : 19)
    EXPECT_TRUE(bench.same({.cuts = Cuts::every, .cut = cut}));
}

TEST(Resegmentation, E52_random_segments) {
  Bench bench{written()};
  for (std::uint32_t seed = 1; seed <= 40; ++seed)
    EXPECT_TRUE(bench.same({.cuts = Cuts::random, .cut = 1 + seed * seed % 70, .seed = seed}));
}

TEST(Resegmentation, E52_each_function_and_sub_function_cut_at_each_byte) {
  at_each_size(functions(), Unit::message, 1, 1,
               [](std::uint32_t size) { return Rendering{.cuts = Cuts::at, .cut = size, .burst = 32}; });
}

// A stand-in takes the place of a whole message, so those are not cut; all around them is.
TEST(Resegmentation, E52_around_requests_that_live_on_as_their_stand_in) {
  const auto all = stand_ins();
  for (const auto cuts : {Cuts::at, Cuts::every}) {
    at_each_size(all, Unit::message, 1, 1,
                 [&](std::uint32_t size) { return Rendering{.cuts = cuts, .cut = size}; });
  }
  at_each_size(all, Unit::turn, 0, 1,
               [](std::uint32_t size) { return Rendering{.cuts = Cuts::halves, .cut = size}; });
}

// What README.md leaves out, as it is today.
TEST(Resegmentation, E52_a_message_in_the_middle_of_an_opaque_stream_is_recognised_in_one_segment_only) {
  const Bytes banner(40, 'x');
  const Bytes write = {0, 1, 0, 0, 0, 6, 1, 6, 0, 1, 0, 1};
  Conversation conversation{
      {{"opaque, then Modbus", {Place::it, 3}, {Place::ot, 3}, 1433, Transport::tcp, {}}}};
  conversation.connections[0].turns = {
      {Role::client, {{banner}}}, {Role::server, {{banner}}}, {Role::client, {{write}}}};
  Bench bench{std::move(conversation)};
  EXPECT_EQ(bench.told("verdict wrong_protocol reset"), 1U);
  EXPECT_FALSE(bench.same({.cuts = Cuts::at, .cut = 6}));
}

}  // namespace
}  // namespace sluice::metamorphic
