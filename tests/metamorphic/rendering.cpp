#include "tests/metamorphic/rendering.hpp"

#include <algorithm>
#include <set>

#include "tests/model/random.hpp"

namespace sluice::metamorphic {
namespace {

using model::Random;
using Cuts = Rendering::Cuts;
using Pieces = Rendering::Pieces;
using Order = Rendering::Order;

constexpr std::size_t kLargestSegment = 1200;
constexpr std::uint32_t kMostPieces = 64;

}  // namespace

Rendering random_rendering(std::uint64_t seed) {
  Random random{seed};
  Rendering out;
  out.seed = random.next();
  out.cuts = static_cast<Cuts>(random.below(5));
  out.cut = out.cuts == Cuts::random ? random.one_of(std::vector<std::uint32_t>{1, 5, 20, 60})
                                     : random.between(1, random.percent(50) ? 20 : 300);
  out.pieces = random.percent(50) ? Pieces::none : static_cast<Pieces>(random.between(1, 3));
  out.piece = out.pieces == Pieces::random ? random.between(5, 90) : 8 * random.between(1, 20);
  out.order = static_cast<Order>(random.below(3));
  out.tags = static_cast<Tags>(random.below(kTagsCount));
  out.family = static_cast<Family>(random.below(2));
  out.queues = random.between(1, 4);
  out.burst = random.between(1, 32);
  return out;
}

std::string describe(const Rendering& rendering) {
  constexpr std::array kCuts = {"a message a segment", "each message cut at ", "segments of ",
                                "each turn cut at ", "percent of cuts: "};
  constexpr std::array kPieces = {"whole", "pieces cut at ", "pieces of ", "percent of pieces: "};
  constexpr std::array kOrder = {"in order", "reversed", "shuffled"};
  constexpr std::array kTags = {"no tag", "802.1Q", "802.1Q with priority", "802.1ad and 802.1Q",
                                "802.1Q twice"};
  const auto at = [](const auto& names, auto value) {
    return std::string{names[static_cast<std::size_t>(value)]};
  };
  return at(kCuts, rendering.cuts) + std::to_string(rendering.cut) + "; " + at(kPieces, rendering.pieces) +
         std::to_string(rendering.piece) + " " + at(kOrder, rendering.order) + "; " +
         at(kTags, rendering.tags) + (rendering.family == Family::ipv4 ? "; IPv4; " : "; IPv6; ") +
         std::to_string(rendering.queues) + " queues; bursts of " + std::to_string(rendering.burst) +
         "; seed " + std::to_string(rendering.seed);
}

std::string vlans_of(Tags tags) {
  switch (tags) {
    case Tags::none:
      return "";
    case Tags::one:
    case Tags::one_with_priority:
      return "7";
    case Tags::provider:
    case Tags::two:
      return "{ outer = 100, inner = 20 }";
  }
  return "";
}

std::vector<build::Tag> tags_of(Tags tags) {
  switch (tags) {
    case Tags::none:
      return {};
    case Tags::one:
      return {{.id = 7}};
    case Tags::one_with_priority:
      return {{.id = 7, .priority = 5}};
    case Tags::provider:
      return {{.id = 100, .type = 0x88a8}, {.id = 20}};
    case Tags::two:
      return {{.id = 100, .priority = 3}, {.id = 20}};
  }
  return {};
}

std::string address_of(const Host& host, Family family) {
  const auto net = std::to_string(static_cast<unsigned>(host.place));
  const auto number = std::to_string(host.number);
  return family == Family::ipv4 ? "10.0." + net + "." + number : "fd00:0:0:" + net + "::" + number;
}

std::vector<Stretch> segments_of(const Turn& turn, const Rendering& rendering, std::uint64_t salt) {
  std::set<std::size_t> ends;
  std::vector<Stretch> kept_whole;
  std::size_t size = 0;
  for (const auto& message : turn.messages) {
    const auto begin = size;
    size += message.bytes.size();
    if (message.whole) kept_whole.push_back({begin, size});
    if (rendering.cuts == Cuts::messages || rendering.cuts == Cuts::at) ends.insert(size);
    if (rendering.cuts == Cuts::at && begin + rendering.cut < size) ends.insert(begin + rendering.cut);
  }
  Random random{model::mix(rendering.seed, salt)};
  if (rendering.cuts == Cuts::halves) ends.insert(rendering.cut);
  for (std::size_t at = 1; at < size; ++at) {
    if (rendering.cuts == Cuts::every && at % rendering.cut == 0) ends.insert(at);
    if (rendering.cuts == Cuts::random && random.percent(rendering.cut)) ends.insert(at);
  }
  for (const auto& [begin, end] : kept_whole) ends.erase(ends.upper_bound(begin), ends.lower_bound(end));
  ends.insert(size);
  std::vector<Stretch> segments;
  std::size_t begin = 0;
  for (const auto end : ends) {
    if (end > size) break;
    while (end - begin > kLargestSegment) {
      segments.push_back({begin, begin + kLargestSegment});
      begin += kLargestSegment;
    }
    if (end > begin) segments.push_back({begin, end});
    begin = end;
  }
  return segments;
}

std::vector<Bytes> pieces_of(const Bytes& whole, const Rendering& rendering, std::uint16_t identification) {
  if (rendering.pieces == Pieces::none) return {whole};
  auto copy = whole;
  Packet packet;
  (void)parse(build::frame_over(copy), Checksums::verify, packet);
  const std::uint32_t length = packet.network_end - packet.transport_offset;
  // The first piece has the whole transport header, or it is none of the fragments that pass (RFC 1858).
  const std::uint32_t least = (packet.payload_offset - packet.transport_offset + 7U) / 8 * 8;
  Random random{model::mix(rendering.seed, identification)};
  std::set<std::uint32_t> ends;
  if (rendering.pieces == Pieces::at) ends.insert(rendering.piece);
  const auto size = std::max({rendering.piece, least, (length / (kMostPieces - 1) + 8) / 8 * 8});
  for (std::uint32_t at = least; at < length && rendering.pieces != Pieces::at; at += 8) {
    if (ends.size() == kMostPieces - 1) break;
    if (rendering.pieces == Pieces::every ? at % size == 0 : random.percent(rendering.piece)) ends.insert(at);
  }
  ends.erase(ends.begin(), ends.lower_bound(least));
  ends.erase(ends.lower_bound(length), ends.end());
  if (ends.empty()) return {whole};
  ends.insert(length);
  std::vector<Bytes> pieces;
  std::uint32_t begin = 0;
  for (const auto end : ends) {
    pieces.push_back(build::fragment(whole, {begin, end - begin, end != length, identification}));
    begin = end;
  }
  if (rendering.order == Order::reversed) std::reverse(pieces.begin(), pieces.end());
  for (auto left = pieces.size(); rendering.order == Order::shuffled && left > 1; --left)
    std::swap(pieces[left - 1], pieces[random.below(static_cast<std::uint32_t>(left))]);
  return pieces;
}

}  // namespace sluice::metamorphic
