#include "dataplane/protocol/carrier/cotp.hpp"

namespace sluice::carrier {
namespace {

// X.224 13.3.4
constexpr std::uint8_t kTpduSize = 0xc0, kCallingTsap = 0xc1, kCalledTsap = 0xc2, kPreferredSize = 0xf0;
constexpr std::size_t kMostTsap = 32;
constexpr std::uint32_t kDataHeader = 3;

constexpr Malformed worse(Malformed first, Malformed second) noexcept {
  return first != Malformed::fine ? first : second;
}

constexpr bool is_of_class_0(std::uint8_t code) noexcept {
  for (const auto type : {TpduType::error, TpduType::disconnect_request, TpduType::connection_confirm,
                          TpduType::connection_request, TpduType::data}) {
    if (code >> 4U == static_cast<unsigned>(type)) return true;
  }
  return false;
}

// X.224 13.3.4, 13.4.4: of CR and CC. What class 0 has no use for is refused, and so is what is said twice.
Malformed read_parameters(ByteView bytes, Tpdu& out) noexcept {
  Reader reader{bytes};
  std::uint32_t seen = 0;
  auto found = Malformed::fine;
  while (reader.remaining() != 0) {
    const auto code = reader.u8();
    const std::size_t length = reader.u8();
    const auto value = reader.take(length);
    if (!reader.ok()) return Malformed::truncated;
    std::uint32_t bit = 0;
    switch (code) {
      case kTpduSize: {
        bit = 1;
        const std::uint32_t power = length == 1 ? Reader{value}.u8() : 0;  // 128 to 8,192
        if (power < 7 || power > 13) {
          found = worse(found, Malformed::bad_value);
        } else {
          out.size = static_cast<std::uint16_t>(1U << power);
        }
        break;
      }
      case kCallingTsap:
      case kCalledTsap:
        bit = code == kCallingTsap ? 2 : 4;
        (code == kCallingTsap ? out.calling : out.called) = value;
        if (length == 0 || length > kMostTsap) found = worse(found, Malformed::bad_length);
        break;
      case kPreferredSize:  // in units of 128; TPDU size still holds for who does not know it
        bit = 8;
        if (length == 0 || length > 4) found = worse(found, Malformed::bad_length);
        break;
      default:
        found = worse(found, Malformed::bad_value);
        break;
    }
    if ((seen & bit) != 0) found = worse(found, Malformed::bad_value);
    seen |= bit;
  }
  return found;
}

Malformed read_connection(Reader& header, Tpdu& out, std::uint8_t credit) noexcept {
  out.destination = header.be16();
  out.source = header.be16();
  out.options = header.u8();
  out.parameters = header.rest();
  if (!header.ok()) return Malformed::truncated;
  const auto found = read_parameters(out.parameters, out);
  // X.224 13.3.1, 13.3.3: class 0, without credit and options; who asks knows no reference of the other.
  const bool odd =
      out.options != 0 || credit != 0 || (out.type == TpduType::connection_request && out.destination != 0);
  return worse(found, odd ? Malformed::bad_value : Malformed::fine);
}

// X.224 13.7.3: in class 0 two bytes, the second with the end mark and the number zero.
Malformed read_data(Reader& header, Tpdu& out, ByteView data, std::uint8_t roa) noexcept {
  const auto mark = header.u8();
  out.last = (mark & 0x80U) != 0;
  out.number = static_cast<std::uint8_t>(mark & 0x7fU);
  out.data = data;
  if (!header.ok()) return Malformed::truncated;
  if (header.remaining() != 0) return Malformed::bad_length;
  return out.number != 0 || roa != 0 ? Malformed::bad_value : Malformed::fine;
}

}  // namespace

Malformed read_tpdu(ByteView tpkt, Tpdu& out) noexcept {
  Reader reader{tpkt};
  reader.skip(kTpktHeader);
  out.header = reader.u8();
  Reader header{reader.take(out.header)};
  const auto data = reader.rest();
  const auto code = header.u8();
  if (!reader.ok() || !header.ok()) return Malformed::truncated;
  const auto low = static_cast<std::uint8_t>(code & 0x0fU);
  if (!is_of_class_0(code)) return Malformed::bad_value;
  out.type = static_cast<TpduType>(code >> 4U);
  out.known = true;
  switch (out.type) {
    case TpduType::data:
      return read_data(header, out, data, low);
    case TpduType::connection_request:
    case TpduType::connection_confirm:
      return worse(read_connection(header, out, low), data.empty() ? Malformed::fine : Malformed::trailing);
    case TpduType::disconnect_request:
      out.destination = header.be16();
      out.source = header.be16();
      out.cause = header.u8();
      break;
    case TpduType::error:
      out.destination = header.be16();
      out.cause = header.u8();
      break;
  }
  out.parameters = header.rest();
  if (!header.ok()) return Malformed::truncated;
  if (low != 0) return Malformed::bad_value;
  return data.empty() ? Malformed::fine : Malformed::trailing;
}

Malformed follow(CotpState& state, Role role, const Tpdu& tpdu, std::uint32_t most) noexcept {
  using Phase = CotpState::Phase;
  switch (tpdu.type) {
    case TpduType::connection_request:
      if (role != Role::client) return Malformed::bad_direction;
      if (state.phase != Phase::unknown || state.spoken) return Malformed::bad_value;
      state.phase = Phase::requested;
      state.size = tpdu.size;
      return Malformed::fine;
    case TpduType::connection_confirm: {
      if (role != Role::server) return Malformed::bad_direction;
      if (state.phase == Phase::connected || state.phase == Phase::disconnected || state.spoken)
        return Malformed::bad_value;
      // X.224 6.5.4: the confirmed size is not greater than the proposed one.
      const bool grew = tpdu.size != 0 && state.size != 0 && tpdu.size > state.size;
      state.phase = Phase::connected;
      if (tpdu.size != 0) state.size = tpdu.size;
      return grew ? Malformed::bad_value : Malformed::fine;
    }
    case TpduType::disconnect_request:
    case TpduType::error:
      state.phase = Phase::disconnected;
      return Malformed::fine;
    case TpduType::data:
      break;
  }
  if (state.phase == Phase::disconnected) return Malformed::bad_value;
  const auto side = static_cast<std::size_t>(role);
  state.spoken = state.spoken || !tpdu.data.empty();
  const auto bytes = static_cast<std::uint32_t>(tpdu.data.size());
  const bool large = state.phase == Phase::connected && state.size != 0 && bytes + kDataHeader > state.size;
  auto& unfinished = state.unfinished[side];
  const bool over = unfinished + bytes > most || state.overrun[side];
  unfinished = tpdu.last || over ? 0 : unfinished + bytes;
  state.overrun[side] = over && !tpdu.last;
  return large || over ? Malformed::bad_length : Malformed::fine;
}

}  // namespace sluice::carrier
