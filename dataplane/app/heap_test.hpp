// Counts what the calling thread takes from the heap, for tests that show that a thread takes nothing.
#pragma once

#include <cstdint>

namespace sluice::test {

// Calls of malloc and its kin by this thread since it began.
std::uint64_t allocations() noexcept;

}  // namespace sluice::test
