#include "dataplane/stream/assembler.hpp"

#include <algorithm>
#include <cstring>

namespace sluice {

Assembler::Assembler(std::uint32_t messages, BytePool& bytes) : pool_{bytes}, messages_(messages) {
  for (std::uint32_t i = 0; i < messages; ++i) messages_[i].next = i + 1 < messages ? i + 1 : kNone;
  if (messages != 0) free_ = 0;
}

std::uint32_t Assembler::find(const List& list, Direction direction, std::uint64_t key) const noexcept {
  for (std::uint32_t at = list.first; at != kNone; at = messages_[at].next) {
    const Message& message = messages_[at];
    if (message.key == key && message.direction == direction && !message.ended) return at;
  }
  return kNone;
}

Assembler::Added Assembler::add(List& list, Direction direction, std::uint64_t key, ByteView part,
                                std::uint32_t most, Time now) noexcept {
  std::uint32_t at = find(list, direction, key);
  if (at == kNone) {
    if (free_ == kNone || list.count == kMostPerList) return Added::full;
    at = free_;
    free_ = messages_[at].next;
    messages_[at] = {.key = key, .next = list.first, .since = now, .direction = direction};
    list.first = at;
    ++list.count;
    ++taken_;
  }
  Message& message = messages_[at];
  if (part.size() > most || message.size > most - part.size()) return Added::too_long;
  const auto size = message.size + static_cast<std::uint32_t>(part.size());
  if (message.buffer == nullptr || size > BytePool::size_of(message.size_class)) {
    // With room for as much again, many small parts cost linear work.
    const auto wanted = std::min(std::max(size, 2 * message.size), std::max(size, most));
    const auto size_class = BytePool::class_for(wanted);
    std::uint8_t* buffer = size_class < BytePool::kClasses ? pool_.take(size_class) : nullptr;
    if (buffer == nullptr) return Added::full;
    if (message.buffer != nullptr) {
      std::memcpy(buffer, message.buffer, message.size);
      pool_.give(message.buffer, message.size_class);
    }
    message.buffer = buffer;
    message.size_class = size_class;
  }
  if (!part.empty()) std::memcpy(message.buffer + message.size, part.data(), part.size());
  message.size = size;
  return Added::fine;
}

ByteView Assembler::bytes(const List& list, Direction direction, std::uint64_t key) const noexcept {
  const std::uint32_t at = find(list, direction, key);
  return at == kNone ? ByteView{} : ByteView{messages_[at].buffer, messages_[at].size};
}

template <class Goes>
void Assembler::remove(List& list, Goes goes) noexcept {
  std::uint32_t* link = &list.first;
  while (*link != kNone) {
    const std::uint32_t at = *link;
    Message& message = messages_[at];
    if (!goes(message)) {
      link = &message.next;
      continue;
    }
    *link = message.next;
    if (message.buffer != nullptr) pool_.give(message.buffer, message.size_class);
    message = {.next = free_};
    free_ = at;
    --list.count;
    --taken_;
  }
}

void Assembler::end(List& list, Direction direction, std::uint64_t key) noexcept {
  const std::uint32_t at = find(list, direction, key);
  if (at == kNone) return;
  messages_[at].ended = true;
  // Nothing of it was kept, so it need not come back.
  if (messages_[at].kept == 0)
    remove(list, [](const Message& message) { return message.ended && message.kept == 0; });
}

void Assembler::keep(List& list) noexcept {
  remove(list, [](Message& message) {
    message.kept = message.size;
    return message.ended;
  });
}

void Assembler::undo(List& list) noexcept {
  remove(list, [](Message& message) {
    message.size = message.kept;
    message.ended = false;
    return message.kept == 0;
  });
}

void Assembler::clear(List& list) noexcept {
  remove(list, [](Message&) { return true; });
}

Time Assembler::waits_since(const List& list, Direction direction) const noexcept {
  Time oldest;
  for (std::uint32_t at = list.first; at != kNone; at = messages_[at].next) {
    const Message& message = messages_[at];
    if (message.direction != direction || message.ended) continue;
    if (oldest == Time{} || message.since < oldest) oldest = message.since;
  }
  return oldest;
}

}  // namespace sluice
