// Shares and Quota: who may have how much of a table whose capacity is fixed. Half of each capacity is
// guaranteed in equal parts to the conduits that have allow rules; the other half is first come. A conduit's
// flows are charged to its Owner, which follows the conduit's name from one generation to the next; what no
// rule admits, and all that has no conduit, is charged to kNobody, which is guaranteed nothing.
//
//   sum of guaranteed(o) <= capacity / 2
//   sum of what each owner has beyond its guarantee <= capacity - sum of guaranteed(o), but after put(),
//   move() and divide()
//
// One worker's. No allocation; divide() and most_over() take kOwners steps, all others a constant number.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace sluice {

using Owner = std::uint8_t;
inline constexpr std::size_t kOwners = 64;
inline constexpr Owner kNobody = 0;
inline constexpr Owner kEverybodyElse = kOwners - 1;  // conduits beyond kMostOwn have their parts together

class Shares {
 public:
  static constexpr std::size_t kMostOwn = kOwners - 2;

  // From now on these conduits have a part each; they are told by a hash of their name. A conduit keeps its
  // owner as long as it is listed; an owner that in_use(owner) names is given to no other.
  template <class InUse>
  void entitle(std::span<const std::uint64_t> conduits, InUse in_use) noexcept {
    const std::size_t own = std::min(conduits.size(), kMostOwn);
    parts_.fill(0);
    owners_.fill(kEverybodyElse);
    for (std::size_t i = 0; i < own; ++i) {
      for (Owner owner = 1; owner < kEverybodyElse; ++owner) {
        if (names_[owner] != conduits[i] || parts_[owner] != 0) continue;
        owners_[i] = owner;
        parts_[owner] = 1;
        break;
      }
    }
    for (std::size_t i = 0; i < own; ++i) {
      if (owners_[i] != kEverybodyElse) continue;
      for (Owner owner = 1; owner < kEverybodyElse; ++owner) {
        if (parts_[owner] != 0 || in_use(owner)) continue;
        owners_[i] = owner;
        names_[owner] = conduits[i];
        break;
      }
      ++parts_[owners_[i]];
    }
    parts_[kEverybodyElse] += static_cast<std::uint32_t>(conduits.size() - own);
  }

  // Of the conduit at `place` of the list.
  [[nodiscard]] Owner owner(std::size_t place) const noexcept {
    return place < owners_.size() ? owners_[place] : kEverybodyElse;
  }
  [[nodiscard]] std::uint32_t parts(Owner owner) const noexcept { return parts_[owner]; }

 private:
  std::array<std::uint64_t, kOwners> names_{};  // by owner; 0: never given
  std::array<std::uint32_t, kOwners> parts_{};  // by owner
  std::array<Owner, kMostOwn> owners_{};        // by place in the list
};

class Quota {
 public:
  // Until divide(), all of it is first come.
  explicit Quota(std::uint64_t capacity) noexcept : capacity_{capacity} {}

  void divide(const Shares& shares) noexcept {
    std::uint64_t parts = 0;
    for (std::size_t i = 0; i < kOwners; ++i) parts += shares.parts(static_cast<Owner>(i));
    const std::uint64_t part = parts == 0 ? 0 : capacity_ / 2 / parts;
    common_ = 0;
    all_guaranteed_ = part * parts;
    for (std::size_t i = 0; i < kOwners; ++i) {
      guaranteed_[i] = part * shares.parts(static_cast<Owner>(i));
      common_ += over(static_cast<Owner>(i));
    }
  }

  // False when the owner has all that it may have, or others hold (after divide) what would be its own.
  [[nodiscard]] bool take(Owner owner, std::uint64_t count = 1) noexcept {
    const std::uint64_t before = over(owner);
    const std::uint64_t has = used_[owner] + count;
    const std::uint64_t after = has - std::min(has, guaranteed_[owner]);
    if (all_used_ + count > capacity_) return false;
    if (after > before && common_ + (after - before) > capacity_ - all_guaranteed_) return false;
    put(owner, count);
    return true;
  }
  // In any case, for where another has given way.
  void put(Owner owner, std::uint64_t count = 1) noexcept {
    const std::uint64_t before = over(owner);
    used_[owner] += count;
    all_used_ += count;
    common_ += over(owner) - before;
  }
  void give(Owner owner, std::uint64_t count = 1) noexcept {
    const std::uint64_t before = over(owner);
    used_[owner] -= count;
    all_used_ -= count;
    common_ -= before - over(owner);
  }
  // What is in the table stays there, even if the new owner would not have got it.
  void move(Owner from, Owner to, std::uint64_t count = 1) noexcept {
    give(from, count);
    put(to, count);
  }

  [[nodiscard]] std::uint64_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::uint64_t used() const noexcept { return all_used_; }
  [[nodiscard]] std::uint64_t used(Owner owner) const noexcept { return used_[owner]; }
  [[nodiscard]] std::uint64_t guaranteed(Owner owner) const noexcept { return guaranteed_[owner]; }
  [[nodiscard]] std::uint64_t over(Owner owner) const noexcept {
    return used_[owner] - std::min(used_[owner], guaranteed_[owner]);
  }

  // Who has most beyond its guarantee among those for whom may(owner) holds; kOwners when nobody does.
  template <class May>
  [[nodiscard]] std::size_t most_over(May may) const noexcept {
    std::size_t most = kOwners;
    for (std::size_t i = 0; i < kOwners; ++i) {
      const auto owner = static_cast<Owner>(i);
      if (may(owner) && (most == kOwners || over(owner) > over(static_cast<Owner>(most)))) most = i;
    }
    return most;
  }

 private:
  std::uint64_t capacity_;
  std::uint64_t all_used_ = 0;
  std::uint64_t all_guaranteed_ = 0;
  std::uint64_t common_ = 0;  // sum of over()
  std::array<std::uint64_t, kOwners> used_{};
  std::array<std::uint64_t, kOwners> guaranteed_{};
};

}  // namespace sluice
