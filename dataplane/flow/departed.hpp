// Departed: the keys of datagrams that left in pieces, for as long as a receiver may still wait for one of
// them: a second datagram with the same key could be joined there with what was lost of the first. One
// worker's; all memory is taken by the constructor. Keys are keyed hashes of 64 bits, of which each has two
// buckets of eight places, so a step looks at 16 places. Nothing is forgotten before its time by add().
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "rules/base/clock.hpp"

namespace sluice {

class Departed {
 public:
  // RFC 8200 4.5 and Windows wait for 60 s, Linux and BSD for 30 s with IPv4.
  static constexpr Duration kMemory = seconds(60);

  explicit Departed(std::uint32_t keys) : buckets_(std::bit_ceil(std::max(2U, keys / kPlaces))) {}

  [[nodiscard]] bool knows(std::uint64_t key, Time now) const noexcept {
    for (const auto index : {first(key), second(key)}) {
      for (const auto& place : buckets_[index]) {
        if (place.key == key && alive(place, now)) return true;
      }
    }
    return false;
  }
  // False when there is no room.
  [[nodiscard]] bool add(std::uint64_t key, Time now) noexcept {
    Place& place = oldest(key, now);
    if (alive(place, now)) return false;
    place = {key, now};
    return true;
  }
  // In place of the oldest, where there is no room.
  void put(std::uint64_t key, Time now) noexcept { oldest(key, now) = {key, now}; }

 private:
  static constexpr std::uint32_t kPlaces = 8;
  struct Place {
    std::uint64_t key = 0;
    Time left;  // zero: free
  };
  using Bucket = std::array<Place, kPlaces>;

  static bool alive(const Place& place, Time now) noexcept {
    return place.left != Time{} && now - place.left < kMemory;
  }
  [[nodiscard]] std::size_t first(std::uint64_t key) const noexcept { return key & (buckets_.size() - 1); }
  [[nodiscard]] std::size_t second(std::uint64_t key) const noexcept {
    return key >> 32U & (buckets_.size() - 1);
  }
  // Of the emptier bucket.
  Place& oldest(std::uint64_t key, Time now) noexcept {
    Bucket* chosen = nullptr;
    std::size_t least = kPlaces + 1;
    for (const auto index : {first(key), second(key)}) {
      auto& bucket = buckets_[index];
      const auto used = static_cast<std::size_t>(
          std::count_if(bucket.begin(), bucket.end(), [&](const Place& place) { return alive(place, now); }));
      if (used >= least) continue;
      least = used;
      chosen = &bucket;
    }
    return *std::min_element(chosen->begin(), chosen->end(),
                             [](const Place& a, const Place& b) { return a.left < b.left; });
  }

  std::vector<Bucket> buckets_;
};

}  // namespace sluice
