#include "dataplane/app/heap_test.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

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

std::uint64_t allocations() noexcept { return counted; }

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
  const auto before = allocations();
  void* volatile one = std::malloc(10);
  EXPECT_EQ(allocations(), before + 1);
  std::free(one);
  one = std::calloc(1, 10);
  EXPECT_EQ(allocations(), before + 2);
  one = std::realloc(one, 5000);
  EXPECT_EQ(allocations(), before + 3);
  std::free(one);
  one = std::aligned_alloc(64, 64);
  EXPECT_EQ(allocations(), before + 4);
  std::free(one);
  const std::string text(static_cast<std::size_t>(100 + before % 2), 'x');
  EXPECT_EQ(allocations(), before + 5) << text;
}

}  // namespace sluice::test
