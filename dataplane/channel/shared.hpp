// The shared memory between the dataplane, which makes it, and the daemon: per worker two rings, counters and
// a heartbeat, and per port counters. A memfd that can't change its size. The layout follows from four
// numbers in the header; both sides compute it and refuse another one. Each side treats what the other writes
// as hostile: see ring.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "dataplane/channel/ring.hpp"
#include "dataplane/channel/socket.hpp"
#include "dataplane/engine/engine.hpp"
#include "rules/base/clock.hpp"
#include "rules/base/result.hpp"

namespace sluice::channel {

inline constexpr std::uint64_t kCookie = 0x31304e4843554c53;  // "SLUCHN01"
inline constexpr std::uint32_t kVersion = 2;                  // of the shared memory and of the messages
inline constexpr std::uint32_t kMostWorkers = 64;
inline constexpr std::uint32_t kMostPorts = 64;
inline constexpr std::size_t kCounterWords = sizeof(EngineCounters) / sizeof(std::uint64_t);
static_assert(sizeof(EngineCounters) % sizeof(std::uint64_t) == 0);
static_assert(std::has_unique_object_representations_v<EngineCounters>, "an array of 64-bit counters");

struct SharedSizes {
  std::uint32_t workers = 1;
  std::uint32_t ports = 2;
  std::uint32_t verdict_cells = 16384;  // 1 MiB; powers of two, 64 to 1,048,576
  std::uint32_t transaction_cells = 16384;
};

// One port's counters, as its driver and port group count. Written by one thread of the dataplane.
struct PortCounters {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t missed = 0;  // lost by the card or the kernel for want of room
  std::uint64_t errors = 0;  // arrived broken
  std::uint64_t unsent = 0;  // could not be sent
  std::uint64_t no_buffer = 0;
  std::uint64_t link_up = 0;  // 0 or 1
  std::uint64_t link_changes = 0;
};
inline constexpr std::size_t kPortWords = sizeof(PortCounters) / sizeof(std::uint64_t);

namespace layout {

struct Header {
  std::uint64_t cookie = kCookie;
  std::uint32_t version = kVersion;
  std::uint32_t header_size = 0;
  std::uint64_t size = 0;
  std::uint32_t workers = 0;
  std::uint32_t ports = 0;
  std::uint32_t verdict_cells = 0;
  std::uint32_t transaction_cells = 0;
  std::uint32_t cell_size = kCellSize;
  std::uint32_t counter_words = kCounterWords;
  std::uint32_t port_words = kPortWords;
  std::uint32_t pad = 0;
  std::uint64_t ports_offset = 0;
  std::uint64_t workers_offset = 0;
  std::uint64_t worker_stride = 0;
};
static_assert(std::has_unique_object_representations_v<Header>);

// A worker's block: this, then the cells of the verdicts, then those of the transactions.
struct alignas(kCellSize) Worker {
  std::uint64_t heartbeat = 0;   // ns of CLOCK_MONOTONIC
  std::uint64_t generation = 0;  // that it judges with
  std::array<std::uint64_t, 6> pad{};
  std::uint64_t sequence = 0;  // odd while the counters are written
  std::array<std::uint64_t, kCounterWords> counters{};
  alignas(kCellSize) RingIndices verdicts{};
  RingIndices transactions{};
};

struct alignas(kCellSize) Port {
  std::array<std::uint64_t, kPortWords> counters{};
};

}  // namespace layout

// Counters of one worker, and whether they belong together (not while the worker keeps writing them).
struct CounterReading {
  EngineCounters counters{};
  bool consistent = false;
};

class SharedMemory {
 public:
  // The dataplane's side: a new sealed memfd, zeroed, mapped, every page touched.
  static Result<SharedMemory> create(const SharedSizes& sizes);
  // The daemon's side: `fd` must be sealed against resizing, of the size that its header says, and laid out
  // as here.
  static Result<SharedMemory> open(int fd);

  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&& other) noexcept;
  ~SharedMemory();

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] const SharedSizes& sizes() const noexcept { return sizes_; }

  // `worker` and `port` below those of sizes().
  // The worker's own side. One thread each.
  void beat(std::uint32_t worker, Time now, Generation generation) noexcept;
  void publish(std::uint32_t worker, const EngineCounters& counters) noexcept;
  [[nodiscard]] RingWriter verdict_writer(std::uint32_t worker) noexcept;
  [[nodiscard]] RingWriter transaction_writer(std::uint32_t worker) noexcept;
  void publish(std::uint32_t port, const PortCounters& counters) noexcept;

  // The daemon's side. One thread for the readers of a ring; any thread for the rest.
  [[nodiscard]] Time heartbeat(std::uint32_t worker) const noexcept;
  [[nodiscard]] Generation generation(std::uint32_t worker) const noexcept;
  [[nodiscard]] CounterReading counters(std::uint32_t worker) const noexcept;
  [[nodiscard]] PortCounters port(std::uint32_t port) const noexcept;
  [[nodiscard]] RingReader verdict_reader(std::uint32_t worker) noexcept;
  [[nodiscard]] RingReader transaction_reader(std::uint32_t worker) noexcept;

 private:
  SharedMemory(Descriptor fd, void* base, std::size_t size, const SharedSizes& sizes) noexcept;
  [[nodiscard]] layout::Worker& worker(std::uint32_t index) const noexcept;
  [[nodiscard]] layout::Port& port_block(std::uint32_t index) const noexcept;
  [[nodiscard]] Cell* cells(std::uint32_t index) const noexcept;

  Descriptor fd_;
  std::uint8_t* base_ = nullptr;
  std::size_t size_ = 0;
  SharedSizes sizes_{};
};

}  // namespace sluice::channel
