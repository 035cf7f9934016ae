// Random: numbers for tests, the same on every machine for the same seed (splitmix64). Not for secrets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::model {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_{seed} {}

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27U) * 0x94d049bb133111ebU;
    return z ^ z >> 31U;
  }
  // 0 to count - 1.
  std::uint32_t below(std::uint32_t count) noexcept {
    return static_cast<std::uint32_t>((next() >> 32U) * count >> 32U);
  }
  std::uint32_t between(std::uint32_t first, std::uint32_t last) noexcept {
    return first + below(last - first + 1);
  }
  bool percent(std::uint32_t chance) noexcept { return below(100) < chance; }
  std::uint8_t byte() noexcept { return static_cast<std::uint8_t>(next() >> 56U); }
  template <class T>
  const T& one_of(const std::vector<T>& all) noexcept {
    return all[below(static_cast<std::uint32_t>(all.size()))];
  }

 private:
  std::uint64_t state_;
};

// Independent streams of one seed.
inline std::uint64_t mix(std::uint64_t seed, std::uint64_t part) noexcept {
  return Random{seed ^ Random{part}.next()}.next();
}

}  // namespace sluice::model
