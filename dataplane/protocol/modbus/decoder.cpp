#include "dataplane/protocol/modbus/decoder.hpp"

#include "dataplane/protocol/modbus/message.hpp"
#include "dataplane/protocol/modbus/stand_in.hpp"

namespace sluice::modbus {
namespace {

constexpr std::size_t kMbapBeforeUnit = 6;
constexpr std::uint32_t kLeastLength = 2;  // unit identifier and function code
constexpr std::uint8_t kException = 0x80;
constexpr std::uint8_t kUnity = 90;

// Function code without the bit that marks an exception; 0 when there is none.
std::uint8_t code_of(ByteView bytes) noexcept {
  Reader reader{bytes};
  reader.skip(kMbapBeforeUnit + 1);
  return static_cast<std::uint8_t>(reader.u8() & ~kException);
}

bool is_exception(ByteView bytes) noexcept {
  Reader reader{bytes};
  reader.skip(kMbapBeforeUnit + 1);
  return (reader.u8() & kException) != 0;
}

Framing frame(const ProtocolState&, Role, ByteView bytes) noexcept {
  if (bytes.size() < kMbapBeforeUnit) return Framing::need_more(kMbapBeforeUnit);
  Reader reader{bytes};
  reader.skip(2);  // any transaction identifier
  const auto protocol_id = reader.be16();
  const std::uint32_t length = reader.be16();
  if (protocol_id != 0 || length < kLeastLength || length > kMostUnityLength) return Framing::bad();
  if (length > kMostLength) {
    if (bytes.size() < kMbapBeforeUnit + kLeastLength) {
      return Framing::need_more(kMbapBeforeUnit + kLeastLength);
    }
    if (code_of(bytes) != kUnity) return Framing::bad();
  }
  const auto whole = static_cast<std::uint32_t>(kMbapBeforeUnit) + length;
  return bytes.size() < whole ? Framing::need_more(whole) : Framing::pdu(whole);
}

Malformed read(Role role, ByteView pdu, Sink* sink) noexcept {
  Message message{pdu, sink};
  if (pdu.size() < kMbapBeforeUnit + 2) return Malformed::truncated;
  message.value(Name::mbtcp, pdu);
  const auto transaction = message.be16(Name::trans_id);
  const auto protocol_id = message.be16(Name::prot_id);
  const auto length = message.be16(Name::len);
  const auto unit = message.u8(Name::unit_id);
  message.value(Name::modbus, pdu.subspan(message.reader().position()));
  const auto code = message.reader().u8();
  message.value(Name::func_code, code & ~kException & 0xffU);

  // AP 7.1, MG 3.1.3: the answer repeats all three.
  const auto key = std::uint64_t{transaction} << 16 | std::uint64_t{unit} << 8 | (code & ~kException & 0xffU);
  const auto found =
      role == Role::client ? decode_request(message, key, code) : decode_response(message, key, code);
  // frame() has seen to these already; they are judged again for payloads that came another way.
  if (protocol_id != 0) return Malformed::bad_value;
  const std::size_t most = code_of(pdu) == kUnity ? kMostUnityLength : kMostLength;
  if (length + kMbapBeforeUnit != pdu.size() || length > most) return Malformed::bad_length;
  return found;
}

Malformed decode(ProtocolState&, Role role, ByteView pdu, Sink& sink) noexcept {
  return read(role, pdu, &sink);
}

// What a header without its end already excludes.
bool can_begin(ByteView bytes) noexcept {
  Reader reader{bytes};
  reader.skip(2);
  if (reader.u8() != 0 || reader.u8() != 0) return false;  // zero where there is no byte yet
  return reader.u8() <= kMostUnityLength >> 8U;
}

Likeness probe(Role role, ByteView bytes) noexcept {
  if (!can_begin(bytes)) return Likeness::no;
  const auto framing = frame({}, role, bytes);
  if (framing.kind == Framing::Kind::bad) return Likeness::no;
  if (framing.kind == Framing::Kind::need_more) return Likeness::prefix;
  // Six of the first eight bytes could be anybody's; a function of the standard with its exact length is no
  // accident.
  const auto pdu = bytes.first(framing.length);
  if (role == Role::client && is_exception(pdu)) return Likeness::no;
  const auto code = code_of(pdu);
  const bool opaque = !is_named(code) || code == kUnity;
  return !opaque && read(role, pdu, nullptr) == Malformed::fine ? Likeness::yes : Likeness::prefix;
}

std::uint16_t early(Role role, ByteView prefix) noexcept {
  if (role == Role::server) return kNoFunction;
  Reader reader{prefix};
  reader.skip(kMbapBeforeUnit + 1);
  const auto code = reader.u8();
  std::uint16_t function = code;
  if (code == 8) function = diagnostics_id(reader.be16());
  if (code == 43) function = interface_id(reader.u8());
  return reader.ok() ? function : kNoFunction;
}

}  // namespace

const Protocol protocol{.schema = &kSchema,
                        .frame = frame,
                        .decode = decode,
                        .probe = probe,
                        .early = early,
                        .stand_in = stand_in,
                        .stand_in_answer = stand_in_answer};

}  // namespace sluice::modbus
