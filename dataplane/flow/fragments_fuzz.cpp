// Pieces of datagrams in any order, overlapping, contradicting and in any number, with time going on: what is
// whole, what waits and what is refused is what a bitmap says; with little room, every piece is accounted for
// and the bounds hold. The input is a schedule: whether room is short, then pieces (of which datagram,
// offset, length, whether more follow, oddities) and times.
#include <algorithm>
#include <array>
#include <vector>

#include "dataplane/flow/fragments.hpp"
#include "dataplane/packet/builder.hpp"
#include "rules/base/fuzz.hpp"

namespace sluice {
namespace {

using fuzz::expect;
using Outcome = Fragments::Outcome;
using Custody = Fragments::Custody;

constexpr std::size_t kMostSteps = 200;
constexpr std::uint32_t kDatagrams = 6;
constexpr std::uint32_t kLane = 5;
constexpr Owner kOwner = 1;
constexpr std::uint8_t kProtocol = 99;  // one without a header that contents could contradict

struct Piece {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  bool more = false;
};

// A byte's content is its place, so that a wrong join is seen.
std::uint8_t content(std::uint32_t datagram, std::uint32_t at) {
  return static_cast<std::uint8_t>(at * 7 + at / 256 + datagram * 31);
}

// Datagrams 0 to 3 are IPv4, the rest IPv6; odd ones have tags.
build::Link link_of(std::uint32_t datagram) {
  build::Link link;
  if (datagram >= 4) {
    link.source = "fd00::1";
    link.destination = "fd00::2";
  }
  if (datagram % 2 == 1) link.tags = {{100}, {20}};
  link.source_mac[5] = static_cast<std::uint8_t>(datagram);
  return link;
}

build::Bytes frame_of(std::uint32_t datagram, const Piece& piece) {
  build::Bytes payload(piece.length);
  for (std::uint32_t i = 0; i < piece.length; ++i) payload[i] = content(datagram, piece.offset + i);
  auto link = link_of(datagram);
  if (datagram < 4) {
    link.identification = static_cast<std::uint16_t>(datagram);
    link.fragment = static_cast<std::uint16_t>(piece.offset / 8 | (piece.more ? 0x2000U : 0U));
    return build::ip(link, kProtocol, payload);
  }
  link.first_extension = 44;
  const auto place = piece.offset | (piece.more ? 1U : 0U);
  link.extensions = {
      kProtocol, 0, static_cast<std::uint8_t>(place >> 8U), static_cast<std::uint8_t>(place), 0,
      0,         0, static_cast<std::uint8_t>(datagram)};
  return build::ip(link, kProtocol, payload);
}

// Knows each byte: refused for good by anything odd, whole when no bit is missing.
class Model {
 public:
  Outcome take(const Piece& piece, Time now, bool six) {
    if (begun_ && now - since_ > Fragments::kPatience) *this = {};
    if (!begun_) since_ = now;
    begun_ = true;
    if (refused_) return Outcome::refused;
    const auto end = piece.offset + piece.length;
    bool odd = piece.length == 0 || pieces_ == Fragments::kMostPieces || (!piece.more && ended_) ||
               end + (six ? 0U : 20U) > 65535;
    for (auto at = piece.offset; at < end; ++at) odd |= here_.size() > at && here_[at];
    if (ended_ && end > end_) odd = true;
    if (!piece.more && here_.size() > end) odd = true;
    if (odd) {
      refused_ = true;
      return Outcome::refused;
    }
    ++pieces_;
    if (here_.size() < end) here_.resize(end);
    for (auto at = piece.offset; at < end; ++at) here_[at] = true;
    if (!piece.more) {
      ended_ = true;
      end_ = end;
    }
    const bool whole = ended_ && here_.size() == end_ && std::ranges::find(here_, false) == here_.end();
    return whole ? Outcome::whole : Outcome::waits;
  }
  [[nodiscard]] std::uint32_t end() const { return end_; }

 private:
  std::vector<bool> here_;
  std::uint32_t end_ = 0;
  std::uint32_t pieces_ = 0;
  Time since_{};
  bool begun_ = false;
  bool ended_ = false;
  bool refused_ = false;
};

class Ended final : public Fragments::Endings {
 public:
  std::uint64_t fragments = 0;
  void ended(const Packet& model, Custody, std::uint32_t count, Reason reason) noexcept override {
    expect(reason == Reason::fragment || reason == Reason::fragments_full,
           "a datagram ends by time or for want of room");
    expect(count <= Fragments::kMostPieces, "a datagram has at most 64 pieces");
    expect(model.network != Network::none && model.vlan_count <= 2, "an ending tells whose it was");
    fragments += count;
  }
};

void check_join(Fragments& fragments, const Fragments::Whole& whole, std::uint32_t datagram,
                std::uint32_t length) {
  fuzz::Bytes frame(whole.frame);
  fragments.join(whole, frame.data());
  Packet packet;
  expect(parse(build::frame_over(frame), Checksums::count, packet).reason == Reason::none,
         "what was joined is a good frame");
  expect(packet.fragment == 0, "what was joined is no fragment");
  const auto header = whole.datagram - length;
  expect(header == (datagram < 4 ? 20U : 40U), "what was joined has a plain header");
  const auto link = 14U + (datagram % 2 == 1 ? 8U : 0U);
  for (std::uint32_t i = 0; i < length; ++i)
    expect(frame[link + header + i] == content(datagram, i), "each byte lies in its place");
  for (std::size_t at = link + whole.datagram; at < frame.size(); ++at)
    expect(frame[at] == 0, "padding is zero");
}

constexpr FragmentLimits kRoomy{.datagrams = 64, .bytes = 1U << 20, .departed = 16};
constexpr FragmentLimits kCrowded{.datagrams = 3, .bytes = 2048, .departed = 16};

// One for all inputs: it takes longer to make than a schedule to run.
template <const FragmentLimits& kLimits>
Fragments& fragments_of() {
  static Fragments one{kLimits, Secret{1, 2, 3}};
  return one;
}

void run(fuzz::Choices choices) {
  const auto shape = choices.byte();
  const bool crowded = (shape & 1U) != 0;
  const auto& limits = crowded ? kCrowded : kRoomy;
  auto& fragments = crowded ? fragments_of<kCrowded>() : fragments_of<kRoomy>();
  expect(fragments.size() == 0, "an input begins with nothing");
  Ended ended;
  // Each input has its own time, at the same place between the ticks of any clock.
  static std::uint64_t inputs = 0;
  Time now{++inputs << 40U};
  std::array<Model, kDatagrams> models;
  std::uint64_t taken_pieces = 0, gone = 0;
  for (std::size_t step = 0; step < kMostSteps && !choices.done(); ++step) {
    const auto what = choices.byte();
    if (what >= 0xf0) {
      now = now + milliseconds(choices.half() % 4000U);
      continue;
    }
    if (what >= 0xe8) {
      const auto before = ended.fragments;
      fragments.expire(now, 64, ended);
      gone += ended.fragments - before;
      continue;
    }
    const auto datagram = what % kDatagrams;
    Piece piece;
    const auto place = choices.byte();
    // Mostly near the front, where pieces meet; sometimes anywhere.
    piece.offset = 8U * (place < 0xe0 ? place % 32U : choices.half() % 8192U);
    piece.length = choices.byte();
    piece.more = (what & 0x40U) == 0;
    if (piece.more) piece.length = piece.length / 8 * 8;
    if ((what & 0x80U) != 0) piece.length *= 8;
    if (piece.offset == 0 && !piece.more) continue;  // no fragment
    auto frame = frame_of(datagram, piece);
    Packet packet;
    if (parse(build::frame_over(frame), Checksums::verify, packet).reason != Reason::none ||
        packet.fragment == 0)
      continue;
    auto& model = models[datagram];
    const auto before = ended.fragments;
    const auto taken = fragments.take(packet, kLane, kOwner, Custody::held, now, ended);
    gone += ended.fragments - before;
    if (taken.outcome != Outcome::refused) ++taken_pieces;
    gone += taken.earlier;
    if (!crowded) {
      const auto expected = model.take(piece, now, datagram >= 4);
      expect(taken.outcome == expected, "whole, waiting and refused are what a bitmap says");
      if (taken.outcome == Outcome::refused)
        expect(taken.reason == Reason::fragment, "what is odd is told so");
    }
    if (taken.outcome == Outcome::whole) {
      gone += taken.whole.fragments;
      if (crowded) {
        fragments.forget(taken.whole);
      } else {
        check_join(fragments, taken.whole, datagram, model.end());
      }
      model = {};
    }
    expect(fragments.size() <= limits.datagrams && fragments.bytes() <= limits.bytes,
           "the room has its bound");
    expect(gone <= taken_pieces, "no piece is counted twice");
  }
  const auto before = ended.fragments;
  fragments.clear(ended);
  gone += ended.fragments - before;
  expect(fragments.size() == 0 && fragments.bytes() == 0, "at the end nothing is left");
  expect(gone == taken_pieces, "each piece that was taken is joined, refused or ended");
}

}  // namespace

fuzz::Start fuzz::start() {
  Start start;
  for (const unsigned crowded : {0U, 1U}) {
    for (const unsigned datagram : {0U, 1U, 4U, 5U}) {
      const auto more = datagram;        // 0 to 5: bits 6 and 7 clear
      const auto last = 66U + datagram;  // 66 is 0 of 6
      start.seeds.push_back(
          Script{}.byte(crowded).byte(more).byte(0).byte(16).byte(last).byte(2).byte(9).done());
      start.seeds.push_back(Script{}
                                .byte(crowded)
                                .byte(last)
                                .byte(4)
                                .byte(5)
                                .byte(more)
                                .byte(2)
                                .byte(16)
                                .byte(more)
                                .byte(0)
                                .byte(16)
                                .done());
      start.seeds.push_back(
          Script{}.byte(crowded).byte(more).byte(0).byte(24).byte(last).byte(2).byte(24).done());
      start.seeds.push_back(Script{}
                                .byte(crowded)
                                .byte(more)
                                .byte(0)
                                .byte(16)
                                .byte(0xff)
                                .half(2001)
                                .byte(last)
                                .byte(2)
                                .byte(9)
                                .byte(0xe8)
                                .done());
      start.seeds.push_back(
          Script{}.byte(crowded).byte(more).byte(0).byte(8).byte(last).byte(0xe0).half(8190).byte(20).done());
    }
  }
  Script many;
  many.byte(0);
  for (unsigned i = 0; i < 66; ++i) many.byte(0).byte(i % 32).byte(8);
  start.seeds.push_back(many.done());
  return start;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::run(sluice::fuzz::Choices{{data, size}});
  return 0;
}
