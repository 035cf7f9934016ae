// Properties over random expressions and random frames. Seeds are fixed; a failure names the expression.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "rules/language/language_reference.hpp"
#include "rules/language/parse.hpp"

namespace sluice::language {
namespace {

using namespace fixture;
using reference::Maker;
using reference::Random;

Compiled compiled(const std::string& text) {
  Diagnostics diagnostics;
  auto out = compile(text, {"t", 1, 1}, kSchemas, {}, diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << text << "\n"
                                   << (diagnostics.empty() ? "" : diagnostics.errors().front().text());
  return out;
}

std::string printed(const std::string& text) {
  Diagnostics diagnostics;
  Report report{text, {}, diagnostics};
  const auto tree = parse(text, tokens(text, report), report);
  return print(tree, tree.root);
}

TEST(Property, AProgramSaysWhatTheExpressionMeans) {
  Random random{1};
  Maker maker{random};
  std::size_t held = 0;
  for (int i = 0; i < 4000; ++i) {
    const auto test = maker.test(3);
    const auto program = compiled(test.text);
    ASSERT_TRUE(validate(view(program), kSchemas)) << test.text;
    for (int j = 0; j < 8; ++j) {
      const auto frame = maker.frame(12);
      const bool expected = test.holds(frame);
      held += expected ? 1 : 0;
      ASSERT_EQ(evaluate(view(program), frame.set(), kSchemas), expected) << test.text;
    }
  }
  EXPECT_GT(held, 8000U);  // of 32,000: the question was a real one
  EXPECT_LT(held, 24000U);
}

TEST(Property, ManyValuesAreComparedAsFewAre) {
  Random random{2};
  Maker maker{random};
  for (int i = 0; i < 300; ++i) {
    const auto test = maker.test(0);
    const auto program = compiled(test.text);
    ASSERT_TRUE(validate(view(program), kSchemas)) << test.text;
    const auto frame = maker.frame(3000);
    ASSERT_EQ(evaluate(view(program), frame.set(), kSchemas), test.holds(frame)) << test.text;
  }
}

TEST(Property, WhatIsPrintedParsesToTheSameProgram) {
  Random random{3};
  Maker maker{random};
  for (int i = 0; i < 3000; ++i) {
    const auto text = maker.test(4).text;
    const auto once = printed(text);
    const auto a = compiled(text);
    const auto b = compiled(once);
    ASSERT_EQ(a.nodes, b.nodes) << text << "\n" << once;
    ASSERT_EQ(a.constants, b.constants) << text << "\n" << once;
    ASSERT_EQ(printed(once), once) << text;
  }
}

TEST(Property, DeMorganHolds) {
  Random random{4};
  Maker maker{random};
  for (int i = 0; i < 2000; ++i) {
    const auto a = maker.test(2).text;
    const auto b = maker.test(2).text;
    const auto first = compiled("not ((" + a + ") and (" + b + "))");
    const auto second = compiled("!(" + a + ") || !(" + b + ")");
    const auto third = compiled("!(!(" + a + ")) and !!(" + b + ")");
    for (int j = 0; j < 4; ++j) {
      const auto set = maker.frame(10);
      const bool truth = evaluate(view(first), set.set(), kSchemas);
      ASSERT_EQ(evaluate(view(second), set.set(), kSchemas), truth) << a << "\n" << b;
      ASSERT_EQ(evaluate(view(third), set.set(), kSchemas), !truth) << a << "\n" << b;
    }
  }
}

TEST(Property, APlaceInSharedConstantsChangesNothing) {
  Random random{5};
  Maker maker{random};
  for (int i = 0; i < 500; ++i) {
    const auto text = maker.test(3).text;
    const auto alone = compiled(text);
    auto moved = alone;
    const auto offset = static_cast<std::uint32_t>(random.below(1000));
    relocate(moved.nodes, offset);
    moved.constants.insert(moved.constants.begin(), offset, 0xee);
    ASSERT_TRUE(validate(view(moved), kSchemas)) << text;
    const auto frame = maker.frame(12);
    ASSERT_EQ(evaluate(view(moved), frame.set(), kSchemas), evaluate(view(alone), frame.set(), kSchemas))
        << text;
  }
}

// Constants in a block of exactly their size, so that the sanitizer sees a step beyond.
struct Hostile {
  std::vector<Node> nodes;
  std::unique_ptr<std::uint8_t[]> constants;
  std::size_t size = 0;

  Hostile(std::vector<Node> from, const std::vector<std::uint8_t>& bytes)
      : nodes{std::move(from)}, constants{new std::uint8_t[bytes.size()]}, size{bytes.size()} {
    std::copy(bytes.begin(), bytes.end(), constants.get());
  }
  [[nodiscard]] ProgramView view() const { return {nodes, {constants.get(), size}}; }
};

TEST(Validate, LetsNoMutatedProgramReadOutOfBounds) {
  Random random{6};
  Maker maker{random};
  std::size_t accepted = 0;
  for (int i = 0; i < 1500; ++i) {
    auto text = maker.test(2).text;
    if (random.chance(30)) text += " and toy.text matches r\"a(b|[ab.]{1,3})*?\\b.$\"";
    if (random.chance(20)) text += " or string(toy.ip)[0:3] == \"1.2\" or toy.text contains \"aab\"";
    const auto program = compiled(text);
    for (int j = 0; j < 40; ++j) {
      auto nodes = program.nodes;
      auto constants = program.constants;
      for (std::size_t k = random.below(3) + 1; k != 0; --k) {
        const bool in_nodes = constants.empty() || random.chance(50);
        auto* const bytes = in_nodes ? reinterpret_cast<std::uint8_t*>(nodes.data()) : constants.data();
        const auto size = in_nodes ? nodes.size() * sizeof(Node) : constants.size();
        auto& byte = bytes[random.below(size)];
        byte = random.chance(50) ? static_cast<std::uint8_t>(random.below(256))
                                 : static_cast<std::uint8_t>(byte ^ 1U << random.below(8));
      }
      if (random.chance(10) && !constants.empty()) constants.resize(random.below(constants.size()));
      const Hostile hostile{std::move(nodes), constants};
      if (!validate(hostile.view(), kSchemas)) continue;
      ++accepted;
      const auto frame = maker.frame(12);
      (void)evaluate(hostile.view(), frame.set(), kSchemas);
    }
  }
  EXPECT_GT(accepted, 3000U);  // mutations reach the evaluator
}

TEST(Validate, LetsNoRandomNodesReadOutOfBounds) {
  Random random{7};
  Maker maker{random};
  std::size_t accepted = 0;
  for (int i = 0; i < 60000; ++i) {
    std::vector<Node> nodes(random.below(8) + 1);
    std::vector<std::uint8_t> constants(random.below(64));
    for (auto& byte : constants)
      byte = static_cast<std::uint8_t>(random.chance(60) ? random.below(4) : random.below(256));
    for (std::size_t at = 0; at < nodes.size(); ++at) {
      auto& node = nodes[at];
      node.op = static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(Op::count_) + 1));
      node.flags = static_cast<std::uint8_t>(random.below(64));
      node.protocol = static_cast<std::uint16_t>(random.below(3));
      node.field = static_cast<std::uint16_t>(random.below(kFields.size() + 1));
      node.bits = static_cast<std::uint16_t>(random.below(40));
      node.a = static_cast<std::uint32_t>(random.below(nodes.size() + 2));
      node.b = static_cast<std::uint32_t>(random.below(40));
      node.number = random.chance(80) ? random.below(40) : random.engine();
    }
    const Hostile hostile{std::move(nodes), constants};
    if (!validate(hostile.view(), kSchemas)) continue;
    ++accepted;
    const auto frame = maker.frame(12);
    (void)evaluate(hostile.view(), frame.set(), kSchemas);
  }
  EXPECT_GT(accepted, 1000U);
}

}  // namespace
}  // namespace sluice::language
