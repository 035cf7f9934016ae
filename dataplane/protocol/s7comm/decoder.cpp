#include "dataplane/protocol/s7comm/decoder.hpp"

#include "dataplane/protocol/s7comm/message.hpp"

namespace sluice::s7comm {
namespace {

using carrier::Tpdu;
using carrier::TpduType;

constexpr std::size_t kDataTpdu = carrier::kTpktHeader + 3;
constexpr std::size_t kUserdataParameter = 8;
constexpr unsigned kMostProbed = 32;  // TPDUs without data in front of the first with some

Framing frame(const ProtocolState&, Role, ByteView bytes) noexcept { return carrier::tpkt_frame(bytes); }

// Every length that a PDU states of itself fits the bytes of its message.
bool agrees(const Header& header, std::size_t start, std::size_t size) noexcept {
  return start + header.parameter + header.data == size;
}

// May who has this role send that? Only the first bytes of the parameter are asked for.
Likeness fits_role(const Header& header, Role role, Reader parameter) noexcept {
  const auto code = parameter.u8();
  const bool fetched = code == kDownloadBlock || code == kDownloadEnded || code == kCpuServices;
  const bool client = role == Role::client;
  switch (header.rosctr) {
    case kJob:
      return parameter.ok() && (client || fetched) ? Likeness::yes : Likeness::no;
    case kAck:
      return client ? Likeness::prefix : Likeness::yes;
    case kAckData:
      return !client ? Likeness::yes : parameter.ok() && fetched ? Likeness::prefix : Likeness::no;
    case kUserdata: {
      parameter.skip(4);
      const auto type = parameter.u8() >> 4U;
      const bool asks = type == 4 || type == 7;
      return !parameter.ok() ? Likeness::no : asks == client ? Likeness::yes : Likeness::prefix;
    }
    default:
      return Likeness::no;
  }
}

// What a PDU that begins at `bytes` may be; `size` are the bytes that its message will have.
Likeness likeness_of(Role role, ByteView bytes, std::size_t size) noexcept {
  Reader reader{bytes};
  const auto id = reader.u8();
  if (reader.ok() && id != kProtocolId) return Likeness::no;
  const auto rosctr = reader.u8();
  if (!reader.ok()) return Likeness::prefix;
  if (rosctr != kJob && rosctr != kUserdata && !has_error(rosctr)) return Likeness::no;
  Reader again{bytes};
  const auto header = read_header(again);
  if (!again.ok()) return Likeness::prefix;
  if (!agrees(header, again.position(), size)) return Likeness::no;
  Reader whole = again;
  const auto parameter = again.take(header.parameter);
  whole.skip(std::size_t{header.parameter} + header.data);
  if (!again.ok() || !whole.ok()) return Likeness::prefix;
  return fits_role(header, role, Reader{parameter});
}

// Whoever connects, and whoever keeps a connection alive, may be any protocol of this carrier: it is told by
// its first data.
Likeness probe(Role role, ByteView bytes) noexcept {
  auto rest = bytes;
  for (unsigned i = 0; i < kMostProbed; ++i) {
    const auto framing = carrier::tpkt_frame(rest);
    if (framing.kind == Framing::Kind::bad) return Likeness::no;
    const bool whole = framing.kind == Framing::Kind::pdu;
    if (!whole && rest.size() <= kDataTpdu) return Likeness::prefix;
    const auto size = whole ? framing.length : rest.size();
    Tpdu tpdu;
    const auto malformed = carrier::read_tpdu(rest.first(size), tpdu);
    if (tpdu.type == TpduType::data && malformed == Malformed::fine && !tpdu.data.empty()) {
      if (tpdu.last) return likeness_of(role, tpdu.data, framing.length - kDataTpdu);
      Reader reader{tpdu.data};
      return reader.u8() == kProtocolId ? Likeness::prefix : Likeness::no;
    }
    if (!whole) return Likeness::prefix;
    if (malformed != Malformed::fine) return Likeness::no;
    if (framing.length == rest.size()) return Likeness::prefix;
    rest = rest.subspan(framing.length);
  }
  return Likeness::prefix;
}

Malformed read_pdu(ProtocolState& state, Role role, ByteView pdu, Sink& sink) noexcept {
  auto session = state.recall<Session>();
  const auto malformed = Message{session, role, sink}.read(pdu);
  state.keep(session);
  return malformed;
}

Malformed whole(ProtocolState& state, Role role, std::uint64_t, ByteView message, Sink& sink) noexcept {
  return read_pdu(state, role, message, sink);
}

Malformed decode(ProtocolState& state, Role role, ByteView pdu, Sink& sink) noexcept {
  Tpdu tpdu;
  auto malformed =
      carrier::tpkt_frame(pdu).length == pdu.size() ? carrier::read_tpdu(pdu, tpdu) : Malformed::bad_length;
  carrier::tell(sink, pdu, tpdu);
  if (malformed != Malformed::fine) return malformed;
  auto session = state.recall<Session>();
  const bool parts = carrier::in_parts(session.cotp, role, tpdu);
  const bool first = session.cotp.unfinished[static_cast<std::size_t>(role)] == 0;
  const bool overran = session.cotp.overrun[static_cast<std::size_t>(role)];
  const std::uint32_t most = session.pdu_length != 0 ? session.pdu_length : kMostPdu;
  malformed = carrier::follow(session.cotp, role, tpdu, most);
  state.keep(session);
  if (tpdu.type != TpduType::data) return malformed;
  if (!parts) {
    if (malformed != Malformed::fine || tpdu.data.empty()) return malformed;
    return read_pdu(state, role, tpdu.data, sink);
  }
  // What is too long is no longer gathered; its end ends what was.
  if (malformed != Malformed::fine || overran) {
    if (tpdu.last) sink.part(0, {}, Part::last);
    return malformed != Malformed::fine ? malformed : Malformed::bad_length;
  }
  if (first && !tpdu.data.empty() && Reader{tpdu.data}.u8() != kProtocolId) return Malformed::bad_value;
  sink.part(0, tpdu.data, tpdu.last ? Part::last : Part::more_follow);
  return Malformed::fine;
}

// Only of a message in one TPDU; whether the last TPDU of another begins like one, its lengths tell.
std::uint16_t early(Role role, ByteView prefix) noexcept {
  if (role == Role::server) return kNoFunction;
  const auto framing = carrier::tpkt_frame(prefix);
  if (framing.kind == Framing::Kind::bad || framing.length <= kDataTpdu) return kNoFunction;
  const auto size = framing.kind == Framing::Kind::pdu ? framing.length : prefix.size();
  Tpdu tpdu;
  if (carrier::read_tpdu(prefix.first(size), tpdu) != Malformed::fine || tpdu.type != TpduType::data ||
      !tpdu.last) {
    return kNoFunction;
  }
  Reader reader{tpdu.data};
  const auto header = read_header(reader);
  if (!reader.ok() || header.protid != kProtocolId ||
      !agrees(header, reader.position(), framing.length - kDataTpdu)) {
    return kNoFunction;
  }
  if (header.rosctr == kUserdata) {
    if (header.parameter < kUserdataParameter) return kNoFunction;
    reader.skip(5);
    const auto group = static_cast<std::uint8_t>(reader.u8() & 0x0fU);
    const auto subfunction = reader.u8();
    return reader.ok() ? userdata_id(group, subfunction) : kNoFunction;
  }
  if (header.rosctr != kJob || header.parameter == 0) return kNoFunction;
  const auto code = reader.u8();
  if (!reader.ok()) return kNoFunction;
  if (code != kPiService) return code;
  // The name stands last.
  reader.skip(7);
  reader.skip(reader.be16());
  const auto length = reader.u8();
  const auto name = reader.take(length);
  return reader.ok() ? service_id(name) : kNoFunction;
}

}  // namespace

const Protocol protocol{
    .schema = &kSchema, .frame = frame, .decode = decode, .whole = whole, .probe = probe, .early = early};

}  // namespace sluice::s7comm
