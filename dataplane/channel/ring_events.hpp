// RingEvents: a worker's Events, written to its two rings. Transactions that find no room are counted as
// lost. Verdicts are written one by one while the ring is less than half full; from there on those that
// differ only in addresses, ports and content (same reason, rule, patch, ends, protocol, function and
// outcome) are counted into one record, which is written as soon as the ring has drained to half: an attack
// can't push another one's report out. One worker; all memory is taken by the constructor; each call is
// bounded (flush: kMostPerFlush records).
#pragma once

#include <memory>

#include "dataplane/channel/ring.hpp"
#include "dataplane/engine/event.hpp"

namespace sluice::channel {

class RingEvents final : public Events {
 public:
  static constexpr std::size_t kWays = 8;
  static constexpr std::size_t kSets = 128;  // kWays * kSets distinct verdicts wait at most
  static constexpr std::size_t kMostPerFlush = 32;

  // `seed` is secret, so that nobody can aim at one set.
  RingEvents(RingWriter verdicts, RingWriter transactions, Schemas schemas, std::uint64_t seed);

  void verdict(const Event& event) noexcept override;
  void transaction(const Event& event) noexcept override;

  // Writes waiting verdicts while the ring is less than half full. After each burst, and at each tick.
  void flush() noexcept;

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

 private:
  struct Slot {
    std::uint64_t order = 0;  // 0: free
    Record record;
  };

  void coalesce(std::uint64_t hash) noexcept;
  bool write(const Record& record) noexcept;
  [[nodiscard]] bool below_half() const noexcept { return verdicts_.used() < verdicts_.size() / 2; }

  RingWriter verdicts_;
  RingWriter transactions_;
  Schemas schemas_;
  std::uint64_t seed_;
  std::uint64_t order_ = 0;
  std::size_t waiting_ = 0;
  std::size_t cursor_ = 0;  // where flush goes on
  Record scratch_{};
  Cells cells_{};
  std::unique_ptr<Slot[]> slots_;
};

}  // namespace sluice::channel
