// Bench: a conversation's base beside any of its renderings. The rulesets are made once a process. One
// thread; for tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <utility>

#include "tests/metamorphic/course.hpp"

namespace sluice::metamorphic {

inline const Ruleset& rules(Tags tags) {
  static std::array<std::unique_ptr<const Ruleset>, kTagsCount> made;
  auto& one = made[static_cast<std::size_t>(tags)];
  if (one == nullptr) one = rules_for(tags);
  return *one;
}

inline Outcome run(const Conversation& conversation, const Rendering& rendering) {
  Engines box{rules(rendering.tags), conversation.connections.size(), rendering.queues, rendering.burst};
  return run(conversation, rendering, box);
}

class Bench {
 public:
  explicit Bench(Conversation conversation) : conversation_{std::move(conversation)} {
    base = metamorphic::run(conversation_, Rendering{});
  }
  // Does the rendering come to the same as the base?
  testing::AssertionResult same(const Rendering& rendering) {
    return verdict(compare(conversation_, base, metamorphic::run(conversation_, rendering)));
  }
  testing::AssertionResult same(const Rendering& rendering, Box& box) {
    return verdict(compare(conversation_, base, metamorphic::run(conversation_, rendering, box)));
  }
  [[nodiscard]] std::size_t size() const { return conversation_.connections.size(); }
  [[nodiscard]] std::size_t told(const std::string& what) const {
    std::size_t count = 0;
    for (const auto& [port, entries] : base.log) {
      for (const auto& entry : entries) count += entry.what.starts_with(what) ? 1U : 0U;
    }
    return count;
  }

  Outcome base;

 private:
  static testing::AssertionResult verdict(const std::string& differs) {
    return differs.empty() ? testing::AssertionSuccess() : testing::AssertionFailure() << differs;
  }

  Conversation conversation_;
};

// Takes a conversation through a rendering for each size from `first` on at which something of it can be cut;
// what has become too short is left out. How many renderings that were.
template <class Render>  // Rendering(std::uint32_t size)
std::size_t at_each_size(const Conversation& conversation, Unit unit, std::uint32_t first, std::uint32_t step,
                         Render render) {
  std::size_t renderings = 0;
  std::optional<Bench> bench;
  for (std::uint32_t size = first;; size += step) {
    auto some = longer_than(conversation, size, unit);
    if (some.connections.empty()) return renderings;
    if (!bench || bench->size() != some.connections.size()) bench.emplace(std::move(some));
    EXPECT_TRUE(bench->same(render(size)));
    ++renderings;
  }
}

}  // namespace sluice::metamorphic
