#include "dataplane/stream/byte_pool.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace sluice {

BytePool::BytePool(std::size_t bytes)
    : memory_(std::max<std::size_t>(1, (bytes + kMost - 1) / kMost) * kMost),
      units_(memory_.size() / kLeast),
      all_{memory_.size()},
      larger_{memory_.size() - memory_.size() / 8} {
  free_.fill(kNone);
  constexpr std::uint32_t kStep = kMost / kLeast;
  for (auto unit = static_cast<std::uint32_t>(units_.size()); unit > 0; unit -= kStep) {
    push(unit - kStep, kClasses - 1);  // so that the first piece given is the lowest
  }
}

std::uint8_t BytePool::class_for(std::uint32_t bytes) noexcept {
  if (bytes <= kLeast) return 0;
  if (bytes > kMost) return kClasses;
  return static_cast<std::uint8_t>(std::bit_width((bytes - 1) / kLeast));
}

std::uint8_t* BytePool::take(std::uint8_t size_class) noexcept {
  if (size_class >= kClasses) return nullptr;
  std::uint8_t from = size_class;
  while (from < kClasses && free_[from] == kNone) ++from;
  if (from >= kClasses || !all_.take(owner_, size_of(size_class))) return nullptr;
  if (size_class != 0 && !larger_.take(owner_, size_of(size_class))) {
    all_.give(owner_, size_of(size_class));
    return nullptr;
  }
  const std::uint32_t unit = free_[from];
  unlink(unit);
  while (from > size_class) {
    --from;
    push(unit + (1U << from), from);
  }
  units_[unit].size_class = size_class;
  units_[unit].owner = owner_;
  taken_ += size_of(size_class);
  return memory_.data() + std::size_t{unit} * kLeast;
}

void BytePool::divide(const Shares& shares) noexcept {
  all_.divide(shares);
  larger_.divide(shares);
}

void BytePool::give(std::uint8_t* piece, std::uint8_t size_class) noexcept {
  auto unit = static_cast<std::uint32_t>(static_cast<std::size_t>(piece - memory_.data()) / kLeast);
  assert(unit < units_.size() && !units_[unit].free && units_[unit].size_class == size_class);
  taken_ -= size_of(size_class);
  all_.give(units_[unit].owner, size_of(size_class));
  if (size_class != 0) larger_.give(units_[unit].owner, size_of(size_class));
  while (size_class < kClasses - 1) {
    const std::uint32_t buddy = unit ^ (1U << size_class);
    if (!units_[buddy].free || units_[buddy].size_class != size_class) break;
    unlink(buddy);
    unit = std::min(unit, buddy);
    ++size_class;
  }
  push(unit, size_class);
}

void BytePool::push(std::uint32_t unit, std::uint8_t size_class) noexcept {
  const std::uint32_t first = free_[size_class];
  units_[unit] = {first, kNone, size_class, true, kNobody};
  if (first != kNone) units_[first].previous = unit;
  free_[size_class] = unit;
}

void BytePool::unlink(std::uint32_t unit) noexcept {
  Unit& it = units_[unit];
  if (it.next != kNone) units_[it.next].previous = it.previous;
  if (it.previous != kNone) {
    units_[it.previous].next = it.next;
  } else {
    free_[it.size_class] = it.next;
  }
  it.free = false;
}

}  // namespace sluice
