// Slots: a fixed number of frame buffers in plain memory, for ports without a driver. A slot is free, out, or
// parked; giving back what is not out, or twice, is a broken invariant and ends the program. Memory of a slot
// is made when first needed, up to `slot_bytes`, or all at once with reserve(). One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/packet/frame.hpp"
#include "rules/base/clock.hpp"

namespace sluice {

class Slots {
 public:
  Slots(std::uint32_t count, std::uint32_t slot_bytes);

  // Makes all memory now: after it take() allocates nothing.
  void reserve();

  // A frame of `length` bytes, uninitialised; data is null when no slot is free or `length` does not fit.
  Frame take(std::uint32_t length) noexcept;
  void give(const Frame& frame) noexcept;
  // The engine is done with the frame, its slot stays taken until give().
  void park(const Frame& frame) noexcept;

  // The stamp that came with a slot's frame: kept for whoever writes it out.
  void stamp(const Frame& frame, Time time) noexcept;
  [[nodiscard]] Time stamp(const Frame& frame) const noexcept;

  [[nodiscard]] std::uint32_t in_use() const noexcept {
    return count_ - static_cast<std::uint32_t>(free_.size());
  }

 private:
  enum class State : std::uint8_t { free, out, parked };
  struct Slot {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::uint32_t capacity = 0;
    State state = State::free;
    Time time;
  };
  [[nodiscard]] Slot& slot_of(const Frame& frame) noexcept;

  std::uint32_t count_;
  std::uint32_t slot_bytes_;
  std::vector<Slot> slots_;
  std::vector<Slot*> free_;  // last in, first out: few buffers stay warm
};

}  // namespace sluice
