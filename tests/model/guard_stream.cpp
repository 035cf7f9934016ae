// TCP as the guard sees it: what receivers can assemble from the segments that left, and whether it may be.
#include <algorithm>

#include "tests/model/guard.hpp"

namespace sluice::model {
namespace {

constexpr std::int64_t kForgotten = 5'000'000'000;  // ns: the box may have forgotten by then
constexpr std::uint32_t kHalf = 1U << 31U;

Allowed::Party party(const Seen& seen, bool source, const Conduit& conduit, std::size_t side) {
  return {.link = false,
          .receives = !source,
          .ip = source ? seen.source : seen.destination,
          .mac = source ? seen.from : seen.to,
          .conduit = &conduit,
          .side = side};
}

Some join(Some first, const Some& second) {
  for (std::size_t i = 0; i < second.count && first.count < Some::kMost; ++i)
    first.rule[first.count++] = second.rule[i];
  return first;
}

void base(Half& half, std::uint32_t sequence) {
  half.based = true;
  half.base = sequence;
  half.end = half.acked = half.fin = 0;
  half.finished = false;
  half.there.reset();
}

}  // namespace

// What may be said here, by the rules between the two ends. Half `me` sends the first segment that is seen.
const char* Guard::begin(Conversation& flow, const Seen& seen, const Conduit& conduit, std::size_t side,
                         std::size_t me) {
  const bool opens = (seen.flags & (flag::syn | flag::ack)) == flag::syn;
  const auto source = party(seen, true, conduit, 1 - side), other = party(seen, false, conduit, side);
  flow.midstream = !opens;
  flow.over = flow.denied = false;
  flow.claimed = flow.ahead = flow.parted = {};
  flow.opener = me;
  flow.port[me] = seen.source_port;
  flow.port[1 - me] = seen.destination_port;
  flow.half[0].based = flow.half[1].based = false;
  flow.stand_ins = false;
  flow.opaque = false;
  for (const std::size_t client : {me, 1 - me}) {
    auto& reading = flow.reading[client == me ? 0 : 1];
    const auto& asking = client == me ? source : other;
    const auto& asked = client == me ? other : source;
    // The end that was dialled has the port that rules mean. Midstream either may have dialled.
    const auto rules = [&](What what) {
      const std::uint16_t answerer = flow.port[1 - me];
      Some some = allowed_.with_port(allowed_.between(asking, asked, what, client != me), answerer);
      if (flow.midstream)
        some = join(some,
                    allowed_.with_port(allowed_.between(asking, asked, what, client == me), flow.port[me]));
      return some;
    };
    reading = {};
    reading.client = client;
    reading.rules = rules(What::modbus);
    reading.umas = rules(What::umas);
    reading.alive = !reading.rules.empty() || !reading.umas.empty();
    flow.opaque |= !rules(What::tcp).empty();
    const auto* asset = allowed_.asset_of(asked.ip);
    flow.whole_segments[client] = asset != nullptr && asset->whole_segments;
    flow.stand_ins |= asset != nullptr && asset->neutralise;
  }
  if (!flow.reading[0].alive && !flow.reading[1].alive && !flow.opaque) return "no rule for this connection";
  if (flow.midstream && conduit.midstream == Midstream::drop)
    return "a connection whose handshake was not seen";
  // "pass": what was there before need not be looked into.
  flow.opaque |= flow.midstream && conduit.midstream == Midstream::pass;
  return nullptr;
}

const char* Guard::reset(Conversation& flow, const Seen& seen, std::size_t me, bool made) {
  auto& half = flow.half[me];
  const bool known = half.based && !flow.over;
  const std::uint32_t next = half.base + half.end + (half.finished ? 1U : 0U);
  const bool first = half.end == 0 && seen.sequence + 1 == half.base;  // the SYN itself was not acknowledged
  const bool claimed = flow.claimed[me] && seen.sequence == flow.claim[me];
  const bool exact = first || claimed || seen.sequence == next || seen.sequence == half.base + half.acked;
  // A host that refuses a connection has not said a number yet.
  const bool refuses = !half.based && flow.half[1 - me].based;
  // What the box refuses behind the end of a connection is another one, whose SYN did not leave.
  const bool ended = flow.over || (flow.half[0].finished && flow.half[1].finished);
  if (made && ended && !flow.denied) {
    flow.spoke = {};
    return nullptr;
  }
  flow.over = true;
  flow.denied |= made;
  if (made || flow.midstream || refuses || !known) return nullptr;
  return exact ? nullptr : "a reset that is not exactly in sequence";
}

const char* Guard::segment(const Seen& seen, const std::uint8_t* frame, const Conduit& conduit,
                           std::size_t side, bool made) {
  const auto flags = static_cast<std::uint8_t>(seen.flags & 0x3fU);
  const bool syn = (flags & flag::syn) != 0, fin = (flags & flag::fin) != 0, rst = (flags & flag::rst) != 0,
             ack = (flags & flag::ack) != 0;
  const std::size_t length = seen.end - seen.payload;
  if ((syn && (fin || rst)) || (rst && fin) || (!syn && !rst && !ack))
    return "flags that contradict each other";
  if ((flags & flag::urg) != 0) return "urgent data";
  if ((syn || rst) && length != 0) return "data on a SYN or a reset";
  if ((seen.to[0] & 1U) != 0) return "TCP to a group";

  std::size_t me = 0;
  const bool opens = syn && !ack;
  auto* flow = find(seen, seen.tagged, !rst, me);
  if (flow == nullptr) return rst ? nullptr : "the model is full";
  const bool fresh = !flow->spoke[0] && !flow->spoke[1];
  const bool forgotten = !fresh && now_ - flow->touched > kForgotten;
  flow->touched = now_;
  flow->spoke[me] = true;
  auto& half = flow->half[me];
  auto& other = flow->half[1 - me];
  // The box asks in the name of the other end whether a host means it; that says nothing of what arrived.
  if (made && !rst && !syn && length == 0) return nullptr;
  if (rst) {
    if (fresh) flow->spoke = {};
    return fresh ? nullptr : reset(*flow, seen, me, made);
  }
  if (opens) {
    const bool again =
        !fresh && half.based && me == flow->opener && !flow->over && seen.sequence + 1 == half.base;
    if (again) return nullptr;
    // Midstream the place of a FIN may be unknown.
    const bool parted = flow->midstream && flow->parted[0] && flow->parted[1];
    const bool closed = flow->over || parted || (half.finished && other.finished);
    if (!fresh && !forgotten && !closed) return "a second SYN on a connection that lives";
    if (const auto* wrong = begin(*flow, seen, conduit, side, me)) return wrong;
    base(half, seen.sequence + 1);
    return nullptr;
  }
  if (fresh || (forgotten && flow->over)) {
    if (const auto* wrong = begin(*flow, seen, conduit, side, me)) return wrong;
  }
  if (flow->denied) return "after its session was denied";
  if (syn) {
    if (flow->midstream) return "a SYN-ACK to nothing";
    if (me == flow->opener) return "a SYN-ACK of the end that opened";
    if (half.based) return seen.sequence + 1 == half.base ? nullptr : "a second SYN-ACK with another number";
    if (seen.acknowledgement != other.base) return "a SYN-ACK for another SYN";
    base(half, seen.sequence + 1);
    return nullptr;
  }
  if (flow->over) return length != 0 ? "data after a reset" : nullptr;
  // Bare, it may tell a host that dials again that the old session still lives.
  if (!flow->midstream && !half.based) {
    flow->claimed[1 - me] = true;
    flow->claim[1 - me] = seen.acknowledgement;
    return length != 0 ? "data before the handshake" : nullptr;
  }
  if (!other.based) {
    flow->claimed[1 - me] = true;
    flow->claim[1 - me] = seen.acknowledgement;
  } else {
    const std::uint32_t acknowledged = seen.acknowledgement - other.base;
    if (!flow->ahead[1 - me] && acknowledged < kHalf && acknowledged > other.end + (other.finished ? 1U : 0U))
      return "acknowledges what has not left";
    if (acknowledged < kHalf && acknowledged > other.acked) other.acked = acknowledged;
  }
  return take(*flow, seen, frame, me);
}

void Guard::came(std::uint32_t port, const std::uint8_t* frame, std::size_t size) {
  port_ = port;
  const auto seen = look(frame, size);
  std::size_t side = 0, me = 0;
  const auto* conduit = allowed_.conduit(port, seen.tagged, side);
  if (conduit == nullptr || seen.wrong != nullptr || seen.protocol != 6 || (seen.flags & flag::ack) == 0 ||
      !allowed_.belongs(*conduit, side, seen.source))
    return;
  auto* flow = find(seen, seen.tagged, false, me);
  if (flow == nullptr || !flow->midstream || !flow->half[1 - me].based) return;
  auto& other = flow->half[1 - me];
  const std::uint32_t acknowledged = seen.acknowledgement - other.base;
  if (acknowledged <= other.end && acknowledged > other.acked) other.acked = acknowledged;
}

const char* Guard::take(Conversation& flow, const Seen& seen, const std::uint8_t* frame, std::size_t me) {
  auto& half = flow.half[me];
  const std::uint8_t* bytes = frame + seen.payload;
  const auto length = static_cast<std::uint32_t>(seen.end - seen.payload);
  const bool fin = (seen.flags & flag::fin) != 0;
  flow.parted[me] |= fin;
  if (!half.based) {
    // Midstream it begins behind what was acknowledged; else a lone byte may be a keepalive's.
    const std::uint32_t old = flow.claimed[me] ? flow.claim[me] - seen.sequence : 0;
    flow.ahead[me] |= length == 0;
    if (length == 0 || (flow.claimed[me] ? old < kHalf && old >= length : length < 2)) return nullptr;
    base(half, seen.sequence + (old < kHalf ? old : 0));
  }
  const std::uint32_t first = seen.sequence - half.base;
  const bool below = first >= kHalf && first + 1 != 0;  // the number of the SYN is surely acknowledged
  if (below && length != 0 && !flow.midstream) return "bytes in front of the first one";
  if (below && (length == 0 || first + length >= kHalf)) return nullptr;
  if (length != 0 && half.finished && first + length > half.fin) return "bytes behind the last one";
  if (length != 0 && first + length > half.end + kWindow / 2) return "bytes far beyond a hole";
  // Nobody looks into what no reading is left for; but what is surely a message is one wherever it stands.
  const bool opaque_only = flow.opaque && !flow.reading[0].alive && !flow.reading[1].alive;
  if (opaque_only && !flow.midstream && me == flow.opener && uncovered(flow, me, bytes, length))
    return "Modbus in an opaque connection";
  for (std::uint32_t i = 0; i < length; ++i) {
    const std::uint32_t offset = first + i, place = offset % kWindow;
    if (offset >= kHalf) continue;
    const bool old = offset < half.end || half.there[place];
    if (old) {
      const bool kept = half.end - offset <= kWindow / 2 || offset >= half.end;
      const bool same = !kept || offset < half.acked || half.byte[place] == bytes[i];
      if (!same && !flow.opaque) return "other bytes than those that left before";
      if (!same) flow.reading[0].alive = flow.reading[1].alive = false;
      continue;
    }
    half.byte[place] = bytes[i];
    half.there[place] = true;
  }
  const std::uint32_t before = half.end;
  while (half.there[half.end % kWindow]) {
    half.there[half.end % kWindow] = false;
    ++half.end;
  }
  if (fin && !half.finished && first + length == half.end) {
    half.finished = true;
    half.fin = half.end;
  }
  if (half.end == before) return nullptr;
  const auto skip = before > first ? std::min(before - first, length) : 0;
  return read(flow, me, bytes + skip, length - skip);
}

// A message of Modbus that no rule for Modbus covers either, as a question or, perhaps, as an answer.
bool Guard::uncovered(const Conversation& flow, std::size_t me, Bytes bytes, std::size_t size) const {
  if (!surely_request(bytes, size)) return false;
  const char* why = nullptr;
  const auto whole = static_cast<std::size_t>(length_of(bytes, size));
  for (const auto& reading : flow.reading) {
    if (reading.client == me ? allowed_.permits(reading.rules, bytes, whole, why) : !reading.rules.empty())
      return false;
  }
  return true;
}

// Some reading of the whole conversation must be allowed.
const char* Guard::read(Conversation& flow, std::size_t me, const std::uint8_t* fresh, std::size_t size) {
  const char* why = "bytes that no rule allows";
  bool alive = false;
  for (auto& reading : flow.reading) {
    if (!reading.alive) continue;
    framed_ = true;
    const bool loose = flow.midstream && me != reading.client;
    const bool started_whole = reading.judged[me] + size == flow.half[me].end;
    if (const auto* wrong = loose ? nullptr : messages(flow, reading, me)) {
      reading.alive = false;
      why = wrong;
      continue;
    }
    if (loose) reading.judged[me] = flow.half[me].end;
    if (me == reading.client && flow.whole_segments[me] && !flow.midstream &&
        (!started_whole || reading.judged[me] != flow.half[me].end)) {
      reading.alive = false;
      why = "a segment that is not made of whole messages";
      continue;
    }
    alive = true;
  }
  // An opaque rule never covers what a decoder recognises, at the start of a segment or of all.
  if (flow.opaque && !flow.midstream && me == flow.opener) {
    const auto& half = flow.half[me];
    const bool modbus = uncovered(flow, me, fresh, size) ||
                        (half.end <= 300 && uncovered(flow, me, half.byte.data(), half.end));
    if (modbus) {
      flow.opaque = false;
      if (!alive) why = "Modbus in an opaque connection";
    }
  }
  return alive || flow.opaque ? nullptr : why;
}

const char* Guard::messages(Conversation& flow, Reading& reading, std::size_t me) {
  const auto& half = flow.half[me];
  std::array<std::uint8_t, 1040> linear;
  while (reading.judged[me] < half.end) {
    const std::uint32_t at = reading.judged[me];
    const auto have = std::min<std::uint32_t>(half.end - at, linear.size());
    for (std::uint32_t i = 0; i < std::min(have, 8U); ++i) linear[i] = half.byte[(at + i) % kWindow];
    const int length = length_of(linear.data(), have);
    if (length < 0) return "bytes that are no Modbus message";
    if (length == 0 || static_cast<std::uint32_t>(length) > have) return nullptr;
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(length); ++i)
      linear[i] = half.byte[(at + i) % kWindow];
    if (const auto* wrong = message(flow, reading, me, linear.data(), static_cast<std::size_t>(length)))
      return wrong;
    reading.judged[me] += static_cast<std::uint32_t>(length);
    ++judged_;
  }
  return nullptr;
}

const char* Guard::message(Conversation& flow, Reading& reading, std::size_t me, Bytes message,
                           std::size_t size) {
  constexpr std::size_t kMost = 64;
  if (me == reading.client) {
    const char* why = nullptr;
    bool permitted = allowed_.permits(reading.rules, message, size, why) ||
                     allowed_.permits_umas(reading.umas, message, size);
    const bool stand_in = !permitted && flow.stand_ins && is_stand_in(message, size);
    if (!permitted && !stand_in) return why;
    const auto place = reading.asked++ % kMost;
    reading.waiting[place] = await(message, size);
    reading.waiting[place].stand_in = stand_in;
    reading.open |= std::uint64_t{1} << place;
    return nullptr;
  }
  for (std::uint32_t i = 0; i < kMost; ++i) {
    const auto place = (reading.asked + i) % kMost;  // the oldest first
    if ((reading.open >> place & 1U) == 0 || !answers(reading.waiting[place], message, size)) continue;
    reading.open &= ~(std::uint64_t{1} << place);
    return nullptr;
  }
  return "an answer that nobody asked for";
}

}  // namespace sluice::model
