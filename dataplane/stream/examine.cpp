// Which segments a stream lets pass, and why not: the rules of order, without any change of state.

#include <algorithm>

#include "dataplane/packet/checks.hpp"
#include "dataplane/stream/sequence.hpp"
#include "dataplane/stream/stream.hpp"

namespace sluice {
namespace {

using Act = Step::Act;

Step forward(std::uint32_t fresh = 0, std::uint32_t repeated = 0) noexcept {
  return {.act = Act::forward, .fresh = fresh, .repeated = repeated};
}
Step empty() noexcept { return {.act = Act::empty}; }
Step drop(Reason reason) noexcept { return {.act = Act::drop, .reason = reason}; }

// Flags that no stack sends together, or that stacks read differently. Urgent data is one of them: some take
// the byte out of the stream, some leave it in (RFC 6093). The engine makes such segments ordinary or drops
// them before they come here; where it may only observe, receivers take them, so they are followed.
bool sane(const Packet& packet, Tracking tracking) noexcept {
  const std::uint8_t flags = packet.tcp.flags;
  const auto has = [flags](std::uint8_t flag) { return (flags & flag) != 0; };
  const bool enforce = tracking == Tracking::enforce;
  if (enforce && (packet.tcp.reserved != 0 || has(tcp_flag::urg))) return false;
  if (has(tcp_flag::syn) && (has(tcp_flag::fin) || has(tcp_flag::rst))) return false;
  if (has(tcp_flag::rst) && has(tcp_flag::fin)) return false;
  if (has(tcp_flag::syn)) return !enforce || packet.payload_length == 0;
  return has(tcp_flag::ack) || has(tcp_flag::rst);
}

}  // namespace

Step Stream::examine(Direction direction, const Packet& packet, Time now, Tracking tracking,
                     bool retain) const noexcept {
  if (!sane(packet, tracking)) {
    Step step = drop(Reason::bad_flags);
    const bool opens = (packet.tcp.flags & (tcp_flag::syn | tcp_flag::ack | tcp_flag::rst)) == tcp_flag::syn;
    if (tracking == Tracking::observe && opens)
      step.restart = examine_syn(direction, packet, tracking).restart;
    return step;
  }
  if ((packet.tcp.flags & tcp_flag::rst) != 0) return examine_reset(direction, packet);
  if ((packet.tcp.flags & tcp_flag::syn) != 0) return examine_syn(direction, packet, tracking);
  switch (phase_) {
    case StreamPhase::syn_seen:
      return challenges(direction, packet) ? forward() : drop(Reason::handshake);
    case StreamPhase::syn_ack_seen:
      // "ACK of the handshake off by one": only the SYN can have been acknowledged.
      if (direction != opener_ || packet.tcp.acknowledgement != at(opposite(direction)).next) {
        return drop(Reason::handshake);
      }
      break;
    case StreamPhase::closed:
      if (reset_ && (packet.payload_length > 0 || (packet.tcp.flags & tcp_flag::fin) != 0)) {
        return drop(Reason::bad_sequence);
      }
      break;
    case StreamPhase::fresh:
    case StreamPhase::established:
    case StreamPhase::closing:
      break;
  }
  if (!timely(direction, packet, now)) return drop(Reason::bad_timestamp);
  return examine_segment(direction, packet, tracking, retain);
}

// The end that is called has an older connection with the same ports, of which nothing is known here, and
// answers the SYN as RFC 5961 4.2 says: with a bare ACK of that one. The caller then resets it, and calls
// again. An ACK of this SYN is no such answer: the first step of a handshake split in four (E32).
bool Stream::challenges(Direction direction, const Packet& packet) const noexcept {
  constexpr std::uint8_t kTelling = tcp_flag::syn | tcp_flag::fin | tcp_flag::rst | tcp_flag::ack;
  return phase_ == StreamPhase::syn_seen && direction != opener_ && packet.payload_length == 0 &&
         (packet.tcp.flags & kTelling) == tcp_flag::ack && packet.tcp.acknowledgement != at(opener_).next;
}

// RFC 7323 3.2 and 5. What the receiver goes by is what it echoes, so nothing is dropped here that it would
// take.
bool Stream::timely(Direction direction, const Packet& packet, Time now) const noexcept {
  if (!stamped_) return true;
  return packet.tcp.has_timestamp != 0 && !at(direction).outdated(packet.tcp.timestamp, now);
}

Step Stream::examine_syn(Direction direction, const Packet& packet, Tracking tracking) const noexcept {
  const Half& half = at(direction);
  const Half& other = at(opposite(direction));
  const TcpHeader& tcp = packet.tcp;
  if ((tcp.flags & tcp_flag::ack) != 0) {
    if (direction == opener_ || midstream_) return drop(Reason::handshake);
    switch (phase_) {
      case StreamPhase::syn_seen:
        return tcp.acknowledgement == other.next ? forward() : drop(Reason::handshake);
      case StreamPhase::syn_ack_seen:
      case StreamPhase::established:
      case StreamPhase::closing:  // again, because the last step of the handshake was lost
        return tcp.sequence == half.start && tcp.acknowledgement == other.start + 1 ? forward()
                                                                                    : drop(Reason::handshake);
      case StreamPhase::fresh:
      case StreamPhase::closed:
        return drop(Reason::handshake);
    }
  }
  const bool again = direction == opener_ && half.started && tcp.sequence == half.start;
  Step step = drop(Reason::handshake);
  switch (phase_) {
    case StreamPhase::fresh:
      return forward();
    case StreamPhase::syn_seen:
      if (again) return forward();
      break;
    case StreamPhase::syn_ack_seen:
      if (again) return forward();
      if (direction == opener_) step.act = Act::challenge;
      break;
    case StreamPhase::established:
    case StreamPhase::closing:
      // Of an end that never sent anything nothing can be said.
      if (half.started || half.acked_known) step.act = Act::challenge;
      break;
    case StreamPhase::closed:
      step.restart = true;
      return step;
  }
  if (tracking == Tracking::observe) {
    step.act = Act::drop;
    step.restart = !again;
  }
  return step;
}

// A reset counts only where the receiver believes it without asking (RFC 5961 3.2): exactly at what it
// expects, which is behind the last byte forwarded, or, when that has not arrived there, what the receiver
// last acknowledged.
Step Stream::examine_reset(Direction direction, const Packet& packet) const noexcept {
  const Half& half = at(direction);
  const TcpHeader& tcp = packet.tcp;
  const bool acknowledges = (tcp.flags & tcp_flag::ack) != 0;
  bool good = false;
  switch (phase_) {
    case StreamPhase::fresh:
      break;
    case StreamPhase::syn_seen:
      good = direction == opener_ ? tcp.sequence == half.next || (challenged_ && tcp.sequence == challenge_)
                                  : acknowledges && tcp.acknowledgement == at(opposite(direction)).next;
      break;
    case StreamPhase::syn_ack_seen:
    case StreamPhase::established:
    case StreamPhase::closing:
    case StreamPhase::closed:
      good = (half.started && tcp.sequence == half.next) || (half.acked_known && tcp.sequence == half.acked);
      if (acknowledges && !may_acknowledge(direction, tcp.acknowledgement)) good = false;
      break;
  }
  if (!good) return drop(Reason::bad_reset);
  return packet.payload_length > 0 ? empty() : forward();
}

// RFC 5961 5.2: neither of what was never sent, nor further back than a window. What is held here was not
// sent yet.
bool Stream::may_acknowledge(Direction direction, std::uint32_t acknowledgement) const noexcept {
  constexpr std::uint32_t kLeastWindow = 65536;
  const Half& other = at(opposite(direction));
  if (!other.started) return true;
  if (after(acknowledgement, other.next)) return false;
  if (!midstream_ && !after(acknowledgement, other.start)) return false;
  const std::uint32_t behind = before(acknowledgement, other.acked) ? other.acked - acknowledgement : 0;
  return behind <= std::max(kLeastWindow, at(direction).most_window);
}

// Midstream a half has no place until its first byte that is certainly new. The other end may have said what
// it has. A single byte may be the garbage of a keepalive, one below the next number (RFC 1122 4.2.3.6).
bool Stream::tells_place(const Half& half, const Packet& packet) noexcept {
  const std::uint32_t count = packet.payload_length + ((packet.tcp.flags & tcp_flag::fin) != 0 ? 1U : 0U);
  if (!half.acked_known) return count > 1;
  return count > 0 && after(packet.tcp.sequence + count, half.acked);
}

Step Stream::examine_unplaced(const Half& half, const Packet& packet) const noexcept {
  const std::uint32_t length = packet.payload_length;
  const std::uint32_t data_end = packet.tcp.sequence + length;
  if (!tells_place(half, packet)) return length > 0 ? empty() : forward();
  if (half.edge_known && after(data_end, half.edge)) return drop(Reason::bad_sequence);
  // With some of it acknowledged, the receiver reads only the rest, if the acknowledgement is true, and all
  // of it, if not. So it gets none of it, acknowledges again, and the sender goes on from there.
  if (half.acked_known && before(packet.tcp.sequence, half.acked)) return length > 0 ? empty() : forward();
  return forward(length);
}

Step Stream::examine_segment(Direction direction, const Packet& packet, Tracking tracking,
                             bool retain) const noexcept {
  const Half& half = at(direction);
  const TcpHeader& tcp = packet.tcp;
  if (!may_acknowledge(direction, tcp.acknowledgement)) return drop(Reason::bad_sequence);
  if (!half.started) return examine_unplaced(half, packet);

  const std::uint32_t length = packet.payload_length;
  const bool fin = (tcp.flags & tcp_flag::fin) != 0;
  const std::uint32_t data_end = tcp.sequence + length;
  const std::uint32_t end = data_end + (fin ? 1U : 0U);
  if (length == 0 && !fin) {
    // A FIN may have taken the number behind a full window.
    const bool far = half.edge_known && after(tcp.sequence, later(half.edge + 1, half.next));
    const bool below = !midstream_ && before(tcp.sequence, half.start);
    return far || below ? drop(Reason::bad_sequence) : forward();
  }
  const bool acknowledged = half.acked_known && !after(end, half.acked);
  const bool below = before(tcp.sequence, half.start);
  const bool unseen = below && midstream_ && half.start - tcp.sequence <= Half::kMostRetained;
  if (below && !unseen && !(midstream_ && acknowledged)) {
    return drop(midstream_ ? Reason::midstream : Reason::bad_sequence);
  }
  if (acknowledged) return length > 0 ? empty() : forward();
  if (half.finished && (after(data_end, half.data_end()) || (fin && data_end != half.data_end()))) {
    return drop(Reason::bad_sequence);
  }
  if (fin && !half.finished && before(data_end, half.next)) return drop(Reason::bad_sequence);
  // One byte beyond a closed window is how a sender asks whether it is still closed (RFC 9293 3.8.6.1).
  const bool probe = length == 1 && tcp.sequence == half.edge && !after(tcp.sequence, half.next);
  if (half.edge_known && after(data_end, half.edge) && !probe) return drop(Reason::bad_sequence);
  if (after(tcp.sequence, half.next)) return runs(Check::order) ? Step{.act = Act::hold} : forward(0, length);

  // What is acknowledged the receiver will not look at again; what is not must be what was inspected.
  const std::uint32_t old_end = earlier(data_end, half.data_end());
  const std::uint32_t from = half.acked_known ? later(tcp.sequence, half.acked) : tcp.sequence;
  if (retain && before(from, old_end)) {
    const std::uint32_t kept = later(from, half.base);
    if (runs(Check::overlap) && before(kept, old_end) &&
        !half.same(kept, old_end, packet.payload(), tcp.sequence)) {
      return drop(Reason::conflict);
    }
  }
  const bool judged_never = unseen || (retain && before(from, old_end) && before(from, half.base));
  if (judged_never && tracking == Tracking::enforce) {
    const bool replaced = half.any_replaced(tcp.sequence, old_end);  // which a judgement alone would not know
    const bool old = !fin && !replaced && !after(data_end, half.data_end());
    const std::uint32_t known = later(from, half.start);
    return {.act = old ? Act::judge : Act::drop,
            .reason = Reason::midstream,
            .repeated = from - tcp.sequence,
            .known = before(known, old_end) ? old_end - known : 0};
  }
  if (unseen) return drop(Reason::midstream);
  const std::uint32_t fresh = after(data_end, half.data_end()) ? data_end - half.data_end() : 0;
  Step step = forward(fresh, length - fresh);
  step.rewrite = half.any_replaced(tcp.sequence, old_end);
  return step;
}

}  // namespace sluice
