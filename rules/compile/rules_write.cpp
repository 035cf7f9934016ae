#include <algorithm>
#include <optional>
#include <tuple>

#include "rules/compile/rules.hpp"

namespace sluice::compile {

using image::Range;

void Rules::write(image::Writer& writer) const {
  writer.groups = groups_;
  for (std::size_t i = 0; i < lowered_.size(); ++i) {
    const auto& row = *lowered_[i].row;
    const auto where = notes_.where(row.spot);
    image::Rule rule;
    rule.name = writer.intern("allow-" + std::to_string(i + 1));
    rule.reason = writer.intern(row.reason);
    rule.file = writer.intern(where.file);
    rule.line = where.line;
    rule.column = where.column;
    rule.from = lowered_[i].from;
    rule.to = lowered_[i].to;
    writer.rules.push_back(rule);
  }

  auto sorted = grants_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Granted& a, const Granted& b) {
    return std::tie(a.from, a.to, a.kind, a.protocol) < std::tie(b.from, b.to, b.kind, b.protocol);
  });

  // The parts that grants of one rule share are written when its first grant is.
  struct Shared {
    Range functions;
    Range targets;
    Range ports;
  };
  std::vector<std::optional<Shared>> shared(lowered_.size());
  const auto share = [&](std::uint32_t rule) -> const Shared& {
    auto& parts = shared[rule];
    if (parts) return *parts;
    const auto& lowered = lowered_[rule];
    parts.emplace();
    parts->functions = image::Writer::append(writer.words, std::span<const std::uint64_t>{lowered.words});
    parts->ports = image::Writer::append(writer.ports, std::span<const image::Interval>{lowered.ports});
    std::vector<image::Target> targets;
    for (const auto& from : lowered.targets) {
      image::Target target;
      target.name = writer.intern(from.name);
      target.key = from.key;
      target.first = from.first;
      target.last = from.last;
      target.space = from.space;
      target.any_key = from.any_key ? 1 : 0;
      target.any_name = from.any_name ? 1 : 0;
      targets.push_back(target);
    }
    parts->targets = image::Writer::append(writer.targets, std::span<const image::Target>{targets});
    return *parts;
  };

  for (const auto& granted : sorted) {
    const auto& lowered = lowered_[granted.rule];
    const auto& row = *lowered.row;
    const bool new_pair = writer.pairs.empty() || writer.pairs.back().from != granted.from ||
                          writer.pairs.back().to != granted.to;
    if (new_pair) {
      image::Pair pair;
      pair.from = granted.from;
      pair.to = granted.to;
      pair.cells = {static_cast<std::uint32_t>(writer.cells.size()), 0};
      writer.pairs.push_back(pair);
    }
    if (new_pair || writer.cells.back().kind != granted.kind ||
        writer.cells.back().protocol != granted.protocol) {
      image::Cell cell;
      cell.kind = granted.kind;
      cell.protocol = granted.protocol;
      cell.grants = {static_cast<std::uint32_t>(writer.grants.size()), 0};
      writer.cells.push_back(cell);
      ++writer.pairs.back().cells.count;
    }
    auto& cell = writer.cells.back();
    ++cell.grants.count;
    cell.access = static_cast<std::uint8_t>(cell.access | row.access);
    for (std::size_t word = 0; word < 4; ++word) cell.functions[word] |= lowered.functions[word];
    const auto& parts = share(granted.rule);
    image::Grant grant;
    grant.rule = granted.rule;
    grant.functions = parts.functions;
    grant.where = granted.where;
    grant.targets = parts.targets;
    grant.ports = parts.ports;
    grant.access = row.access;
    grant.mode = row.mode;
    grant.opened_by = row.opened_by;
    writer.grants.push_back(grant);
  }
}

}  // namespace sluice::compile
