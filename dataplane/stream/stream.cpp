#include "dataplane/stream/stream.hpp"

#include <algorithm>
#include <cassert>

#include "dataplane/packet/edit.hpp"
#include "dataplane/stream/sequence.hpp"

namespace sluice {
namespace {

std::uint32_t window_of(const TcpHeader& tcp, std::uint8_t scale) noexcept {
  const bool syn = (tcp.flags & tcp_flag::syn) != 0;  // never scaled in a SYN (RFC 7323 2.2)
  return std::uint32_t{tcp.window} << (syn ? 0 : scale);
}

}  // namespace

Step Stream::accept(Direction direction, const Packet& packet, Time now, Tracking tracking, bool retain,
                    StreamPools& pools) noexcept {
  if (!retain) at(direction).forget(at(direction).data_end(), pools.bytes);
  return tracking == Tracking::enforce ? enforce(direction, packet, now, retain, pools)
                                       : observe(direction, packet, now, retain, pools);
}

Step Stream::enforce(Direction direction, const Packet& packet, Time now, bool retain,
                     StreamPools& pools) noexcept {
  constexpr Duration kBetweenChallenges = milliseconds(500);
  Step step = examine(direction, packet, now, Tracking::enforce, retain);
  before_.valid = false;
  if (step.act == Step::Act::challenge) {
    if (challenge_made_ != Time{} && now - challenge_made_ < kBetweenChallenges) step.act = Step::Act::drop;
    if (step.act == Step::Act::challenge) challenge_made_ = now;
  }
  switch (step.act) {
    case Step::Act::drop:
    case Step::Act::challenge:
    case Step::Act::judge:
      return step;
    case Step::Act::hold:
      if (hold(direction, packet, now, pools)) return step;
      return {.act = Step::Act::drop, .reason = Reason::held_full};
    case Step::Act::forward:
    case Step::Act::empty:
      break;
  }
  remember(direction);
  if (take_older(direction, packet)) return step;
  if ((packet.tcp.flags & tcp_flag::rst) != 0) {
    step.closed = phase_ != StreamPhase::closed;
    phase_ = StreamPhase::closed;
    reset_ = true;
    return step;
  }
  if ((packet.tcp.flags & tcp_flag::syn) != 0) {
    take_syn(direction, packet, pools);
    return step;
  }
  take_stamps(direction, packet, now);

  Half& half = at(direction);
  const bool fin = (packet.tcp.flags & tcp_flag::fin) != 0;
  const bool passes = step.act == Step::Act::forward;
  if (!half.started && passes && tells_place(half, packet)) {
    half.place(packet.tcp.sequence, packet.tcp.sequence);
  }
  if (step.fresh > 0) {
    if (retain && !half.append(packet.payload().last(step.fresh), pools.bytes)) {
      undo(direction, packet, 0, pools);
      return {.act = Step::Act::drop, .reason = Reason::memory_full};
    }
    before_.fresh_from = half.next;
    half.advance(step.fresh);
  }
  if (fin && passes && half.started && !half.finished &&
      packet.tcp.sequence + packet.payload_length == half.next) {
    take_fin(half);
  }
  take_acknowledgement(direction, packet, pools);
  move_phase(direction, step);
  return step;
}

bool Stream::hold(Direction direction, const Packet& packet, Time now, StreamPools& pools) noexcept {
  Half& half = at(direction);
  if (held() >= pools.held_per_flow || !pools.held.insert(half.held_first, packet, now)) return false;
  if (half.held++ == 0) half.held_since = now;
  return true;
}

void Stream::take_syn(Direction direction, const Packet& packet, StreamPools& pools) noexcept {
  Half& half = at(direction);
  Half& other = at(opposite(direction));
  const TcpHeader& tcp = packet.tcp;
  if (!half.started) {
    half.place(tcp.sequence, tcp.sequence + 1);
    half.acked = tcp.sequence;
    half.acked_known = true;
    half.offered_scale = tcp.window_scale;
    half.window = tcp.window;
    half.most_window = tcp.window;
    half.offers_stamps = tcp.has_timestamp != 0;
    half.stamp = tcp.timestamp;
  } else {
    // Repeated, perhaps with fewer options. It is not known which one arrived: the wider reading counts.
    half.offers_stamps = half.offers_stamps && tcp.has_timestamp != 0;
    if (half.offered_scale == Half::kNoScale || tcp.window_scale == Half::kNoScale) {
      half.offered_scale = std::min(half.offered_scale, tcp.window_scale);
    } else {
      half.offered_scale = std::max(half.offered_scale, tcp.window_scale);
    }
    half.most_window = std::max<std::uint32_t>(half.most_window, tcp.window);
    if (tcp.has_timestamp != 0) half.take_stamp(tcp.timestamp);
  }
  if ((tcp.flags & tcp_flag::ack) == 0) {
    if (phase_ != StreamPhase::fresh) return;
    opener_ = direction;
    phase_ = StreamPhase::syn_seen;
    return;
  }
  take_acknowledgement(direction, packet, pools);
  if (phase_ != StreamPhase::fresh && phase_ != StreamPhase::syn_seen) return;
  // Windows are scaled only when both ends offered it (RFC 7323 1.3); of a SYN not seen nothing is known.
  if (other.started) {
    const bool both = half.offered_scale != Half::kNoScale && other.offered_scale != Half::kNoScale;
    half.scale = both ? std::min(half.offered_scale, Half::kMostScale) : std::uint8_t{0};
    other.scale = both ? std::min(other.offered_scale, Half::kMostScale) : std::uint8_t{0};
    half.edge = half.next + other.most_window;
    half.edge_known = true;
  }
  stamped_ = half.offers_stamps && other.offers_stamps;
  opener_ = opposite(direction);
  phase_ = StreamPhase::syn_ack_seen;
}

// A segment that passes and is about an older connection, of which nothing is known here; this one goes on.
bool Stream::take_older(Direction direction, const Packet& packet) noexcept {
  if (challenges(direction, packet)) {
    challenged_ = true;
    challenge_ = packet.tcp.acknowledgement;
    return true;
  }
  return phase_ == StreamPhase::syn_seen && direction == opener_ && (packet.tcp.flags & tcp_flag::rst) != 0 &&
         packet.tcp.sequence != at(direction).next;
}

void Stream::take_stamps(Direction direction, const Packet& packet, Time now) noexcept {
  if (!stamped_ || packet.tcp.has_timestamp == 0) return;
  at(direction).take_stamp(packet.tcp.timestamp);
  at(opposite(direction)).take_echo(packet.tcp.echo, now);
}

bool Stream::restamp(Direction direction, Packet& packet) const noexcept {
  const std::uint32_t stamp = at(direction).stamp;
  if (!stamped_ || packet.tcp.has_timestamp == 0 || !before(packet.tcp.timestamp, stamp)) return false;
  return set_timestamp(packet, stamp);
}

void Stream::take_acknowledgement(Direction direction, const Packet& packet, StreamPools& pools) noexcept {
  Half& half = at(direction);
  Half& other = at(opposite(direction));
  std::uint32_t acknowledgement = packet.tcp.acknowledgement;
  const std::uint32_t window = window_of(packet.tcp, half.scale);
  half.window = packet.tcp.window;
  half.most_window = std::max(half.most_window, window);
  const std::uint32_t edge = acknowledgement + window;
  if (!other.edge_known || after(edge, other.edge)) other.edge = edge;
  other.edge_known = true;

  // Observing, an acknowledgement may overtake the bytes that it means, or the bytes were not captured.
  if (other.started) acknowledgement = earlier(acknowledgement, other.next);
  if (!other.acked_known || after(acknowledgement, other.acked)) {
    other.acked = acknowledgement;
    if (!other.started) other.next = other.base = other.consumed = acknowledgement;
  }
  other.acked_known = true;
  if (after(other.acked, other.start + Half::kSpan)) other.start = other.acked - Half::kSpan;
  if (other.jumped && after(acknowledgement, other.hole_from)) other.jumped = false;
  other.trim(pools.bytes);
}

void Stream::take_fin(Half& half) noexcept {
  ++half.next;
  half.finished = true;
}

void Stream::move_phase(Direction direction, Step& step) noexcept {
  if (phase_ == StreamPhase::fresh) {
    phase_ = StreamPhase::established;
    midstream_ = true;
  }
  if (phase_ == StreamPhase::syn_ack_seen && direction == opener_) {
    phase_ = StreamPhase::established;
    step.opened = true;
  }
  const auto done = [](const Half& half) {
    return half.finished && half.acked_known && half.acked == half.next;
  };
  if (phase_ == StreamPhase::established && (halves_[0].finished || halves_[1].finished))
    phase_ = StreamPhase::closing;
  if (phase_ == StreamPhase::closing && done(halves_[0]) && done(halves_[1])) {
    phase_ = StreamPhase::closed;
    step.closed = true;
  }
}

ByteView Stream::pending(Direction direction, const StreamPools&) const noexcept {
  return at(direction).pending();
}

void Stream::consume(Direction direction, std::uint32_t bytes) noexcept { at(direction).consume(bytes); }

void Stream::remember(Direction direction) noexcept {
  const Half& half = at(direction);
  before_ = {direction,     phase_,     true,      midstream_,    reset_,   half.started,
             half.finished, half.start, half.next, half.consumed, half.next};
}

void Stream::undo(Direction direction, const Packet&, std::uint32_t, StreamPools& pools) noexcept {
  if (!before_.valid || before_.direction != direction) return;
  before_.valid = false;
  phase_ = before_.phase;
  midstream_ = before_.midstream;
  reset_ = before_.reset;
  Half& half = at(direction);
  half.started = before_.started;
  half.finished = before_.finished;
  half.start = before_.start;
  half.next = before_.next;
  const std::uint32_t end = half.data_end();
  if (half.buffer == nullptr || !half.started || !before(half.base, end)) {
    half.forget(end, pools.bytes);
  } else {
    half.consumed = later(half.base, before_.consumed);
    half.forget_from(end);
  }
}

bool Stream::replaced(Direction direction, std::uint32_t at_byte, ByteView bytes) noexcept {
  Half& half = at(direction);
  const std::uint32_t from = before_.fresh_from + at_byte;
  const std::uint32_t to = from + static_cast<std::uint32_t>(bytes.size());
  const bool last = before_.valid && before_.direction == direction && half.buffer != nullptr;
  if (!last || before(from, half.base) || after(to, half.data_end())) return false;
  return bytes.empty() || half.replace(from, bytes);
}

void Stream::settle(Direction direction, StreamPools& pools) noexcept { at(direction).trim(pools.bytes); }

bool Stream::next_held(Direction direction, StreamPools& pools, Packet& packet) noexcept {
  Half& half = at(direction);
  if (half.held == 0 || after(pools.held.at(half.held_first).packet.tcp.sequence, half.next)) return false;
  pop_held(half, pools, packet);
  return true;
}

bool Stream::take_held(StreamPools& pools, Packet& packet) noexcept {
  for (Half& half : halves_) {
    if (half.held == 0) continue;
    pop_held(half, pools, packet);
    return true;
  }
  return false;
}

void Stream::pop_held(Half& half, StreamPools& pools, Packet& packet) noexcept {
  pools.held.take_first(half.held_first, packet);
  --half.held;
  half.held_since = {};
  for (std::uint32_t index = half.held_first; index != HeldPool::kNone; index = pools.held.at(index).next) {
    const Time since = pools.held.at(index).since;
    if (half.held_since == Time{} || since < half.held_since) half.held_since = since;
  }
}

std::uint32_t Stream::held() const noexcept { return halves_[0].held + halves_[1].held; }

Time Stream::held_since() const noexcept {
  if (halves_[0].held == 0) return halves_[1].held_since;
  if (halves_[1].held == 0) return halves_[0].held_since;
  return std::min(halves_[0].held_since, halves_[1].held_since);
}

bool Stream::in_flight(Direction direction, std::uint32_t sequence) const noexcept {
  const Half& half = at(direction);
  if (!half.started) return midstream_;
  const std::uint32_t oldest = half.acked_known ? half.acked : half.start;
  return !before(sequence, oldest - 1) && !after(sequence, half.next);
}

Stream::Position Stream::position(Direction direction) const noexcept {
  const Half& half = at(direction);
  return {half.next, at(opposite(direction)).acked, half.window};
}

void Stream::clear(StreamPools& pools) noexcept {
  assert(held() == 0);
  for (Half& half : halves_) half.forget(half.data_end(), pools.bytes);
  *this = Stream{};
}

}  // namespace sluice
