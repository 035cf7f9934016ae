// Where plans come from: at random, with a bias towards what has broken other engines, and by counting.
#include <algorithm>
#include <array>

#include "tests/receiver/attack.hpp"

namespace sluice::receiver {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_{seed} {}
  std::uint32_t below(std::uint32_t limit) {
    return limit == 0 ? 0 : static_cast<std::uint32_t>(random_() % limit);
  }
  bool one_in(std::uint32_t count) { return below(count) == 0; }
  std::uint64_t bits() { return random_(); }

 private:
  std::mt19937_64 random_;
};

std::string request(std::uint32_t transaction, std::uint32_t function, std::uint32_t address,
                    std::uint32_t count) {
  std::string bytes;
  const auto word = [&bytes](std::uint32_t number) {
    bytes += static_cast<char>(number >> 8U);
    bytes += static_cast<char>(number);
  };
  word(transaction);
  word(0);
  word(function == 7 ? 2 : 6);
  bytes += '\1';
  bytes += static_cast<char>(function);
  if (function != 7) {
    word(address);
    word(count);
  }
  return bytes;
}

std::string allowed_request(Dice& dice, bool is_short) {
  const std::uint32_t transaction = dice.below(65536);
  if (is_short) return request(transaction, 7, 0, 0);
  return request(transaction, 3 + dice.below(2), dice.below(60), 1 + dice.below(40));
}

// Of 12 bytes too: a write, a read elsewhere, a diagnostic.
std::string denied_request(Dice& dice) {
  const std::uint32_t transaction = dice.below(65536);
  switch (dice.below(4)) {
    case 0:
      return request(transaction, 6, dice.below(60), 1 + dice.below(40));
    case 1:
      return request(transaction, 5, dice.below(60), 0xff00);
    case 2:
      return request(transaction, 3, 99 + dice.below(1000), 2);
    default:
      return request(transaction, 8, 1, 0);
  }
}

// The same requests with others in the place of some: as an attacker wants them read.
std::string variant(Dice& dice, const std::vector<std::string>& requests) {
  std::string all;
  for (const std::string& one : requests) {
    if (one.size() != 12 || dice.one_in(3)) {
      all += dice.one_in(4) && one.size() == 8 ? allowed_request(dice, true) : one;
    } else if (dice.one_in(4)) {
      all += allowed_request(dice, false);
    } else {
      std::string other = denied_request(dice);
      // Mostly the head that the other one has, so that they can be mixed.
      if (!dice.one_in(3)) other.replace(0, 2, one, 0, 2);
      all += other;
    }
  }
  return all;
}

Move random_move(Dice& dice, const Plan& plan, std::uint32_t& reach) {
  const auto size = static_cast<std::uint32_t>(plan.contents[0].size());
  Move move;
  const std::uint32_t kind = dice.below(40);
  if (kind < 22) {
    move.kind = Kind::data;
  } else if (kind < 25) {
    move.kind = Kind::fragments;
  } else if (kind < 26) {
    move.kind = Kind::fin;
  } else if (kind < 27) {
    move.kind = Kind::reset;
  } else if (kind < 28) {
    move.kind = Kind::syn;
  } else if (kind < 29) {
    move.kind = Kind::keepalive;
  } else if (kind < 35) {
    move.kind = Kind::listen;
  } else if (kind < 37) {
    move.kind = Kind::deaf;
  } else {
    move.kind = Kind::pass;
  }
  if (dice.one_in(7)) move.spoil = static_cast<Spoil>(1 + dice.below(kSpoils - 1));
  if (plan.port == kOpaquePort) {
    if (move.spoil == Spoil::odd_option) move.spoil = Spoil::none;
    if (move.kind == Kind::syn) move.kind = Kind::listen;  // another connection has other first copies
  }
  move.content = static_cast<std::uint8_t>(dice.below(static_cast<std::uint32_t>(plan.contents.size())));
  if (dice.one_in(3)) move.content = 0;
  // Around what was sent last, so that pieces meet; now and then anywhere.
  const std::uint32_t back = dice.below(std::min(reach, 24U) + 1);
  move.offset = dice.one_in(8) ? dice.below(size) : std::min(reach - back, size - 1);
  if (dice.one_in(3)) move.offset = std::min(reach, size - 1);
  static constexpr std::array<std::uint32_t, 8> kLengths = {1, 2, 7, 8, 11, 12, 24, 36};
  move.length = dice.one_in(2) ? kLengths[dice.below(8)] : 1 + dice.below(30);
  if (move.kind == Kind::fragments) move.length += 12;
  move.length = std::min(move.length, size - move.offset);
  move.detail = static_cast<std::uint32_t>(dice.bits());
  switch (move.kind) {
    case Kind::data:
    case Kind::fragments:
      if (move.offset <= reach + 24) reach = std::max(reach, move.offset + move.length);
      break;
    case Kind::reset:
    case Kind::syn:
    case Kind::keepalive:
      move.offset = dice.one_in(3) ? reach : reach + dice.below(20);
      break;
    case Kind::pass:
      move.length = dice.one_in(4) ? 2500 : dice.below(400);
      break;
    case Kind::piece:
    case Kind::fin:
    case Kind::listen:
    case Kind::deaf:
      break;
  }
  return move;
}

}  // namespace

Plan random_plan(std::uint64_t seed, bool may_lose) {
  // Seeds that follow each other shall not give dice that do.
  Dice dice{(seed + 1) * 0x9e37'79b9'7f4a'7c15ULL};
  Plan plan;
  plan.first = dice.one_in(3) ? 0U - dice.below(60) : static_cast<std::uint32_t>(dice.bits());
  plan.denial = static_cast<Denial>(dice.below(kDenials));
  plan.timestamps = dice.one_in(3);
  plan.honest_end = !dice.one_in(3);
  plan.window = dice.one_in(8) ? static_cast<std::uint16_t>(dice.below(64)) : std::uint16_t{65535};
  if (dice.one_in(6)) {
    // Opaque. Without loss: the receiver may else take a second copy, which nothing has looked at either.
    // The same holds for a segment that the engine takes and the receiver ignores, for its options.
    plan.port = kOpaquePort;
    plan.timestamps = false;
    const std::uint32_t size = 12 + dice.below(60);
    for (int i = 0; i < 3; ++i) {
      std::string content;
      for (std::uint32_t j = 0; j < size; ++j) content += static_cast<char>('a' + dice.below(26));
      plan.contents.push_back(content);
    }
  } else {
    std::vector<std::string> requests;
    const std::uint32_t count = 1 + dice.below(6);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (dice.one_in(12)) {
        requests.push_back(denied_request(dice));
      } else {
        requests.push_back(allowed_request(dice, dice.one_in(6)));
      }
    }
    std::string honest;
    for (const std::string& one : requests) honest += one;
    plan.contents = {honest, variant(dice, requests), variant(dice, requests), honest};
    for (char& c : plan.contents[3]) {
      if (dice.one_in(6)) c = static_cast<char>(dice.below(256));
    }
    if (may_lose && dice.one_in(2)) {
      plan.lost = (dice.bits() & dice.bits()) & ~std::uint64_t{3};  // not the handshake
      plan.late = dice.bits() & dice.bits() & ~std::uint64_t{3};
    }
  }
  const std::uint32_t moves = 1 + dice.below(14);
  std::uint32_t reach = 0;
  for (std::uint32_t i = 0; i < moves; ++i) plan.moves.push_back(random_move(dice, plan, reach));
  return plan;
}

// Two requests in cells: head, function and address, last byte; then the second one whole. Every cell has two
// contents: the allowed one, and another that makes a denied request of it (or, of a head and a last byte,
// another allowed one).
namespace {

constexpr std::array<std::uint32_t, 5> kCells = {0, 7, 11, 12, 24};

struct Piece {
  std::uint32_t from = 0;  // cells
  std::uint32_t to = 0;
  std::uint32_t pattern = 0;
};

const std::vector<Piece>& pieces() {
  static const std::vector<Piece> all = [] {
    std::vector<Piece> found;
    for (std::uint32_t from = 0; from + 1 < kCells.size(); ++from) {
      for (std::uint32_t to = from + 1; to < kCells.size(); ++to) {
        for (std::uint32_t pattern = 0; pattern < 1U << (to - from); ++pattern)
          found.push_back({from, to, pattern << from});
      }
    }
    return found;
  }();
  return all;
}

constexpr std::uint64_t kFates = 8;  // which of the first three frames is lost behind the engine
constexpr std::uint64_t kEars = 4;   // after which of the first two pieces the receiver is heard

constexpr std::string_view kHonest{"\1\1\0\0\0\6\1\3\0\12\0\2\1\2\0\0\0\6\1\4\0\24\0\3", 24};

// Pieces of a datagram: see Kind::piece.
const std::vector<Move>& fragments() {
  static const std::vector<Move> all = [] {
    std::vector<Move> found;
    for (std::uint32_t from = 0; from < 4; ++from) {
      for (std::uint32_t to = from + 1; to <= 4; ++to) {
        for (std::uint8_t content = 0; content < 4; ++content) {
          const bool same = ((content & 1U) != 0 && (from > 2 || to < 3)) || ((content & 2U) != 0 && to < 4);
          if (same) continue;
          for (const std::uint32_t lie : {0U, 1U})
            found.push_back({.kind = Kind::piece,
                             .content = content,
                             .offset = from,
                             .length = to - from,
                             .detail = lie});
        }
      }
    }
    return found;
  }();
  return all;
}

std::uint64_t sequences(std::uint64_t pieces) { return pieces + pieces * pieces + pieces * pieces * pieces; }

// The pieces, one to three, of a sequence.
std::vector<std::size_t> sequence(std::uint64_t index, std::uint64_t pieces) {
  std::size_t size = 1;
  for (std::uint64_t count = pieces; index >= count; count *= pieces, ++size) index -= count;
  std::vector<std::size_t> found;
  for (; size > 0; --size, index /= pieces) found.push_back(index % pieces);
  return found;
}

}  // namespace

std::uint64_t exhaustive_count() {
  return sequences(pieces().size()) * kFates * kEars + sequences(fragments().size());
}

Plan exhaustive_plan(std::uint64_t index) {
  Plan plan;
  plan.first = index % 2 == 0 ? 0xffff'fff5U : 4711;
  plan.honest_end = true;
  const std::uint64_t of_streams = sequences(pieces().size()) * kFates * kEars;
  if (index >= of_streams) {
    plan.contents.emplace_back(kHonest);
    for (const std::size_t i : sequence(index - of_streams, fragments().size()))
      plan.moves.push_back(fragments()[i]);
    return plan;
  }
  plan.lost = (index % kFates) << 2U;  // behind the handshake
  index /= kFates;
  const std::uint64_t ears = index % kEars;
  index /= kEars;
  const std::string other = request(0x0201, 6, 11, 3) + request(0x0202, 6, 21, 4);
  // One content for each pattern of cells.
  for (std::uint32_t pattern = 0; pattern < 16; ++pattern) {
    std::string content{kHonest};
    for (std::uint32_t cell = 0; cell + 1 < kCells.size(); ++cell) {
      if ((pattern >> cell & 1U) == 0) continue;
      content.replace(kCells[cell], kCells[cell + 1] - kCells[cell], other, kCells[cell],
                      kCells[cell + 1] - kCells[cell]);
    }
    plan.contents.push_back(content);
  }
  for (const std::size_t i : sequence(index, pieces().size())) {
    const Piece& piece = pieces()[i];
    const bool heard = (ears >> (plan.moves.size() / 2) & 1U) != 0;
    plan.moves.push_back({.content = static_cast<std::uint8_t>(piece.pattern),
                          .offset = kCells[piece.from],
                          .length = kCells[piece.to] - kCells[piece.from]});
    plan.moves.push_back({.kind = heard ? Kind::listen : Kind::pass});
  }
  return plan;
}

}  // namespace sluice::receiver
