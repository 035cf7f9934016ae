// Coverage: do the targets of several rules together cover all that an item touches? Fed rule by rule, in
// order; says so as soon as it knows. Work is linear in the targets, but for pieces that begin beyond what is
// covered so far: they are put aside and sorted once. One worker's; scratch of fixed size from its
// constructor on. More pieces than fit, even merged, are more work than is allowed: then the steps are spent.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/protocol/sink.hpp"
#include "rules/base/steps.hpp"
#include "rules/image/view.hpp"

namespace sluice {

class Coverage {
 public:
  static constexpr std::size_t kMostPieces = 8192;

  Coverage() { pieces_.reserve(kMostPieces); }

  // Starts an item. Without spans the first rule covers it.
  void begin(std::span<const Span> spans) noexcept;
  // One more rule permits it within its targets; true when all of it is covered.
  bool add(const image::ImageView& image, const image::Grant& grant, Steps& steps) noexcept;
  // There are no more rules.
  bool complete(Steps& steps) noexcept;
  // That covers the first span alone if one did before all was covered, else the first that had a part in it.
  [[nodiscard]] std::uint32_t rule() const noexcept { return whole_ != image::kNone ? whole_ : part_; }

 private:
  struct Piece {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint32_t span = 0;
    std::uint32_t rule = image::kNone;
  };
  struct Reach {
    std::uint64_t at = 0;  // the first that is not covered
    bool done = false;
  };

  void reach(std::size_t span, std::uint64_t last, std::uint32_t rule) noexcept;
  void put_aside(const Piece& piece, Steps& steps) noexcept;
  void merge(Steps& steps) noexcept;

  std::span<const Span> spans_{};
  std::array<Reach, Sink::kMostSpans> reaches_{};
  std::size_t open_ = 0;  // spans that are not covered yet
  std::uint32_t whole_ = image::kNone;
  std::uint32_t part_ = image::kNone;
  std::vector<Piece> pieces_;
};

}  // namespace sluice
