#include "dataplane/channel/ring.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "dataplane/channel/ring_events.hpp"

namespace sluice::channel {
namespace {

Record numbered(std::uint64_t number, std::size_t values) {
  Record record;
  record.head.flow = number;
  record.head.value_count = static_cast<std::uint8_t>(values);
  for (std::size_t i = 0; i < values; ++i) record.values[i].number = number;
  return record;
}

TEST(Ring, GivesBackEveryRecordOnceAndInOrderWhateverTheInterleaving) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random{seed};
    RingIndices indices;
    // Started near the wrap of 64 bits.
    indices.head = indices.tail = std::uint64_t{0} - random() % 500;
    std::vector<Cell> memory(64);
    RingWriter writer{indices, memory};
    RingReader reader{indices, memory};
    std::deque<std::uint64_t> model;
    std::uint64_t next = 0;
    for (int step = 0; step < 20'000; ++step) {
      if (random() % 3 != 0) {
        Cells cells;
        const auto count = encode(numbered(next, random() % (Record::kMostValues + 1)), cells);
        const bool room = memory.size() - writer.used() >= count;
        ASSERT_EQ(writer.write(cells, count), room);
        if (room) model.push_back(next);
        ++next;
      } else {
        const auto most = random() % 5;
        const auto before = model.size();
        const auto taken = reader.drain(most, [&](const Record& record) {
          ASSERT_FALSE(model.empty());
          EXPECT_EQ(record.head.flow, model.front());
          for (std::size_t i = 0; i < record.head.value_count; ++i) {
            EXPECT_EQ(record.values[i].number, record.head.flow);
          }
          model.pop_front();
        });
        ASSERT_EQ(taken, std::min<std::size_t>(most, before));
      }
    }
    EXPECT_EQ(reader.corrupt(), 0U);
  }
}

TEST(Ring, TwoThreadsLoseNothingButWhatIsCounted) {
  constexpr std::uint64_t kRecords = 200'000;
  RingIndices indices;
  std::vector<Cell> memory(1024);
  std::uint64_t written = 0;
  std::atomic<bool> done{false};
  std::thread thread{[&] {
    RingWriter writer{indices, memory};
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      Cells cells;
      const auto count = encode(numbered(i, i % 9), cells);
      if (writer.write(cells, count)) {
        ++written;
      } else {
        writer.count_lost(1);
        std::this_thread::yield();
      }
    }
    done = true;
  }};
  RingReader reader{indices, memory};
  std::uint64_t taken = 0;
  std::uint64_t last = 0;
  bool ordered = true;
  for (bool last_round = false; !last_round;) {
    last_round = done;
    while (reader.drain(100, [&](const Record& record) {
      ordered = ordered && (taken == 0 || record.head.flow > last);
      for (std::size_t i = 0; i < record.head.value_count; ++i) {
        ordered = ordered && record.values[i].number == record.head.flow;
      }
      last = record.head.flow;
      ++taken;
    }) != 0) {
    }
  }
  thread.join();
  EXPECT_TRUE(ordered);
  EXPECT_EQ(taken, written);
  EXPECT_EQ(reader.lost(), kRecords - written);
  EXPECT_EQ(reader.corrupt(), 0U);
}

TEST(Ring, AWriterGoneMadCostsRecordsOnly) {
  std::mt19937_64 random{7};
  RingIndices indices;
  std::vector<Cell> memory(64);
  RingReader reader{indices, memory};
  for (int round = 0; round < 50'000; ++round) {
    for (auto& byte : memory[random() % 64].bytes) byte = static_cast<std::uint8_t>(random() % 10);
    switch (random() % 4) {
      case 0:
        store(indices.head, random());
        break;
      case 1:
        store(indices.head, load(indices.head) + random() % 70);
        break;
      case 2:
        store(indices.tail, random());
        break;
      default:
        break;
    }
    std::size_t taken = 0;
    const auto said = reader.drain(1000, [&](const Record&) { ++taken; });
    ASSERT_EQ(said, taken);
    ASSERT_LE(taken, memory.size());
  }
  EXPECT_GT(reader.corrupt(), 0U);

  // And it recovers as soon as the writer is sane.
  RingWriter writer{indices, memory};
  (void)reader.drain(1000, [](const Record&) {});
  Cells cells;
  const auto count = encode(numbered(42, 1), cells);
  store(indices.tail, load(indices.head));
  RingReader again{indices, memory};
  ASSERT_TRUE(writer.write(cells, count));
  std::uint64_t flow = 0;
  EXPECT_EQ(again.drain(10, [&](const Record& record) { flow = record.head.flow; }), 1U);
  EXPECT_EQ(flow, 42U);
}

TEST(Ring, AReaderGoneMadCannotMakeTheWriterLeaveTheRing) {
  std::mt19937_64 random{8};
  RingIndices indices;
  std::vector<Cell> memory(64);
  RingWriter writer{indices, memory};
  for (int round = 0; round < 100'000; ++round) {
    store(indices.tail, random() % 2 == 0 ? random() : load(indices.head) - random() % 100);
    ASSERT_LE(writer.used(), memory.size());
    Cells cells;
    (void)writer.write(cells, encode(numbered(1, random() % 13), cells));
  }
}

Event denial(std::uint32_t from, std::uint16_t function) {
  Event event;
  event.reason = Reason::no_rule;
  event.verdict = Verdict::reset;
  event.from = from;
  event.to = 1;
  event.function = function;
  return event;
}

TEST(RingEvents, E98_each_distinct_verdict_is_reported_with_its_count_through_a_storm) {
  RingIndices verdict_indices;
  RingIndices transaction_indices;
  std::vector<Cell> verdict_cells(256);
  std::vector<Cell> transaction_cells(64);
  RingEvents events{{verdict_indices, verdict_cells}, {transaction_indices, transaction_cells}, {}, 99};
  RingReader reader{verdict_indices, verdict_cells};
  std::map<std::pair<std::uint32_t, std::uint16_t>, std::uint64_t> sent;
  std::map<std::pair<std::uint32_t, std::uint16_t>, std::uint64_t> got;
  const auto take = [&](const Record& record) {
    got[{record.head.from, record.head.function}] += record.head.count;
  };
  std::mt19937_64 random{3};
  for (int round = 0; round < 100'000; ++round) {
    // One loud pair, and a hundred quiet ones.
    const bool quiet = random() % 50 == 0;
    const auto from = quiet ? static_cast<std::uint32_t>(random() % 20) : 1000U;
    const auto function = static_cast<std::uint16_t>(quiet ? random() % 5 : 5);
    events.verdict(denial(from, function));
    ++sent[{from, function}];
    if (round % 32 == 0) events.flush();
    if (round % 5000 == 0) (void)reader.drain(1000, take);
  }
  while (events.waiting() != 0) {
    events.flush();
    (void)reader.drain(1000, take);
  }
  (void)reader.drain(1000, take);
  EXPECT_EQ(got, sent);
  EXPECT_EQ(reader.lost(), 0U);
  EXPECT_GT(reader.coalesced(), 50'000U);
}

// Whatever the moment, and with a reader that is slow.
TEST(RingEvents, E98_one_denial_among_a_million_others_is_told) {
  for (const int moment : {0, 31, 50'000, 500'000, 999'999}) {
    RingIndices verdict_indices;
    RingIndices transaction_indices;
    std::vector<Cell> verdict_cells(256);
    std::vector<Cell> transaction_cells(64);
    RingEvents events{{verdict_indices, verdict_cells}, {transaction_indices, transaction_cells}, {}, 99};
    RingReader reader{verdict_indices, verdict_cells};
    std::uint64_t got = 0;
    std::uint64_t all = 0;
    const auto take = [&](const Record& record) {
      if (record.head.from == 7 && record.head.function == 90) got += record.head.count;
      all += record.head.count;
    };
    for (int i = 0; i < 1'000'000; ++i) {
      events.verdict(
          denial(1000U + static_cast<std::uint32_t>(i) % 100, static_cast<std::uint16_t>(5 + i % 2)));
      if (i == moment) events.verdict(denial(7, 90));
      if (i % 32 == 0) events.flush();
      if (i % 100'000 == 0) (void)reader.drain(1000, take);
    }
    while (events.waiting() != 0) {
      events.flush();
      (void)reader.drain(1000, take);
    }
    (void)reader.drain(1000, take);
    EXPECT_EQ(got, 1U) << moment;
    EXPECT_EQ(all, 1'000'001U);
    EXPECT_EQ(reader.lost(), 0U);
  }
}

TEST(RingEvents, WithoutAReaderTheLossIsCountedToTheLastEvent) {
  RingIndices verdict_indices;
  RingIndices transaction_indices;
  std::vector<Cell> verdict_cells(64);
  std::vector<Cell> transaction_cells(64);
  RingEvents events{{verdict_indices, verdict_cells}, {transaction_indices, transaction_cells}, {}, 99};
  constexpr std::uint64_t kEvents = 50'000;
  for (std::uint32_t i = 0; i < kEvents; ++i) {
    events.verdict(denial(i, 5));
    events.transaction(denial(i, 5));
    events.flush();
  }
  RingReader reader{verdict_indices, verdict_cells};
  std::uint64_t got = 0;
  for (int round = 0; round < 10'000; ++round) {
    (void)reader.drain(1000, [&](const Record& record) { got += record.head.count; });
    events.flush();
  }
  EXPECT_EQ(events.waiting(), 0U);
  EXPECT_EQ(got + reader.lost(), kEvents);
  RingReader transactions{transaction_indices, transaction_cells};
  const auto read = transactions.drain(
      1000, [](const Record& record) { EXPECT_EQ(record.head.kind, RecordKind::transaction); });
  EXPECT_EQ(read + transactions.lost(), kEvents);
}

}  // namespace
}  // namespace sluice::channel
