#include "dataplane/port/memory.hpp"

#include <algorithm>

namespace sluice {

MemoryPorts::MemoryPorts(const Limits& limits)
    : slots_{limits.frames, limits.frame_bytes}, sent_(limits.ports) {
  slots_.reserve();
  queue_.reserve(limits.frames);
  for (auto& sent : sent_) sent.reserve(limits.frames);
}

bool MemoryPorts::push(PortId port, ByteView bytes, std::uint32_t wire_length) noexcept {
  auto frame = port.value < sent_.size() && bytes.size() <= UINT32_MAX
                   ? slots_.take(static_cast<std::uint32_t>(bytes.size()))
                   : Frame{};
  // What was received makes room in the queue once all of it was.
  if (next_ == queue_.size()) {
    queue_.clear();
    next_ = 0;
  }
  if (frame.data == nullptr || queue_.size() == queue_.capacity()) {
    if (frame.data != nullptr) slots_.give(frame);
    ++counters_.refused;
    return false;
  }
  std::ranges::copy(bytes, frame.data);
  frame.port = port;
  frame.wire_length = std::max(frame.length, wire_length);
  queue_.push_back(frame);
  ++counters_.pushed;
  return true;
}

std::span<const Frame> MemoryPorts::receive() noexcept {
  const auto count = std::min(kBurst, queue_.size() - next_);
  const auto burst = std::span<const Frame>{queue_}.subspan(next_, count);
  next_ += count;
  counters_.received += count;
  return burst;
}

void MemoryPorts::forward(Frame frame, PortId to) noexcept {
  slots_.park(frame);
  ++counters_.forwarded;
  if (to.value >= sent_.size()) {
    slots_.give(frame);
    return;
  }
  sent_[to.value].push_back(frame);  // never more than slots
}

void MemoryPorts::release(Frame frame) noexcept {
  slots_.park(frame);
  slots_.give(frame);
  ++counters_.released;
}

Frame MemoryPorts::allocate(std::uint32_t length) noexcept {
  const auto frame = slots_.take(length);
  ++(frame.data == nullptr ? counters_.refused : counters_.made);
  return frame;
}

std::span<const Frame> MemoryPorts::sent(PortId port) const noexcept {
  return port.value < sent_.size() ? std::span<const Frame>{sent_[port.value]} : std::span<const Frame>{};
}

void MemoryPorts::clear() noexcept {
  for (auto& sent : sent_) {
    for (const auto& frame : sent) slots_.give(frame);
    sent.clear();
  }
}

}  // namespace sluice
