// Guard: watches what leaves the box, as the receivers would, and says of each frame whether it may: an
// executable reading of the design, short and deliberately naive. It never asks what the box thinks. A stream
// is a map from offset to byte; messages are cut from it when all of their bytes are there; a message that
// no reading of the rules allows is a violation, and so is all that would let receivers disagree about it.
// One-sided: what it can't know (a connection whose beginning it has not seen, long silence) it lets be.
//
// One thread. Memory is made for the first segment of each flow, at most 4,096 of them, 8,192 bytes of each
// direction, 64 requests that wait.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <vector>

#include "tests/model/allowed.hpp"
#include "tests/model/frame.hpp"

namespace sluice::model {

inline constexpr std::uint32_t kWindow = 8192;

// What one end has sent, by the offset from its first byte.
struct Half {
  bool based = false;
  std::uint32_t base = 0;   // the sequence number of offset 0
  std::uint32_t end = 0;    // every byte below has left
  std::uint32_t acked = 0;  // every byte below was acknowledged by the other end
  bool finished = false;
  std::uint32_t fin = 0;  // offset behind the last byte
  std::bitset<kWindow> there;
  std::array<std::uint8_t, kWindow> byte;  // by offset, modulo kWindow
};

// One way to read the conversation as Modbus: who asks, by which rules.
struct Reading {
  bool alive = false;
  std::size_t client = 0;  // the half that asks
  Some rules, umas;
  std::array<std::uint32_t, 2> judged{};  // offset: below are whole messages
  std::array<Awaited, 64> waiting{};
  std::uint32_t asked = 0;
  std::uint64_t open = 0;  // bit by place in `waiting`
};

struct Conversation {
  std::array<std::uint8_t, 48> key{};
  std::array<bool, 2> spoke{};  // by half; half 0 has the smaller end
  std::int64_t touched = 0;     // ns
  // TCP
  std::array<bool, 2>
      claimed{};  // by half: the other end says that it has all below `claim`, before any SYN-ACK
  std::array<std::uint32_t, 2> claim{};
  std::array<bool, 2> ahead{};   // by half: midstream it said a number before any byte; what is below is old
  std::array<bool, 2> parted{};  // by half: a FIN of it left, in its place or not
  bool midstream = false;
  bool over = false;    // a reset left
  bool denied = false;  // the box's own
  std::size_t opener = 0;
  std::array<std::uint16_t, 2> port{};
  bool opaque = false;
  std::array<Reading, 2> reading;
  std::array<Half, 2> half;
  std::array<bool, 2> whole_segments{};  // by the half that sends
  bool stand_ins = false;
};

class Guard {
 public:
  explicit Guard(const Policy& policy);

  // What is wrong with this frame leaving by `port`, or nullptr. `made`: it is the box's own.
  const char* left(std::uint32_t port, const std::uint8_t* frame, std::size_t size, std::int64_t now,
                   bool made);

  // This frame came in by `port`. What its sender says that it has is its own word, whether the frame then
  // leaves or not: midstream a refused segment does not end its session.
  void came(std::uint32_t port, const std::uint8_t* frame, std::size_t size);

  // As it was at first; what takes long to make is kept.
  void forget();

  // The last frame that left carried messages that were judged: how many.
  std::uint32_t judged() const { return judged_; }
  // It carried bytes of a conversation that is read as Modbus.
  bool framed() const { return framed_; }
  const Seen& seen() const { return seen_; }
  const Allowed& allowed() const { return allowed_; }

 private:
  const char* by_number(const Seen& seen, const std::uint8_t* frame, const Conduit& conduit,
                        std::size_t side);
  const char* groundwork(const Seen& seen, const std::uint8_t* frame, const Conduit& conduit,
                         std::size_t side, bool& is);
  const char* datagram(const Seen& seen, const std::uint8_t* frame, const Conduit& conduit, std::size_t side);
  const char* segment(const Seen& seen, const std::uint8_t* frame, const Conduit& conduit, std::size_t side,
                      bool made);
  const char* begin(Conversation& flow, const Seen& seen, const Conduit& conduit, std::size_t side,
                    std::size_t me);
  const char* reset(Conversation& flow, const Seen& seen, std::size_t me, bool made);
  const char* take(Conversation& flow, const Seen& seen, const std::uint8_t* frame, std::size_t me);
  bool uncovered(const Conversation& flow, std::size_t me, Bytes bytes, std::size_t size) const;
  const char* read(Conversation& flow, std::size_t me, const std::uint8_t* fresh, std::size_t fresh_size);
  const char* messages(Conversation& flow, Reading& reading, std::size_t me);
  const char* message(Conversation& flow, Reading& reading, std::size_t me, Bytes message, std::size_t size);

  Conversation* find(const Seen& seen, Tags tags, bool make, std::size_t& me);

  Allowed allowed_;
  std::vector<std::unique_ptr<Conversation>> flows_;  // a table with open places
  std::int64_t now_ = 0;
  std::uint32_t judged_ = 0;
  bool framed_ = false;
  Seen seen_;
  std::uint32_t port_ = 0;
};

}  // namespace sluice::model
