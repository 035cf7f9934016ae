// What is spoilt in headers: of TCP, of IP, of the link; fragments, tunnels, tags.
#include <algorithm>
#include <cstring>

#include "tests/traffic/generator.hpp"

namespace sluice::traffic {
namespace {

namespace flag = model::flag;

}  // namespace

void Generator::spoil(Session& session, const Action& action) {
  if (random_.percent(30)) {  // one more, of which nothing follows
    Frame& frame = put(session, action.from, segment_of(session, action));
    frame.mutated = session.allowed;
    flip(frame, random_.percent(80));
  }
  const auto chance = random_.below(100);
  const bool data = action.content.size > 1;
  if (chance < 16 && session.stage == 3) {
    spoil_content(session, action);
  } else if (chance < 56 && data) {
    spoil_schedule(session, action);
  } else if (chance < 74) {
    spoil_segment(session, action);
  } else if (chance < 94) {
    spoil_frame(session, action);
  } else {
    spoil_link(session, action);
  }
}

// The fields of a TCP header.
void Generator::spoil_segment(Session& session, const Action& action) {
  Segment segment = segment_of(session, action);
  static constexpr std::uint32_t kSteps[] = {1, 2, 7, 100, 1460, 8191, 8192, 65536, 1U << 30U, 1U << 31U};
  const auto step = [&] {
    return random_.percent(50) ? kSteps[random_.below(10)] : 0 - kSteps[random_.below(10)];
  };
  std::uint8_t options[40];
  std::size_t from = action.from;
  switch (random_.below(11)) {
    case 0:
      segment.flags = random_.byte();
      break;
    case 1:
      segment.flags |= flag::urg;
      segment.urgent = static_cast<std::uint16_t>(random_.below(30));
      break;
    case 2:
      segment.sequence += step();
      break;
    case 3:
      segment.acknowledgement += step();
      break;
    case 4:
      segment.flags = static_cast<std::uint8_t>(random_.percent(50) ? flag::rst : flag::rst | flag::ack);
      segment.size = 0;
      if (random_.percent(70)) segment.sequence += step();
      break;
    case 5:
      segment.flags = static_cast<std::uint8_t>(random_.percent(50) ? flag::syn : flag::syn | flag::ack);
      segment.sequence =
          random_.percent(50) ? segment.sequence - 1 : static_cast<std::uint32_t>(random_.next());
      if (random_.percent(70)) segment.size = 0;
      break;
    case 6:
      segment.options = options;
      segment.options_size = 4 * random_.between(1, 10);
      for (auto& byte : options)
        byte = static_cast<std::uint8_t>(random_.percent(60) ? random_.below(12) : random_.byte());
      break;
    case 7:
      segment.window = static_cast<std::uint16_t>(random_.percent(50) ? 0 : random_.below(65536));
      break;
    case 8:  // the other end's numbers
      segment.sequence = session.next[1 - action.from];
      segment.acknowledgement = session.next[action.from];
      break;
    case 9:  // a FIN too early, and the session goes on
      segment.flags |= flag::fin;
      break;
    default:  // another port
      (random_.percent(50) ? segment.from : segment.to) = static_cast<std::uint16_t>(random_.below(65536));
  }
  Frame& frame = put(session, from, segment);
  frame.mutated = session.allowed;
  if (random_.percent(10)) {
    const auto place = place_of(frame);
    frame.bytes[place.transport + 12] = static_cast<std::uint8_t>(random_.byte());
    repair(frame);
  }
  if (random_.percent(40)) {  // what was due comes all the same, or later
    say(session, action);
    perform(session, action);
  }
}

void Generator::flip(Frame& frame, bool repaired) {
  for (std::uint32_t i = 0; i <= random_.below(3); ++i)
    frame.bytes[random_.below(frame.size)] ^= static_cast<std::uint8_t>(1U << random_.below(8));
  if (repaired) repair(frame);
}

void Generator::tag(Frame& frame) {
  static constexpr std::uint16_t kTypes[] = {0x8100, 0x88a8, 0x9100};
  const auto tags = random_.between(1, 3);
  if (frame.size + 4 * tags > kMostFrame) return;
  const std::uint32_t at = random_.percent(60) && get16(frame.bytes.data() + 12) == 0x8100 ? 16 : 12;
  for (std::uint32_t i = 0; i < tags; ++i) {
    std::memmove(frame.bytes.data() + at + 4, frame.bytes.data() + at, frame.size - at);
    put16(frame.bytes.data() + at, kTypes[random_.percent(70) ? 0 : random_.below(3)]);
    put16(frame.bytes.data() + at + 2, random_.percent(30)   ? 0
                                       : random_.percent(50) ? 10 * random_.between(1, 3)
                                                             : random_.below(4096));
    frame.size += 4;
  }
  frame.wire_size = frame.size;
}

// IPv4 options or an IPv6 extension header in front of what was there.
void Generator::options(Frame& frame) {
  const auto place = place_of(frame);
  const std::uint32_t size = place.six ? 8 : 4 * random_.between(1, 3);
  if (!place.found || frame.size + size > kMostFrame) return;
  auto* bytes = frame.bytes.data();
  std::memmove(bytes + place.transport + size, bytes + place.transport, frame.size - place.transport);
  frame.size += size;
  frame.wire_size = frame.size;
  auto* ip = bytes + place.network;
  auto* extra = bytes + place.transport;
  std::memset(extra, 1, size);
  if (place.six) {
    static constexpr std::uint8_t kHeaders[] = {0, 43, 44, 51, 60};
    std::memset(extra, 0, size);
    extra[0] = ip[6];
    ip[6] = kHeaders[random_.below(5)];
    extra[2] = 1;
    extra[3] = 4;
    put16(ip + 4, get16(ip + 4) + size);
    return;
  }
  static constexpr std::uint8_t kOptions[] = {7, 68, 131, 137, 148, 20, 0, 200};
  extra[0] = kOptions[random_.below(8)];
  extra[1] = random_.percent(80) ? 4 : random_.byte();
  if (extra[0] == 148) extra[2] = extra[3] = 0;
  ip[0] = static_cast<std::uint8_t>(0x45 + size / 4);
  put16(ip + 2, get16(ip + 2) + size);
  repair(frame);
}

// Two or three fragments of the datagram, now and then with other bytes, overlapping or out of order.
void Generator::fragment(const Frame& whole, const Message& evil) {
  const auto place = place_of(whole);
  const std::uint32_t size = place.end - place.transport;
  if (!place.found || size < 24) return;
  const std::uint32_t cut = 8 * random_.between(1, (size - 1) / 8);
  struct Piece {
    std::uint32_t at, size;
    bool evil;
  };
  Piece pieces[3] = {{0, cut, false}, {cut, size - cut, false}, {0, 0, false}};
  std::uint32_t count = 2;
  if (random_.percent(40)) {
    const std::uint32_t at = random_.percent(50) ? 0 : cut;
    pieces[count++] = {at, at == 0 ? cut : size - cut, true};
  }
  if (random_.percent(20)) pieces[1].at -= 8;
  if (random_.percent(50)) std::swap(pieces[0], pieces[random_.between(1, count - 1)]);
  const auto identification = random_.below(65536);
  const std::uint32_t header = place.six ? 8 : 0;  // RFC 8200 4.5
  for (std::uint32_t i = 0; i < count; ++i) {
    Frame& frame = push();
    frame.port = whole.port;
    frame.mutated = whole.mutated;
    frame.bytes = whole.bytes;
    const auto& piece = pieces[i];
    auto* bytes = frame.bytes.data() + place.transport + header;
    std::memcpy(bytes, whole.bytes.data() + place.transport + piece.at, piece.size);
    if (piece.evil) {
      const std::uint32_t from = piece.at == 0 ? std::min(piece.size, 20U) : 0;
      for (std::uint32_t at = from; at < piece.size; ++at)
        bytes[at] = evil.bytes[at % std::max(evil.size, 1U)];
    }
    const bool last = piece.at + piece.size >= size;
    auto* ip = frame.bytes.data() + place.network;
    if (place.six) {
      auto* extra = frame.bytes.data() + place.transport;
      extra[0] = ip[6];
      extra[1] = 0;
      put16(extra + 2, piece.at | (last ? 0U : 1U));
      put32(extra + 4, identification);
      ip[6] = 44;
      put16(ip + 4, header + piece.size);
    } else {
      put16(ip + 2, place.transport - place.network + piece.size);
      put16(ip + 4, identification);
      put16(ip + 6, piece.at / 8 | (last ? 0U : 0x2000U));
    }
    frame.size = frame.wire_size = std::max(place.transport + header + piece.size, 60U);
    if (!place.six) repair(frame);
  }
}

void Generator::wrap(Frame& frame, const Session& session, std::size_t from) {
  const auto place = place_of(frame);
  if (!place.found || frame.size + 60 > kMostFrame) return;
  scratch_.size = place.end - place.network;
  const auto& inner = frame.bytes;
  if (scratch_.size + 8 > scratch_.bytes.size()) return;
  std::copy_n(inner.begin() + place.network, scratch_.size, scratch_.bytes.begin() + 8);
  std::fill_n(scratch_.bytes.begin(), 8, std::uint8_t{0});
  const auto outer = way(session, from);
  switch (random_.below(4)) {
    case 0:
      return write_ip(frame, outer, place.six ? 41 : 4, scratch_.bytes.data() + 8, scratch_.size);
    case 1:  // GRE
      put16(scratch_.bytes.data() + 6, place.six ? 0x86dd : 0x0800);
      return write_ip(frame, outer, 47, scratch_.bytes.data() + 4, scratch_.size + 4);
    case 2:  // Teredo
      return write_udp(frame, outer, 3544, 3544, scratch_.bytes.data() + 8, scratch_.size);
    default:
      return write_udp(frame, outer, 4789, 4789, scratch_.bytes.data(), scratch_.size + 8);
  }
}

// The bytes of the frame, and who sends it.
void Generator::spoil_frame(Session& session, const Action& action) {
  const Segment segment = segment_of(session, action);
  Frame* frame = nullptr;
  const auto make = [&]() -> Frame& {
    frame = &put(session, action.from, segment);
    frame->mutated = session.allowed;
    return *frame;
  };
  const auto ip = [&] { return frame->bytes.data() + place_of(*frame).network; };
  const bool six = !model::is_ipv4(hosts_[session.ends[0]].ip);
  switch (random_.below(16)) {
    case 0:
      flip(make(), false);
      break;
    case 1:
    case 2:
      flip(make(), true);
      break;
    case 3:  // lengths
      make();
      frame->size = random_.between(14, frame->size);
      if (random_.percent(50)) frame->wire_size = frame->size;
      break;
    case 4:  // something behind the datagram
      make();
      frame->size = frame->wire_size = std::min(frame->size + random_.between(1, 40), kMostFrame);
      for (std::uint32_t i = 60; i < frame->size; ++i) frame->bytes[i] ^= random_.byte();
      break;
    case 5:
      options(make());
      break;
    case 6:
    case 7:
      frame_ = put(session, action.from, segment);
      --count_;
      frame_.mutated = session.allowed;
      odd_content(session, action, evil_);
      fragment(frame_, evil_);
      break;
    case 8:  // flags and offset of a fragment, the rest whole
      make();
      if (!six)
        put16(ip() + 6, random_.percent(50) ? 0x2000 : random_.below(65536));
      else
        ip()[6] = 44;
      repair(*frame);
      break;
    case 9:
      make();
      ip()[six ? 7 : 8] = static_cast<std::uint8_t>(random_.below(4));
      repair(*frame);
      break;
    case 10:  // a field of the IP header
      make();
      ip()[random_.below(six ? 8 : 12)] = random_.byte();
      if (random_.percent(70)) repair(*frame);
      break;
    case 11:  // a checksum
      make();
      frame->bytes[place_of(*frame).transport + 16 + random_.below(2)] ^=
          static_cast<std::uint8_t>(1U << random_.below(8));
      break;
    case 12:
      tag(make());
      break;
    case 13:  // by the wrong port
      make().port ^= random_.percent(80) ? 1 : 2;
      break;
    case 14: {  // another's address
      const auto& other = random_.one_of(plant_.hosts);
      if (model::is_ipv4(other.ip) == six) break;
      make();
      const std::uint32_t at = random_.percent(50) ? 0 : six ? 16 : 4;
      std::copy(other.ip.begin() + (six ? 0 : 12), other.ip.end(), ip() + (six ? 8 : 12) + at);
      repair(*frame);
      break;
    }
    default:
      wrap(make(), session, action.from);
  }
  if (random_.percent(40)) {
    say(session, action);
    perform(session, action);
  }
}

}  // namespace sluice::traffic
