// Course: a conversation rendered and taken through a box by two honest ends of TCP, and what came of it.
// Ends stop when they are reset, and answer only what they heard. compare() is the oracle of this folder: it
// says in words how one outcome differs from the base's, or nothing. One thread.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "tests/metamorphic/box.hpp"

namespace sluice::metamorphic {

// Of one direction of a connection. Datagrams are bytes behind two of their length.
struct Heard {
  Bytes said;                         // by the sender's application
  Bytes delivered;                    // to the receiver's
  std::vector<std::size_t> messages;  // where each ends in `said`
  std::vector<Stretch> segments;      // of `said`
};

struct Outcome {
  Rendering rendering;
  std::map<std::uint16_t, std::vector<Entry>> log;      // by client port
  std::map<std::uint16_t, std::array<Heard, 2>> heard;  // by Role of the sender
  EngineCounters counters;
  std::vector<std::string> faults;  // what must never be, in any rendering
};

Outcome run(const Conversation& conversation, const Rendering& rendering, Box& box);

// All that differs, but for what README.md lists; empty when nothing does.
std::string compare(const Conversation& conversation, const Outcome& base, const Outcome& other);

}  // namespace sluice::metamorphic
