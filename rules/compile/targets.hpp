// Targets: what an allow rule lets a request touch, as text of the rule and as sorted, merged intervals.
//
//   holding                the whole space            db 5 0..9       key and addresses
//   holding 0..99          addresses                  db * 0..9       any key
//   tag "Speed" 0..3       name (quotes when it has   node 2;s=Pump   key and name
//                          blanks or quotes)          node 2          any name of a key
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "rules/compile/notes.hpp"
#include "rules/schema/schema.hpp"

namespace sluice::compile {

struct Target {
  std::uint16_t space = 0;
  bool any_key = false;
  std::uint64_t key = 0;
  bool any_name = false;
  std::string name;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  auto operator<=>(const Target&) const = default;
};

// Appends the target that `word` names; reports what is wrong with it.
void parse_target(const Word& word, const Schema& schema, std::vector<Target>& targets, Notes& notes);

// Sorts, and joins what overlaps or touches. The union stays the same.
void merge(std::vector<Target>& targets);

}  // namespace sluice::compile
