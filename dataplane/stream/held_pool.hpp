// HeldPool: the frames that wait for a hole in their stream to fill. A fixed number of slots, made in the
// constructor; each stream keeps up to two lists of slots (one per direction) by the index of their first.
// Each is charged to the owner named last (flow/shares.hpp). One worker's. A frame in the pool belongs to the
// pool until it is taken out again; who takes it forwards or releases it. "Full" is Reason::held_full.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/flow/shares.hpp"
#include "dataplane/packet/packet.hpp"
#include "rules/base/clock.hpp"

namespace sluice {

class HeldPool {
 public:
  static constexpr std::uint32_t kNone = 0xffff'ffff;

  struct Slot {
    Packet packet;
    Time since{};
    std::uint32_t next = kNone;
    Owner owner = kNobody;
  };

  explicit HeldPool(std::uint32_t slots);
  HeldPool(const HeldPool&) = delete;
  HeldPool& operator=(const HeldPool&) = delete;

  // Who puts packets in from now on.
  void charge_to(Owner owner) noexcept { owner_ = owner; }
  void divide(const Shares& shares) noexcept { quota_.divide(shares); }
  [[nodiscard]] bool in_use(Owner owner) const noexcept { return quota_.used(owner) != 0; }

  // Puts a packet into the list that starts at `first`, ordered by sequence number (modulo 2^32) and, among
  // equals, by arrival. False when the pool is full. Steps: the length of the list.
  bool insert(std::uint32_t& first, const Packet& packet, Time now) noexcept;
  // Takes the first packet out of a list that is not empty.
  void take_first(std::uint32_t& first, Packet& packet) noexcept;

  [[nodiscard]] const Slot& at(std::uint32_t index) const noexcept { return slots_[index]; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return static_cast<std::uint32_t>(slots_.size()); }
  [[nodiscard]] std::uint32_t taken() const noexcept { return taken_; }

 private:
  std::vector<Slot> slots_;
  std::uint32_t free_ = kNone;
  std::uint32_t taken_ = 0;
  Owner owner_ = kNobody;
  Quota quota_;
};

}  // namespace sluice
