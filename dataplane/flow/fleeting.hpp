// Fleeting: the flows that give way when a table is full, oldest first, by owner: those that have ended and
// are only remembered, and those that were begun and not answered. Every other flow is in no list, so nothing
// here can name it. One worker's; all memory is taken by the constructor; each step is of constant time.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/flow/shares.hpp"

namespace sluice {

enum class Fleet : std::uint8_t { none, half_open, ended };

class Fleeting {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  // Flows are told by their number, below `flows`.
  explicit Fleeting(std::uint32_t flows) : links_(flows) {
    for (auto& ends : lists_) ends.fill({});
  }

  [[nodiscard]] Fleet of(std::uint32_t flow) const noexcept { return links_[flow].fleet; }
  [[nodiscard]] std::uint32_t oldest(Owner owner, Fleet fleet) const noexcept {
    return lists_[static_cast<std::size_t>(fleet)][owner].first;
  }

  // The flow becomes the youngest of that list; none: it gives way no more.
  void put(std::uint32_t flow, Owner owner, Fleet fleet) noexcept {
    Link& link = links_[flow];
    if (link.fleet != Fleet::none) {
      Ends& ends = lists_[static_cast<std::size_t>(link.fleet)][link.owner];
      (link.previous != kNone ? links_[link.previous].next : ends.first) = link.next;
      (link.next != kNone ? links_[link.next].previous : ends.last) = link.previous;
    }
    link = {.owner = owner, .fleet = fleet};
    if (fleet == Fleet::none) return;
    Ends& ends = lists_[static_cast<std::size_t>(fleet)][owner];
    link.previous = ends.last;
    (ends.last != kNone ? links_[ends.last].next : ends.first) = flow;
    ends.last = flow;
  }

 private:
  struct Link {
    std::uint32_t next = kNone;
    std::uint32_t previous = kNone;
    Owner owner = kNobody;
    Fleet fleet = Fleet::none;
  };
  struct Ends {
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
  };

  std::vector<Link> links_;                           // by flow
  std::array<std::array<Ends, kOwners>, 3> lists_{};  // by Fleet, owner
};

}  // namespace sluice
