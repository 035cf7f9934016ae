// Nearest: "did you mean". Offered the known names one by one, it keeps the one closest to what a person
// wrote, by the number of letters to insert, delete, replace or swap with their neighbour. A name more than a
// third different (at least one letter) is no suggestion; the first of equals wins. Linear in the names
// offered; names beyond kMost bytes are ignored. Not for the fast path.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

class Nearest {
 public:
  static constexpr std::size_t kMost = 64;

  explicit Nearest(std::string_view wanted);
  void offer(std::string_view known);

  // Empty when nothing offered is close. Points to what was offered.
  [[nodiscard]] std::string_view best() const noexcept { return best_; }
  // `did you mean "best"?`, or `otherwise` when nothing is close.
  [[nodiscard]] std::string remedy(std::string_view otherwise = {}) const;

 private:
  std::string wanted_;
  std::string_view best_;
  std::size_t distance_;
};

// The first of `names` (any range of things that convert to string_view) that is closest to `wanted`.
template <class Names>
std::string_view nearest(std::string_view wanted, const Names& names) {
  Nearest search{wanted};
  for (const auto& name : names) search.offer(name);
  return search.best();
}

}  // namespace sluice
