#include "dataplane/stream/pools.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <random>
#include <vector>

namespace sluice {
namespace {

Packet packet_at(std::uint32_t sequence, std::uint32_t mark = 0) {
  Packet packet;
  packet.tcp.sequence = sequence;
  packet.tcp.window = static_cast<std::uint16_t>(mark);
  return packet;
}

TEST(BytePool, the_class_of_a_length_is_the_least_that_holds_it) {
  EXPECT_EQ(BytePool::class_for(0), 0);
  EXPECT_EQ(BytePool::class_for(512), 0);
  for (std::uint8_t size_class = 0; size_class + 1 < BytePool::kClasses; ++size_class) {
    EXPECT_EQ(BytePool::class_for(BytePool::size_of(size_class)), size_class);
    EXPECT_EQ(BytePool::class_for(BytePool::size_of(size_class) + 1), size_class + 1);
  }
  EXPECT_EQ(BytePool::class_for(BytePool::kMost), BytePool::kClasses - 1);
  EXPECT_EQ(BytePool::class_for(BytePool::kMost + 1), BytePool::kClasses);
  EXPECT_EQ(BytePool::class_for(0xffff'ffff), BytePool::kClasses);
}

TEST(BytePool, all_of_it_can_be_had_in_least_pieces_and_all_but_an_eighth_in_those_of_any_other_size) {
  BytePool pool{3 * std::size_t{BytePool::kMost}};
  for (std::uint8_t size_class = 0; size_class < BytePool::kClasses; ++size_class) {
    std::vector<std::uint8_t*> pieces;
    while (auto* piece = pool.take(size_class)) pieces.push_back(piece);
    const auto most = size_class == 0 ? pool.capacity() : pool.capacity() / 8 * 7;
    EXPECT_EQ(pieces.size(), most / BytePool::size_of(size_class));
    EXPECT_EQ(pool.taken(), pieces.size() * BytePool::size_of(size_class));
    std::vector<std::uint8_t*> least;
    while (auto* piece = pool.take(0)) least.push_back(piece);
    EXPECT_EQ(pool.taken(), pool.capacity());
    for (auto* piece : least) pool.give(piece, 0);
    for (auto* piece : pieces) pool.give(piece, size_class);
    EXPECT_EQ(pool.taken(), 0U);
  }
  EXPECT_EQ(pool.take(BytePool::kClasses), nullptr);
}

TEST(BytePool, pieces_never_overlap_and_all_come_back_in_any_order) {
  std::mt19937 random{7};
  BytePool pool{2 * std::size_t{BytePool::kMost}};
  std::map<std::uint8_t*, std::uint8_t> taken;
  for (int step = 0; step < 20'000; ++step) {
    const auto size_class = static_cast<std::uint8_t>(random() % BytePool::kClasses);
    if (random() % 2 != 0) {
      if (auto* piece = pool.take(size_class)) {
        std::memset(piece, size_class, BytePool::size_of(size_class));
        const auto above = taken.upper_bound(piece);
        if (above != taken.end()) {
          ASSERT_LE(piece + BytePool::size_of(size_class), above->first);
        }
        if (above != taken.begin()) {
          const auto below = std::prev(above);
          ASSERT_LE(below->first + BytePool::size_of(below->second), piece);
        }
        taken[piece] = size_class;
      }
    } else if (!taken.empty()) {
      const auto it = std::next(taken.begin(), static_cast<std::ptrdiff_t>(random() % taken.size()));
      ASSERT_EQ(it->first[0], it->second);
      ASSERT_EQ(it->first[BytePool::size_of(it->second) - 1], it->second);
      pool.give(it->first, it->second);
      taken.erase(it);
    }
  }
  for (const auto& [piece, size_class] : taken) pool.give(piece, size_class);
  EXPECT_EQ(pool.taken(), 0U);
  EXPECT_NE(pool.take(BytePool::kClasses - 1), nullptr);
  EXPECT_NE(pool.take(BytePool::kClasses - 2), nullptr);
}

TEST(BytePool, what_one_owner_takes_leaves_another_its_part) {
  BytePool pool{4 * std::size_t{BytePool::kMost}};
  Shares shares;
  shares.entitle(std::array<std::uint64_t, 2>{1, 2}, [](Owner) { return false; });
  pool.divide(shares);
  pool.charge_to(shares.owner(0));
  while (pool.take(0) != nullptr) {
  }
  EXPECT_EQ(pool.taken(), 3 * std::size_t{BytePool::kMost});
  pool.charge_to(shares.owner(1));
  std::size_t pieces = 0;
  while (pool.take(0) != nullptr) ++pieces;
  EXPECT_EQ(pieces, BytePool::kMost / BytePool::kLeast);
}

TEST(HeldPool, what_one_owner_takes_leaves_another_its_part) {
  HeldPool pool{8};
  Shares shares;
  shares.entitle(std::array<std::uint64_t, 2>{1, 2}, [](Owner) { return false; });
  pool.divide(shares);
  pool.charge_to(shares.owner(0));
  std::uint32_t one = HeldPool::kNone;
  int taken = 0;
  while (pool.insert(one, Packet{}, Time{1})) ++taken;
  EXPECT_EQ(taken, 6);
  pool.charge_to(shares.owner(1));
  std::uint32_t two = HeldPool::kNone;
  EXPECT_TRUE(pool.insert(two, Packet{}, Time{1}));
  EXPECT_TRUE(pool.insert(two, Packet{}, Time{1}));
  EXPECT_FALSE(pool.insert(two, Packet{}, Time{1}));
  Packet packet;
  pool.take_first(two, packet);
  EXPECT_TRUE(pool.insert(two, Packet{}, Time{1}));
}

TEST(HeldPool, a_list_is_ordered_by_sequence_across_the_wrap_and_by_arrival_among_equals) {
  HeldPool pool{8};
  std::uint32_t list = HeldPool::kNone;
  ASSERT_TRUE(pool.insert(list, packet_at(5, 1), {}));
  ASSERT_TRUE(pool.insert(list, packet_at(0xffff'fff0, 2), {}));
  ASSERT_TRUE(pool.insert(list, packet_at(5, 3), {}));
  ASSERT_TRUE(pool.insert(list, packet_at(0, 4), {}));
  std::vector<int> marks;
  Packet packet;
  while (list != HeldPool::kNone) {
    pool.take_first(list, packet);
    marks.push_back(packet.tcp.window);
  }
  EXPECT_EQ(marks, (std::vector{2, 4, 1, 3}));
  EXPECT_EQ(pool.taken(), 0U);
}

TEST(HeldPool, says_no_when_full_and_has_every_slot_again_afterwards) {
  HeldPool pool{4};
  std::uint32_t one = HeldPool::kNone;
  std::uint32_t two = HeldPool::kNone;
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t i = 0; i < 4; ++i) ASSERT_TRUE(pool.insert(i % 2 == 0 ? one : two, packet_at(i), {}));
    EXPECT_FALSE(pool.insert(one, packet_at(9), {}));
    EXPECT_EQ(pool.taken(), 4U);
    Packet packet;
    while (one != HeldPool::kNone) pool.take_first(one, packet);
    while (two != HeldPool::kNone) pool.take_first(two, packet);
    EXPECT_EQ(pool.taken(), 0U);
  }
}

}  // namespace
}  // namespace sluice
