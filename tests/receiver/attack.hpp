// What a hostile sender does with one connection: a plan of moves, made from a seed or by counting, and
// carried out on a Course. A plan can be printed.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/receiver/course.hpp"

namespace sluice::receiver {

enum class Spoil : std::uint8_t {
  none,
  checksum,
  urgent,
  no_ack,
  reserved,
  acknowledges_ahead,
  acknowledges_behind,
  old_stamp,
  no_stamp,
  odd_option,
  low_ttl,
  beyond_window,
  below_start,
  trailer,
};
inline constexpr std::uint32_t kSpoils = 14;

enum class Kind : std::uint8_t {
  data,       // bytes [offset, offset + length) of one of the contents
  fragments,  // the same, in IP fragments
  piece,      // one fragment: cells [offset, offset + length) of a segment that is a whole request
  fin,        // the same with a FIN
  reset,      // at `offset`
  syn,        // again, `offset` ahead of the first
  keepalive,  // one byte of garbage below `offset`
  listen,     // what the receiver said meets the engine and the client
  deaf,       // or is lost in front of the engine
  pass,       // milliseconds go by
};
inline constexpr std::uint32_t kKinds = 10;

struct Move {
  Kind kind = Kind::data;
  Spoil spoil = Spoil::none;
  std::uint8_t content = 0;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;  // bytes, or milliseconds
  std::uint32_t detail = 0;  // how it is cut into fragments
};

struct Plan {
  std::uint16_t port = kDecodedPort;
  Denial denial = Denial::reset;
  std::uint32_t first = 0;  // number of the first byte
  bool timestamps = false;
  bool honest_end = false;  // at last all of content 0 is sent as it should be
  std::uint16_t window = 65535;
  std::uint64_t lost = 0;  // behind the engine, by number of the frame that leaves
  std::uint64_t late = 0;
  std::vector<std::string> contents;  // the same length each; 0 is what an honest sender would send
  std::vector<Move> moves;
};

[[nodiscard]] Plan random_plan(std::uint64_t seed, bool may_lose);

// Every sequence of up to three pieces, of a stream and of a datagram: how many plans there are, and one of
// them.
[[nodiscard]] std::uint64_t exhaustive_count();
[[nodiscard]] Plan exhaustive_plan(std::uint64_t index);

// Carries it out; empty, or what is wrong.
[[nodiscard]] std::string carry_out(const Plan& plan, Course& course);
void print(const Plan& plan);

}  // namespace sluice::receiver
