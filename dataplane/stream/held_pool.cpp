#include "dataplane/stream/held_pool.hpp"

#include "dataplane/stream/sequence.hpp"

namespace sluice {

HeldPool::HeldPool(std::uint32_t slots) : slots_(slots), quota_{slots} {
  for (std::uint32_t i = slots; i > 0; --i) {
    slots_[i - 1].next = free_;
    free_ = i - 1;
  }
}

bool HeldPool::insert(std::uint32_t& first, const Packet& packet, Time now) noexcept {
  if (free_ == kNone || !quota_.take(owner_)) return false;
  const std::uint32_t index = free_;
  Slot& slot = slots_[index];
  free_ = slot.next;
  ++taken_;
  slot.packet = packet;
  slot.since = now;
  slot.owner = owner_;

  std::uint32_t* link = &first;
  while (*link != kNone && !before(packet.tcp.sequence, slots_[*link].packet.tcp.sequence))
    link = &slots_[*link].next;
  slot.next = *link;
  *link = index;
  return true;
}

void HeldPool::take_first(std::uint32_t& first, Packet& packet) noexcept {
  const std::uint32_t index = first;
  Slot& slot = slots_[index];
  packet = slot.packet;
  first = slot.next;
  slot.next = free_;
  slot.packet.frame = {};
  free_ = index;
  --taken_;
  quota_.give(slot.owner);
}

}  // namespace sluice
