// BytePool: the memory in which streams keep bytes that are not yet judged or not yet acknowledged. One
// block, taken from the system in the constructor and touched there, and given out by the buddy rule in
// pieces of 512 B, 1 KiB, … 512 KiB (size classes 0 to 10): small flows can use all of it, and two neighbours
// that come back are one larger piece again. One worker's. take() and give() take at most kClasses steps.
// When no piece is left, take() says nullptr and the caller has Reason::memory_full. Sizes in bytes.
//
// Each piece is charged to the owner named last (flow/shares.hpp). The last eighth of what an owner may have
// is for least pieces: a flow that keeps much can't take the place of a request and its answer in another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/flow/shares.hpp"

namespace sluice {

class BytePool {
 public:
  static constexpr std::uint8_t kClasses = 11;
  static constexpr std::uint32_t kLeast = 512;
  static constexpr std::uint32_t kMost = kLeast << (kClasses - 1);

  // `bytes` is rounded up to a multiple of kMost, and at least kMost.
  explicit BytePool(std::size_t bytes);
  BytePool(const BytePool&) = delete;
  BytePool& operator=(const BytePool&) = delete;

  static constexpr std::uint32_t size_of(std::uint8_t size_class) noexcept { return kLeast << size_class; }
  // The least class that holds `bytes`; kClasses when none does.
  static std::uint8_t class_for(std::uint32_t bytes) noexcept;

  // Who takes from now on.
  void charge_to(Owner owner) noexcept { owner_ = owner; }
  void divide(const Shares& shares) noexcept;
  [[nodiscard]] bool in_use(Owner owner) const noexcept { return all_.used(owner) != 0; }

  [[nodiscard]] std::uint8_t* take(std::uint8_t size_class) noexcept;
  // `piece` as take(size_class) gave it.
  void give(std::uint8_t* piece, std::uint8_t size_class) noexcept;

  [[nodiscard]] std::size_t capacity() const noexcept { return memory_.size(); }
  [[nodiscard]] std::size_t taken() const noexcept { return taken_; }

 private:
  // A unit is kLeast bytes; a piece is named by its first unit.
  struct Unit {
    std::uint32_t next = 0;
    std::uint32_t previous = 0;
    std::uint8_t size_class = 0;  // of the piece that starts here
    bool free = false;            // a free piece starts here
    Owner owner = kNobody;        // of the taken piece that starts here
  };
  static constexpr std::uint32_t kNone = 0xffff'ffff;

  void push(std::uint32_t unit, std::uint8_t size_class) noexcept;
  void unlink(std::uint32_t unit) noexcept;

  std::vector<std::uint8_t> memory_;
  std::vector<Unit> units_;
  std::array<std::uint32_t, kClasses> free_{};  // first free piece of each class
  std::size_t taken_ = 0;
  Owner owner_ = kNobody;
  Quota all_;
  Quota larger_;  // than the least
};

}  // namespace sluice
