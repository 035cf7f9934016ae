// Limits on what may pass in a second, and on what is told. One worker's; fixed size, no allocation; times
// are those of the burst.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rules/base/clock.hpp"

namespace sluice {

// A bucket of as many tokens as come in a second: after a pause a whole second's worth passes at once.
class Bucket {
 public:
  // False: no token is left.
  bool take(Time now, std::uint32_t per_second) noexcept {
    if (per_second == 0) return false;
    const Duration each{seconds(1).ns / per_second};
    if (empty_at_ + each > now + seconds(1)) return false;
    empty_at_ = (empty_at_ > now ? empty_at_ : now) + each;
    return true;
  }
  // Of those refused, is this one to be told? At most one in a second.
  bool tell(Time now) noexcept {
    if (told_ && now - told_at_ < seconds(1)) return false;
    told_ = true;
    told_at_ = now;
    return true;
  }

 private:
  Time empty_at_{};  // the time at which all tokens taken would have come
  Time told_at_{};
  bool told_ = false;
};

// What is told again and again, by a key of what it is about: once a minute for each, and a bounded number in
// a second for all together. Two keys may share a place; then they are told more often.
class Tellings {
 public:
  bool take(std::uint64_t key, Time now) noexcept {
    auto& place = places_[(key ^ key >> 32U) % places_.size()];
    if (place.taken && place.key == key && now - place.at < seconds(60)) return false;
    if (!all_.take(now, kMostASecond)) return false;
    place = {key, now, true};
    return true;
  }

 private:
  static constexpr std::uint32_t kMostASecond = 32;
  struct Place {
    std::uint64_t key = 0;
    Time at{};
    bool taken = false;
  };
  std::array<Place, 1024> places_{};
  Bucket all_;
};

}  // namespace sluice
