// Stream: one TCP connection made unambiguous, both directions. It says what to do with each segment so that
// the receiver can only ever assemble the bytes that were inspected, and keeps, in order and contiguous, the
// bytes that are not yet judged (an unfinished message) or not yet acknowledged (to compare retransmissions
// with). One worker's; no allocation: bytes come from a BytePool and held frames from a HeldPool, both
// bounded. Sequence arithmetic is modulo 2^32 (RFC 9293 3.4).
//
// For each segment the engine calls accept(). When the step says `fresh > 0`, pending() ends with the new
// bytes: the engine judges whole messages from its front, calls consume() for each, then either settle() (the
// segment is forwarded) or undo() (it is not: the bytes are forgotten as if never seen). Then next_held()
// until it says no: frames that waited for the hole to fill, to be run through accept() again.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/flow/key.hpp"
#include "dataplane/packet/packet.hpp"
#include "dataplane/stream/half.hpp"
#include "dataplane/stream/pools.hpp"
#include "rules/base/clock.hpp"
#include "rules/schema/reason.hpp"

namespace sluice {

// What tracking may do about a segment that is out of line.
enum class Tracking : std::uint8_t {
  enforce,  // hold, strip, drop
  observe,  // monitor and learn: every segment is forwarded; a hole ends the message it is in, and tracking
            // starts again behind it (step.gap)
};

struct Step {
  enum class Act : std::uint8_t {
    forward,  // as it is
    empty,    // forward with its payload removed: all of it was acknowledged before, or it is a reset's text
    hold,     // the pool has it now; the caller gives nothing back
    drop,
    challenge,  // drop, and answer the sender in the name of the other end with the bare ACK that challenge()
                // tells: a host that lost the connection resets it then (RFC 5961 4.2)
    judge,      // bytes that passed before any was retained, sent again, and perhaps some of those retained:
                // forward when the payload behind `repeated` is good by itself, else drop for `reason`.
                // Nothing was changed, and nothing is to be settled or undone
  };
  Act act = Act::forward;
  Reason reason = Reason::none;  // of a drop; in observe, what enforce would have dropped for
  std::uint32_t fresh = 0;       // bytes now at the end of pending() that were not there before
  // forward: bytes at the front of the payload that were forwarded before and are the same; judge: bytes
  // there that were acknowledged.
  std::uint32_t repeated = 0;
  std::uint32_t known = 0;  // judge: bytes at the end of the payload that left before, as they are here
  // forward: some of these were forwarded otherwise than they were sent; call restore().
  bool rewrite = false;
  bool gap = false;           // observe: bytes are missing before these; pending() holds only what follows
  std::uint32_t missing = 0;  // how many, with gap; 0: not known
  bool opened = false;        // the three-way handshake is complete with this segment
  bool closed = false;        // both ends have closed, or a valid reset passed
  bool restart = false;  // nothing was done: a new connection begins with this SYN. Clear this stream, let a
                         // new one accept the packet. In enforce only after `closed`
};

enum class StreamPhase : std::uint8_t { fresh, syn_seen, syn_ack_seen, established, closing, closed };

class Stream {
 public:
  // Direction of the end that opened the connection; meaningful from the first segment on (midstream: unknown
  // until set).
  [[nodiscard]] Direction opener() const noexcept { return opener_; }
  void set_opener(Direction direction) noexcept { opener_ = direction; }
  [[nodiscard]] StreamPhase phase() const noexcept { return phase_; }
  [[nodiscard]] bool midstream() const noexcept { return midstream_; }  // no handshake was seen

  // `retain`: this end's bytes are decoded or scanned, so they are kept until judged and acknowledged;
  // otherwise only numbers are tracked and `fresh` stays the count while pending() is empty.
  Step accept(Direction direction, const Packet& packet, Time now, Tracking tracking, bool retain,
              StreamPools& pools) noexcept;

  // Bytes of `direction` from the first that is not consumed to the last accepted.
  [[nodiscard]] ByteView pending(Direction direction, const StreamPools& pools) const noexcept;
  void consume(Direction direction, std::uint32_t bytes) noexcept;
  // The last accepted segment of `direction` is not forwarded. Also without `retain`, when the numbers go
  // back all the same: else its repetition would pass as something that was forwarded before.
  void undo(Direction direction, const Packet& packet, std::uint32_t fresh, StreamPools& pools) noexcept;
  // Before settle(), and before the segment is forwarded: instead of the last segment's fresh bytes from
  // `at` on, `bytes` are forwarded. The retained bytes become these, and a repetition of this range is not
  // compared: it leaves with what was forwarded, until that is acknowledged. Ranges come in order. False, and
  // nothing is changed, without `retain` or with more than Half::kMostReplaced ranges under way.
  [[nodiscard]] bool replaced(Direction direction, std::uint32_t at, ByteView bytes) noexcept;
  // After accept() said `rewrite`: makes the packet, checksum included, carry what was forwarded before.
  void restore(Direction direction, Packet& packet) const noexcept { at(direction).restore(packet); }
  // After the segment was forwarded: gives back memory that is consumed and acknowledged.
  void settle(Direction direction, StreamPools& pools) noexcept;

  // A held frame that is in order now; false when there is none.
  bool next_held(Direction direction, StreamPools& pools, Packet& packet) noexcept;
  // Gives a frame that was held the timestamp of what passed meanwhile, since its receiver would take it for
  // an old one (RFC 7323 5). Says whether the frame was changed.
  bool restamp(Direction direction, Packet& packet) const noexcept;
  // Any held frame of the flow, in or out of order: to release them at the end of the flow or when a hole
  // never fills.
  bool take_held(StreamPools& pools, Packet& packet) noexcept;
  [[nodiscard]] std::uint32_t held() const noexcept;
  [[nodiscard]] Time held_since() const noexcept;

  // May a segment that begins there be under way, forwarded and not acknowledged, for all that is known? A
  // keepalive begins one below.
  [[nodiscard]] bool in_flight(Direction direction, std::uint32_t sequence) const noexcept;

  // For a reset that both ends accept: what `direction` sends next, and what it has been told was received.
  struct Position {
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
    std::uint16_t window = 0;
  };
  [[nodiscard]] Position position(Direction direction) const noexcept;
  // What the other end of `direction` answers to a SYN from there: an ACK of what it knows.
  [[nodiscard]] Position challenge(Direction direction) const noexcept {
    const Position other = position(opposite(direction));
    return {other.sequence, at(direction).next, other.window};
  }

  // Gives all memory back; held frames must have been taken before. The stream is as new.
  void clear(StreamPools& pools) noexcept;

 private:
  // What undo() goes back to: taken by each accept() that changes anything.
  struct Before {
    Direction direction = Direction::forth;
    StreamPhase phase = StreamPhase::fresh;
    bool valid = false;
    bool midstream = false;
    bool reset = false;
    bool started = false;
    bool finished = false;
    std::uint32_t start = 0;
    std::uint32_t next = 0;
    std::uint32_t consumed = 0;
    std::uint32_t fresh_from = 0;  // number of the first fresh byte
  };

  [[nodiscard]] Half& at(Direction direction) noexcept {
    return halves_[static_cast<std::size_t>(direction)];
  }
  [[nodiscard]] const Half& at(Direction direction) const noexcept {
    return halves_[static_cast<std::size_t>(direction)];
  }
  void remember(Direction direction) noexcept;

  // What enforce does with a segment; nothing is changed.
  [[nodiscard]] Step examine(Direction direction, const Packet& packet, Time now, Tracking tracking,
                             bool retain) const noexcept;
  [[nodiscard]] Step examine_syn(Direction direction, const Packet& packet, Tracking tracking) const noexcept;
  [[nodiscard]] Step examine_reset(Direction direction, const Packet& packet) const noexcept;
  [[nodiscard]] bool challenges(Direction direction, const Packet& packet) const noexcept;
  [[nodiscard]] bool timely(Direction direction, const Packet& packet, Time now) const noexcept;
  [[nodiscard]] Step examine_segment(Direction direction, const Packet& packet, Tracking tracking,
                                     bool retain) const noexcept;
  [[nodiscard]] Step examine_unplaced(const Half& half, const Packet& packet) const noexcept;
  [[nodiscard]] static bool tells_place(const Half& half, const Packet& packet) noexcept;
  [[nodiscard]] bool may_acknowledge(Direction direction, std::uint32_t acknowledgement) const noexcept;

  Step enforce(Direction direction, const Packet& packet, Time now, bool retain, StreamPools& pools) noexcept;
  bool hold(Direction direction, const Packet& packet, Time now, StreamPools& pools) noexcept;
  Step observe(Direction direction, const Packet& packet, Time now, bool retain, StreamPools& pools) noexcept;
  void observe_bytes(Direction direction, const Packet& packet, bool retain, StreamPools& pools,
                     Step& step) noexcept;
  bool observe_order(Half& half, ByteView payload, std::uint32_t sequence, StreamPools& pools,
                     Step& step) noexcept;

  void take_syn(Direction direction, const Packet& packet, StreamPools& pools) noexcept;
  void take_acknowledgement(Direction direction, const Packet& packet, StreamPools& pools) noexcept;
  bool take_older(Direction direction, const Packet& packet) noexcept;
  void take_stamps(Direction direction, const Packet& packet, Time now) noexcept;
  void take_fin(Half& half) noexcept;
  void move_phase(Direction direction, Step& step) noexcept;
  void pop_held(Half& half, StreamPools& pools, Packet& packet) noexcept;

  std::array<Half, 2> halves_{};
  Before before_{};
  Direction opener_ = Direction::forth;
  StreamPhase phase_ = StreamPhase::fresh;
  bool midstream_ = false;
  bool reset_ = false;
  bool stamped_ = false;     // both ends offered timestamps, so that each segment but a reset has one
  bool challenged_ = false;  // while the handshake is not answered: the other end knows an older connection,
  std::uint32_t challenge_ = 0;  // which a reset with this number ends
  Time challenge_made_{};        // when the last Act::challenge was told
};

}  // namespace sluice
