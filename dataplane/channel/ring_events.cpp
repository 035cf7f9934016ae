#include "dataplane/channel/ring_events.hpp"

#include <array>

namespace sluice::channel {
namespace {

// What makes two verdicts the same for a person who reads them.
using Key = std::array<std::uint64_t, 5>;

Key key_of(const RecordHead& head) noexcept {
  const auto join = [](std::uint32_t high, std::uint32_t low) noexcept {
    return static_cast<std::uint64_t>(high) << 32U | low;
  };
  const auto outcome =
      static_cast<std::uint32_t>(head.reason) | static_cast<std::uint32_t>(head.verdict) << 8U |
      static_cast<std::uint32_t>(head.mode) << 16U |
      static_cast<std::uint32_t>(head.flags & (record_flag::acted | record_flag::from_is_source)) << 24U;
  return {join(head.from, head.to), join(head.rule, head.patch), join(head.conduit, outcome),
          join(static_cast<std::uint32_t>(head.protocol) << 16U | head.function, head.malformed),
          head.generation};
}

std::uint64_t hash_of(const Key& key, std::uint64_t seed) noexcept {
  auto hash = seed;
  for (const auto word : key) {  // the finaliser of splitmix64 per word
    hash += word + 0x9e3779b97f4a7c15U;
    hash = (hash ^ hash >> 30U) * 0xbf58476d1ce4e5b9U;
    hash = (hash ^ hash >> 27U) * 0x94d049bb133111ebU;
    hash ^= hash >> 31U;
  }
  return hash;
}

}  // namespace

RingEvents::RingEvents(RingWriter verdicts, RingWriter transactions, Schemas schemas, std::uint64_t seed)
    : verdicts_{verdicts},
      transactions_{transactions},
      schemas_{schemas},
      seed_{seed},
      slots_{std::make_unique<Slot[]>(kSets * kWays)} {}

bool RingEvents::write(const Record& record) noexcept {
  const auto count = encode(record, cells_);
  return verdicts_.write(cells_, count);
}

void RingEvents::verdict(const Event& event) noexcept {
  fill(scratch_, RecordKind::verdict, event, schemas_);
  if (waiting_ == 0 && below_half()) {
    if (!write(scratch_)) verdicts_.count_lost(1);
    return;
  }
  coalesce(hash_of(key_of(scratch_.head), seed_));
}

void RingEvents::coalesce(std::uint64_t hash) noexcept {
  const auto key = key_of(scratch_.head);
  auto* const set = slots_.get() + (hash % kSets) * kWays;
  Slot* free = nullptr;
  Slot* oldest = set;
  for (std::size_t i = 0; i < kWays; ++i) {
    auto& slot = set[i];
    if (slot.order == 0) {
      if (free == nullptr) free = &slot;
      continue;
    }
    if (key_of(slot.record.head) == key) {
      ++slot.record.head.count;
      slot.record.head.time = scratch_.head.time;
      verdicts_.count_coalesced();
      return;
    }
    if (slot.order < oldest->order || oldest->order == 0) oldest = &slot;
  }
  if (free == nullptr) {
    // More distinct verdicts than the set has ways: the oldest uses the ring's upper half.
    if (!write(oldest->record)) verdicts_.count_lost(oldest->record.head.count);
    free = oldest;
    --waiting_;
  }
  free->order = ++order_;
  free->record = scratch_;
  ++waiting_;
}

void RingEvents::transaction(const Event& event) noexcept {
  // Looked at before the work of a copy: under load most of them may be lost.
  if (transactions_.size() - transactions_.used() < kMostCells) {
    transactions_.count_lost(1);
    return;
  }
  fill(scratch_, RecordKind::transaction, event, schemas_);
  const auto count = encode(scratch_, cells_);
  if (!transactions_.write(cells_, count)) transactions_.count_lost(1);
}

void RingEvents::flush() noexcept {
  if (waiting_ == 0) return;
  std::size_t written = 0;
  for (std::size_t looked = 0; looked < kSets * kWays && waiting_ != 0 && written < kMostPerFlush; ++looked) {
    auto& slot = slots_[cursor_];
    if (slot.order != 0) {
      if (!below_half() || !write(slot.record)) return;
      slot.order = 0;
      --waiting_;
      ++written;
    }
    cursor_ = (cursor_ + 1) % (kSets * kWays);
  }
}

}  // namespace sluice::channel
