#include "dataplane/flow/table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

namespace sluice {
namespace {

struct Counted {
  std::uint64_t number = 0;
  std::array<std::uint8_t, 40> weight{};
};
using Table = FlowTable<Counted>;

Secret secret_of(std::uint64_t seed) {
  std::mt19937_64 random{seed};
  Secret secret;
  for (auto& byte : secret) byte = static_cast<std::uint8_t>(random());
  return secret;
}

FlowKey key_number(std::uint64_t number) {
  FlowKey key;
  for (unsigned i = 0; i < 4; ++i) key.low[12 + i] = static_cast<std::uint8_t>(number >> (8 * i));
  key.high_port = 502;
  key.ip_protocol = 6;
  return key;
}

const IdleTimes kShort{{seconds(30), seconds(1000), seconds(10), seconds(120)}};
Time at(double second) { return {static_cast<std::uint64_t>(second * 1e9)}; }
constexpr double kStep = 0.0672;

TEST(FlowTable, finds_what_was_inserted_and_nothing_else) {
  Table table{4, secret_of(1)};
  EXPECT_EQ(table.find(key_number(1)), nullptr);
  auto* entry = table.insert(key_number(1), Idle::half_open, at(1));
  ASSERT_NE(entry, nullptr);
  entry->value.number = 11;
  ASSERT_EQ(table.find(key_number(1)), entry);
  EXPECT_EQ(entry->key(), key_number(1));
  EXPECT_EQ(table.find(key_number(2)), nullptr);
  table.erase(*entry);
  EXPECT_EQ(table.find(key_number(1)), nullptr);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.insert(key_number(1), Idle::half_open, at(2))->value.number, 0u) << "fresh again";
}

TEST(FlowTable, a_full_table_refuses_and_keeps_what_it_has) {
  for (const std::uint32_t capacity : {1U, 2U, 7U, 8U, 9U, 16U, 17U, 100U}) {
    Table table{capacity, secret_of(capacity)};
    std::vector<Table::Entry*> entries;
    for (std::uint32_t i = 0; i < capacity; ++i) {
      entries.push_back(table.insert(key_number(i), Idle::half_open, at(1)));
      ASSERT_NE(entries.back(), nullptr);
    }
    EXPECT_EQ(table.insert(key_number(capacity), Idle::half_open, at(1)), nullptr);
    for (std::uint32_t i = 0; i < capacity; ++i) ASSERT_EQ(table.find(key_number(i)), entries[i]);
    table.erase(*entries[0]);
    EXPECT_NE(table.insert(key_number(capacity), Idle::half_open, at(1)), nullptr);
  }
}

TEST(FlowTable, fills_to_its_capacity_under_any_secret) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Table table{8192, secret_of(seed)};
    for (std::uint64_t i = 0; i < 8192; ++i) {
      ASSERT_NE(table.insert(key_number(i * 7919 + seed), Idle::half_open, at(1)), nullptr)
          << seed << ' ' << i;
    }
  }
}

// The keys are chosen with knowledge of all but the secret: under another secret their buckets are 4 of 64.
// Under the table's own they spread like any other traffic.
TEST(FlowTable, E100_keys_that_collide_under_one_secret_do_not_under_another) {
  const auto known = secret_of(1);
  constexpr std::uint32_t kCapacity = 256;
  constexpr std::uint32_t kMask = kCapacity * 2 / Table::kSlotsPerBucket - 1;
  std::vector<FlowKey> hostile;
  for (std::uint64_t i = 0; hostile.size() < kCapacity; ++i) {
    const auto key = key_number(i);
    const auto hash = siphash(known, {reinterpret_cast<const std::uint8_t*>(&key), sizeof key});
    if ((hash & kMask) < 4 && (hash >> 32 & kMask) < 4) hostile.push_back(key);
  }
  Table told{kCapacity, known};
  Table secret{kCapacity, secret_of(2)};
  std::uint32_t taken = 0;
  for (const auto& key : hostile) {
    if (told.insert(key, Idle::half_open, at(1)) != nullptr) ++taken;
    ASSERT_NE(secret.insert(key, Idle::half_open, at(1)), nullptr);
  }
  EXPECT_EQ(taken, 4 * Table::kSlotsPerBucket) << "what an attacker who knew the secret would do";
  EXPECT_LE(Table::kMostProbed, 16u);
  for (const auto& key : hostile) ASSERT_NE(secret.find(key), nullptr);
}

TEST(FlowTable, a_value_keeps_its_place_while_others_come_and_go) {
  Table table{64, secret_of(3)};
  auto* kept = table.insert(key_number(1000), Idle::established, at(1));
  kept->value.number = 42;
  for (int round = 0; round < 50; ++round) {
    std::vector<Table::Entry*> others;
    for (std::uint64_t i = 0; i < 63; ++i) others.push_back(table.insert(key_number(i), Idle::closed, at(1)));
    for (auto* other : others) table.erase(*other);
    ASSERT_EQ(table.find(key_number(1000)), kept);
    ASSERT_EQ(kept->value.number, 42u);
  }
}

TEST(FlowTable, a_flow_ends_after_its_idle_time_and_not_before) {
  for (const double start : {0.0, 5.0, 1e6}) {
    Table table{8, secret_of(4), kShort};
    (void)table.insert(key_number(1), Idle::half_open, at(start));
    std::vector<std::uint64_t> ended;
    const auto note = [&](Table::Entry& entry) { ended.push_back(entry.key().low[12]); };
    for (double t = 0; t < 30; t += 0.05) ASSERT_EQ(table.expire(at(start + t), 100, note), 0u) << t;
    EXPECT_EQ(table.expire(at(start + 30 + kStep), 100, note), 1u);
    EXPECT_EQ(ended, (std::vector<std::uint64_t>{1}));
    EXPECT_EQ(table.find(key_number(1)), nullptr);
  }
}

TEST(FlowTable, E47_a_touched_flow_lives_on_and_a_slow_drip_counts_from_its_last_byte) {
  Table table{8, secret_of(5), kShort};
  auto* entry = table.insert(key_number(1), Idle::half_open, at(0));
  const auto ignore = [](Table::Entry&) {};
  double t = 0;
  for (; t < 100; t += 29) {
    table.touch(*entry, Idle::half_open, at(t));
    ASSERT_EQ(table.expire(at(t + 28.9), 100, ignore), 0u);
  }
  EXPECT_EQ(table.expire(at(t - 29 + 30 + kStep), 100, ignore), 1u);
}

TEST(FlowTable, a_class_with_a_shorter_time_takes_effect_at_once_and_a_longer_one_too) {
  Table table{8, secret_of(6), kShort};
  auto* shorter = table.insert(key_number(1), Idle::established, at(0));
  auto* longer = table.insert(key_number(2), Idle::half_open, at(0));
  table.touch(*shorter, Idle::closed, at(5));
  table.touch(*longer, Idle::established, at(5));
  std::uint32_t ended = 0;
  for (double t = 5; t < 15; t += 0.05) ended += table.expire(at(t), 100, [](Table::Entry&) {});
  EXPECT_EQ(ended, 0u);
  EXPECT_EQ(table.expire(at(15 + kStep), 100, [](Table::Entry&) {}), 1u);
  EXPECT_EQ(table.find(key_number(1)), nullptr);
  EXPECT_EQ(table.expire(at(1004.9), 100, [](Table::Entry&) {}), 0u);
  EXPECT_EQ(table.expire(at(1005 + kStep), 100, [](Table::Entry&) {}), 1u);
}

TEST(FlowTable, expiry_is_bounded_and_goes_on_where_it_stopped) {
  Table table{1000, secret_of(7), kShort};
  for (std::uint64_t i = 0; i < 1000; ++i) (void)table.insert(key_number(i), Idle::half_open, at(1));
  std::uint32_t calls = 0;
  while (table.size() > 0) {
    ASSERT_LE(table.expire(at(40), 64, [](Table::Entry&) {}), 64u);
    ASSERT_LE(++calls, 17u);
  }
  EXPECT_EQ(calls, 16u);
}

TEST(FlowTable, a_clock_that_jumps_far_ends_everything_once) {
  Table table{100, secret_of(8), kShort};
  for (std::uint64_t i = 0; i < 100; ++i) (void)table.insert(key_number(i), static_cast<Idle>(i % 4), at(1));
  EXPECT_EQ(table.expire({std::uint64_t{1} << 63}, 1000, [](Table::Entry&) {}), 100u);
  EXPECT_EQ(table.size(), 0u);
}

TEST(FlowTable, a_time_without_end_never_comes) {
  const Duration never{~std::uint64_t{0}};
  Table table{8, secret_of(9), {{never, never, never, never}}};
  (void)table.insert(key_number(1), Idle::established, at(1));
  for (double t = 1; t < 1e9; t *= 3) ASSERT_EQ(table.expire(at(t), 100, [](Table::Entry&) {}), 0u);
}

TEST(FlowTable, slices_visit_every_entry_once_and_may_erase) {
  Table table{100, secret_of(10)};
  for (std::uint64_t i = 0; i < 60; ++i) (void)table.insert(key_number(i), Idle::half_open, at(1));
  std::map<std::uint8_t, int> seen;
  std::uint32_t from = 0;
  do {
    from = table.visit(from, 7, [&](Table::Entry& entry) {
      ++seen[entry.key().low[12]];
      if (entry.key().low[12] % 2 == 0) table.erase(entry);
    });
  } while (from != 0);
  EXPECT_EQ(seen.size(), 60u);
  for (const auto& [key, times] : seen) EXPECT_EQ(times, 1) << int{key};
  EXPECT_EQ(table.size(), 30u);
  EXPECT_EQ(table.visit(1000, 7, [](Table::Entry&) { FAIL(); }), 0u);
}

// A std::map that says which flows live, and since when each is idle.
TEST(FlowTable, agrees_with_a_map_over_random_steps) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    std::mt19937_64 random{seed};
    struct Flow {
      std::uint64_t number;
      double touched;
      Idle idle;
    };
    std::map<std::uint64_t, Flow> model;
    Table table{200, secret_of(seed), kShort};
    double now = seed == 2 ? 1e5 : 0;
    for (std::uint64_t step = 0; step < 60'000; ++step) {
      now += static_cast<double>(random() % 1000) / (seed == 3 ? 10 : 2000);
      const std::uint64_t key = random() % 400;
      const auto idle = static_cast<Idle>(random() % kIdleCount);
      auto* entry = table.find(key_number(key));
      const auto found = model.find(key);
      ASSERT_EQ(entry != nullptr, found != model.end());
      if (entry != nullptr) {
        ASSERT_EQ(entry->value.number, found->second.number);
        if (random() % 4 == 0) {
          table.erase(*entry);
          model.erase(found);
        } else {
          table.touch(*entry, idle, at(now));
          found->second.touched = now;
          found->second.idle = idle;
        }
      } else {
        entry = table.insert(key_number(key), idle, at(now));
        ASSERT_EQ(entry != nullptr, model.size() < 200);
        if (entry != nullptr) {
          entry->value.number = step;
          model[key] = {step, now, idle};
        }
      }
      if (random() % 8 != 0) continue;
      const auto idle_time = [&](const Flow& flow) {
        return now - flow.touched -
               static_cast<double>(kShort.of[static_cast<std::size_t>(flow.idle)].ns) / 1e9;
      };
      table.expire(at(now), 1000, [&](Table::Entry& ended) {
        const auto& low = ended.key().low;
        const auto number = std::uint64_t{low[12]} | std::uint64_t{low[13]} << 8;
        const auto gone = model.find(number);
        ASSERT_NE(gone, model.end());
        ASSERT_GE(idle_time(gone->second), -1e-6) << "never early";
        model.erase(gone);
      });
      for (const auto& [number, flow] : model) ASSERT_LE(idle_time(flow), kStep) << "late by a step at most";
      ASSERT_EQ(table.size(), model.size());
    }
  }
}

}  // namespace
}  // namespace sluice
