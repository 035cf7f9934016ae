#include "dataplane/flow/fragments.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "dataplane/packet/joining.hpp"
#include "dataplane/packet/parsed.hpp"

namespace sluice::test {
namespace {

using Outcome = Fragments::Outcome;
using Custody = Fragments::Custody;
using testing::Joiner;
using testing::kJoins;

constexpr Owner kOwner = 1;
constexpr std::uint32_t kLane = 5;

class Ended final : public Fragments::Endings {
 public:
  std::map<Reason, std::uint32_t> fragments;
  std::vector<Packet> models;
  void ended(const Packet& model, Custody, std::uint32_t count, Reason reason) noexcept override {
    fragments[reason] += count;
    models.push_back(model);
  }
};

class Joint {
 public:
  explicit Joint(const FragmentLimits& limits = {}) : fragments{limits, Secret{1, 2, 3}} {}

  Fragments::Taken take(const Bytes& frame, PortId port = {}, std::uint32_t lane = kLane) {
    auto p = parsed(frame);
    EXPECT_EQ(p.result.reason, Reason::none);
    EXPECT_EQ(p.packet.fragment, 1);
    p.packet.frame.port = port;
    return fragments.take(p.packet, lane, kOwner, custody, now, ended);
  }
  Bytes join(const Fragments::Whole& whole) {
    Bytes out(whole.frame);
    fragments.join(whole, out.data());
    return out;
  }

  Fragments fragments;
  Ended ended;
  Time now{1'000'000'000};
  Custody custody = Custody::held;
};

Bytes numbered(std::size_t count) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return out;
}

const build::Link kTwoTags{.tags = {{100}, {20}}};

TEST(Fragments, E12_a_datagram_in_any_order_is_whole_with_its_last_piece_and_the_same_frame_as_unfragmented) {
  for (auto link : {build::Link{}, kSix, kTwoTags}) {
    link.fragment = 0;
    link.identification = 7;
    link.least = 60;
    for (const std::size_t size : {1U, 17U, 1000U, 3000U, 65000U}) {
      const auto whole = build::udp(link, {.payload = numbered(size)});
      const auto step = static_cast<std::uint32_t>((size / 5 + 8) / 8 * 8);
      auto pieces = build::fragments(whole, step);
      std::mt19937 random{static_cast<std::uint32_t>(size)};
      for (int round = 0; round < 10; ++round) {
        std::shuffle(pieces.begin(), pieces.end(), random);
        Joint joint;
        for (std::size_t i = 0; i < pieces.size(); ++i) {
          const auto taken = joint.take(pieces[i]);
          if (i + 1 < pieces.size()) {
            ASSERT_EQ(taken.outcome, Outcome::waits);
            continue;
          }
          ASSERT_EQ(taken.outcome, Outcome::whole);
          EXPECT_EQ(taken.whole.fragments, pieces.size());
          EXPECT_EQ(taken.whole.identification, 7u);
          EXPECT_EQ(taken.whole.largest, std::min<std::size_t>(step, size + 8));
          EXPECT_EQ(joint.join(taken.whole), whole);
          EXPECT_EQ(joint.fragments.size(), 0u);
          EXPECT_EQ(joint.fragments.bytes(), 0u);
        }
      }
    }
  }
}

struct Fed {
  const char* name;
  std::vector<build::Part> parts;
  Outcome last;
};

TEST(Fragments, E13_E14_E17_E18_E19_what_could_be_joined_in_two_ways_is_refused_for_good) {
  const Fed cases[] = {
      {"the same twice", {{0, 16}, {0, 16}}, Outcome::refused},
      {"overlap by eight (teardrop)", {{0, 24}, {16, 24, false}}, Outcome::refused},
      {"inside of another", {{0, 32}, {8, 8, false}}, Outcome::refused},
      {"around another", {{8, 8}, {0, 24}}, Outcome::refused},
      {"two ends, the later one farther", {{0, 8}, {16, 8, false}, {24, 8, false}}, Outcome::refused},
      {"two ends, the later one nearer", {{24, 8, false}, {8, 8, false}}, Outcome::refused},
      {"data beyond the end", {{8, 8, false}, {16, 8}}, Outcome::refused},
      {"data that passes the end", {{8, 5, false}, {8, 8}}, Outcome::refused},
      {"an end before data that is here", {{32, 8}, {8, 8, false}}, Outcome::refused},
      {"an empty end", {{0, 8}, {8, 0, false}}, Outcome::refused},
      {"a hole", {{0, 8}, {16, 8, false}}, Outcome::waits},
      {"all but one unit", {{8, 8}, {16, 8}, {24, 8, false}}, Outcome::waits},
      {"no end", {{0, 8}, {8, 8}}, Outcome::waits},
      {"beyond 65,535 with its header", {{0, 8}, {65512, 23, false}}, Outcome::refused},
  };
  const auto whole = build::ip({}, 17, numbered(64));
  for (const auto& one : cases) {
    Joint joint;
    Fragments::Taken taken;
    for (const auto& part : one.parts) taken = joint.take(build::fragment(whole, part));
    EXPECT_EQ(taken.outcome, one.last) << one.name;
    if (one.last != Outcome::refused) continue;
    EXPECT_EQ(taken.reason, Reason::fragment) << one.name;
    EXPECT_EQ(taken.earlier, one.parts.size() - 1) << one.name;
    EXPECT_EQ(joint.fragments.bytes(), 0u) << one.name;
    // Not even by all of it again, until its time is over.
    for (const auto& piece : build::fragments(whole, 32)) {
      EXPECT_EQ(joint.take(piece).outcome, Outcome::refused) << one.name;
      EXPECT_EQ(joint.take(piece).earlier, 0u) << one.name;
    }
    joint.now = joint.now + Fragments::kPatience + milliseconds(1);
    EXPECT_EQ(joint.take(build::fragments(whole, 32)[0]).outcome, Outcome::waits) << one.name;
    EXPECT_EQ(joint.take(build::fragments(whole, 32)[1]).outcome, Outcome::whole) << one.name;
  }
}

TEST(Fragments, E12_E13_the_transport_header_is_in_the_first_piece) {
  const auto segment = build::tcp({}, {.options = hex("01010101 01010101"), .payload = numbered(40)});
  struct {
    std::uint32_t first;
    Outcome outcome;
  } cases[] = {{8, Outcome::refused}, {16, Outcome::refused}, {24, Outcome::refused}, {32, Outcome::waits}};
  for (const auto& one : cases) {
    Joint joint;
    EXPECT_EQ(joint.take(build::fragment(segment, {0, one.first})).outcome, one.outcome) << one.first;
  }
  for (const std::uint32_t offset : {8U, 16U}) {
    Joint joint;
    EXPECT_EQ(joint.take(build::fragment(segment, {offset, 8})).outcome, Outcome::refused) << "RFC 3128";
  }
}

TEST(Fragments, E22_only_the_fragment_header_stands_between_ip_and_transport) {
  auto link = kSix;
  link.first_extension = 0;
  link.extensions = hex("2c 00 01 04 00000000 11 00 0001 0badcafe");
  Joint joint;
  const auto taken = joint.take(build::ip(link, 17, Bytes(24)));
  EXPECT_EQ(taken.outcome, Outcome::refused);
  EXPECT_EQ(taken.reason, Reason::ip_options);
  // RFC 7112: the chain goes on behind the fragment header.
  const auto whole = build::ip(kSix, 60, Bytes(64));
  EXPECT_EQ(joint.take(build::fragment(whole, {0, 32})).outcome, Outcome::refused);
  EXPECT_EQ(joint.take(build::fragment(whole, {32, 32, false})).outcome, Outcome::refused);
  // Pieces do not agree on what follows; the key of RFC 8200 does not tell them apart.
  const auto other = build::ip(kSix, 6, Bytes(64));
  const auto udp = build::ip(kSix, 17, Bytes(64));
  EXPECT_EQ(joint.take(build::fragment(udp, {.offset = 0, .length = 32, .identification = 8})).outcome,
            Outcome::waits);
  EXPECT_EQ(
      joint.take(build::fragment(other, {.offset = 32, .length = 32, .more = false, .identification = 8}))
          .outcome,
      Outcome::refused);
}

TEST(Fragments, E09_ip_options_in_a_piece_refuse_the_datagram) {
  const auto whole = build::ip({}, 17, Bytes(64));
  Joint joint;
  EXPECT_EQ(joint.take(build::fragment(whole, {0, 32})).outcome, Outcome::waits);
  auto odd = build::ip({.identification = 7, .fragment = 4, .options = hex("01010101")}, 17, Bytes(32));
  const auto taken = joint.take(odd);
  EXPECT_EQ(taken.reason, Reason::ip_options);
  EXPECT_EQ(taken.earlier, 1u);
  EXPECT_EQ(joint.take(build::fragment(whole, {32, 32, false})).outcome, Outcome::refused);
}

TEST(Fragments, E16_a_key_is_source_destination_protocol_identification_and_wire) {
  const auto base = build::ip({}, 17, numbered(32));
  const auto second = build::Part{16, 16, false};
  const auto expect_apart = [&](const Bytes& other, build::Part part, std::uint32_t lane) {
    Joint joint;
    EXPECT_EQ(joint.take(build::fragment(base, {0, 16})).outcome, Outcome::waits);
    EXPECT_EQ(joint.take(build::fragment(other, part), {}, lane).outcome, Outcome::waits);
    EXPECT_EQ(joint.take(build::fragment(base, second)).outcome, Outcome::whole);
  };
  expect_apart(build::ip({.source = "10.0.0.3"}, 17, numbered(32)), second, kLane);
  expect_apart(build::ip({.destination = "10.0.0.3"}, 17, numbered(32)), second, kLane);
  expect_apart(build::ip({}, 99, numbered(32)), second, kLane);
  expect_apart(base, {16, 16, false, 8}, kLane);
  expect_apart(base, second, kLane + 1);
  // An identification used again while the first datagram is not complete: neither leaves.
  Joint joint;
  EXPECT_EQ(joint.take(build::fragment(base, {0, 16})).outcome, Outcome::waits);
  EXPECT_EQ(joint.take(build::fragment(base, {0, 24})).outcome, Outcome::refused);
  EXPECT_EQ(joint.take(build::fragment(base, {24, 8, false})).outcome, Outcome::refused);
}

TEST(Fragments, E20_a_datagram_has_at_most_64_pieces) {
  const auto whole = build::ip({}, 17, numbered(64 * 8));
  Joint joint;
  Fragments::Taken taken;
  for (const auto& piece : build::fragments(whole, 8)) taken = joint.take(piece);
  ASSERT_EQ(taken.outcome, Outcome::whole);
  EXPECT_EQ(taken.whole.fragments, 64u);
  joint.fragments.forget(taken.whole);
  for (const auto& piece : build::fragments(build::ip({}, 17, numbered(65 * 8)), 8))
    taken = joint.take(piece);
  EXPECT_EQ(taken.outcome, Outcome::refused);
  EXPECT_EQ(taken.earlier, 64u);
}

TEST(Fragments, E15_what_never_becomes_whole_ends_when_its_time_is_over) {
  for (const auto& link : {build::Link{}, kSix, kTwoTags}) {
    Joint joint;
    const auto whole = build::ip(link, 17, numbered(48));
    EXPECT_EQ(joint.take(build::fragment(whole, {16, 16})).outcome, Outcome::waits);
    EXPECT_EQ(joint.take(build::fragment(whole, {32, 16, false})).outcome, Outcome::waits);
    joint.fragments.expire(joint.now + milliseconds(1999), 64, joint.ended);
    EXPECT_TRUE(joint.ended.fragments.empty());
    joint.fragments.expire(joint.now + Fragments::kPatience + milliseconds(68), 64, joint.ended);
    EXPECT_EQ(joint.ended.fragments[Reason::fragment], 2u);
    ASSERT_EQ(joint.ended.models.size(), 1u);
    const Packet& model = joint.ended.models[0];
    EXPECT_EQ(model.source, build::address(link.source));
    EXPECT_EQ(model.destination, build::address(link.destination));
    EXPECT_EQ(model.ip_protocol, 17);
    EXPECT_EQ(model.vlan_count, link.tags.size());
    EXPECT_EQ(joint.fragments.size(), 0u);
    EXPECT_EQ(joint.fragments.bytes(), 0u);
  }
}

TEST(Fragments, E21_a_flood_of_one_source_ends_its_own_oldest_datagrams) {
  Joint joint{{.datagrams = 64, .bytes = 1U << 20}};
  const auto honest = build::fragments(build::ip({.source = "10.0.0.9"}, 17, numbered(64)), 32);
  EXPECT_EQ(joint.take(honest[0]).outcome, Outcome::waits);
  const auto flood = build::ip({}, 17, numbered(64));
  for (std::uint32_t i = 0; i < 10000; ++i) {
    EXPECT_EQ(joint.take(build::fragment(flood, {.offset = 0, .length = 32, .identification = i})).outcome,
              Outcome::waits);
    EXPECT_LE(joint.fragments.size(), 64u);
  }
  EXPECT_EQ(joint.ended.fragments[Reason::fragments_full], 10000u - 63);
  EXPECT_EQ(joint.take(honest[1]).outcome, Outcome::whole);
}

TEST(Fragments, E21_a_flood_of_bytes_ends_the_datagrams_of_who_has_most_of_them) {
  Joint joint{{.datagrams = 1024, .bytes = 256U << 10}};
  const auto honest = build::fragments(build::ip({.source = "10.0.0.9"}, 17, numbered(64)), 32);
  EXPECT_EQ(joint.take(honest[0]).outcome, Outcome::waits);
  const auto flood = build::ip({}, 17, numbered(1480));
  for (std::uint32_t i = 0; i < 2000; ++i) {
    EXPECT_EQ(joint.take(build::fragment(flood, {.offset = 0, .length = 1480, .identification = i})).outcome,
              Outcome::waits);
    EXPECT_LE(joint.fragments.bytes(), 256U << 10);
  }
  EXPECT_EQ(joint.take(honest[1]).outcome, Outcome::whole);
}

TEST(Fragments, E21_one_datagram_that_wants_all_the_room_is_refused_itself) {
  Joint joint{{.datagrams = 8, .bytes = 4096}};
  const auto honest = build::fragments(build::ip({.source = "10.0.0.9"}, 17, numbered(64)), 32);
  EXPECT_EQ(joint.take(honest[0]).outcome, Outcome::waits);
  const auto large = build::fragments(build::ip({}, 17, numbered(6000)), 1480);
  Fragments::Taken taken;
  for (std::size_t i = 0; i < 3 && taken.reason == Reason::none; ++i) taken = joint.take(large[i]);
  EXPECT_EQ(taken.reason, Reason::fragments_full);
  EXPECT_EQ(taken.earlier, 2u);
  EXPECT_EQ(joint.take(honest[1]).outcome, Outcome::whole);
}

TEST(Fragments, E21_each_conduit_has_its_part) {
  Joint joint{{.datagrams = 64, .bytes = 1U << 20}};
  Shares shares;
  const std::uint64_t conduits[] = {11, 22};
  shares.entitle(conduits, [](Owner) { return false; });
  joint.fragments.divide(shares);
  // 200 sources of one conduit, each with a few: all that is not the other's part is theirs, and no more.
  for (std::uint32_t i = 0; i < 2000; ++i) {
    auto p =
        parsed(build::fragment(build::ip({.source = "10.0.1." + std::to_string(i % 200)}, 17, numbered(64)),
                               {.offset = 0, .length = 32, .identification = i}));
    (void)joint.fragments.take(p.packet, kLane, shares.owner(0), Custody::held, joint.now, joint.ended);
  }
  EXPECT_EQ(joint.fragments.size(), 48u);
  std::uint32_t waiting = 0;
  for (std::uint32_t i = 0; i < 16; ++i) {
    auto p = parsed(build::fragment(build::ip({.source = "10.0.2.1"}, 17, numbered(64)),
                                    {.offset = 0, .length = 32, .identification = i}));
    const auto taken =
        joint.fragments.take(p.packet, kLane, shares.owner(1), Custody::held, joint.now, joint.ended);
    if (taken.outcome == Outcome::waits) ++waiting;
  }
  EXPECT_EQ(waiting, 16u);
  EXPECT_EQ(joint.fragments.size(), 64u);
}

TEST(Fragments, E16_a_key_that_left_in_pieces_is_remembered_for_a_minute) {
  Joint joint{{.departed = 64}};
  const auto pieces = build::fragments(build::ip({}, 17, numbered(64)), 32);
  (void)joint.take(pieces[0]);
  const auto whole = joint.take(pieces[1]).whole;
  EXPECT_FALSE(joint.fragments.departed(whole, joint.now));
  EXPECT_TRUE(joint.fragments.depart(whole, joint.now));
  EXPECT_TRUE(joint.fragments.departed(whole, joint.now + milliseconds(59999)));
  EXPECT_FALSE(joint.fragments.departed(whole, joint.now + seconds(60)));
  // Full is full: nothing is forgotten before its time.
  std::uint32_t added = 0;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    if (joint.fragments.depart({.key = i * 0x9e3779b97f4a7c15ULL}, joint.now)) ++added;
  }
  EXPECT_LT(added, 64u);
  EXPECT_GT(added, 40u);
  EXPECT_TRUE(joint.fragments.departed(whole, joint.now));
}

TEST(Fragments, E16_pieces_that_have_passed_unjoined_are_remembered_too) {
  Joint joint;
  joint.custody = Custody::copied;
  const auto pieces = build::fragments(build::ip({}, 17, numbered(64)), 32);
  EXPECT_EQ(joint.take(pieces[0]).custody, Custody::copied);
  joint.custody = Custody::held;
  EXPECT_EQ(joint.take(pieces[1]).outcome, Outcome::refused) << "a part of it has left unseen";
  joint.now = joint.now + seconds(3);
  (void)joint.take(pieces[0]);
  EXPECT_TRUE(joint.fragments.departed(joint.take(pieces[1]).whole, joint.now));
}

// A model that knows each byte: refused for good by anything odd, whole when no bit is missing.
class Model {
 public:
  Outcome take(const build::Part& part) {
    const auto end = part.offset + part.length;
    if (refused_) return Outcome::refused;
    bool odd = part.length == 0 || pieces_ == Fragments::kMostPieces || (!part.more && end_ != 0);
    for (auto at = part.offset; at < end; ++at) odd |= here_.size() > at && here_[at];
    if (end_ != 0 && end > end_) odd = true;
    if (!part.more && here_.size() > end) odd = true;
    if (odd) {
      refused_ = true;
      return Outcome::refused;
    }
    ++pieces_;
    if (here_.size() < end) here_.resize(end);
    for (auto at = part.offset; at < end; ++at) here_[at] = true;
    if (!part.more) end_ = end;
    const bool whole = end_ != 0 && here_.size() == end_ &&
                       std::all_of(here_.begin(), here_.end(), [](bool b) { return b; });
    return whole ? Outcome::whole : Outcome::waits;
  }

 private:
  std::vector<bool> here_;
  std::uint32_t end_ = 0;
  std::uint32_t pieces_ = 0;
  bool refused_ = false;
};

TEST(Fragments, E14_E19_whole_means_that_the_union_is_all_of_it_as_a_bitmap_says) {
  std::mt19937 random{19};
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  std::map<Outcome, int> seen;
  Joint joint;
  for (std::uint32_t round = 0; round < 20000; ++round) {
    // Cut at random, then shuffled, and a few pieces moved, repeated, lost or grown.
    const std::uint32_t size = 1 + below(below(4) == 0 ? 600 : 100);
    const auto whole = build::ip(round % 2 == 0 ? build::Link{} : kSix, 17, numbered(size));
    std::vector<build::Part> parts;
    for (std::uint32_t at = 0; at < size;) {
      const std::uint32_t step = 8 * (1 + below(below(3) == 0 ? 1 : 6));
      const bool more = at + step < size;
      parts.push_back({at, more ? step : size - at, more, round});
      at += step;
    }
    if (parts.size() == 1) continue;
    std::shuffle(parts.begin(), parts.end(), random);
    if (below(2) == 0) {
      auto& part = parts[below(static_cast<std::uint32_t>(parts.size()))];
      switch (below(5)) {
        case 0:
          parts.push_back(part);
          break;
        case 1:
          part.offset = 8 * below(size / 8 + 2);
          break;
        case 2:
          if (part.more) part.length = 8 * below(10) + 8;
          break;
        case 3:
          part.more = !part.more;
          if (part.more) part.length = (part.length + 7) / 8 * 8;
          break;
        default:
          part = parts.back();
          parts.pop_back();
          break;
      }
    }
    Model model;
    for (const auto& part : parts) {
      if (part.offset == 0 && !part.more) continue;  // no fragment
      const auto expected = model.take(part);
      const auto taken = joint.take(build::fragment(whole, part));
      ASSERT_EQ(taken.outcome, expected) << round << ": " << part.offset << "+" << part.length;
      ++seen[expected];
      if (expected == Outcome::whole) {
        const auto frame = joint.join(taken.whole);
        const auto p = parsed(frame, Checksums::count);
        EXPECT_EQ(p.packet.fragment, 0);
        const auto payload = ByteView{frame}.subspan(p.packet.transport_offset);
        ASSERT_TRUE(std::equal(payload.begin(),
                               payload.begin() + p.packet.network_end - p.packet.transport_offset,
                               numbered(1000).begin()));
        break;
      }
    }
    joint.now = joint.now + milliseconds(10);
    joint.fragments.expire(joint.now, 64, joint.ended);
  }
  for (const auto outcome : {Outcome::waits, Outcome::whole, Outcome::refused})
    EXPECT_GT(seen[outcome], 1000);
  joint.fragments.clear(joint.ended);
  EXPECT_EQ(joint.fragments.size(), 0u);
  EXPECT_EQ(joint.fragments.bytes(), 0u);
}

// Up to three pieces of up to four units: every place, length, end, content and order.
TEST(Fragments, E14_E18_E19_exhaustive_up_to_three_pieces_all_receivers_join_what_was_joined_here) {
  struct Choice {
    build::Part part;
    std::uint8_t pattern;
    Packet packet;
    Bytes frame;
  };
  std::vector<Choice> choices;
  constexpr std::uint32_t kUnits = 4;
  const auto whole = build::ip({}, 17, Bytes(kUnits * 8));
  for (std::uint32_t from = 0; from < kUnits; ++from) {
    for (std::uint32_t to = from + 1; to <= kUnits; ++to) {
      for (const bool more : {true, false}) {
        for (const std::uint8_t pattern : {std::uint8_t{'A'}, std::uint8_t{'b'}}) {
          if (from == 0 && !more) continue;
          const build::Part part{from * 8, (to - from) * 8, more};
          choices.push_back({part, pattern, {}, build::fragment(whole, part, Bytes(part.length, pattern))});
        }
      }
    }
  }
  for (auto& choice : choices)
    ASSERT_EQ(parse(build::frame_over(choice.frame), Checksums::verify, choice.packet).reason, Reason::none);

  std::uint64_t joined = 0, refused = 0, ambiguous = 0;
  Ended ended;
  Fragments fragments{{.datagrams = 4, .bytes = 8192, .departed = 16}, Secret{}};
  Time now{1'000'000'000};
  const auto run = [&](std::initializer_list<const Choice*> pieces) {
    fragments.clear(ended);
    Model model;
    std::vector<Joiner> joiners;
    for (const auto joins : kJoins) joiners.emplace_back(joins);
    bool any_refused = false;
    std::optional<Bytes> here;
    for (const auto* piece : pieces) {
      for (auto& joiner : joiners) joiner.take(piece->packet);
      const auto expected = model.take(piece->part);
      const auto taken = fragments.take(piece->packet, kLane, kOwner, Custody::held, now, ended);
      ASSERT_EQ(taken.outcome, expected);
      if (taken.outcome == Outcome::refused) any_refused = true;
      if (taken.outcome != Outcome::whole) continue;
      Bytes frame(taken.whole.frame);
      fragments.join(taken.whole, frame.data());
      const auto begin = frame.begin() + 34;
      here = Bytes(begin, begin + taken.whole.datagram - 20);
      for (const auto& joiner : joiners) ASSERT_EQ(joiner.whole(), here);
      break;
    }
    if (here) {
      ++joined;
      return;
    }
    if (any_refused) ++refused;
    // What some receiver would have had from the pieces themselves never was whole here: it was odd.
    std::optional<Bytes> one;
    for (const auto& joiner : joiners) {
      const auto got = joiner.whole();
      if (got) {
        ASSERT_TRUE(any_refused);
        if (one && *one != *got) ++ambiguous;
        one = got;
      }
    }
  };
  for (const auto& a : choices) {
    run({&a});
    for (const auto& b : choices) {
      run({&a, &b});
      for (const auto& c : choices) run({&a, &b, &c});
    }
  }
  EXPECT_GT(joined, 100u);
  EXPECT_GT(refused, 10000u);
  EXPECT_GT(ambiguous, 1000u) << "the schedules do tell receivers apart";
}

}  // namespace
}  // namespace sluice::test
