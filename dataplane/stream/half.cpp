#include "dataplane/stream/half.hpp"

#include <algorithm>
#include <cstring>

#include "dataplane/stream/sequence.hpp"

namespace sluice {

ByteView Half::pending() const noexcept {
  if (buffer == nullptr) return {};
  return {buffer + offset + (consumed - base), data_end() - consumed};
}

bool Half::same(std::uint32_t from, std::uint32_t to, ByteView payload,
                std::uint32_t sequence) const noexcept {
  const ByteView mine{buffer + offset + (from - base), to - from};
  const ByteView theirs = payload.subspan(from - sequence, to - from);
  return std::equal(mine.begin(), mine.end(), theirs.begin());
}

void Half::place(std::uint32_t first, std::uint32_t at) noexcept {
  start = first;
  next = base = consumed = at;
  if (!acked_known) acked = first;
  started = true;
}

void Half::advance(std::uint32_t count) noexcept {
  next += count;
  if (buffer == nullptr) base = consumed = data_end();
}

bool Half::append(ByteView bytes, BytePool& pool) noexcept {
  trim(pool);
  const auto added = static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), kMostRetained + 1));
  const std::uint32_t used = buffer == nullptr ? 0 : retained();
  if (used + added > kMostRetained) return false;
  if (buffer == nullptr) {
    size_class = BytePool::class_for(added);
    buffer = pool.take(size_class);
    if (buffer == nullptr) return false;
    offset = 0;
    base = consumed = data_end();
  } else if (offset + used + added > BytePool::size_of(size_class)) {
    // Moving to the front costs `used`; it pays when at least half as much was given up since the last move.
    // Otherwise the new piece has room for half as much again, so that many small segments cost linear work.
    if (offset >= used / 2 && used + added <= BytePool::size_of(size_class)) {
      std::memmove(buffer, buffer + offset, used);
    } else {
      const std::uint8_t greater = BytePool::class_for(used + added + (used + added) / 2);
      std::uint8_t* piece = pool.take(greater);
      if (piece == nullptr) return false;
      std::memcpy(piece, buffer + offset, used);
      pool.give(buffer, size_class);
      buffer = piece;
      size_class = greater;
    }
    offset = 0;
  }
  std::memcpy(buffer + offset + used, bytes.data(), added);
  return true;
}

void Half::consume(std::uint32_t count) noexcept { consumed += std::min(count, data_end() - consumed); }

void Half::trim(BytePool& pool) noexcept { give_front(earlier(acked, consumed), pool); }

void Half::forget_consumed(BytePool& pool) noexcept { give_front(consumed, pool); }

void Half::forget(std::uint32_t at, BytePool& pool) noexcept {
  if (buffer != nullptr) pool.give(buffer, size_class);
  buffer = nullptr;
  offset = 0;
  base = consumed = at;
}

void Half::give_front(std::uint32_t to, BytePool& pool) noexcept {
  if (buffer == nullptr) return;
  if (after(to, base)) {
    offset += to - base;
    base = to;
  }
  if (base == data_end()) forget(base, pool);
}

}  // namespace sluice
