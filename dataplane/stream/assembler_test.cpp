#include "dataplane/stream/assembler.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace sluice {
namespace {

ByteView view(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string text(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

constexpr auto kForth = Direction::forth;
constexpr auto kBack = Direction::back;
constexpr Time kNow{1};
using Added = Assembler::Added;

struct Bench {
  BytePool bytes{1U << 20};
  Assembler assembler{16, bytes};
  Assembler::List list;

  Added add(std::uint64_t key, const std::string& part, Direction direction = kForth,
            std::uint32_t most = 100) {
    return assembler.add(list, direction, key, view(part), most, kNow);
  }
  std::string at(std::uint64_t key, Direction direction = kForth) {
    return text(assembler.bytes(list, direction, key));
  }
  ~Bench() {
    assembler.clear(list);
    EXPECT_EQ(assembler.taken(), 0U);
    EXPECT_EQ(bytes.taken(), 0U);
    EXPECT_EQ(list.count, 0U);
  }
};

TEST(Assembler, gathers_messages_by_key_and_direction) {
  Bench bench;
  EXPECT_EQ(bench.add(1, "ab"), Added::fine);
  EXPECT_EQ(bench.add(2, "xy"), Added::fine);
  EXPECT_EQ(bench.add(1, "QQ", kBack), Added::fine);
  EXPECT_EQ(bench.add(1, "cd"), Added::fine);
  EXPECT_EQ(bench.at(1), "abcd");
  EXPECT_EQ(bench.at(2), "xy");
  EXPECT_EQ(bench.at(1, kBack), "QQ");
  bench.assembler.end(bench.list, kForth, 1);
  EXPECT_EQ(bench.at(1), "");
  EXPECT_EQ(bench.add(1, "new"), Added::fine);
  EXPECT_EQ(bench.at(1), "new");
}

TEST(Assembler, what_does_not_pass_is_as_if_it_never_came) {
  Bench bench;
  (void)bench.add(1, "ab");
  bench.assembler.keep(bench.list);
  // A segment that ends the message, begins the next one under its key, and another; and is denied.
  (void)bench.add(1, "cd");
  bench.assembler.end(bench.list, kForth, 1);
  (void)bench.add(1, "ef");
  (void)bench.add(7, "gh");
  bench.assembler.undo(bench.list);
  EXPECT_EQ(bench.at(1), "ab");
  EXPECT_EQ(bench.at(7), "");
  EXPECT_EQ(bench.list.count, 1U);
  (void)bench.add(1, "CD");
  EXPECT_EQ(bench.at(1), "abCD");
  bench.assembler.end(bench.list, kForth, 1);
  bench.assembler.keep(bench.list);
  EXPECT_EQ(bench.list.count, 0U);
}

TEST(Assembler, is_bounded_per_message_per_flow_and_as_a_whole) {
  Bench bench;
  EXPECT_EQ(bench.add(1, std::string(100, 'a')), Added::fine);
  EXPECT_EQ(bench.add(1, "b"), Added::too_long);
  EXPECT_EQ(bench.at(1), std::string(100, 'a'));
  for (std::uint64_t key = 2; key <= Assembler::kMostPerList; ++key)
    EXPECT_EQ(bench.add(key, "a"), Added::fine);
  EXPECT_EQ(bench.add(99, "a"), Added::full);
  Assembler::List others[2];
  for (std::uint64_t key = 0; key < 8; ++key) {
    EXPECT_EQ(bench.assembler.add(others[0], kForth, key, view("a"), 100, kNow), Added::fine);
  }
  EXPECT_EQ(bench.assembler.add(others[1], kForth, 0, view("a"), 100, kNow), Added::full);
  bench.assembler.clear(others[0]);

  BytePool little{1};
  Assembler assembler{4, little};
  Assembler::List list;
  const std::string half(BytePool::kMost / 2, 'x');
  EXPECT_EQ(assembler.add(list, kForth, 1, view(half), BytePool::kMost, kNow), Added::fine);
  EXPECT_EQ(assembler.add(list, kForth, 2, view(half), BytePool::kMost, kNow), Added::full)
      << "no memory is left but for least pieces";
  assembler.clear(list);
  EXPECT_EQ(little.taken(), 0U);
}

TEST(Assembler, says_since_when_the_oldest_message_of_a_direction_waits) {
  Bench bench;
  EXPECT_EQ(bench.assembler.waits_since(bench.list, kForth), Time{});
  (void)bench.assembler.add(bench.list, kForth, 1, view("a"), 10, Time{50});
  (void)bench.assembler.add(bench.list, kForth, 2, view("a"), 10, Time{70});
  (void)bench.assembler.add(bench.list, kForth, 1, view("a"), 10, Time{90});
  EXPECT_EQ(bench.assembler.waits_since(bench.list, kForth).ns, 50U);
  EXPECT_EQ(bench.assembler.waits_since(bench.list, kBack), Time{});
  bench.assembler.end(bench.list, kForth, 1);
  EXPECT_EQ(bench.assembler.waits_since(bench.list, kForth).ns, 70U);
}

TEST(Assembler, agrees_with_a_map_of_strings_over_random_steps) {
  std::mt19937 random{7};
  Bench bench;
  std::map<std::pair<int, std::uint64_t>, std::string> kept;
  auto now = kept;
  for (int step = 0; step < 20'000; ++step) {
    const auto direction = random() % 2 == 0 ? kForth : kBack;
    const std::uint64_t key = random() % 5;
    const std::pair<int, std::uint64_t> name{static_cast<int>(direction), key};
    switch (random() % 8) {
      case 0:
        bench.assembler.keep(bench.list);
        kept = now;
        break;
      case 1:
        bench.assembler.undo(bench.list);
        now = kept;
        break;
      case 2:
        bench.assembler.end(bench.list, direction, key);
        now.erase(name);
        break;
      default: {
        const std::string part(1 + random() % 40, static_cast<char>('a' + step % 26));
        const auto before = now.contains(name) ? now[name] : std::string{};
        const auto added = bench.add(key, part, direction, 1000);
        if (added == Added::fine) now[name] = before + part;
        if (added == Added::too_long) {
          EXPECT_GT(before.size() + part.size(), 1000U);
        }
        if (added == Added::full) {
          EXPECT_EQ(bench.list.count, Assembler::kMostPerList);
        }
        break;
      }
    }
    for (int side = 0; side < 2; ++side) {
      for (std::uint64_t k = 0; k < 5; ++k) {
        const auto found = now.find({side, k});
        ASSERT_EQ(bench.at(k, static_cast<Direction>(side)), found == now.end() ? "" : found->second) << step;
      }
    }
  }
}

}  // namespace
}  // namespace sluice
