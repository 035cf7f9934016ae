// Drain: takes the events out of the dataplane's rings, makes them lines, and gives them to the journal and
// the feed. One thread calls round() every few milliseconds; totals() may be read from any.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "control/events/feed.hpp"
#include "control/events/journal.hpp"
#include "dataplane/channel/shared.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/view.hpp"

namespace sluice::events {

// The images that events name, by generation. The last kMost asked for are kept, also those that were not
// found.
class Images {
 public:
  static constexpr std::size_t kMost = 8;
  using Load = std::function<Result<std::vector<std::uint8_t>>(Generation)>;
  Images(Load load, Schemas schemas) : load_{std::move(load)}, schemas_{schemas} {}

  // Null when there is none; valid until the next call.
  const image::ImageView* find(Generation generation);

 private:
  struct Entry {
    Generation generation;
    image::AlignedBytes bytes;
    image::ImageView view;
    bool good = false;
  };
  Load load_;
  Schemas schemas_;
  std::vector<std::unique_ptr<Entry>> entries_;  // last used last
};

// Where followers read. Transactions are many: verdicts have a memory of their own.
struct Feeds {
  Feed all;
  Feed verdicts;
};

struct Totals {
  std::uint64_t verdicts = 0;  // records
  std::uint64_t transactions = 0;
  std::uint64_t lost_verdicts = 0;  // in the rings, since the dataplane started
  std::uint64_t lost_transactions = 0;
  std::uint64_t coalesced = 0;
  std::uint64_t corrupt = 0;
  std::uint64_t written = 0;  // lines
  std::uint64_t unwritten = 0;
  std::string error;  // of the event file
};

class Drain {
 public:
  static constexpr std::size_t kMostPerRing = 2048;  // records in one round

  struct Options {
    Schemas schemas;
    std::string host;
    std::string file;  // empty: none
    bool transactions = true;
  };
  Drain(Options options, Images::Load load, Feeds& feeds)
      : options_{std::move(options)},
        images_{std::move(load), options_.schemas},
        feeds_{feeds},
        journal_{options_.file} {}

  // Another dataplane's memory than before ends the reading of that one, after what is left in it. `ports` by
  // PortId. Returns the records taken.
  std::size_t round(const std::shared_ptr<channel::SharedMemory>& shared,
                    const std::vector<std::string>& ports, std::uint64_t wall_offset_ns, Time now);
  void reopen() { journal_.reopen(); }

  [[nodiscard]] Totals totals() const;

 private:
  struct Readers {
    channel::RingReader verdicts;
    channel::RingReader transactions;
  };
  std::size_t take(const std::vector<std::string>& ports, std::uint64_t wall_offset_ns);
  void line(const channel::Record& record, const std::vector<std::string>& ports,
            std::uint64_t wall_offset_ns);

  Options options_;
  Images images_;
  Feeds& feeds_;
  Journal journal_;
  std::shared_ptr<channel::SharedMemory> shared_;
  std::vector<Readers> readers_;
  std::string batch_;

  mutable std::mutex lock_;
  Totals totals_;
};

}  // namespace sluice::events
