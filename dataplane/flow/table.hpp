// FlowTable: from a FlowKey to what a worker knows of the flow. Owned by one worker, touched by its thread
// only. All memory is taken in the constructor; capacity is fixed, and insert() says null when it is reached:
// nothing is ever evicted to make room. An Entry stays where it is from insert() to erase().
//
// Lookup: each key has two buckets of eight slots, told by a keyed hash (SipHash-2-4, a secret of this
// start), so a lookup reads at most kMostProbed slots whatever traffic chooses. insert() takes the emptier
// bucket; slots are at least twice the capacity, so that both being full before the capacity is reached does
// not happen in practice, and is "full" if it does.
//
// Time: an entry is idle since the last touch(). Entries wait in a timer wheel of 67 ms steps; touch() only
// writes a time, and an entry that was touched in the meantime is put forward when its turn comes. expire()
// is never early, and late by at most one step where it is called once a step and reaches the end of its
// work. Time never goes back.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "dataplane/flow/key.hpp"
#include "dataplane/flow/siphash.hpp"
#include "rules/base/clock.hpp"

namespace sluice {

// How long a flow may be idle depends on what it is.
enum class Idle : std::uint8_t { half_open, established, closed, datagram };
inline constexpr std::size_t kIdleCount = 4;

struct IdleTimes {
  std::array<Duration, kIdleCount> of{seconds(30), seconds(24 * 3600), seconds(10), seconds(120)};
};

template <class T>
class FlowTable {
 public:
  static constexpr std::uint32_t kSlotsPerBucket = 8;
  static constexpr std::uint32_t kMostProbed = 2 * kSlotsPerBucket;
  static constexpr std::uint32_t kMostEntries = 1U << 26;

  class Entry {
   public:
    [[nodiscard]] const FlowKey& key() const noexcept { return key_; }
    [[nodiscard]] Time touched() const noexcept { return touched_; }
    T value{};

   private:
    friend class FlowTable;
    FlowKey key_{};
    Time touched_{};
    std::uint64_t due_step_ = 0;  // of the wheel list it is in
    std::uint32_t next_ = kNone;  // in the wheel's list, or in the free list
    std::uint32_t previous_ = kNone;
    std::uint32_t slot_ = 0;
    Idle idle_ = Idle::half_open;
    bool used_ = false;
  };

  FlowTable(std::uint32_t capacity, const Secret& secret, const IdleTimes& times = {})
      : capacity_{std::clamp<std::uint32_t>(capacity, 1, kMostEntries)},
        bucket_mask_{std::bit_ceil(std::max<std::uint32_t>(
                         (capacity_ * 2 + kSlotsPerBucket - 1) / kSlotsPerBucket, 2)) -
                     1},
        secret_{secret},
        times_{times},
        entries_{std::make_unique<Entry[]>(capacity_)},
        buckets_{std::make_unique<Bucket[]>(bucket_mask_ + std::size_t{1})} {
    wheel_.fill(kNone);
    for (std::uint32_t i = 0; i < capacity_; ++i) entries_[i].next_ = i + 1 < capacity_ ? i + 1 : kNone;
    free_ = 0;
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

  // Entries have numbers below capacity(), for lists of them; a number is one entry's for ever.
  [[nodiscard]] std::uint32_t number(const Entry& entry) const noexcept { return index_of(entry); }
  [[nodiscard]] Entry& at(std::uint32_t number) noexcept { return entries_[number]; }

  [[nodiscard]] Entry* find(const FlowKey& key) noexcept { return find(key, place(key)); }

  // The entry of `key`, fresh; null when the table is full. The key must not be in the table.
  [[nodiscard]] Entry* insert(const FlowKey& key, Idle idle, Time now) noexcept {
    if (free_ == kNone) return nullptr;
    const Place places = place(key);
    const std::uint32_t first = count(places.first);
    const std::uint32_t second = count(places.second);
    const std::uint32_t bucket = second < first ? places.second : places.first;
    for (std::uint32_t i = 0; i < kSlotsPerBucket; ++i) {
      Slot& slot = buckets_[bucket].slots[i];
      if (slot.entry != kNone) continue;
      const std::uint32_t index = free_;
      Entry& entry = entries_[index];
      free_ = entry.next_;
      slot = {places.tag, index};
      entry.key_ = key;
      entry.slot_ = bucket * kSlotsPerBucket + i;
      entry.used_ = true;
      entry.idle_ = idle;
      entry.touched_ = now;
      renew(entry.value);
      enqueue(index, due(entry));
      ++size_;
      return &entry;
    }
    return nullptr;
  }

  void touch(Entry& entry, Idle idle, Time now) noexcept {
    entry.touched_ = now;
    if (entry.idle_ == idle) return;
    entry.idle_ = idle;
    const std::uint64_t step = due(entry);
    if (step >= entry.due_step_) return;
    const auto index = index_of(entry);
    dequeue(index);
    enqueue(index, step);
  }

  void erase(Entry& entry) noexcept {
    const auto index = index_of(entry);
    dequeue(index);
    buckets_[entry.slot_ / kSlotsPerBucket].slots[entry.slot_ % kSlotsPerBucket] = {};
    renew(entry.value);
    entry.used_ = false;
    entry.next_ = free_;
    free_ = index;
    --size_;
  }

  // Ends what was idle too long: calls ended(entry), then erases it. Looks at no more than `at_most` entries;
  // what is left is taken up by the next call. Says how many ended. `ended` may not insert or erase.
  template <class F>
  std::uint32_t expire(Time now, std::uint32_t at_most, F&& ended) noexcept {
    const std::uint64_t today = now.ns >> kStepBits;
    if (today >= kWheel && step_ < today - kWheel) step_ = today - kWheel;  // one turn sees every list
    std::uint32_t count = 0;
    while (step_ < today) {
      std::uint32_t& head = wheel_[step_ % kWheel];
      while (head != kNone) {
        if (at_most-- == 0) return count;
        const std::uint32_t index = head;
        Entry& entry = entries_[index];
        const std::uint64_t step = due(entry);
        if (step < today) {
          ended(entry);
          erase(entry);
          ++count;
        } else {
          dequeue(index);
          enqueue(index, step);
        }
      }
      ++step_;
    }
    return count;
  }

  // Calls visit(entry) for the used ones of the next `at_most` places from `from` on; returns where to go on,
  // 0 after the last. `visit` may erase the entry that it is given.
  template <class F>
  std::uint32_t visit(std::uint32_t from, std::uint32_t at_most, F&& visit) noexcept {
    const std::uint32_t end = from < capacity_ ? from + std::min(at_most, capacity_ - from) : capacity_;
    for (; from < end; ++from) {
      if (entries_[from].used_) visit(entries_[from]);
    }
    return end < capacity_ ? end : 0;
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr unsigned kStepBits = 26;      // 67 ms
  static constexpr std::uint64_t kWheel = 4096;  // steps in a turn: 275 s
  static constexpr std::uint64_t kFarthest = std::uint64_t{1} << 62;

  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t entry = kNone;
  };
  struct alignas(64) Bucket {
    std::array<Slot, kSlotsPerBucket> slots{};
  };
  static_assert(sizeof(Bucket) == 64, "a bucket is one cache line");

  struct Place {
    std::uint32_t first;
    std::uint32_t second;
    std::uint32_t tag;
  };

  [[nodiscard]] Place place(const FlowKey& key) const noexcept {
    static_assert(std::has_unique_object_representations_v<FlowKey>);
    const auto hash = siphash(secret_, {reinterpret_cast<const std::uint8_t*>(&key), sizeof key});
    const auto low = static_cast<std::uint32_t>(hash);
    const auto high = static_cast<std::uint32_t>(hash >> 32);
    const std::uint32_t first = low & bucket_mask_;
    const std::uint32_t second = high & bucket_mask_;
    return {first, second != first ? second : second ^ 1U, low ^ std::rotl(high, 16)};
  }

  Entry* find(const FlowKey& key, const Place& places) noexcept {
    for (const std::uint32_t bucket : {places.first, places.second}) {
      for (const Slot& slot : buckets_[bucket].slots) {
        if (slot.tag == places.tag && slot.entry != kNone && entries_[slot.entry].key_ == key) {
          return &entries_[slot.entry];
        }
      }
    }
    return nullptr;
  }

  [[nodiscard]] std::uint32_t count(std::uint32_t bucket) const noexcept {
    const auto& slots = buckets_[bucket].slots;
    return static_cast<std::uint32_t>(
        std::count_if(slots.begin(), slots.end(), [](const Slot& slot) { return slot.entry != kNone; }));
  }

  static void renew(T& value) noexcept {
    std::destroy_at(&value);
    std::construct_at(&value);
  }

  [[nodiscard]] std::uint32_t index_of(const Entry& entry) const noexcept {
    return static_cast<std::uint32_t>(&entry - entries_.get());
  }

  // The step at whose end the entry has been idle for its time.
  [[nodiscard]] std::uint64_t due(const Entry& entry) const noexcept {
    const std::uint64_t time = times_.of[static_cast<std::size_t>(entry.idle_)].ns;
    return (std::min(entry.touched_.ns, kFarthest) + std::min(time, kFarthest)) >> kStepBits;
  }

  void enqueue(std::uint32_t index, std::uint64_t step) noexcept {
    Entry& entry = entries_[index];
    step = std::clamp(step, step_, step_ + kWheel - 1);
    entry.due_step_ = step;
    std::uint32_t& head = wheel_[step % kWheel];
    entry.previous_ = kNone;
    entry.next_ = head;
    if (head != kNone) entries_[head].previous_ = index;
    head = index;
  }

  void dequeue(std::uint32_t index) noexcept {
    Entry& entry = entries_[index];
    if (entry.previous_ != kNone) {
      entries_[entry.previous_].next_ = entry.next_;
    } else {
      wheel_[entry.due_step_ % kWheel] = entry.next_;
    }
    if (entry.next_ != kNone) entries_[entry.next_].previous_ = entry.previous_;
  }

  std::uint32_t capacity_;
  std::uint32_t bucket_mask_;
  Secret secret_;
  IdleTimes times_;
  std::uint32_t size_ = 0;
  std::uint32_t free_ = kNone;
  std::uint64_t step_ = 0;  // the wheel's lists before it are done
  std::unique_ptr<Entry[]> entries_;
  std::unique_ptr<Bucket[]> buckets_;
  std::array<std::uint32_t, kWheel> wheel_{};
};

}  // namespace sluice
