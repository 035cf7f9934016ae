// The same datagrams in other fragments.
#include "tests/metamorphic/bench.hpp"

namespace sluice::metamorphic {
namespace {

using Pieces = Rendering::Pieces;
using Order = Rendering::Order;

// Behind the transport's header each 8 bytes are a boundary; `size` counts from it.
TEST(Refragmentation, E52_each_datagram_in_two_cut_at_every_8_bytes_in_both_orders) {
  for (const auto family : {Family::ipv4, Family::ipv6}) {
    for (const auto order : {Order::kept, Order::reversed}) {
      const auto count = at_each_size(written(), Unit::message, 0, 8, [&](std::uint32_t size) {
        return Rendering{.pieces = Pieces::at, .piece = size + 8, .order = order, .family = family};
      });
      EXPECT_GE(count, 125U);
    }
  }
}

TEST(Refragmentation, E52_pieces_of_each_size_in_each_order) {
  for (const auto family : {Family::ipv4, Family::ipv6}) {
    for (const auto order : {Order::kept, Order::reversed, Order::shuffled}) {
      at_each_size(written(), Unit::message, 0, 16, [&](std::uint32_t size) {
        return Rendering{.pieces = Pieces::every, .piece = size + 8, .order = order, .family = family};
      });
    }
  }
}

TEST(Refragmentation, E52_of_stand_ins) {
  for (const auto family : {Family::ipv4, Family::ipv6}) {
    at_each_size(stand_ins(), Unit::message, 0, 8, [&](std::uint32_t size) {
      return Rendering{.pieces = Pieces::at, .piece = size + 8, .order = Order::reversed, .family = family};
    });
  }
}

}  // namespace
}  // namespace sluice::metamorphic
