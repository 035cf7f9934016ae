// Half: what one end of a TCP connection has sent: its numbers, and its bytes that are not yet judged or not
// yet acknowledged, contiguous in one piece of a BytePool. Part of a Stream; used by nothing else. Sequence
// numbers, modulo 2^32.
//
//   start <= base <= consumed <= data_end() <= next        base <= max(acked, base at the last trim)
//   no buffer  =>  base == consumed == data_end()
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/packet/packet.hpp"
#include "dataplane/stream/pools.hpp"
#include "rules/base/bytes.hpp"
#include "rules/base/clock.hpp"

namespace sluice {

struct Half {
  static constexpr std::uint32_t kMostRetained = 256U << 10;
  static constexpr std::uint8_t kMostReplaced = 8;  // ranges
  static constexpr std::uint8_t kNoScale = 0xff;    // the option was absent
  static constexpr std::uint8_t kMostScale = 14;    // RFC 7323 2.3; also what an unknown scale counts as
  static constexpr std::uint32_t kSpan = 1U << 29;  // numbers this far below `acked` can't be meant any more

  // Numbers
  std::uint32_t start = 0;  // the initial sequence number, or the first number seen midstream; never more
                            // than kSpan below `acked`
  std::uint32_t next = 0;   // all below was forwarded; SYN and FIN count one each
  std::uint32_t acked = 0;  // the most that the other end acknowledged
  std::uint32_t edge =
      0;  // the first number beyond the window that the other end announced; never moves back
  std::uint32_t most_window = 0;  // the widest window that this end announced, scaled
  std::uint16_t window = 0;       // the last one, as on the wire
  std::uint8_t offered_scale = kNoScale;
  std::uint8_t scale = kMostScale;  // of the windows that this end announces
  bool started = false;  // `start` and `next` are this end's own, not only what the other end acknowledged
  bool acked_known = false;
  bool edge_known = false;
  bool finished = false;  // its FIN was forwarded, at next - 1

  // Timestamps (RFC 7323): what this end sent, and what the other end says that it goes by.
  static constexpr Duration kStampsLive = seconds(24ULL * 24 * 3600);  // RFC 7323 5.5
  std::uint32_t stamp = 0;                                             // the newest TSval forwarded
  std::uint32_t echo = 0;      // the newest TSecr of the other end: its TS.Recent
  Time echoed{};               // when it came
  bool offers_stamps = false;  // in every SYN of this end
  bool echo_known = false;

  // Observing
  bool lost = false;  // no memory: pending bytes were given up, the next fresh ones follow a gap
  bool jumped =
      false;  // what lies behind hole_from is perhaps not of the stream: no receiver need have taken it
  std::uint32_t hole_from = 0;  // the last hole that was stepped over
  std::uint32_t hole_to = 0;

  // Bytes
  std::uint32_t base = 0;      // number of the first byte retained
  std::uint32_t consumed = 0;  // number of the first byte not judged
  std::uint32_t offset = 0;    // of `base` in the buffer
  std::uint8_t size_class = 0;
  std::uint8_t* buffer = nullptr;

  // Where what is retained, and was forwarded, is not what the sender sent: in order, none touching the next.
  struct Range {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
  };
  std::array<Range, kMostReplaced> replaced{};
  std::uint8_t replaced_count = 0;

  // Frames that wait
  std::uint32_t held_first = HeldPool::kNone;
  std::uint32_t held = 0;
  Time held_since{};

  [[nodiscard]] std::uint32_t data_end() const noexcept { return next - (finished ? 1U : 0U); }
  [[nodiscard]] std::uint32_t retained() const noexcept { return data_end() - base; }
  [[nodiscard]] ByteView pending() const noexcept;
  // Are the bytes [from, to) the same in `payload`, whose first byte has the number `sequence`? All of them
  // are retained. What was replaced can't be the same, and is not asked about.
  [[nodiscard]] bool same(std::uint32_t from, std::uint32_t to, ByteView payload,
                          std::uint32_t sequence) const noexcept;

  // Was any of [from, to) replaced?
  [[nodiscard]] bool any_replaced(std::uint32_t from, std::uint32_t to) const noexcept;
  // `bytes` were forwarded at [from, from + size), which is retained, instead of what is there, and behind
  // every range before. False, and nothing is changed, when there are kMostReplaced ranges.
  bool replace(std::uint32_t from, ByteView bytes) noexcept;
  // Writes what was forwarded over what was sent, in a packet that repeats some of it.
  void restore(Packet& packet) const noexcept;

  // Does the other end ignore a segment with this TSval (RFC 7323 5.3, R1)?
  [[nodiscard]] bool outdated(std::uint32_t value, Time now) const noexcept {
    return echo_known && static_cast<std::int32_t>(value - echo) < 0 && now - echoed < kStampsLive;
  }
  // This end sent TSval `value`; the other end answered with TSecr `value`.
  void take_stamp(std::uint32_t value) noexcept;
  void take_echo(std::uint32_t value, Time now) noexcept;

  // This end's numbers begin at `first`; what is new, and retained, begins at `at`.
  void place(std::uint32_t first, std::uint32_t at) noexcept;
  // `next` moves on by `count` bytes, which append() took or nobody retains.
  void advance(std::uint32_t count) noexcept;
  // Room for `bytes` more behind the last one, and the bytes there. False when that exceeds kMostRetained or
  // the pool.
  bool append(ByteView bytes, BytePool& pool) noexcept;
  void consume(std::uint32_t count) noexcept;
  // Gives up what is judged and acknowledged.
  void trim(BytePool& pool) noexcept;
  // Gives up what is judged, acknowledged or not.
  void forget_consumed(BytePool& pool) noexcept;
  // Gives up all bytes; the next to be retained has the number `at`.
  void forget(std::uint32_t at, BytePool& pool) noexcept;
  // The last bytes, back to the number `end`, were never there.
  void forget_from(std::uint32_t end) noexcept;

 private:
  [[nodiscard]] bool equal(std::uint32_t from, std::uint32_t to, ByteView payload,
                           std::uint32_t sequence) const noexcept;
  void give_front(std::uint32_t to, BytePool& pool) noexcept;
};

}  // namespace sluice
