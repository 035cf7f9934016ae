#include "dataplane/port/slots.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace sluice {
namespace {

constexpr std::uint32_t kGrain = 2048;  // of a slot's memory

[[noreturn]] void broken(const char* what) noexcept {
  std::fputs(what, stderr);
  std::abort();
}

}  // namespace

Slots::Slots(std::uint32_t count, std::uint32_t slot_bytes)
    : count_{count}, slot_bytes_{slot_bytes}, slots_(count) {
  free_.reserve(count);
  for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot) free_.push_back(&*slot);
}

void Slots::reserve() {
  for (auto& slot : slots_) {
    if (slot.capacity == slot_bytes_) continue;
    slot.bytes = std::make_unique<std::uint8_t[]>(slot_bytes_);
    slot.capacity = slot_bytes_;
  }
}

Frame Slots::take(std::uint32_t length) noexcept {
  if (free_.empty() || length > slot_bytes_) return {};
  auto& slot = *free_.back();
  if (slot.capacity < length || slot.bytes == nullptr) {
    const auto wanted = std::min(slot_bytes_, (length / kGrain + 1) * kGrain);
    slot.bytes.reset(new (std::nothrow) std::uint8_t[wanted]);
    slot.capacity = slot.bytes == nullptr ? 0 : wanted;
    if (slot.bytes == nullptr) return {};
  }
  free_.pop_back();
  slot.state = State::out;
  slot.time = {};
  return {slot.bytes.get(), length, length, PortId::none(), &slot};
}

void Slots::give(const Frame& frame) noexcept {
  auto& slot = slot_of(frame);
  if (slot.state == State::free) broken("a frame was given back twice\n");
  slot.state = State::free;
  free_.push_back(&slot);  // room was reserved for all
}

void Slots::park(const Frame& frame) noexcept {
  auto& slot = slot_of(frame);
  if (slot.state != State::out) broken("a frame was forwarded after it was given back\n");
  slot.state = State::parked;
}

void Slots::stamp(const Frame& frame, Time time) noexcept { slot_of(frame).time = time; }

Time Slots::stamp(const Frame& frame) const noexcept { return static_cast<const Slot*>(frame.handle)->time; }

Slots::Slot& Slots::slot_of(const Frame& frame) noexcept {
  const auto* slot = static_cast<const Slot*>(frame.handle);
  if (slot < slots_.data() || slot >= slots_.data() + slots_.size())
    broken("a frame that is not of this port group\n");
  return slots_[static_cast<std::size_t>(slot - slots_.data())];
}

}  // namespace sluice
