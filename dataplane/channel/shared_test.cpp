#include "dataplane/channel/shared.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace sluice::channel {
namespace {

constexpr SharedSizes kSmall{.workers = 2, .ports = 3, .verdict_cells = 64, .transaction_cells = 128};

TEST(SharedMemory, IsSeenByBothSides) {
  auto made = SharedMemory::create(kSmall);
  ASSERT_TRUE(made) << made.error().text();
  auto opened = SharedMemory::open(made->fd());
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ(opened->sizes().workers, 2U);
  made->beat(1, {123}, {9});
  EngineCounters counters;
  counters.received = 5;
  counters.pdus_by_protocol.back() = 6;
  made->publish(1U, counters);
  PortCounters port;
  port.link_changes = 4;
  made->publish(2U, port);
  EXPECT_EQ(opened->heartbeat(1).ns, 123U);
  EXPECT_EQ(opened->generation(1).value, 9U);
  EXPECT_EQ(opened->heartbeat(0).ns, 0U);
  const auto reading = opened->counters(1);
  EXPECT_TRUE(reading.consistent);
  EXPECT_EQ(reading.counters.received, 5U);
  EXPECT_EQ(reading.counters.pdus_by_protocol.back(), 6U);
  EXPECT_EQ(opened->port(2).link_changes, 4U);

  auto writer = made->transaction_writer(1);
  Cells cells;
  Record record;
  record.head.flow = 8;
  ASSERT_TRUE(writer.write(cells, encode(record, cells)));
  EXPECT_EQ(opened->verdict_reader(1).drain(9, [](const Record&) {}), 0U);
  EXPECT_EQ(opened->transaction_reader(0).drain(9, [](const Record&) {}), 0U);
  EXPECT_EQ(opened->transaction_reader(1).drain(9, [](const Record& got) { EXPECT_EQ(got.head.flow, 8U); }),
            1U);
}

TEST(SharedMemory, BlocksOfDifferentWorkersDoNotOverlap) {
  auto made = SharedMemory::create(kSmall);
  ASSERT_TRUE(made);
  for (std::uint32_t worker = 0; worker < kSmall.workers; ++worker) {
    for (std::uint64_t i = 0; i < 1000; ++i) {
      Cells cells;
      Record record;
      record.head.flow = worker;
      const auto count = encode(record, cells);
      auto verdicts = made->verdict_writer(worker);
      auto transactions = made->transaction_writer(worker);
      (void)verdicts.write(cells, count);
      (void)transactions.write(cells, count);
    }
  }
  for (std::uint32_t worker = 0; worker < kSmall.workers; ++worker) {
    const auto check = [&](const Record& record) { EXPECT_EQ(record.head.flow, worker); };
    EXPECT_GT(made->verdict_reader(worker).drain(1000, check), 0U);
    EXPECT_GT(made->transaction_reader(worker).drain(1000, check), 0U);
  }
  EXPECT_EQ(made->port(0).received, 0U);
}

TEST(SharedMemory, CountersAreReadTogetherOrSaidNotToBe) {
  auto made = SharedMemory::create(kSmall);
  ASSERT_TRUE(made);
  std::atomic<bool> stop{false};
  std::thread thread{[&] {
    EngineCounters counters;
    for (std::uint64_t i = 1; !stop; ++i) {
      counters.received = counters.forwarded = counters.pdus_by_protocol.back() = i;
      made->publish(0U, counters);
      if (i % 64 == 0) std::this_thread::yield();
    }
  }};
  std::size_t consistent = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto reading = made->counters(0);
    if (!reading.consistent) continue;
    ++consistent;
    EXPECT_EQ(reading.counters.received, reading.counters.forwarded);
    EXPECT_EQ(reading.counters.received, reading.counters.pdus_by_protocol.back());
  }
  stop = true;
  thread.join();
  EXPECT_GT(consistent, 0U);
}

TEST(SharedMemory, OfAnotherLayoutOrWithoutSealsIsRefused) {
  const Descriptor unsealed{memfd_create("t", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  ASSERT_EQ(ftruncate(unsealed.get(), 1 << 20), 0);
  EXPECT_FALSE(SharedMemory::open(unsealed.get()));
  EXPECT_FALSE(SharedMemory::open(-1));
  const Descriptor file{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
  EXPECT_FALSE(SharedMemory::open(file.get()));

  // Every byte of the header changed, one at a time.
  auto made = SharedMemory::create(kSmall);
  ASSERT_TRUE(made);
  for (off_t at = 0; at < static_cast<off_t>(sizeof(layout::Header)); ++at) {
    std::uint8_t byte = 0;
    ASSERT_EQ(pread(made->fd(), &byte, 1, at), 1);
    const auto changed = static_cast<std::uint8_t>(byte ^ 0x40U);
    ASSERT_EQ(pwrite(made->fd(), &changed, 1, at), 1);
    EXPECT_FALSE(SharedMemory::open(made->fd())) << at;
    ASSERT_EQ(pwrite(made->fd(), &byte, 1, at), 1);
  }
  EXPECT_TRUE(SharedMemory::open(made->fd()));
}

TEST(SharedMemory, CannotBeResizedByEitherSide) {
  auto made = SharedMemory::create(kSmall);
  ASSERT_TRUE(made);
  EXPECT_NE(ftruncate(made->fd(), 0), 0);
  EXPECT_NE(ftruncate(made->fd(), 1 << 30), 0);
}

TEST(SharedMemory, SizesOutOfBoundsAreRefused) {
  EXPECT_FALSE(SharedMemory::create({.workers = 0}));
  EXPECT_FALSE(SharedMemory::create({.workers = 65}));
  EXPECT_FALSE(SharedMemory::create({.ports = 65}));
  EXPECT_FALSE(SharedMemory::create({.verdict_cells = 100}));
  EXPECT_FALSE(SharedMemory::create({.transaction_cells = 1U << 21U}));
}

}  // namespace
}  // namespace sluice::channel
