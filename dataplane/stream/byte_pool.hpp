// BytePool: the memory in which streams keep bytes that are not yet judged or not yet acknowledged. One
// block, taken from the system in the constructor and touched there, and given out by the buddy rule in
// pieces of 512 B, 1 KiB, … 512 KiB (size classes 0 to 10): small flows can use all of it, and two neighbours
// that come back are one larger piece again. One worker's. take() and give() take at most kClasses steps.
// When no piece is left, take() says nullptr and the caller has Reason::memory_full. Sizes in bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

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
  };
  static constexpr std::uint32_t kNone = 0xffff'ffff;

  void push(std::uint32_t unit, std::uint8_t size_class) noexcept;
  void unlink(std::uint32_t unit) noexcept;

  std::vector<std::uint8_t> memory_;
  std::vector<Unit> units_;
  std::array<std::uint32_t, kClasses> free_{};  // first free piece of each class
  std::size_t taken_ = 0;
};

}  // namespace sluice
