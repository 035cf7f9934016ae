// Stream: one TCP connection made unambiguous, both directions. It says what to do with each segment so that the receiver can
// only ever assemble the bytes that were inspected, and keeps, in order and contiguous, the bytes that are not yet judged
// (an unfinished message) or not yet acknowledged (to compare retransmissions with). One worker's; no allocation: bytes
// come from a BytePool and held frames from a HeldPool, both bounded. Sequence arithmetic is modulo 2^32 (RFC 9293 3.4).
//
// For each segment the engine calls accept(). When the step says `fresh > 0`, pending() ends with the new bytes: the engine
// judges whole messages from its front, calls consume() for each, then either settle() (the segment is forwarded)
// or undo() (it is not: the bytes are forgotten as if never seen). Then next_held() until it says no: frames that waited
// for the hole to fill, to be run through accept() again.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/flow/key.hpp"
#include "dataplane/packet/packet.hpp"
#include "dataplane/stream/pools.hpp"
#include "rules/base/clock.hpp"
#include "rules/schema/reason.hpp"

namespace sluice {

// What tracking may do about a segment that is out of line.
enum class Tracking : std::uint8_t {
  enforce,  // hold, strip, drop
  observe,  // monitor and learn: every segment is forwarded; a hole ends the message it is in, and tracking starts
            // again behind it (step.gap)
};

struct Step {
  enum class Act : std::uint8_t {
    forward,  // as it is
    empty,    // forward with its payload removed: all of it was acknowledged before
    hold,     // the pool has it now; the caller gives nothing back
    drop,
  };
  Act act = Act::forward;
  Reason reason = Reason::none;  // of a drop; in observe, what enforce would have dropped for
  std::uint32_t fresh = 0;       // bytes now at the end of pending() that were not there before
  bool gap = false;              // observe: bytes are missing before these; pending() holds only what follows
  bool opened = false;           // the three-way handshake is complete with this segment
  bool closed = false;           // both ends have closed, or a valid reset passed
};

enum class StreamPhase : std::uint8_t { fresh, syn_seen, syn_ack_seen, established, closing, closed };

class Stream {
 public:
  // Direction of the end that opened the connection; meaningful from the first segment on (midstream: unknown until set).
  [[nodiscard]] Direction opener() const noexcept;
  [[nodiscard]] StreamPhase phase() const noexcept;
  [[nodiscard]] bool midstream() const noexcept;  // no handshake was seen

  // `retain`: the flow is decoded or scanned, so its bytes are kept until judged and acknowledged; otherwise only numbers
  // are tracked and `fresh` stays the count while pending() is empty.
  Step accept(Direction direction, const Packet& packet, Time now, Tracking tracking, bool retain,
              StreamPools& pools) noexcept;

  // Bytes of `direction` from the first that is not consumed to the last accepted.
  [[nodiscard]] ByteView pending(Direction direction, const StreamPools& pools) const noexcept;
  void consume(Direction direction, std::uint32_t bytes) noexcept;
  void undo(Direction direction, const Packet& packet, std::uint32_t fresh, StreamPools& pools) noexcept;
  // After the segment was forwarded: gives back memory that is consumed and acknowledged.
  void settle(Direction direction, StreamPools& pools) noexcept;

  // A held frame that is in order now; false when there is none.
  bool next_held(Direction direction, StreamPools& pools, Packet& packet) noexcept;
  // Any held frame of the flow, in or out of order: to release them at the end of the flow or when a hole never fills.
  bool take_held(StreamPools& pools, Packet& packet) noexcept;
  [[nodiscard]] std::uint32_t held() const noexcept;
  [[nodiscard]] Time held_since() const noexcept;

  // For a reset that both ends accept: what `direction` sends next, and what it has been told was received.
  struct Position {
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
    std::uint16_t window = 0;
  };
  [[nodiscard]] Position position(Direction direction) const noexcept;

  // Gives all memory back; held frames must have been taken before.
  void clear(StreamPools& pools) noexcept;
};

}  // namespace sluice
