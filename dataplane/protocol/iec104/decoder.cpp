#include "dataplane/protocol/iec104/decoder.hpp"

#include "dataplane/protocol/iec104/message.hpp"
#include "dataplane/protocol/iec104/session.hpp"
#include "dataplane/protocol/iec104/stand_in.hpp"

namespace sluice::iec104 {
namespace {

enum class Format : std::uint8_t { information, supervisory, unnumbered };

// 104 5.1: the lowest bits of the first control octet.
constexpr Format format_of(std::uint32_t control) noexcept {
  if ((control & 1U) == 0) return Format::information;
  return (control & 2U) == 0 ? Format::supervisory : Format::unnumbered;
}

Framing frame(const ProtocolState&, Role, ByteView bytes) noexcept {
  if (bytes.size() < kBeforeLength) {
    Reader reader{bytes};
    return !bytes.empty() && reader.u8() != kStart ? Framing::bad() : Framing::need_more(kBeforeLength);
  }
  Reader reader{bytes};
  const auto start = reader.u8();
  const std::uint32_t length = reader.u8();
  if (start != kStart || length < kLeastLength || length > kMostLength) return Framing::bad();
  const auto whole = kBeforeLength + length;
  return bytes.size() < whole ? Framing::need_more(whole) : Framing::pdu(whole);
}

// What a message says by itself, and whether it comes in order.
struct Verdict {
  Malformed own = Malformed::fine;
  Malformed order = Malformed::fine;
};

// 104 5.3: the controlling station asks for transfer, the controlled one confirms.
bool may_send(Role role, Unnumbered what) noexcept {
  switch (what) {
    case Unnumbered::startdt_act:
    case Unnumbered::stopdt_act:
      return role == Role::client;
    case Unnumbered::startdt_con:
    case Unnumbered::stopdt_con:
      return role == Role::server;
    case Unnumbered::testfr_act:
    case Unnumbered::testfr_con:
      return true;
  }
  return false;
}

Verdict information(Session& session, Role role, ByteView pdu, std::uint16_t first, std::uint16_t second,
                    Message& message) noexcept {
  const auto sent = static_cast<std::uint16_t>(first >> 1U);
  const auto received = static_cast<std::uint16_t>(second >> 1U);
  message.value(Name::type, 0);
  message.value(Name::tx, sent);
  message.value(Name::rx, received);
  message.value(Name::iec60870_asdu, pdu.subspan(kControlSize));
  const auto control = (second & 1U) != 0 ? Malformed::bad_value : Malformed::fine;
  return {worse(decode_asdu(message, role), control), session.information(role, sent, received)};
}

// 104 5.1: all but the number is fixed.
Verdict supervisory(Session& session, Role role, std::uint16_t first, std::uint16_t second,
                    Message& message) noexcept {
  const auto received = static_cast<std::uint16_t>(second >> 1U);
  message.value(Name::type, 1);
  message.value(Name::rx, received);
  const bool good = first == 1 && (second & 1U) == 0;
  return {good ? Malformed::fine : Malformed::bad_value, session.supervisory(role, received)};
}

// 104 5.1, 5.3: one function at a time, and nothing else.
Verdict unnumbered(Session& session, Role role, std::uint16_t first, std::uint16_t second,
                   Message& message) noexcept {
  const auto function = first & 0xfcU;
  message.value(Name::type, 3);
  message.value(Name::utype, function >> 2U);
  if (first >> 8U != 0 || second != 0 || function == 0 || (function & (function - 1U)) != 0)
    return {Malformed::bad_value};
  const auto what = static_cast<Unnumbered>(function);
  if (!may_send(role, what)) return {Malformed::bad_direction};
  return {Malformed::fine, session.unnumbered(what)};
}

Verdict read(Session& session, Role role, ByteView pdu, Sink* sink) noexcept {
  if (pdu.size() < kControlSize) return {Malformed::truncated};
  Message message{pdu, sink};
  message.value(Name::iec60870_104, pdu.first(kControlSize));
  const auto start = message.reader().u8();
  const auto length = message.u8(Name::apdulen);
  const auto first = message.reader().le16();
  const auto second = message.reader().le16();
  Verdict verdict;
  switch (format_of(first)) {
    case Format::information:
      verdict = information(session, role, pdu, first, second, message);
      break;
    case Format::supervisory:
      verdict = supervisory(session, role, first, second, message);
      if (pdu.size() != kControlSize) verdict.own = Malformed::trailing;
      break;
    case Format::unnumbered:
      verdict = unnumbered(session, role, first, second, message);
      if (pdu.size() != kControlSize) verdict.own = Malformed::trailing;
      break;
  }
  // frame() has seen to these already; they are judged again for bytes that came another way.
  if (start != kStart) verdict.own = Malformed::bad_value;
  if (length + kBeforeLength != pdu.size() || length > kMostLength) verdict.own = Malformed::bad_length;
  return verdict;
}

Malformed decode(ProtocolState& state, Role role, ByteView pdu, Sink& sink) noexcept {
  auto session = state.recall<Session>();
  session.begin(sink.in_step());
  const auto verdict = read(session, role, pdu, &sink);
  state.keep(session);
  return sink.in_step() ? worse(verdict.own, verdict.order) : verdict.own;
}

std::uint16_t early(Role role, ByteView prefix) noexcept {
  if (role == Role::server) return kNoFunction;
  Reader reader{prefix};
  reader.skip(kBeforeLength);
  const auto first = reader.le16();
  reader.skip(2);
  const auto type = reader.u8();
  return reader.ok() && format_of(first) == Format::information ? type : kNoFunction;
}

Likeness probe(Role role, ByteView bytes) noexcept {
  const auto framing = frame({}, role, bytes);
  if (framing.kind == Framing::Kind::bad) return Likeness::no;
  if (framing.kind == Framing::Kind::need_more) return Likeness::prefix;
  const auto pdu = bytes.first(framing.length);
  Session session{};
  const auto own = read(session, role, pdu, nullptr).own;
  if (own == Malformed::bad_direction) return Likeness::no;
  if (own != Malformed::fine) return Likeness::prefix;
  const auto function = early(Role::client, pdu);
  if (function == kNoFunction) return Likeness::yes;
  // What only a station reports is rather said by one, and what has no layout is no proof.
  switch (kTypeOf[function].kind) {
    case Kind::unnamed:
    case Kind::security:
      return Likeness::prefix;
    case Kind::monitored:
    case Kind::sequence:
    case Kind::directory:
      return role == Role::server ? Likeness::yes : Likeness::prefix;
    case Kind::command:
    case Kind::system:
    case Kind::read:
    case Kind::parameter:
    case Kind::file:
      return Likeness::yes;
  }
  return Likeness::prefix;
}

}  // namespace

const Protocol protocol{.schema = &kSchema,
                        .frame = frame,
                        .decode = decode,
                        .probe = probe,
                        .early = early,
                        .stand_in = stand_in,
                        .stand_in_answer = stand_in_answer};

}  // namespace sluice::iec104
