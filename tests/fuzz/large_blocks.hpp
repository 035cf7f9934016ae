// Large blocks of memory that were given back are kept, poisoned, and given again: a sanitizer's allocator
// maps and unmaps each of them, which takes longer than an engine with an input. Replaces operator new of the
// program that includes it, once; one thread. What is written is never read again: a block comes back filled
// with 0xa5.
#pragma once

#include <malloc.h>
#include <sanitizer/asan_interface.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace sluice::fuzz {

inline constexpr std::size_t kLargeBlock = 64U << 10;

struct LargeBlock {
  void* block = nullptr;
  std::size_t size = 0;
  std::size_t alignment = 0;
};
inline std::array<LargeBlock, 32>& large_blocks() {
  static std::array<LargeBlock, 32> kept;
  return kept;
}

inline void* block_of(std::size_t size, std::size_t alignment) {
  for (auto& one : large_blocks()) {
    if (size < kLargeBlock || one.size != size || one.alignment < alignment) continue;
    ASAN_UNPOISON_MEMORY_REGION(one.block, size);
    one.size = 0;
    return std::memset(one.block, 0xa5, size);
  }
  void* block = nullptr;
  if (posix_memalign(&block, alignment, size) != 0) std::abort();
  return block;
}

inline void give_back(void* block) noexcept {
  const auto size = block == nullptr ? 0 : malloc_usable_size(block);
  for (auto& one : large_blocks()) {
    if (size < kLargeBlock || one.size != 0) continue;
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    one = {block, size, address & (~address + 1)};
    ASAN_POISON_MEMORY_REGION(block, size);
    return;
  }
  std::free(block);
}

}  // namespace sluice::fuzz

void* operator new(std::size_t size) { return sluice::fuzz::block_of(size, sizeof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return sluice::fuzz::block_of(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
void operator delete(void* block, const std::nothrow_t&) noexcept { sluice::fuzz::give_back(block); }
void operator delete(void* block) noexcept { sluice::fuzz::give_back(block); }
void operator delete(void* block, std::size_t) noexcept { sluice::fuzz::give_back(block); }
void operator delete(void* block, std::align_val_t) noexcept { sluice::fuzz::give_back(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { sluice::fuzz::give_back(block); }
