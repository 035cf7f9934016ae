// AlignedBytes: owns bytes on kAlignment, as an image must lie. Throws nothing: when memory is short it is
// empty.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include "rules/base/bytes.hpp"
#include "rules/image/format.hpp"

namespace sluice::image {

class AlignedBytes {
 public:
  AlignedBytes() = default;

  // Zeroed.
  explicit AlignedBytes(std::size_t size) {
    if (size == 0 || size > kMostBytes) return;
    bytes_.reset(static_cast<std::uint8_t*>(
        std::aligned_alloc(kAlignment, (size + kAlignment - 1) & ~(kAlignment - 1))));
    if (bytes_ == nullptr) return;
    size_ = size;
    std::memset(bytes_.get(), 0, size);
  }

  static AlignedBytes copy(ByteView from) {
    AlignedBytes copied{from.size()};
    if (copied.size_ != 0) std::memcpy(copied.bytes_.get(), from.data(), from.size());
    return copied;
  }

  [[nodiscard]] ByteView view() const noexcept { return {bytes_.get(), size_}; }
  [[nodiscard]] std::span<std::uint8_t> span() noexcept { return {bytes_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const noexcept { std::free(bytes); }
  };
  std::unique_ptr<std::uint8_t[], Free> bytes_;
  std::size_t size_ = 0;
};

}  // namespace sluice::image
