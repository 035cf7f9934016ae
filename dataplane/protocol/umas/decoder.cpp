#include "dataplane/protocol/umas/decoder.hpp"

#include "dataplane/protocol/umas/schema.hpp"
#include "rules/base/reader.hpp"

namespace sluice::umas {
namespace {

constexpr std::size_t kSignature = 32;
constexpr std::uint8_t kSignedMessage = 0x38;
constexpr std::uint8_t kMonitorPlc = 0x50;

constexpr std::array<Access, 256> kAccess = [] {
  std::array<Access, 256> access{};
  access.fill(Access::program);  // what has no row could be anything
  for (const auto& function : kFunctions) access[function.id] = function.access;
  return access;
}();

constexpr Malformed worse(Malformed first, Malformed second) noexcept {
  return first != Malformed::fine ? first : second;
}

// A request while it is read: numbers are little-endian, and handed on as they are read.
class Request {
 public:
  Request(ByteView bytes, Sink& sink) noexcept : reader_{bytes}, sink_{sink} {}

  Malformed read() noexcept;

 private:
  std::uint64_t told(Name name, std::uint64_t number) noexcept {
    if (reader_.ok()) sink_.value(static_cast<std::uint16_t>(name), number);
    return number;
  }
  ByteView told(Name name, ByteView bytes) noexcept {
    if (!bytes.empty()) sink_.value(static_cast<std::uint16_t>(name), bytes);
    return bytes;
  }
  void span(Space space, std::uint64_t key, std::uint64_t first, std::uint64_t count) noexcept {
    if (!reader_.ok()) return;
    Span span;
    span.space = static_cast<std::uint16_t>(space);
    span.key = key;
    span.first = first;
    span.last = first + (count == 0 ? 0 : count - 1);
    sink_.span(span);
  }

  void item(std::uint8_t function) noexcept;
  Malformed body(std::uint8_t function) noexcept;
  void reservation() noexcept;
  void memory_block(std::uint8_t function) noexcept;
  Malformed variables(std::uint8_t function) noexcept;
  void data_dictionary() noexcept;
  void strategy(std::uint8_t function) noexcept;
  [[nodiscard]] bool only_monitors() const noexcept;
  void opaque(std::uint8_t function) noexcept;
  Malformed signed_message() noexcept;

  Reader reader_;
  Sink& sink_;
  bool is_signed_ = false;
  std::uint8_t session_ = 0;  // of the message inside a signed one
};

// seen: four bytes of the station's choice, then its name.
void Request::reservation() noexcept {
  reader_.skip(4);
  const auto length = reader_.u8();
  told(Name::client, reader_.take(length));
}

// seen: range, block, offset, two bytes that were always zero, length. The two bytes are read as the upper
// half of the offset: if a controller ignores them, that only makes the range that is judged one which nobody
// allowed.
void Request::memory_block(std::uint8_t function) noexcept {
  reader_.skip(1);
  const auto block = told(Name::block, reader_.le16());
  const auto offset = told(Name::offset, reader_.le32());
  const auto length = told(Name::length, reader_.le16());
  span(Space::block, block, offset, length);
  if (function == 0x21) told(Name::data, reader_.take(length));
}

// known: project checksum, count, then one reference per variable. The low half of its first byte is the size
// as a power of two, from 1; the high half says that it is an array. Each is an item; the first has been
// begun.
Malformed Request::variables(std::uint8_t function) noexcept {
  const bool writes = function == 0x23;
  reader_.skip(4);
  const std::uint32_t count = reader_.u8();
  auto found = count == 0 ? Malformed::bad_length : Malformed::fine;
  for (std::uint32_t i = 0; i < count && reader_.ok(); ++i) {  // each takes seven bytes at least
    if (i != 0) {
      sink_.end();
      item(function);
    }
    const auto kind = reader_.u8();
    const auto block = told(Name::block, reader_.le16());
    if (!writes) reader_.skip(1);
    const std::uint64_t base = reader_.le16();
    const auto offset = told(Name::offset, base + (writes ? reader_.le16() : reader_.u8()));
    const std::uint32_t elements = kind >> 4U != 0 ? reader_.le16() : 1;
    const std::uint32_t size = kind & 15U;
    if (size < 1 || size > 4 || elements == 0) found = worse(found, Malformed::bad_value);
    const auto length = told(Name::length, size < 1 || size > 4 ? 0 : elements << (size - 1U));
    span(Space::block, block, offset, length);
    if (writes) told(Name::data, reader_.take(length));
  }
  if (reader_.remaining() != 0) found = worse(found, Malformed::trailing);  // a variable that was not counted
  return found;
}

// known: record type, index, hardware, block, offset.
void Request::data_dictionary() noexcept {
  reader_.skip(7);
  told(Name::block, reader_.le16());
  told(Name::offset, reader_.le16());
}

// seen and known: zero, file, then what the step needs. Starting and ending touch the whole file.
void Request::strategy(std::uint8_t function) noexcept {
  reader_.skip(1);
  const auto file = told(Name::file, reader_.u8());
  if (function != 0x31 && function != 0x34) return span(Space::strategy, file, 0, 0x10000);
  const auto block = told(Name::block, reader_.le16());
  span(Space::strategy, file, block, 1);
  if (function == 0x31) {
    const auto length = told(Name::length, reader_.le16());
    told(Name::data, reader_.take(length));
  }
}

// seen and known: 15, a byte, count, then operations that register, read or forget variables.
bool Request::only_monitors() const noexcept {
  Reader ahead = reader_;
  bool known = ahead.u8() == 0x15;
  ahead.skip(1);
  const std::uint32_t count = ahead.u8();
  for (std::uint32_t i = 0; i < count && ahead.ok() && known; ++i) {
    switch (ahead.u8()) {
      case 0x05:
        ahead.skip(6);
        break;  // index, block, offset, register or forget
      case 0x07:
        break;  // read all
      case 0x09:
        ahead.skip(5);
        break;  // index, block, offset
      case 0x0b:
        break;  // forget all
      default:
        known = false;
    }
  }
  return known && ahead.ok() && ahead.remaining() == 0;
}

// The reader stands behind the function. Whatever else monitor_plc can carry is not known to be harmless.
void Request::item(std::uint8_t function) noexcept {
  const bool raised = function == kMonitorPlc && !only_monitors();
  sink_.item(function, raised ? Access::control : kAccess[function]);
  if (!is_signed_) return;  // else the header's are those of the outer message
  told(Name::session, session_);
  told(Name::func, function);
}

// known: a mark, a signature, and a whole message that the signature covers. What is inside is an item like
// any other.
Malformed Request::signed_message() noexcept {
  reader_.skip(1);
  told(Name::signature, reader_.take(kSignature));
  if (is_signed_) return Malformed::bad_value;  // once is enough
  is_signed_ = true;
  if (reader_.u8() != kCarrierCode && reader_.ok()) return Malformed::bad_value;
  session_ = reader_.u8();
  const auto function = reader_.u8();
  if (!reader_.ok()) return Malformed::truncated;
  sink_.end();
  item(function);
  return body(function);
}

// A payload without a known layout may touch anything, unless the function is one that touches no memory.
void Request::opaque(std::uint8_t function) noexcept {
  switch (kAccess[function]) {
    case Access::read:
    case Access::write:
    case Access::program:
      span(Space::opaque, 0, 0, 1);
      break;
    case Access::control:
    case Access::diagnose:
      break;
  }
}

Malformed Request::body(std::uint8_t function) noexcept {
  switch (function) {
    case 0x01:
    case 0x03:
      reader_.skip(1);
      break;
    case 0x10:
      reservation();
      break;
    case 0x20:
    case 0x21:
      memory_block(function);
      break;
    case 0x22:
    case 0x23:
      return variables(function);
    case 0x26:
      data_dictionary();
      break;
    case 0x30:
    case 0x31:
    case 0x32:
    case 0x33:
    case 0x34:
    case 0x35:
      strategy(function);
      break;
    case kSignedMessage:
      return signed_message();
    case kOk:
    case kError:
      return Malformed::bad_direction;
    default:
      opaque(function);
      break;
  }
  told(Name::data, reader_.rest());
  return Malformed::fine;
}

Malformed Request::read() noexcept {
  told(Name::session, reader_.u8());
  const auto function = static_cast<std::uint8_t>(told(Name::func, reader_.u8()));
  if (!reader_.ok()) return Malformed::truncated;
  item(function);
  const auto found = body(function);
  sink_.end();
  return reader_.ok() ? found : Malformed::truncated;
}

// The answer's meaning depends on a request that only the carrier can name.
Malformed read_answer(ByteView bytes, Sink& sink) noexcept {
  Reader reader{bytes};
  const auto session = reader.u8();
  const auto status = reader.u8();
  if (!reader.ok()) return Malformed::truncated;
  sink.value(static_cast<std::uint16_t>(Name::session), session);
  sink.value(static_cast<std::uint16_t>(Name::status), status);
  sink.item(status, kAccess[status]);
  const auto data = reader.rest();
  if (!data.empty()) sink.value(static_cast<std::uint16_t>(Name::data), data);
  sink.end();
  return status < 0x80 ? Malformed::bad_direction : Malformed::fine;
}

Malformed decode(ProtocolState&, Role role, ByteView pdu, Sink& sink) noexcept {
  if (!pdu.empty()) sink.value(static_cast<std::uint16_t>(Name::umas), pdu);
  return role == Role::client ? Request{pdu, sink}.read() : read_answer(pdu, sink);
}

// The carrier cuts its payloads; what it hands over is one message.
Framing frame(const ProtocolState&, Role, ByteView bytes) noexcept {
  return bytes.empty() ? Framing::need_more(2) : Framing::pdu(static_cast<std::uint32_t>(bytes.size()));
}

Likeness probe(Role, ByteView) noexcept { return Likeness::no; }

std::uint16_t early(Role role, ByteView prefix) noexcept {
  if (role == Role::server) return kNoFunction;
  Reader reader{prefix};
  reader.skip(1);
  const auto function = reader.u8();
  return reader.ok() ? function : kNoFunction;
}

}  // namespace

const Protocol protocol{.schema = &kSchema, .frame = frame, .decode = decode, .probe = probe, .early = early};

}  // namespace sluice::umas
