#include "dataplane/app/heap_test.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
#else
extern "C" void* __libc_malloc(std::size_t);
extern "C" void* __libc_calloc(std::size_t, std::size_t);
extern "C" void* __libc_realloc(void*, std::size_t);
extern "C" void* __libc_memalign(std::size_t, std::size_t);
#endif

namespace sluice::test {
namespace {

thread_local std::uint64_t counted = 0;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
[[maybe_unused]] const int kInstalled = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { ++counted; }, [](const volatile void*) {});
#endif

}  // namespace

// Opaque: the compiler knows malloc, and that it would not change what is ours.
[[gnu::noipa]] std::uint64_t allocations() noexcept { return counted; }

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern "C" void* malloc(std::size_t size) {
  ++counted;
  return __libc_malloc(size);
}
extern "C" void* calloc(std::size_t count, std::size_t size) {
  ++counted;
  return __libc_calloc(count, size);
}
extern "C" void* realloc(void* old, std::size_t size) {
  ++counted;
  return __libc_realloc(old, size);
}
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++counted;
  return __libc_memalign(alignment, size);
}
#endif

TEST(Heap, every_way_to_take_from_it_is_counted) {
  void* volatile block = nullptr;
  const auto counted_in = [](auto&& work) {
    const auto before = allocations();
    work();
    return allocations() - before;
  };
  EXPECT_EQ(counted_in([] {}), 0U);
  EXPECT_GE(counted_in([&] { block = std::malloc(10); }), 1U);
  EXPECT_GE(counted_in([&] { block = std::realloc(block, 5000); }), 1U);
  std::free(block);
  EXPECT_GE(counted_in([&] { block = std::calloc(1, 10); }), 1U);
  std::free(block);
#ifndef __SANITIZE_THREAD__  // which does not tell of this one
  EXPECT_GE(counted_in([&] { block = std::aligned_alloc(64, 64); }), 1U);
  std::free(block);
#endif
  int* volatile number = nullptr;
  EXPECT_GE(counted_in([&] { number = new int{1}; }), 1U);
  delete number;
}

}  // namespace sluice::test
