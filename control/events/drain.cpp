#include "control/events/drain.hpp"

#include <algorithm>

#include "control/events/eve.hpp"

namespace sluice::events {

const image::ImageView* Images::find(Generation generation) {
  const auto found =
      std::ranges::find(entries_, generation, [](const auto& entry) { return entry->generation; });
  if (found != entries_.end()) {
    std::rotate(found, found + 1, entries_.end());
  } else {
    if (entries_.size() == kMost) entries_.erase(entries_.begin());
    auto entry = std::make_unique<Entry>();
    entry->generation = generation;
    if (const auto bytes = load_(generation)) {
      entry->bytes = image::AlignedBytes::copy(*bytes);
      if (auto view = image::ImageView::open(entry->bytes.view(), schemas_)) {
        entry->view = *view;
        entry->good = true;
      }
    }
    entries_.push_back(std::move(entry));
  }
  const auto& entry = *entries_.back();
  return entry.good ? &entry.view : nullptr;
}

std::size_t Drain::round(const std::shared_ptr<channel::SharedMemory>& shared,
                         const std::vector<std::string>& ports, std::uint64_t wall_offset_ns, Time now) {
  std::size_t taken = 0;
  if (shared != shared_) {
    taken += take(ports, wall_offset_ns);
    readers_.clear();
    shared_ = shared;
    const std::uint32_t workers = shared_ ? shared_->sizes().workers : 0;
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
      readers_.push_back({shared_->verdict_reader(worker), shared_->transaction_reader(worker)});
    }
  }
  taken += take(ports, wall_offset_ns);
  if (!options_.file.empty()) journal_.write(batch_, now);
  batch_.clear();
  const std::lock_guard lock{lock_};
  totals_.lost_verdicts = totals_.lost_transactions = totals_.coalesced = totals_.corrupt = 0;
  for (const auto& reader : readers_) {
    totals_.lost_verdicts += reader.verdicts.lost();
    totals_.lost_transactions += reader.transactions.lost();
    totals_.coalesced += reader.verdicts.coalesced();
    totals_.corrupt += reader.verdicts.corrupt() + reader.transactions.corrupt();
  }
  totals_.written = journal_.written();
  totals_.unwritten = journal_.lost();
  totals_.error = journal_.error();
  return taken;
}

std::size_t Drain::take(const std::vector<std::string>& ports, std::uint64_t wall_offset_ns) {
  std::size_t verdicts = 0;
  std::size_t transactions = 0;
  for (auto& reader : readers_) {
    verdicts += reader.verdicts.drain(
        kMostPerRing, [&](const channel::Record& record) { line(record, ports, wall_offset_ns); });
    transactions += reader.transactions.drain(kMostPerRing, [&](const channel::Record& record) {
      if (options_.transactions) line(record, ports, wall_offset_ns);
    });
  }
  const std::lock_guard lock{lock_};
  totals_.verdicts += verdicts;
  totals_.transactions += transactions;
  return verdicts + transactions;
}

void Drain::line(const channel::Record& record, const std::vector<std::string>& ports,
                 std::uint64_t wall_offset_ns) {
  EveContext context;
  context.schemas = options_.schemas;
  context.image = images_.find({record.head.generation});
  if (record.head.in_port < ports.size()) context.in_iface = ports[record.head.in_port];
  context.host = options_.host;
  context.wall_offset_ns = wall_offset_ns;
  std::string line;
  append_eve(line, record, context);
  batch_ += line;
  batch_ += '\n';
  if (record.head.kind == channel::RecordKind::verdict) feeds_.verdicts.add(line);
  feeds_.all.add(std::move(line));
}

Totals Drain::totals() const {
  const std::lock_guard lock{lock_};
  return totals_;
}

}  // namespace sluice::events
