// What a fuzz target has to say and may use. A target is a file THING_fuzz.cpp beside the code that it is
// about; it defines LLVMFuzzerTestOneInput() and start(). libFuzzer drives it in one build,
// tests/fuzz/replay.cpp in the others. Only fuzz targets include this; it allocates, and a broken promise
// ends the process.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "rules/base/bytes.hpp"

namespace sluice::fuzz {

using Bytes = std::vector<std::uint8_t>;

// What a fuzzer begins with.
struct Start {
  std::vector<Bytes> seeds;  // inputs that reach far
  std::vector<Bytes> words;  // for the dictionary, beside those of THING.dict
};
Start start();

// Ends the process when a promise is broken.
inline void expect(bool holds, const char* promise) noexcept {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

// The decisions that an input makes, from its front; zeros behind its end. Integers are little-endian.
class Choices {
 public:
  explicit Choices(ByteView bytes) noexcept : left_{bytes} {}

  [[nodiscard]] bool done() const noexcept { return left_.empty(); }
  std::uint8_t byte() noexcept {
    if (left_.empty()) return 0;
    const auto first = left_.front();
    left_ = left_.subspan(1);
    return first;
  }
  std::uint16_t half() noexcept {
    const unsigned low = byte();
    return static_cast<std::uint16_t>(low | static_cast<unsigned>(byte()) << 8U);
  }
  std::uint32_t word() noexcept {
    const std::uint32_t low = half();
    return low | static_cast<std::uint32_t>(half()) << 16U;
  }
  // 0 to limit - 1.
  std::uint32_t below(std::uint32_t limit) noexcept {
    return limit <= 256 ? byte() % limit : limit <= 65536 ? half() % limit : word() % limit;
  }
  // As many as there are, at most `most`.
  ByteView bytes(std::size_t most) noexcept {
    const auto taken = left_.first(std::min(most, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  ByteView rest() noexcept { return bytes(left_.size()); }

 private:
  ByteView left_;
};

// Writes decisions as Choices reads them, for seeds.
class Script {
 public:
  Script& byte(unsigned value) {
    bytes_.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  Script& half(unsigned value) { return byte(value).byte(value >> 8U); }
  Script& word(std::uint32_t value) { return half(value & 0xffffU).half(value >> 16U); }
  Script& bytes(ByteView more) {
    bytes_.insert(bytes_.end(), more.begin(), more.end());
    return *this;
  }
  Script& text(std::string_view more) { return bytes(bytes_of(more)); }
  [[nodiscard]] const Bytes& done() const noexcept { return bytes_; }

 private:
  Bytes bytes_;
};

// A copy of exactly its size on the heap, so that a sanitizer sees the first read behind it.
class Exact {
 public:
  explicit Exact(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) { bytes_.shrink_to_fit(); }
  [[nodiscard]] ByteView view() const noexcept { return bytes_; }
  [[nodiscard]] Bytes& bytes() noexcept { return bytes_; }

 private:
  Bytes bytes_;
};

}  // namespace sluice::fuzz
