#include <algorithm>
#include <cstring>

#include "rules/language/pattern.hpp"
#include "rules/language/pattern_parse.hpp"

namespace sluice::language {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Thompson's construction, from the end of the pattern to its start: each part is built knowing the state
// that follows it.
class Builder {
 public:
  explicit Builder(const PatternTree& tree) : tree_{tree} {}

  bool run(Bytes& out) {
    const auto start = build(tree_.root, add({StateOp::accept, 0, 0, 0}));
    if (full_) return false;
    PatternHead head;
    head.states = static_cast<std::uint16_t>(states_.size());
    head.classes = static_cast<std::uint16_t>(sets_.size());
    head.start = start;
    append(out, head);
    for (const auto& state : states_) append(out, state);
    for (const auto& set : sets_) {
      for (std::size_t byte = 0; byte < 256; byte += 8) {
        unsigned bits = 0;
        for (std::size_t bit = 0; bit < 8; ++bit) bits |= set[byte + bit] ? 1U << bit : 0U;
        out.push_back(static_cast<std::uint8_t>(bits));
      }
    }
    return true;
  }

 private:
  static constexpr std::size_t kMostSteps = 100'000;  // repeats of nothing add no states

  template <class Record>
  static void append(Bytes& out, const Record& record) {
    const auto at = out.size();
    out.resize(at + sizeof(record));
    std::memcpy(out.data() + at, &record, sizeof(record));
  }

  std::uint16_t add(State state) {
    if (states_.size() == kMostStates) {
      full_ = true;
      return 0;
    }
    states_.push_back(state);
    return static_cast<std::uint16_t>(states_.size() - 1);
  }

  std::uint16_t one_of(const ByteSet& set, std::uint16_t next) {
    if (set.count() == 1) {
      std::uint16_t byte = 0;
      while (!set[byte]) ++byte;
      return add({StateOp::byte, 0, byte, next});
    }
    const auto found = std::find(sets_.begin(), sets_.end(), set);
    const auto index = static_cast<std::uint16_t>(found - sets_.begin());
    if (found == sets_.end()) sets_.push_back(set);
    return add({StateOp::one_of, 0, index, next});
  }

  std::uint16_t build(std::uint32_t index, std::uint16_t next) {
    if (++steps_ > kMostSteps) full_ = true;
    if (full_) return 0;
    const auto& node = tree_.nodes[index];
    switch (node.kind) {
      case PatternNode::Kind::empty:
        return next;
      case PatternNode::Kind::one_of:
        return one_of(node.set, next);
      case PatternNode::Kind::assertion:
        return add({StateOp::assert_, 0, static_cast<std::uint16_t>(node.assertion), next});
      case PatternNode::Kind::sequence:
        for (auto child = node.children.rbegin(); child != node.children.rend(); ++child)
          next = build(*child, next);
        return next;
      case PatternNode::Kind::choice: {
        auto start = build(node.children.back(), next);
        for (std::size_t i = node.children.size() - 1; i-- != 0;) {
          start = add({StateOp::fork, 0, start, build(node.children[i], next)});
        }
        return start;
      }
      case PatternNode::Kind::repeat:
        return repeat(node, next);
    }
    return next;
  }

  std::uint16_t repeat(const PatternNode& node, std::uint16_t next) {
    const auto child = node.children.front();
    auto start = next;
    if (node.most == kUnbounded) {
      start = add({StateOp::fork, 0, next, next});
      const auto body = build(child, start);
      if (!full_) states_[start].next = body;
    } else {
      for (auto i = node.least; i < node.most && !full_; ++i) {
        start = add({StateOp::fork, 0, next, build(child, start)});
      }
    }
    for (std::uint32_t i = 0; i < node.least && !full_; ++i) start = build(child, start);
    return start;
  }

  const PatternTree& tree_;
  std::vector<State> states_;
  std::vector<ByteSet> sets_;
  std::size_t steps_ = 0;
  bool full_ = false;
};

}  // namespace

std::optional<PatternError> compile_pattern(std::string_view pattern, std::vector<std::uint8_t>& out) {
  const auto tree = parse_pattern(pattern);
  if (tree.error) return tree.error;
  if (!Builder{tree}.run(out)) {
    return PatternError{0, "the pattern needs more than " + std::to_string(kMostStates) + " states",
                        "make it shorter, or repeat less"};
  }
  return std::nullopt;
}

}  // namespace sluice::language
