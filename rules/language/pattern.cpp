#include "rules/language/pattern.hpp"

#include <algorithm>
#include <bitset>
#include <cstring>

namespace sluice::language {
namespace {

// A compiled pattern in place. Reads copy: nothing in constants is aligned.
class Machine {
 public:
  explicit Machine(ByteView pattern) noexcept : pattern_{pattern} {
    if (pattern.size() >= sizeof(head)) std::memcpy(static_cast<void*>(&head), pattern.data(), sizeof(head));
  }

  [[nodiscard]] State state(std::size_t index) const noexcept {
    State state;
    std::memcpy(static_cast<void*>(&state), pattern_.data() + sizeof(head) + index * sizeof(State),
                sizeof(State));
    return state;
  }
  [[nodiscard]] bool in_class(std::size_t index, std::uint8_t byte) const noexcept {
    const auto* const set =
        pattern_.data() + sizeof(head) + head.states * sizeof(State) + index * kClassBytes;
    return (set[byte / 8U] >> (byte % 8U) & 1U) != 0;
  }
  [[nodiscard]] bool sized() const noexcept {
    return pattern_.size() == sizeof(head) + head.states * sizeof(State) + head.classes * kClassBytes;
  }

  PatternHead head{};

 private:
  ByteView pattern_;
};

class Runner {
 public:
  Runner(ByteView pattern, const Content& content, Steps& steps) noexcept
      : machine_{pattern},
        content_{content},
        plain_{content.plain()},
        bytes_{content.bytes()},
        steps_{steps} {}

  bool run() noexcept {
    Set* now = &sets_[0];
    Set* then = &sets_[1];
    const auto size = content_.size();
    // Each byte is read at most a few times; what is under way is charged as it is entered.
    if (!steps_.spend(size * (plain_ ? 2 : 8) + machine_.head.states)) return false;
    find_firsts();
    for (std::size_t at = 0;; ++at) {
      // Nothing is under way: go where something can begin.
      if (now->count == 0 && skips_) {
        while (at < size && !firsts_[get(at)]) ++at;
        if (at == size) return false;
        now->clear(words_);
      }
      if (enter(*now, machine_.head.start, at)) return true;
      if (at == size) return false;
      const auto byte = get(at);
      then->clear(words_);
      if (!steps_.spend(words_ + 4 * now->count)) return false;
      for (std::size_t i = 0; i < now->count; ++i) {
        const auto state = machine_.state(now->list[i]);
        const bool steps = state.op == StateOp::byte ? state.x == byte : machine_.in_class(state.x, byte);
        if (steps && enter(*then, state.next, at + 1)) return true;
      }
      std::swap(now, then);
    }
  }

 private:
  // States that wait for a byte, in `list`; all states seen, in `seen`.
  struct Set {
    std::array<std::uint64_t, kMostStates / 64> seen{};
    std::array<std::uint16_t, kMostStates> list;
    std::size_t count = 0;

    void clear(std::size_t words) noexcept {
      std::fill_n(seen.begin(), words, 0);
      count = 0;
    }
    bool mark(std::size_t state) noexcept {
      auto& word = seen[state / 64];
      const auto bit = std::uint64_t{1} << (state % 64);
      if ((word & bit) != 0) return false;
      word |= bit;
      return true;
    }
  };

  // The bytes that a match can begin with, as if every assertion stood. A match may need none: then nothing
  // is skipped.
  void find_firsts() noexcept {
    auto& set = sets_[1];
    set.mark(machine_.head.start);
    std::size_t depth = 0;
    stack_[depth++] = machine_.head.start;
    while (depth != 0) {
      const auto state = machine_.state(stack_[--depth]);
      switch (state.op) {
        case StateOp::byte:
          firsts_.set(state.x & 0xffU);
          break;
        case StateOp::one_of:
          if (!steps_.spend(256)) return;
          for (unsigned byte = 0; byte < 256; ++byte) {
            if (machine_.in_class(state.x, static_cast<std::uint8_t>(byte))) firsts_.set(byte);
          }
          break;
        case StateOp::fork:
          if (set.mark(state.x)) stack_[depth++] = state.x;
          if (set.mark(state.next)) stack_[depth++] = state.next;
          break;
        case StateOp::assert_:
          if (set.mark(state.next)) stack_[depth++] = state.next;
          break;
        case StateOp::accept:
          skips_ = false;
          break;
      }
    }
    set.clear(words_);
  }

  [[nodiscard]] std::uint8_t get(std::size_t at) const noexcept {
    return plain_ ? bytes_[at] : content_.at(at);
  }

  // Follows forks and assertions from `start`; true when the pattern is through.
  bool enter(Set& set, std::size_t start, std::size_t at) noexcept {
    if (!set.mark(start)) return false;
    std::size_t depth = 0;
    stack_[depth++] = static_cast<std::uint16_t>(start);
    const auto go = [&](std::uint16_t to) noexcept {
      if (set.mark(to)) stack_[depth++] = to;
    };
    while (depth != 0) {
      const auto index = stack_[--depth];
      const auto state = machine_.state(index);
      if (!steps_.spend(2)) return false;
      switch (state.op) {
        case StateOp::byte:
        case StateOp::one_of:
          set.list[set.count++] = index;
          break;
        case StateOp::fork:
          go(state.next);
          go(state.x);
          break;
        case StateOp::assert_:
          if (stands(static_cast<Assertion>(state.x), at)) go(state.next);
          break;
        case StateOp::accept:
          return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool word_at(std::size_t at) const noexcept {
    if (at >= content_.size()) return false;
    const auto c = get(at);
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }

  [[nodiscard]] bool stands(Assertion assertion, std::size_t at) const noexcept {
    const auto size = content_.size();
    switch (assertion) {
      case Assertion::start:
        return at == 0;
      case Assertion::end:
        return at == size;
      case Assertion::end_or_newline:
        return at == size || (at + 1 == size && get(at) == '\n');
      case Assertion::line_start:
        return at == 0 || (at < size && get(at - 1) == '\n');
      case Assertion::line_end:
        return at == size || get(at) == '\n';
      case Assertion::boundary:
        return (at != 0 && word_at(at - 1)) != word_at(at);
      case Assertion::no_boundary:
        return (at != 0 && word_at(at - 1)) == word_at(at);
      case Assertion::count_:
        break;
    }
    return false;
  }

  Machine machine_;
  const Content& content_;
  bool plain_;
  ByteView bytes_;
  Steps& steps_;
  std::size_t words_ = (machine_.head.states + 63U) / 64U;  // of Set::seen that are used
  bool skips_ = true;
  std::bitset<256> firsts_;
  std::array<Set, 2> sets_;
  std::array<std::uint16_t, kMostStates> stack_;  // each state enters it at most once a position
};

}  // namespace

bool valid_pattern(ByteView pattern) noexcept {
  if (pattern.size() < sizeof(PatternHead)) return false;
  const Machine machine{pattern};
  const auto& head = machine.head;
  if (head.states == 0 || head.states > kMostStates || head.classes > kMostStates) return false;
  if (!machine.sized() || head.start >= head.states) return false;
  for (std::size_t i = 0; i < head.states; ++i) {
    const auto state = machine.state(i);
    if (state.op > StateOp::accept || state.next >= head.states) return false;
    if (state.op == StateOp::fork && state.x >= head.states) return false;
    if (state.op == StateOp::one_of && state.x >= head.classes) return false;
    if (state.op == StateOp::assert_ && state.x >= static_cast<std::uint16_t>(Assertion::count_))
      return false;
  }
  return true;
}

bool matches(ByteView pattern, const Content& content) noexcept {
  Steps endless;
  return matches(pattern, content, endless);
}

bool matches(ByteView pattern, const Content& content, Steps& steps) noexcept {
  return Runner{pattern, content, steps}.run();
}

}  // namespace sluice::language
