#include "rules/language/pattern.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <random>

#include "rules/language/program.hpp"

namespace sluice::language {
namespace {

using testing::HasSubstr;

bool found(std::string_view pattern, std::string_view text) {
  std::vector<std::uint8_t> run;
  const auto error = compile_pattern(pattern, run);
  EXPECT_FALSE(error) << pattern << ": " << (error ? error->what : "");
  EXPECT_TRUE(valid_pattern(run)) << pattern;
  return !error && matches(run, Content{bytes_of(text)});
}

struct Case {
  std::string_view pattern;
  std::string_view text;
  bool expected;
};
using namespace std::string_view_literals;

// Each was also asked of PCRE2, as tshark 4.0 does.
constexpr Case kCases[] = {
    {"abc", "xABCx", true},
    {"(?-i)abc", "xABCx", false},
    {"a(?-i)b(?i)c", "AbC", true},
    {"a(?-i:b)c", "aBc", false},
    {"a(?-i:b)c", "AbC", true},
    {"", "", true},
    {"", "x", true},
    {"|", "", true},
    {"a|", "b", true},
    {"^$", "", true},
    {"^$", "x", false},
    {"^a", "ba", false},
    {"^a", "ab", true},
    {"a$", "ab", false},
    {"a$", "ba", true},
    {"a$", "a\n", true},
    {"a\\z", "a\n", false},
    {"a\\Z", "a\n", true},
    {"(?m)^b$", "a\nb\nc", true},
    {"^b$", "a\nb\nc", false},
    {"\\Ab", "ab", false},
    {"a.c", "abc", true},
    {"a.c", "a\nc", false},
    {"(?s)a.c", "a\nc", true},
    {"a\\Nc", "a\nc", false},
    {"^.{3}$", "abc", true},
    {"^.{3}$", "abcd", false},
    {"a*", "", true},
    {"^a+$", "aaa", true},
    {"^a+$", "", false},
    {"^a?b$", "b", true},
    {"^a?b$", "aab", false},
    {"^a{2}$", "aa", true},
    {"^a{2}$", "aaa", false},
    {"^a{2,}$", "aaaa", true},
    {"^a{2,3}$", "aaaa", false},
    {"^a{0}b$", "b", true},
    {"a{3", "a{3", true},
    {"x{,3}y", "x{,3}y", true},
    {"^a+?b*?$", "aab", true},
    {"^(ab|c)+d$", "abcabd", true},
    {"^(?:ab|c){2}$", "abc", true},
    {"^(?:ab|c){2}$", "ab", false},
    {"^(?<name>a)$", "a", true},
    {"^(?P<name>a)$", "a", true},
    {"(?#note)b", "ab", true},
    {"^(a*)*$", "aaa", true},
    {"^(a*)*b$", "aaac", false},
    {"^(|a)+$", "aa", true},
    {"^((a|b)*c){2}$", "abcc", true},
    {"[abc]", "xb", true},
    {"[^abc]", "abc", false},
    {"[^abc]", "ABC", false},
    {"[a-c]", "B", true},
    {"(?-i)[a-c]", "B", false},
    {"[]]", "]", true},
    {"[^]]", "]", false},
    {"[a-]", "-", true},
    {"[-a]", "-", true},
    {"[\\d-]", "-", true},
    {"[\\]]", "]", true},
    {"[\\b]", "\b", true},
    {"[.]", "x", false},
    {"[[:digit:]x]", "7", true},
    {"[[:^digit:]]", "7", false},
    {"[\\x41-\\x43]", "b", true},
    {"[[]", "[", true},
    {"\\d", "x7", true},
    {"\\D", "77", false},
    {"\\w", "_", true},
    {"\\W", "_", false},
    {"\\s", "a\tb", true},
    {"\\S", " \t", false},
    {"\\h", "\xa0", true},
    {"\\v", "\x85", true},
    {"\\x41", "a", true},
    {"\\x{41}", "A", true},
    {"\\x4", "\x04", true},
    {"\\x00", "a\0b"sv, true},
    {"\\0", "\0"sv, true},
    {"\\012", "\n", true},
    {"\\e", "\x1b", true},
    {"\\xff", "\xff", true},
    {"^[\\x80-\\xff]+$", "\x80\xff", true},
    {"\\.", ".", true},
    {"\\.", "x", false},
    {"\\_\\-\\/", "_-/", true},
    {"]}", "]}", true},
    {"\\bcat\\b", "a cat.", true},
    {"\\bcat\\b", "concat", false},
    {"\\Bcat", "concat", true},
    {"\\b", "", false},
    {"\\B", "", true},
    {"\\bx", "x", true},
    {"(\\b)*a", "a", true},
};

TEST(Pattern, FindsWhatPerlDoes) {
  for (const auto& [pattern, text, expected] : kCases)
    EXPECT_EQ(found(pattern, text), expected) << pattern << " in " << text;
}

struct Wrong {
  std::string_view pattern;
  std::size_t offset;
  const char* what;
};
constexpr Wrong kWrong[] = {
    {"(a)\\1", 3, "back-references"},
    {"a(?=b)", 1, "look-around"},
    {"(?!b)", 0, "look-around"},
    {"(?<=b)", 0, "look-around"},
    {"(?<!b)", 0, "look-around"},
    {"ab(", 2, "not closed"},
    {"a)", 1, "without '('"},
    {"[a", 0, "not closed"},
    {"[z-a]", 1, "out of order"},
    {"[a-\\d]", 1, "can't end a range"},
    {"*a", 0, "nothing to repeat"},
    {"a**", 2, "nothing to repeat"},
    {"^*", 1, "nothing to repeat"},
    {"a|+", 2, "nothing to repeat"},
    {"a{3,2}", 0, "out of order"},
    {"a{1001}", 1, "more than 1000 repeats"},
    {"a++", 1, "possessive"},
    {"(?>a)", 0, "not supported"},
    {"(?x)a", 0, "not supported"},
    {"(*FAIL)", 0, "verbs"},
    {"\\q", 0, "not supported"},
    {"\\p{L}", 0, "not supported"},
    {"\\Qa\\E", 0, "not supported"},
    {"\\K", 0, "not supported"},
    {"a\\", 1, "ends in a backslash"},
    {"\\x{100}", 0, "greatest"},
    {"\\x{41", 0, "not closed"},
    {"[[:nothing:]]", 1, "no class"},
    {"(?#", 0, "not closed"},
    {"(?<n", 0, "not closed"},
    {"(((a{100}){100}){100}){100}", 0, "1024 states"},
    {"((((a{0}){1000}){1000}){1000}){1000}", 0, "1024 states"},
    {"[\\", 0, "not closed"},
};

TEST(Pattern, SaysWhereAndWhyItIsRefused) {
  for (const auto& [pattern, offset, what] : kWrong) {
    std::vector<std::uint8_t> run;
    const auto error = compile_pattern(pattern, run);
    ASSERT_TRUE(error) << pattern;
    EXPECT_THAT(error->what, HasSubstr(what)) << pattern;
    EXPECT_EQ(error->offset, offset) << pattern;
  }
}

// A pattern made at random, with the set of ends that it can reach from each place: the meaning of regular
// expressions.
struct Made {
  std::string text;
  std::function<std::vector<bool>(std::string_view, std::vector<bool>)> ends;
};

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : engine_{seed} {}
  std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }

  Made made(unsigned depth) {
    switch (depth == 0 ? below(4) : below(8)) {
      case 0:
        return one(".", [](char) { return true; });
      case 1:
        return one("[^b]", [](char c) { return c != 'b'; });
      case 2:
      case 3: {
        const char c = "abc"[below(3)];
        return one(std::string{c}, [c](char d) { return c == d; });
      }
      case 4: {
        auto a = made(depth - 1);
        auto b = made(depth - 1);
        return {"(?:" + a.text + "|" + b.text + ")",
                [a, b](std::string_view text, const std::vector<bool>& from) {
                  auto ends = a.ends(text, from);
                  const auto others = b.ends(text, from);
                  for (std::size_t i = 0; i < ends.size(); ++i) ends[i] = ends[i] || others[i];
                  return ends;
                }};
      }
      case 5: {
        auto a = made(depth - 1);
        const auto least = below(3);
        const auto most = below(3) == 0 ? 99 : least + below(3);
        const auto bounds =
            "{" + std::to_string(least) + "," + (most == 99 ? "" : std::to_string(most)) + "}";
        return {"(?:" + a.text + ")" + bounds + (below(2) == 0 ? "?" : ""),
                [=](std::string_view text, std::vector<bool> from) {
                  std::vector<bool> ends(from.size(), false);
                  // Beyond the length of the text no repeat adds an end.
                  for (std::size_t i = 0; i <= std::min<std::size_t>(most, least + text.size()); ++i) {
                    if (i >= least) {
                      for (std::size_t j = 0; j < ends.size(); ++j) ends[j] = ends[j] || from[j];
                    }
                    from = a.ends(text, from);
                  }
                  return ends;
                }};
      }
      default: {
        auto a = made(depth - 1);
        auto b = made(depth - 1);
        return {a.text + b.text, [a, b](std::string_view text, const std::vector<bool>& from) {
                  return b.ends(text, a.ends(text, from));
                }};
      }
    }
  }

  std::string text() {
    std::string out;
    for (auto i = below(9); i != 0; --i) out += "abc"[below(3)];
    return out;
  }

 private:
  static Made one(std::string text, std::function<bool(char)> fits) {
    return {std::move(text), [fits = std::move(fits)](std::string_view bytes, const std::vector<bool>& from) {
              std::vector<bool> ends(from.size(), false);
              for (std::size_t i = 0; i < bytes.size(); ++i) ends[i + 1] = from[i] && fits(bytes[i]);
              return ends;
            }};
  }

  std::mt19937_64 engine_;
};

TEST(Pattern, FindsExactlyTheTextsOfItsLanguage) {
  Maker maker{11};
  std::size_t held = 0;
  for (int i = 0; i < 1500; ++i) {
    const auto made = maker.made(4);
    for (int j = 0; j < 6; ++j) {
      const auto text = maker.text();
      std::vector<bool> start(text.size() + 1, false);
      start[0] = true;
      const bool whole = made.ends(text, start).back();
      held += whole ? 1 : 0;
      ASSERT_EQ(found("^(?:" + made.text + ")\\z", text), whole) << made.text << " in " << text;
      const auto anywhere = made.ends(text, std::vector<bool>(text.size() + 1, true));
      const bool part = std::find(anywhere.begin(), anywhere.end(), true) != anywhere.end();
      ASSERT_EQ(found(made.text, text), part) << made.text << " in " << text;
    }
  }
  EXPECT_GT(held, 500U);
}

TEST(Pattern, TakesTimeLinearInTheText) {
  // Each of these takes exponential or square time where a machine backtracks.
  for (const auto* const pattern : {"^(a+)+$", "^(a|aa)+$", "(a*)*b", "(.*)(.*)(.*)(.*)x"}) {
    std::vector<std::uint8_t> run;
    ASSERT_FALSE(compile_pattern(pattern, run));
    const std::string text(60'000, 'a');
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(matches(run, Content{bytes_of(text + "!")}));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{5}) << pattern;
  }
}

TEST(Pattern, ThatIsHostileIsRefusedOrHarmless) {
  std::mt19937_64 random{12};
  std::vector<std::uint8_t> good;
  ASSERT_FALSE(compile_pattern("(a|[bc]{1,3})*\\b.$|^x", good));
  std::size_t accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    auto run = good;
    for (auto k = random() % 4 + 1; k != 0; --k)
      run[random() % run.size()] = static_cast<std::uint8_t>(random() % (random() % 2 == 0 ? 20 : 256));
    if (random() % 10 == 0) run.resize(random() % run.size());
    const std::unique_ptr<std::uint8_t[]> exact{new std::uint8_t[run.size()]};
    std::copy(run.begin(), run.end(), exact.get());
    const ByteView view{exact.get(), run.size()};
    if (!valid_pattern(view)) continue;
    ++accepted;
    (void)matches(view, Content{bytes_of("abcabxca bb")});
  }
  EXPECT_GT(accepted, 1000U);
}

TEST(Pattern, OfRandomTextNeverFailsTheCompiler) {
  std::mt19937_64 random{13};
  constexpr std::string_view kLetters = "ab.*+?{}[]()^$|\\-0,1:=!<>#isx&\n";
  for (int i = 0; i < 50'000; ++i) {
    std::string pattern;
    for (auto k = random() % 24; k != 0; --k) pattern += kLetters[random() % kLetters.size()];
    std::vector<std::uint8_t> run;
    if (compile_pattern(pattern, run)) continue;
    ASSERT_TRUE(valid_pattern(run)) << pattern;
    (void)matches(run, Content{bytes_of("ab0\na")});
  }
  std::vector<std::uint8_t> run;
  EXPECT_TRUE(compile_pattern(std::string(16'000, '('), run));
  EXPECT_TRUE(compile_pattern(std::string(16'000, '['), run));
  EXPECT_TRUE(compile_pattern(std::string(16'000, 'a'), run));
}

}  // namespace
}  // namespace sluice::language
