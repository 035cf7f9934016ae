#include "tests/scenario/toy/ping_pong/decoder.hpp"

#include <algorithm>

#include "rules/base/reader.hpp"
#include "tests/scenario/toy/ping_pong/schema.hpp"

namespace sluice::ping_pong {
namespace {

constexpr std::size_t kHeader = 3;

Framing frame(const ProtocolState&, Role, ByteView bytes) noexcept {
  Reader reader{bytes};
  for (std::size_t at = 0; at < 2 && at < bytes.size(); ++at) {
    if (reader.u8() != 'P') return Framing::bad();
  }
  const std::uint32_t length = reader.u8();
  if (!reader.ok() || bytes.size() < kHeader) return Framing::need_more(kHeader);
  if (length == 0) return Framing::bad();
  const auto whole = static_cast<std::uint32_t>(kHeader) + length;
  return bytes.size() < whole ? Framing::need_more(whole) : Framing::pdu(whole);
}

constexpr std::uint8_t kPiece = 9;

Malformed body(Role role, ByteView bytes, Sink& sink) noexcept {
  Reader reader{bytes};
  const auto code = reader.u8();
  const auto function = static_cast<std::uint16_t>(code & 0x7fU);
  const std::uint64_t cell = reader.be16();
  if (!reader.ok()) return Malformed::truncated;
  if ((code >= 0x80) != (role == Role::server)) return Malformed::bad_direction;
  sink.value(static_cast<std::uint16_t>(Name::function), function);
  sink.value(static_cast<std::uint16_t>(Name::cell), cell);
  const auto key = cell << 8 | function;
  if (role == Role::client) {
    sink.request(key, function);
  } else {
    (void)sink.response(key, function);
  }
  const auto* row = kSchema.function(function);
  sink.item(function, row != nullptr ? row->access : Access::control);
  if (function == 2 || function == 3) sink.span({.first = cell, .last = cell});
  if (function == 3 && role == Role::client)
    sink.value(static_cast<std::uint16_t>(Name::value), reader.be16());
  if (function == 4) sink.payload(4, reader.rest());
  sink.end();
  if (!reader.ok()) return Malformed::truncated;
  return reader.remaining() == 0 ? Malformed::fine : Malformed::trailing;
}

Malformed decode(ProtocolState&, Role role, ByteView pdu, Sink& sink) noexcept {
  Reader reader{pdu};
  reader.skip(kHeader);
  if (reader.u8() != kPiece) return body(role, pdu.subspan(std::min(kHeader, pdu.size())), sink);
  const auto key = reader.u8();
  const auto last = reader.u8();
  if (!reader.ok()) return Malformed::truncated;
  sink.part(key, reader.rest(), last != 0 ? Part::last : Part::more_follow);
  return Malformed::fine;
}

Malformed whole(ProtocolState&, Role role, std::uint64_t, ByteView message, Sink& sink) noexcept {
  return body(role, message, sink);
}

Likeness probe(Role role, ByteView bytes) noexcept {
  switch (frame({}, role, bytes).kind) {
    case Framing::Kind::need_more:
      return Likeness::prefix;
    case Framing::Kind::pdu:
      return Likeness::yes;
    case Framing::Kind::bad:
      break;
  }
  return Likeness::no;
}

std::uint16_t early(Role role, ByteView prefix) noexcept {
  Reader reader{prefix};
  reader.skip(kHeader);
  const auto function = reader.u8();
  return reader.ok() && role == Role::client && function != kPiece ? function : kNoFunction;
}

}  // namespace

const Protocol protocol{
    .schema = &kSchema, .frame = frame, .decode = decode, .whole = whole, .probe = probe, .early = early};

}  // namespace sluice::ping_pong
