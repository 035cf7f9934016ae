#include "rules/base/nearest.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace sluice {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Optimal string alignment distance, or anything above `limit` when it is above `limit`.
std::size_t distance(std::string_view a, std::string_view b, std::size_t limit) noexcept {
  const auto difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > limit) return limit + 1;
  std::array<std::array<std::size_t, Nearest::kMost + 1>, 3> rows{};
  std::iota(rows[0].begin(), rows[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    auto least = row[0];
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_above[j - 2] + 1);
      }
      least = std::min(least, row[j]);
    }
    if (least > limit) return limit + 1;
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

Nearest::Nearest(std::string_view wanted)
    : wanted_{wanted}, distance_{std::max<std::size_t>(1, wanted.size() / 3) + 1} {}

void Nearest::offer(std::string_view known) {
  if (wanted_.size() > kMost || known.empty() || known.size() > kMost || distance_ == 0) return;
  // A suggestion that shares no letter is noise.
  if (known.size() < distance_) return;
  if (const auto found = distance(wanted_, known, distance_ - 1); found < distance_) {
    distance_ = found;
    best_ = known;
  }
}

std::string Nearest::remedy(std::string_view otherwise) const {
  if (best_.empty()) return std::string{otherwise};
  return "did you mean \"" + std::string{best_} + "\"?";
}

}  // namespace sluice
