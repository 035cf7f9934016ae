// Work that is bounded: a program ends when its steps do, and then it says no.
#include <gtest/gtest.h>

#include "rules/language/language_reference.hpp"
#include "rules/language/pattern.hpp"

namespace sluice::language {
namespace {

using fixture::Frame;
using fixture::kSchemas;
using fixture::kText;
using fixture::kU8;
using reference::Maker;
using reference::Random;

Compiled compiled_program(const std::string& text) {
  Diagnostics diagnostics;
  auto compiled = compile(text, {"t", 1, 1}, kSchemas, {}, diagnostics);
  for (const auto& error : diagnostics.errors()) ADD_FAILURE() << text << ": " << error.text();
  return compiled;
}

TEST(Steps, decide_nothing_while_there_are_enough_and_say_no_when_there_are_not) {
  Random random{21};
  Maker maker{random};
  for (int i = 0; i < 3000; ++i) {
    auto text = maker.test(3).text;
    if (random.chance(20)) text += " or toy.text matches r\"a(b|[ab.]{1,3})*?\\b.$\"";
    const auto program = compiled_program(text);
    const auto frame = maker.frame(12);
    const bool truth = evaluate(fixture::view(program), frame.set(), kSchemas);
    constexpr std::uint64_t kPlenty = 1'000'000'000;
    Steps plenty{kPlenty};
    ASSERT_EQ(evaluate(fixture::view(program), frame.set(), kSchemas, plenty), truth) << text;
    ASSERT_FALSE(plenty.over());
    const auto used = kPlenty - plenty.left();
    ASSERT_GT(used, 0U);
    Steps exact{used};
    ASSERT_EQ(evaluate(fixture::view(program), frame.set(), kSchemas, exact), truth) << text;
    ASSERT_FALSE(exact.over());
    Steps few{random.below(used)};
    ASSERT_FALSE(evaluate(fixture::view(program), frame.set(), kSchemas, few)) << text;
    ASSERT_TRUE(few.over());
  }
}

TEST(Steps, of_many_values_against_many_are_not_their_product) {
  Frame frame;
  for (std::uint64_t i = 0; i < 4000; ++i)
    frame.number(fixture::kU16, 2 * i).number(fixture::kU32, 2 * i + 1);
  const auto program = compiled_program("toy.u16 == toy.u32");
  Steps steps{2'000'000};
  EXPECT_FALSE(evaluate(fixture::view(program), frame.set(), kSchemas, steps));
  EXPECT_FALSE(steps.over());
}

TEST(Steps, of_a_pattern_with_many_states_under_way_end) {
  Frame frame;
  frame.bytes(kText, std::string(60'000, 'a'));
  const auto program = compiled_program("toy.text matches r\"(a?){200}a{200}b\"");
  Steps steps{1'000'000};
  EXPECT_FALSE(evaluate(fixture::view(program), frame.set(), kSchemas, steps));
  EXPECT_TRUE(steps.over());
}

TEST(Steps, are_not_spent_on_runs_that_have_none_of_the_field) {
  Frame frame;
  for (std::uint64_t i = 0; i < 2000; ++i) frame.number(kU8, i % 200);
  const auto program = compiled_program("toy.u16 == 7");
  auto values = frame.set();
  for (std::size_t i = 0; i < values.runs.size(); ++i) values.fields[i] = ValueSet::fields_of(values.runs[i]);
  Steps steps{50};
  EXPECT_FALSE(evaluate(fixture::view(program), values, kSchemas, steps));
  EXPECT_FALSE(steps.over());
}

}  // namespace
}  // namespace sluice::language
