#include "dataplane/stream/half.hpp"

#include <algorithm>
#include <cstring>

#include "dataplane/packet/edit.hpp"
#include "dataplane/stream/sequence.hpp"

namespace sluice {

ByteView Half::pending() const noexcept {
  if (buffer == nullptr) return {};
  return {buffer + offset + (consumed - base), data_end() - consumed};
}

bool Half::same(std::uint32_t from, std::uint32_t to, ByteView payload,
                std::uint32_t sequence) const noexcept {
  for (std::uint8_t i = 0; i < replaced_count; ++i) {
    const Range& range = replaced[i];
    if (!before(range.from, to)) break;
    if (!after(range.to, from)) continue;
    if (before(from, range.from) && !equal(from, range.from, payload, sequence)) return false;
    from = range.to;
  }
  return !before(from, to) || equal(from, to, payload, sequence);
}

bool Half::equal(std::uint32_t from, std::uint32_t to, ByteView payload,
                 std::uint32_t sequence) const noexcept {
  const ByteView mine{buffer + offset + (from - base), to - from};
  const ByteView theirs = payload.subspan(from - sequence, to - from);
  return std::equal(mine.begin(), mine.end(), theirs.begin());
}

bool Half::any_replaced(std::uint32_t from, std::uint32_t to) const noexcept {
  return std::any_of(replaced.begin(), replaced.begin() + replaced_count,
                     [=](const Range& range) { return before(range.from, to) && after(range.to, from); });
}

bool Half::replace(std::uint32_t from, ByteView bytes) noexcept {
  const std::uint32_t to = from + static_cast<std::uint32_t>(bytes.size());
  const bool joins = replaced_count != 0 && replaced[replaced_count - 1U].to == from;
  if (!joins && replaced_count == kMostReplaced) return false;
  std::copy(bytes.begin(), bytes.end(), buffer + offset + (from - base));
  if (joins) {
    replaced[replaced_count - 1U].to = to;
  } else {
    replaced[replaced_count++] = {from, to};
  }
  return true;
}

void Half::restore(Packet& packet) const noexcept {
  const std::uint32_t end = packet.tcp.sequence + packet.payload_length;
  for (std::uint8_t i = 0; i < replaced_count; ++i) {
    const std::uint32_t from = later(later(replaced[i].from, packet.tcp.sequence), base);
    const std::uint32_t to = earlier(replaced[i].to, end);
    if (!before(from, to)) continue;
    overwrite_payload(packet, from - packet.tcp.sequence, {buffer + offset + (from - base), to - from});
  }
}

void Half::take_stamp(std::uint32_t value) noexcept { stamp = later(stamp, value); }

void Half::take_echo(std::uint32_t value, Time now) noexcept {
  if (after(value, stamp)) return;  // never sent
  if (echo_known && before(value, echo)) return;
  echo = value;
  echo_known = true;
  echoed = now;
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
  replaced_count = 0;
}

void Half::forget_from(std::uint32_t end) noexcept {
  while (replaced_count != 0 && !before(replaced[replaced_count - 1U].from, end)) --replaced_count;
  if (replaced_count != 0) {
    Range& last = replaced[replaced_count - 1U];
    last.to = earlier(last.to, end);
  }
}

void Half::give_front(std::uint32_t to, BytePool& pool) noexcept {
  if (buffer == nullptr) return;
  if (after(to, base)) {
    offset += to - base;
    base = to;
    const auto first = replaced.begin();
    const auto last = first + replaced_count;
    const auto gone = std::find_if(first, last, [=](const Range& range) { return after(range.to, to); });
    replaced_count = static_cast<std::uint8_t>(std::move(gone, last, first) - first);
  }
  if (base == data_end()) forget(base, pool);
}

}  // namespace sluice
