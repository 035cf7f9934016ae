// Content: the bytes that an operand stands for, without copying them: up to kMostPieces runs that somebody
// else owns, read as one, perhaps through a case fold or a mask. Fixed size; lives on the stack of one
// evaluation.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "rules/base/bytes.hpp"
#include "rules/language/program.hpp"

namespace sluice::language {

class Content {
 public:
  enum class Fold : std::uint8_t { none, lower, upper };

  Content() noexcept {}  // NOLINT: the pieces beyond count_ stay unset
  explicit Content(ByteView bytes) noexcept : size_{bytes.size()} {
    if (!bytes.empty()) pieces_[count_++] = {bytes.data(), bytes.size()};
  }
  Content(const Content& other) noexcept { *this = other; }
  Content& operator=(const Content& other) noexcept {
    size_ = other.size_;
    mask_ = other.mask_;
    count_ = other.count_;
    fold_ = other.fold_;
    masked_ = other.masked_;
    for (std::size_t i = 0; i < count_; ++i) pieces_[i] = other.pieces_[i];
    return *this;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  // All bytes in one run, as they are.
  [[nodiscard]] bool plain() const noexcept { return count_ <= 1 && fold_ == Fold::none && !masked_; }
  [[nodiscard]] ByteView bytes() const noexcept {
    return count_ == 0 ? ByteView{} : ByteView{pieces_[0].data, size_};
  }

  // `index` is less than size().
  [[nodiscard]] std::uint8_t at(std::size_t index) const noexcept {
    std::size_t left = index;
    std::size_t piece = 0;
    while (left >= pieces_[piece].size) left -= pieces_[piece++].size;
    auto byte = pieces_[piece].data[left];
    if (fold_ == Fold::lower && byte >= 'A' && byte <= 'Z') byte = static_cast<std::uint8_t>(byte + 32);
    if (fold_ == Fold::upper && byte >= 'a' && byte <= 'z') byte = static_cast<std::uint8_t>(byte - 32);
    return masked_ ? static_cast<std::uint8_t>(byte & mask_[index]) : byte;
  }

  void fold(Fold fold) noexcept { fold_ = fold; }

  void mask(ByteView mask) noexcept {
    mask_ = mask;
    masked_ = true;
    size_ = std::min(size_, mask.size());
  }

  // Keeps the ranges, `run` being Ranges one after the other. validate() saw to it that there is room for the
  // pieces and that no mask was laid on before.
  void slice(ByteView run) noexcept {
    Content out;
    out.fold_ = fold_;
    for (; run.size() >= sizeof(Range); run = run.subspan(sizeof(Range))) {
      Range range;
      std::memcpy(&range, run.data(), sizeof(range));
      const auto size = static_cast<std::int64_t>(size_);
      const auto start = range.start < 0 ? size + range.start : std::int64_t{range.start};
      if (start < 0 || start >= size) break;
      const auto count = range.count == 0 ? size - start : std::int64_t{range.count};
      if (count > size - start) break;
      out.append(*this, static_cast<std::size_t>(start), static_cast<std::size_t>(count));
    }
    *this = out;
  }

 private:
  struct Piece {
    const std::uint8_t* data;
    std::size_t size;
  };

  void append(const Content& from, std::size_t start, std::size_t count) noexcept {
    for (std::size_t i = 0; i < from.count_ && count != 0; ++i) {
      const auto& piece = from.pieces_[i];
      if (start >= piece.size) {
        start -= piece.size;
        continue;
      }
      const auto taken = std::min(count, piece.size - start);
      if (count_ == kMostPieces) return;
      pieces_[count_++] = {piece.data + start, taken};
      size_ += taken;
      count -= taken;
      start = 0;
    }
  }

  std::size_t size_ = 0;
  ByteView mask_{};
  std::uint32_t count_ = 0;
  Fold fold_ = Fold::none;
  bool masked_ = false;
  std::array<Piece, kMostPieces> pieces_;
};

}  // namespace sluice::language
