#include "dataplane/engine/coverage.hpp"

#include <algorithm>
#include <tuple>

namespace sluice {
namespace {

constexpr std::uint64_t kTargetSteps = 1;
constexpr std::uint64_t kSortSteps = 40;  // of one piece among kMostPieces

bool same_place(const image::ImageView& image, const image::Target& target, const Span& span) noexcept {
  return target.space == span.space && (target.any_key != 0 || target.key == span.key) &&
         (target.any_name != 0 || image.text_of(target.name) == text_of(span.name));
}

}  // namespace

void Coverage::begin(std::span<const Span> spans) noexcept {
  spans_ = spans.first(std::min(spans.size(), reaches_.size()));
  for (std::size_t i = 0; i < spans_.size(); ++i) reaches_[i] = {spans_[i].first, false};
  open_ = spans.size();
  whole_ = part_ = image::kNone;
  pieces_.clear();
}

// What is covered of a span goes on to `last`.
void Coverage::reach(std::size_t span, std::uint64_t last, std::uint32_t rule) noexcept {
  auto& reach = reaches_[span];
  if (span == 0 && part_ == image::kNone) part_ = rule;
  if (last >= spans_[span].last) {
    reach.done = true;
    --open_;
  } else {
    reach.at = last + 1;
  }
}

bool Coverage::add(const image::ImageView& image, const image::Grant& grant, Steps& steps) noexcept {
  if (spans_.empty() || grant.targets.count == 0) {
    whole_ = grant.rule;
    return true;
  }
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    const Span& span = spans_[i];
    for (const auto& target : image::ImageView::slice(image.targets(), grant.targets)) {
      if (reaches_[i].done) break;
      if (!steps.spend(kTargetSteps + (target.space == span.space ? target.name.count / 16 : 0)))
        return false;
      if (!same_place(image, target, span)) continue;
      if (target.last < reaches_[i].at || target.first > span.last) continue;
      if (i == 0 && target.first <= span.first && target.last >= span.last) whole_ = grant.rule;
      if (target.first <= reaches_[i].at) {
        reach(i, target.last, grant.rule);
      } else {
        put_aside({target.first, target.last, static_cast<std::uint32_t>(i), grant.rule}, steps);
      }
    }
  }
  return open_ == 0;
}

void Coverage::put_aside(const Piece& piece, Steps& steps) noexcept {
  if (!pieces_.empty()) {
    const auto& last = pieces_.back();
    if (last.span == piece.span && last.first <= piece.first && piece.last <= last.last) return;
  }
  if (pieces_.size() == kMostPieces) {
    merge(steps);
    // Nearly full would be merged again and again.
    if (pieces_.size() > kMostPieces / 2) steps.exhaust();
    if (steps.over()) return;
  }
  pieces_.push_back(piece);
}

// Sorts the pieces and joins those that overlap or touch.
void Coverage::merge(Steps& steps) noexcept {
  if (!steps.spend(pieces_.size() * kSortSteps)) return;
  std::sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) noexcept {
    return std::tie(a.span, a.first) < std::tie(b.span, b.first);
  });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < pieces_.size(); ++i) {
    auto& last = pieces_[kept];
    const auto& next = pieces_[i];
    if (next.span == last.span && (next.first <= last.last || next.first == last.last + 1)) {
      last.last = std::max(last.last, next.last);
    } else {
      pieces_[++kept] = next;
    }
  }
  pieces_.resize(std::min(pieces_.size(), kept + 1));
}

bool Coverage::complete(Steps& steps) noexcept {
  if (spans_.empty() || pieces_.empty()) return false;
  merge(steps);
  for (const auto& piece : pieces_) {
    const auto& reach_of = reaches_[piece.span];
    if (!reach_of.done && piece.first <= reach_of.at && piece.last >= reach_of.at)
      reach(piece.span, piece.last, piece.rule);
  }
  return open_ == 0 && !steps.over();
}

}  // namespace sluice
