// The oracle: how two outcomes of one conversation differ.
#include <algorithm>
#include <numeric>

#include "tests/metamorphic/course.hpp"

namespace sluice::metamorphic {
namespace {

std::string text(const Entry* entry) {
  if (entry == nullptr) return "nothing";
  return entry->what + " " + std::string{entry->access} + " { " + entry->fields + " }";
}

// Cut before its end, a request of a function that no rule could permit is denied by its function alone, and
// the rest of it was never there to be decoded. Its access is the function's; that of the first item is
// another one for read_write_multiple_registers.
bool denied_early(const Entry& base, const Entry& other) {
  const bool by_function = base.what.starts_with("verdict no_rule reset acted") ||
                           base.what.starts_with("verdict no_policy reset acted");
  const bool same = base.access == other.access || base.what.find(" request 23 ") != std::string::npos;
  return by_function && same && base.what == other.what && other.fields.empty();
}

std::string compare_logs(const Rendering& rendering, const std::vector<Entry>& base,
                         const std::vector<Entry>& other) {
  for (std::size_t i = 0; i < std::max(base.size(), other.size()); ++i) {
    const auto* left = i < base.size() ? &base[i] : nullptr;
    const auto* right = i < other.size() ? &other[i] : nullptr;
    if (left != nullptr && right != nullptr &&
        (*left == *right || (rendering.cuts_messages() && denied_early(*left, *right)))) {
      continue;
    }
    return "  event " + std::to_string(i) + ": " + text(left) + "\n  became   " + text(right) + "\n";
  }
  return {};
}

// The message of `base` that did not arrive and the first byte of it; an empty stretch when all did.
Stretch denied_in(const Heard& base) {
  const auto arrived = base.delivered.size();
  if (arrived >= base.said.size()) return {};
  return {arrived, *std::upper_bound(base.messages.begin(), base.messages.end(), arrived)};
}

// Where a message was denied: what arrived ends with a segment, and the next one has some of that message.
// What of it arrived is never its last byte.
std::string compare_streams(const Heard& base, const Heard& other) {
  if (base.said != other.said) return "  another thing was said\n";
  if (base.delivered == other.delivered) return {};
  const auto denied = denied_in(base);
  const auto arrived = other.delivered.size();
  const auto same = static_cast<std::ptrdiff_t>(std::min(base.delivered.size(), arrived));
  const auto rest = other.delivered.begin() + same;
  const bool prefix = arrived <= base.said.size() &&
                      std::equal(other.delivered.begin(), rest, base.delivered.begin()) &&
                      std::equal(rest, other.delivered.end(), base.said.begin() + same);
  const bool by_segment = std::any_of(other.segments.begin(), other.segments.end(), [&](const Stretch& one) {
    return one.begin == arrived && one.end > denied.begin && one.begin < denied.end;
  });
  if (denied.end != 0 && prefix && by_segment && arrived < denied.end) return {};
  return "  " + std::to_string(base.delivered.size()) + " bytes of " + std::to_string(base.said.size()) +
         " had arrived, now " + std::to_string(arrived) + (prefix ? "\n" : ", and they are others\n");
}

// Whole messages in front of a denied one that share its segment.
std::uint64_t collateral(const Heard& base, const Heard& other) {
  const auto denied = denied_in(base);
  if (denied.end == 0) return 0;
  return static_cast<std::uint64_t>(
      std::count_if(other.messages.begin(), other.messages.end(),
                    [&](std::size_t end) { return end > other.delivered.size() && end <= denied.begin; }));
}

}  // namespace

std::string compare(const Conversation& conversation, const Outcome& base, const Outcome& other) {
  std::string all;
  for (const auto* outcome : {&base, &other}) {
    for (const auto& fault : outcome->faults) all += "  " + fault + "\n";
  }
  const auto at = [](const auto& map, std::uint16_t port) {
    const auto found = map.find(port);
    return found == map.end() ? typename std::decay_t<decltype(map)>::mapped_type{} : found->second;
  };
  std::uint64_t expected = 0;
  for (std::size_t i = 0; i < conversation.connections.size(); ++i) {
    const auto port = static_cast<std::uint16_t>(kFirstClientPort + i);
    auto differs = compare_logs(other.rendering, at(base.log, port), at(other.log, port));
    const auto was = at(base.heard, port);
    const auto is = at(other.heard, port);
    for (std::size_t role = 0; role < 2; ++role) {
      differs += compare_streams(was[role], is[role]);
      if (conversation.connections[i].transport == Transport::tcp)
        expected += collateral(was[role], is[role]);
    }
    if (!differs.empty()) all += "\"" + conversation.connections[i].name + "\":\n" + differs;
  }
  for (const auto& [port, entries] : other.log) {
    if (std::size_t{port} - kFirstClientPort >= conversation.connections.size())
      all += "  told of a connection that is none: " + text(&entries.front()) + "\n";
  }
  const auto counted = other.counters.reasons[static_cast<std::size_t>(Reason::collateral)];
  if (counted != expected)
    all += "  collateral: " + std::to_string(counted) + " counted, " + std::to_string(expected) + " lost\n";
  return all.empty() ? all : describe(other.rendering) + "\n" + all;
}

}  // namespace sluice::metamorphic
