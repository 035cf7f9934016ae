// How a stream follows a connection in which it may change nothing: every segment passes, and what could not
// be kept in order is said.

#include "dataplane/stream/sequence.hpp"
#include "dataplane/stream/stream.hpp"

namespace sluice {

Step Stream::observe(Direction direction, const Packet& packet, Time now, bool retain,
                     StreamPools& pools) noexcept {
  const Step would = examine(direction, packet, now, Tracking::observe, retain);
  before_.valid = false;
  Step step{.reason = would.reason, .restart = would.restart};
  if (step.restart) return step;
  remember(direction);

  const std::uint8_t flags = packet.tcp.flags;
  if (would.act == Step::Act::forward && take_older(direction, packet)) return step;
  if ((flags & tcp_flag::rst) != 0) {
    if (would.act == Step::Act::drop) return step;
    step.closed = phase_ != StreamPhase::closed;
    phase_ = StreamPhase::closed;
    reset_ = true;
    return step;
  }
  if ((flags & tcp_flag::syn) != 0) {
    const bool ignored = would.act == Step::Act::drop && would.reason != Reason::bad_flags;
    if (ignored && phase_ != StreamPhase::fresh) return step;
    take_syn(direction, packet, pools);
    if (packet.payload_length > 0) observe_bytes(direction, packet, retain, pools, step);
    return step;
  }
  observe_bytes(direction, packet, retain, pools, step);
  if ((flags & tcp_flag::ack) == 0) return step;
  take_stamps(direction, packet, now);
  take_acknowledgement(direction, packet, pools);
  if (phase_ == StreamPhase::syn_seen) phase_ = StreamPhase::syn_ack_seen;  // that was not seen
  if (phase_ == StreamPhase::syn_ack_seen) {
    phase_ = StreamPhase::established;
    step.opened = true;
  }
  move_phase(direction, step);
  return step;
}

void Stream::observe_bytes(Direction direction, const Packet& packet, bool retain, StreamPools& pools,
                           Step& step) noexcept {
  Half& half = at(direction);
  const std::uint8_t flags = packet.tcp.flags;
  const std::uint32_t length = packet.payload_length;
  const bool fin = (flags & tcp_flag::fin) != 0;
  const std::uint32_t sequence = packet.tcp.sequence + ((flags & tcp_flag::syn) != 0 ? 1U : 0U);
  const std::uint32_t end = sequence + length;
  if (length == 0 && !fin) return;
  if (!half.started) {
    // A single byte may be the garbage of a keepalive: see examine_unplaced().
    const bool keepalive = length == 1 && !fin && (!half.acked_known || end == half.acked);
    if (keepalive) return;
    half.place(sequence, sequence);
  }
  if (!observe_order(half, packet.payload(), sequence, pools, step)) return;

  if (after(end, half.next) && !half.finished) {
    // Would a receiver take it? Not from outside the window, acknowledging what was never sent, or without
    // ACK.
    const bool unacknowledging = (flags & (tcp_flag::ack | tcp_flag::syn)) == 0;
    const bool untimely = step.reason == Reason::bad_sequence || step.reason == Reason::bad_timestamp;
    const bool doubtful = !reset_ && (untimely || unacknowledging);
    if (doubtful && !half.jumped) {
      half.jumped = true;
      half.hole_from = half.hole_to = half.next;
    }
    step.fresh = end - half.next;
    step.repeated = length - step.fresh;
    const ByteView bytes = packet.payload().last(step.fresh);
    bool kept = !retain || half.append(bytes, pools.bytes);
    if (!kept) {
      // Comparing retransmissions is given up before the message is.
      half.forget_consumed(pools.bytes);
      kept = half.append(bytes, pools.bytes);
    }
    if (!kept) {
      half.forget(half.next, pools.bytes);
      half.lost = true;
      step.reason = Reason::memory_full;
    }
    half.advance(step.fresh);
    if (!kept) step.fresh = 0;
    if (kept && half.lost) {
      step.gap = true;
      half.lost = false;
    }
  }
  if (fin && step.reason == Reason::none && !half.finished && end == half.next) take_fin(half);
}

// Brings `next` to where the payload, whose first byte has the number `sequence`, can be appended. False:
// none of it can.
bool Stream::observe_order(Half& half, ByteView payload, std::uint32_t sequence, StreamPools& pools,
                           Step& step) noexcept {
  const std::uint32_t end = sequence + static_cast<std::uint32_t>(payload.size());
  if (half.finished) return !after(sequence, half.data_end());
  // The stream goes on where it was before something that perhaps no receiver took, and not with the same
  // bytes.
  if (half.jumped && sequence == half.hole_from && before(sequence, half.next)) {
    const bool again = half.buffer != nullptr && !before(sequence, half.base) &&
                       half.same(sequence, earlier(end, half.next), payload, sequence);
    if (again) return true;
    half.jumped = false;
    half.next = sequence;
    half.forget(sequence, pools.bytes);
    step.gap = true;
    return true;
  }
  if (after(sequence, half.next)) {
    if (!half.jumped) half.hole_from = half.next;
    half.jumped = half.jumped || (half.edge_known && after(end, half.edge));
    half.hole_to = sequence;
    step.gap = true;
    step.missing = sequence - half.next;
    half.next = sequence;
    half.forget(sequence, pools.bytes);
    return true;
  }
  // Late bytes of a hole were never judged and are not judged now: whoever reads the stream is beyond them.
  if (before(half.hole_from, half.hole_to) && before(sequence, half.hole_to) && after(end, half.hole_from) &&
      step.reason == Reason::none) {
    step.reason = Reason::hole;
  }
  return true;
}

}  // namespace sluice
