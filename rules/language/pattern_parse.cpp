#include "rules/language/pattern_parse.hpp"

#include <algorithm>
#include <utility>

#include "rules/language/byte_set.hpp"

namespace sluice::language {
namespace {

using Kind = PatternNode::Kind;

constexpr bool digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr int hex(char c) noexcept {
  if (digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

struct Flags {
  bool fold = true;
  bool dot_all = false;
  bool lines = false;
};

ByteSet folded(ByteSet set, const Flags& flags) {
  if (!flags.fold) return set;
  for (unsigned i = 0; i < 26; ++i) {
    if (set['a' + i] || set['A' + i]) set.set('a' + i).set('A' + i);
  }
  return set;
}

class Parser {
 public:
  explicit Parser(std::string_view pattern) : pattern_{pattern} {}

  PatternTree run() {
    tree_.root = choice({});
    if (!tree_.error && at_ < pattern_.size())
      fail(at_, "')' without '('", R"(write '\)' for the character)");
    return std::move(tree_);
  }

 private:
  [[nodiscard]] bool more() const { return at_ < pattern_.size() && !tree_.error; }
  [[nodiscard]] bool ahead(std::string_view text) const { return pattern_.substr(at_, text.size()) == text; }
  bool accept(std::string_view text) {
    if (!ahead(text)) return false;
    at_ += text.size();
    return true;
  }
  void fail(std::size_t offset, std::string what, std::string remedy = {}) {
    if (!tree_.error) tree_.error = PatternError{offset, std::move(what), std::move(remedy)};
  }

  std::uint32_t add(PatternNode node) {
    tree_.nodes.push_back(std::move(node));
    return static_cast<std::uint32_t>(tree_.nodes.size() - 1);
  }
  std::uint32_t add(Kind kind, std::vector<std::uint32_t> children = {}) {
    PatternNode node;
    node.kind = kind;
    node.children = std::move(children);
    return add(std::move(node));
  }
  std::uint32_t one_of(const ByteSet& set, const Flags& flags) {
    PatternNode node;
    node.kind = Kind::one_of;
    node.set = folded(set, flags);
    return add(std::move(node));
  }
  std::uint32_t assertion(Assertion assertion) {
    PatternNode node;
    node.kind = Kind::assertion;
    node.assertion = assertion;
    return add(std::move(node));
  }

  // (?i) holds to the end of its group, over '|'.
  std::uint32_t choice(Flags flags) {
    std::vector<std::uint32_t> branches{sequence(flags)};
    while (more() && accept("|")) branches.push_back(sequence(flags));
    return branches.size() == 1 ? branches.front() : add(Kind::choice, std::move(branches));
  }

  std::uint32_t sequence(Flags& flags) {
    std::vector<std::uint32_t> parts;
    while (more() && pattern_[at_] != '|' && pattern_[at_] != ')') {
      const auto begin = at_;
      auto part = atom(flags);
      if (!part) continue;
      part = repeats(*part, begin);
      parts.push_back(*part);
    }
    return parts.size() == 1 ? parts.front() : add(Kind::sequence, std::move(parts));
  }

  struct Bounds {
    std::uint32_t least;
    std::uint32_t most;
  };

  std::uint32_t repeats(std::uint32_t part, std::size_t begin) {
    const auto at = at_;
    const auto bounds = quantifier();
    if (!bounds) return part;
    if (tree_.nodes[part].kind == Kind::assertion)
      fail(at, "there is nothing to repeat before the quantifier");
    if (accept("+")) fail(at, "possessive quantifiers are not supported", "leave out the second '+'");
    accept("?");  // lazy or greedy: whether it matches is the same
    if (const auto second = at_; quantifier()) {
      fail(second, "there is nothing to repeat before the quantifier", "group what is repeated: (?:...)");
    }
    if (bounds->least > bounds->most) fail(begin, "the bounds of the quantifier are out of order");
    PatternNode node;
    node.kind = Kind::repeat;
    node.least = bounds->least;
    node.most = bounds->most;
    node.children = {part};
    return add(std::move(node));
  }

  std::optional<Bounds> quantifier() {
    if (accept("*")) return Bounds{0, kUnbounded};
    if (accept("+")) return Bounds{1, kUnbounded};
    if (accept("?")) return Bounds{0, 1};
    if (!ahead("{")) return std::nullopt;
    const auto begin = at_++;
    const auto least = number();
    auto most = least;
    if (least && accept(",")) most = ahead("}") ? std::optional{kUnbounded} : number();
    if (!least || !most || !accept("}")) {  // then the brace is a character
      at_ = begin;
      return std::nullopt;
    }
    if (*least > kMostRepeats || (*most > kMostRepeats && *most != kUnbounded)) {
      fail(begin, "more than " + std::to_string(kMostRepeats) + " repeats");
    }
    return Bounds{*least, *most};
  }

  std::optional<std::uint32_t> number() {
    if (!more() || !digit(pattern_[at_])) return std::nullopt;
    std::uint32_t value = 0;
    while (at_ < pattern_.size() && digit(pattern_[at_])) {
      value = std::min(value * 10 + static_cast<std::uint32_t>(pattern_[at_++] - '0'), 100'000U);
    }
    return value;
  }

  std::optional<std::uint32_t> atom(Flags& flags) {
    const auto begin = at_;
    if (quantifier()) {
      fail(begin, "there is nothing to repeat before the quantifier", R"(write '\*' for the character)");
      return std::nullopt;
    }
    const char c = pattern_[at_++];
    switch (c) {
      case '.':
        return one_of(flags.dot_all ? ~ByteSet{} : ~each_of("\n"), {false});
      case '^':
        return assertion(flags.lines ? Assertion::line_start : Assertion::start);
      case '$':
        return assertion(flags.lines ? Assertion::line_end : Assertion::end_or_newline);
      case '(':
        return group(flags, begin);
      case '[':
        return one_of(bracket(begin, flags), {false});
      case '\\':
        return escape(flags, begin);
      default:
        return one_of(each_of({&c, 1}), flags);
    }
  }

  std::optional<std::uint32_t> group(Flags& flags, std::size_t begin) {
    if (ahead("*")) fail(begin, "verbs are not supported");
    Flags inner = flags;
    if (accept("?")) {
      if (ahead("#")) {
        const auto end = pattern_.find(')', at_);
        if (end == std::string_view::npos) fail(begin, "the comment is not closed");
        at_ = end == std::string_view::npos ? pattern_.size() : end + 1;
        return std::nullopt;
      }
      if (ahead("=") || ahead("!") || ahead("<=") || ahead("<!")) {
        fail(begin, "look-around is not supported",
             "test what comes before or after in an expression of its own");
      } else if (accept("<") || accept("P<") || accept("'")) {
        const auto end = pattern_.find_first_of(">'", at_);
        if (end == std::string_view::npos || end == at_) fail(begin, "the name of the group is not closed");
        at_ = end == std::string_view::npos ? pattern_.size() : end + 1;
      } else if (!accept(":")) {
        options(inner, begin);
        if (accept(")")) {
          flags = inner;
          return std::nullopt;
        }
        if (!accept(":")) fail(begin, "this kind of group is not supported", "write (?:...) or (...)");
      }
    }
    if (tree_.error) return std::nullopt;
    if (++depth_ > kMostGroups) {
      fail(begin, "groups nested deeper than " + std::to_string(kMostGroups) + " levels");
      return std::nullopt;
    }
    const auto inside = choice(inner);
    --depth_;
    if (!accept(")")) fail(begin, "the group is not closed", "add ')'");
    // A group of an assertion may be repeated where the assertion itself may not.
    return tree_.nodes[inside].kind == Kind::assertion ? add(Kind::sequence, {inside}) : inside;
  }

  void options(Flags& flags, std::size_t begin) {
    bool on = true;
    for (; more(); ++at_) {
      const char c = pattern_[at_];
      if (c == '-' && on) {
        on = false;
      } else if (c == 'i') {
        flags.fold = on;
      } else if (c == 's') {
        flags.dot_all = on;
      } else if (c == 'm') {
        flags.lines = on;
      } else if (c == ')' || c == ':') {
        return;
      } else {
        fail(begin, "this kind of group or option is not supported", "options are i, s and m");
      }
    }
  }

  // Behind the backslash.
  std::optional<std::uint32_t> escape(const Flags& flags, std::size_t begin) {
    if (at_ == pattern_.size()) {
      fail(begin, "the pattern ends in a backslash", R"(write '\\' for the character)");
      return std::nullopt;
    }
    const char c = pattern_[at_];
    const auto asserts = [&](Assertion which) {
      ++at_;
      return assertion(which);
    };
    if (c == 'b') return asserts(Assertion::boundary);
    if (c == 'B') return asserts(Assertion::no_boundary);
    if (c == 'A') return asserts(Assertion::start);
    if (c == 'z') return asserts(Assertion::end);
    if (c == 'Z') return asserts(Assertion::end_or_newline);
    if (const auto set = escaped_class(c)) {
      ++at_;
      return one_of(*set, {false});
    }
    const auto byte = escaped_byte(begin, false);
    if (!byte) return std::nullopt;
    ByteSet set;
    set.set(*byte);
    return one_of(set, flags);
  }

  std::optional<std::uint8_t> escaped_byte(std::size_t begin, bool in_class) {
    const char c = pattern_[at_++];
    constexpr std::string_view kNames = "aefnrt";
    constexpr std::string_view kMeant = "\a\x1b\f\n\r\t";
    if (const auto found = kNames.find(c); found != std::string_view::npos)
      return static_cast<std::uint8_t>(kMeant[found]);
    if (in_class && c == 'b') return std::uint8_t{8};
    if (c == 'x') return hex_byte(begin);
    if (c == '0' || (in_class && digit(c) && c < '8')) {
      unsigned value = static_cast<unsigned>(c - '0');
      for (int i = 0; i < 2 && more() && pattern_[at_] >= '0' && pattern_[at_] <= '7'; ++i) {
        value = value * 8 + static_cast<unsigned>(pattern_[at_++] - '0');
      }
      if (value > 255) fail(begin, "the octal escape is greater than 0377");
      return static_cast<std::uint8_t>(value);
    }
    if (digit(c)) {
      fail(begin, "back-references are not supported", R"(for a byte write \xNN)");
      return std::nullopt;
    }
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      fail(begin, std::string{"'\\"} + c + "' is not supported",
           R"(classes are \d \w \s \h \v \N, bytes \xNN)");
      return std::nullopt;
    }
    return static_cast<std::uint8_t>(c);
  }

  std::optional<std::uint8_t> hex_byte(std::size_t begin) {
    const bool braces = accept("{");
    unsigned value = 0;
    for (std::size_t i = 0; i < (braces ? 8U : 2U) && more() && hex(pattern_[at_]) >= 0; ++i) {
      value = value * 16 + static_cast<unsigned>(hex(pattern_[at_++]));
    }
    if (braces && !accept("}")) fail(begin, R"(\x{ is not closed)");
    if (value > 255) fail(begin, "a pattern looks at bytes: the greatest is \\xff");
    return static_cast<std::uint8_t>(value);
  }

  ByteSet bracket(std::size_t begin, const Flags& flags) {
    ByteSet set;
    const bool negative = accept("^");
    for (bool first = true; more() && (first || !ahead("]")); first = false) {
      const auto start = at_;
      const auto low = member(set);
      if (!ahead("-") || at_ + 1 >= pattern_.size() || pattern_[at_ + 1] == ']') continue;
      ++at_;
      const auto high = member(set);
      if (!low || !high) {
        fail(start, "a class can't end a range");
      } else if (*high < *low) {
        fail(start, "the range is out of order");
      } else {
        set |= span_of(*low, *high);
      }
    }
    if (!accept("]")) fail(begin, "the class is not closed", R"(add ']', or write '\[' for the character)");
    set = folded(set, flags);
    return negative ? ~set : set;
  }

  // Adds one member; its byte when it is a single one.
  std::optional<std::uint8_t> member(ByteSet& set) {
    const auto begin = at_;
    if (ahead("[:") && pattern_.find(":]", at_) != std::string_view::npos) {
      at_ += 2;
      const bool negative = accept("^");
      const auto end = pattern_.find(":]", at_);
      const auto named =
          end == std::string_view::npos ? std::nullopt : named_class(pattern_.substr(at_, end - at_));
      if (!named) {
        fail(begin, "no class of this name",
             "names are alpha, digit, alnum, space, xdigit, upper, lower, punct …");
        return std::nullopt;
      }
      at_ = end + 2;
      set |= negative ? ~*named : *named;
      return std::nullopt;
    }
    const char c = pattern_[at_++];
    auto byte = std::optional{static_cast<std::uint8_t>(c)};
    if (c == '\\') {
      if (at_ == pattern_.size()) return std::nullopt;  // the class is not closed
      if (const auto escaped = escaped_class(pattern_[at_])) {
        ++at_;
        set |= *escaped;
        return std::nullopt;
      }
      byte = escaped_byte(begin, true);
    }
    if (byte) set.set(*byte);
    return byte;
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  PatternTree tree_;
};

}  // namespace

PatternTree parse_pattern(std::string_view pattern) { return Parser{pattern}.run(); }

}  // namespace sluice::language
