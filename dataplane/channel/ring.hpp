// A ring of cells in shared memory with one writer and one reader, in two processes. Neither blocks the
// other. Indices count cells and never go back; a cell's place is its index modulo the ring's size, a power
// of two. Each side keeps its own index privately and only publishes it; the other's it reads and distrusts:
// whatever it says, no access leaves the ring, no loop is longer than the ring, and a contradiction costs
// records, never more.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>

#include "dataplane/channel/record.hpp"

namespace sluice::channel {

struct alignas(kCellSize) RingIndices {
  std::uint64_t head = 0;       // cells written
  std::uint64_t lost = 0;       // records that found no room
  std::uint64_t coalesced = 0;  // events that were counted into another's record
  std::array<std::uint64_t, 5> pad{};
  std::uint64_t tail = 0;  // cells read; on the reader's own cache line
  std::array<std::uint64_t, 7> pad2{};
};
static_assert(sizeof(RingIndices) == 2 * kCellSize);

inline std::uint64_t load(std::uint64_t& word, std::memory_order order = std::memory_order_relaxed) noexcept {
  return std::atomic_ref{word}.load(order);
}
inline void store(std::uint64_t& word, std::uint64_t value,
                  std::memory_order order = std::memory_order_relaxed) noexcept {
  std::atomic_ref{word}.store(value, order);
}
static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free);

class RingWriter {
 public:
  RingWriter(RingIndices& indices, std::span<Cell> cells) noexcept
      : indices_{&indices},
        cells_{cells},
        head_{load(indices.head)},
        lost_{load(indices.lost)},
        coalesced_{load(indices.coalesced)} {}

  // Cells in use, at most the ring's size. An impossible tail reads as "full".
  [[nodiscard]] std::size_t used() const noexcept {
    const auto used = head_ - load(indices_->tail, std::memory_order_acquire);
    return static_cast<std::size_t>(std::min<std::uint64_t>(used, cells_.size()));
  }
  [[nodiscard]] std::size_t size() const noexcept { return cells_.size(); }

  // False when there is no room; nothing is written then.
  bool write(const Cells& cells, std::size_t count) noexcept {
    if (count > cells_.size() - used()) return false;
    for (std::size_t i = 0; i < count; ++i) cells_[(head_ + i) & (cells_.size() - 1)] = cells[i];
    head_ += count;
    store(indices_->head, head_, std::memory_order_release);
    return true;
  }

  void count_lost(std::uint64_t records) noexcept { store(indices_->lost, lost_ += records); }
  void count_coalesced() noexcept { store(indices_->coalesced, ++coalesced_); }

 private:
  RingIndices* indices_;
  std::span<Cell> cells_;
  std::uint64_t head_;
  std::uint64_t lost_;
  std::uint64_t coalesced_;
};

class RingReader {
 public:
  RingReader(RingIndices& indices, std::span<Cell> cells) noexcept
      : indices_{&indices}, cells_{cells}, tail_{load(indices.tail)} {}

  // Gives up to `most` records to take(const Record&), oldest first; returns how many.
  template <class Take>
  std::size_t drain(std::size_t most, Take&& take) {
    const auto head = load(indices_->head, std::memory_order_acquire);
    auto left = head - tail_;
    if (left > cells_.size()) {
      resynchronise(head);
      return 0;
    }
    std::size_t taken = 0;
    while (left != 0 && taken < most) {
      Cells copy;
      copy[0] = at(0);
      const auto count = std::size_t{copy[0].bytes[offsetof(RecordHead, cells)]};
      if (count == 0 || count > kMostCells || count > left) {
        resynchronise(head);
        return taken;
      }
      for (std::size_t i = 1; i < count; ++i) copy[i] = at(i);
      tail_ += count;
      left -= count;
      Record record;
      if (decode(copy, count, record)) {
        ++taken;
        take(record);
      } else {
        ++corrupt_;
      }
      store(indices_->tail, tail_, std::memory_order_release);
    }
    return taken;
  }

  [[nodiscard]] std::uint64_t lost() const noexcept { return load(indices_->lost); }
  [[nodiscard]] std::uint64_t coalesced() const noexcept { return load(indices_->coalesced); }
  // Records, or runs of cells, that made no sense.
  [[nodiscard]] std::uint64_t corrupt() const noexcept { return corrupt_; }

 private:
  [[nodiscard]] const Cell& at(std::size_t ahead) const noexcept {
    return cells_[(tail_ + ahead) & (cells_.size() - 1)];
  }
  void resynchronise(std::uint64_t head) noexcept {
    ++corrupt_;
    tail_ = head;
    store(indices_->tail, tail_, std::memory_order_release);
  }

  RingIndices* indices_;
  std::span<Cell> cells_;
  std::uint64_t tail_;
  std::uint64_t corrupt_ = 0;
};

}  // namespace sluice::channel
