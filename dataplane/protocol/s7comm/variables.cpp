// Reading and writing of variables, and what a session agrees on: setup, items, their data.
#include <algorithm>

#include "dataplane/protocol/s7comm/message.hpp"

namespace sluice::s7comm {
namespace {

constexpr std::uint8_t kVariableSpecification = 0x12;
constexpr std::uint8_t kAnyPointer = 0x10, kDbRead = 0xb0, kNck = 0x82, kNckMetric = 0x83, kNckInch = 0x84;
constexpr std::uint8_t kAnyPointerLength = 10;

constexpr std::uint8_t kCounters = 0x1c, kTimers = 0x1d;

struct Area {
  Space space = Space::opaque;
  bool counted = false;  // elements have numbers, not addresses
};

constexpr Area area_of(std::uint8_t code) noexcept {
  switch (code) {
    case 0x03:
      return {Space::system_info};
    case 0x05:
      return {Space::system_flag};
    case 0x06:
      return {Space::analog_input};
    case 0x07:
      return {Space::analog_output};
    case kCounters:
      return {Space::counter, true};
    case kTimers:
      return {Space::timer, true};
    case 0x1e:
      return {Space::iec_counter, true};
    case 0x1f:
      return {Space::iec_timer, true};
    case 0x80:
      return {Space::peripheral};
    case 0x81:
      return {Space::input};
    case 0x82:
      return {Space::output};
    case 0x83:
      return {Space::merker};
    case 0x84:
      return {Space::db};
    case 0x85:
      return {Space::di};
    case 0x86:
      return {Space::local};
    case 0x87:
      return {Space::v};
    default:
      return {};
  }
}

// Bits of an element; 0 for a type of which they are not known.
constexpr std::uint32_t bits_of(std::uint8_t transport_size) noexcept {
  switch (transport_size) {
    case 1:  // BIT
      return 1;
    case 2:  // BYTE
    case 3:  // CHAR
      return 8;
    case 4:   // WORD
    case 5:   // INT
    case 9:   // DATE
    case 12:  // S5TIME
      return 16;
    case 6:   // DWORD
    case 7:   // DINT
    case 8:   // REAL
    case 10:  // TOD
    case 11:  // TIME
      return 32;
    case 15:  // DATE_AND_TIME
      return 64;
    case 28:  // COUNTER
    case 29:  // TIMER
      return 16;
    default:
      return 0;
  }
}

constexpr bool has_key(Space space) noexcept { return space == Space::db || space == Space::di; }

// Bits, bytes and integers count bits; all other types bytes.
constexpr std::uint32_t bytes_of(std::uint8_t transport_size, std::uint32_t length) noexcept {
  return transport_size >= 3 && transport_size <= 5 ? (length + 7) / 8 : length;
}

}  // namespace

// seen: reserved, jobs in parallel both ways, greatest PDU. What the CPU answers holds.
void Message::setup() noexcept {
  if (!in_item_) item(kSetup);
  (void)u8(parameter_, Name::setup_reserved1);
  (void)be16(parameter_, Name::maxamq_calling);
  (void)be16(parameter_, Name::maxamq_called);
  const auto length = be16(parameter_, Name::pdu_length);
  if (role_ == Role::server && header_.rosctr == kAckData && parameter_.ok()) session_.pdu_length = length;
}

// seen: type, elements, block, area, address in bits or a number.
void Message::any_pointer(Reader& reader, std::uint32_t& bytes) noexcept {
  const auto type = u8(reader, Name::transp_size);
  const std::uint64_t length = be16(reader, Name::length);
  const auto db = be16(reader, Name::db);
  const auto code = u8(reader, Name::area);
  const std::uint64_t address = be24(reader, Name::address);
  if (!reader.ok()) return;
  const auto area = area_of(code);
  if (code == kCounters || code == kTimers) {
    value(Name::address_number, address);
  } else {
    value(Name::address_byte, address / 8);
    value(Name::address_bit, address % 8);
  }
  const auto& space = kSpaces[static_cast<std::size_t>(area.space)];
  const std::uint64_t bits = bits_of(type);
  if (area.space == Space::opaque) {
    span(Space::opaque, 0, 1);
  } else if (area.counted) {
    span(area.space, address, length);
  } else if (bits == 0) {  // as far as it may reach
    span(area.space, address / 8, space.last - address / 8 + 1, has_key(area.space) ? db : 0);
  } else {
    const auto end = address + std::max<std::uint64_t>(length * bits, 1) - 1;
    span(area.space, address / 8, end / 8 - address / 8 + 1, has_key(area.space) ? db : 0);
  }
  if (length == 0) worse(Malformed::bad_length);
  if (bits != 0) bytes = static_cast<std::uint32_t>((length * bits + 7) / 8);
}

// known: a count, then length, block and first byte of each part. Each part is an item.
void Message::parts_of_blocks(Reader& reader, std::uint16_t function) noexcept {
  const std::uint32_t count = u8(reader, Name::dbread_numareas);
  if (count == 0) worse(Malformed::bad_length);
  for (std::uint32_t i = 0; i < count && reader.remaining() >= 5; ++i) {
    if (i != 0) item(function);
    const std::uint32_t length = u8(reader, Name::dbread_length);
    const auto db = be16(reader, Name::dbread_db);
    const std::uint32_t first = be16(reader, Name::dbread_startaddress);
    span(Space::db, first, length, db);
    if (length == 0) worse(Malformed::bad_length);
    if (i + 1 == count) return;
  }
  worse(Malformed::bad_length);
}

// known: area and unit, column, line, module, lines.
void Message::control_address(Reader& reader) noexcept {
  const auto place = reader.u8();
  if (reader.ok()) {
    value(Name::nck_area, place >> 5U);
    value(Name::nck_unit, place & 0x1fU);
  }
  (void)be16(reader, Name::nck_column);
  (void)be16(reader, Name::nck_line);
  (void)u8(reader, Name::nck_module);
  (void)u8(reader, Name::nck_linecount);
  span(Space::opaque, 0, 1);
}

bool Message::item_specification(Reader& reader, std::uint16_t function, std::uint32_t& bytes) noexcept {
  const auto kind = u8(reader, Name::varspec);
  const std::size_t length = u8(reader, Name::varspec_length);
  if (!reader.ok() || reader.remaining() < length) {
    reader.fail();
    opaque(function);
    return false;
  }
  Reader own{reader.take(length)};
  const auto syntax = u8(own, Name::syntaxid);
  if (kind != kVariableSpecification || !own.ok()) {
    worse(kind != kVariableSpecification ? Malformed::bad_value : Malformed::bad_length);
    span(Space::opaque, 0, 1);
    return true;
  }
  if (syntax == kAnyPointer && length == kAnyPointerLength) {
    any_pointer(own, bytes);
  } else if (syntax == kDbRead) {
    parts_of_blocks(own, function);
    if (own.remaining() != 0) worse(Malformed::trailing);
  } else if ((syntax == kNck || syntax == kNckMetric || syntax == kNckInch) && length == 8) {
    control_address(own);
  } else {
    if (syntax == kAnyPointer) worse(Malformed::bad_length);
    span(Space::opaque, 0, 1);
  }
  return true;
}

// Each item begins at an even place, filled up with a byte where needed; behind the last one nothing is.
void Message::item_list(Reader& reader, std::uint16_t function, std::uint32_t count, bool written) noexcept {
  if (count == 0) {
    item(function);
    opaque(function);
    return worse(Malformed::bad_length);
  }
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const auto start = reader.position();
    std::uint32_t bytes = kAnyBytes;
    item(function);
    if (!item_specification(reader, function, bytes)) return;
    const bool last = i + 1 == count;
    if (!last && (reader.position() - start) % 2 != 0) reader.skip(1);
    if (written) data_item(bytes, last);
  }
}

void Message::read_variables(std::uint8_t code) noexcept {
  const std::uint32_t count = u8(parameter_, Name::itemcount);
  if (role_ == Role::client) sink_.request(header_.reference, code, count);
  item_list(parameter_, code, count, code == kWriteVar);
}

// seen: return code, type, length, data, and a byte that fills up to an even length, but for the last one. An
// answer that something failed may state a length, but has no data.
void Message::data_item(std::uint32_t expected, bool last) noexcept {
  const auto code = u8(data_, Name::returncode);
  const auto type = u8(data_, Name::transportsize);
  const std::uint32_t stated = data_.be16();
  if (!data_.ok()) return;
  const auto length = bytes_of(type, stated);
  value(Name::data_length, length);
  if (header_.rosctr == kAckData && code != kDone) return;
  (void)take(data_, Name::resp_data, length);
  if (length % 2 != 0 && !last) (void)u8(data_, Name::fillbyte);
  if (expected != kAnyBytes && length != expected) worse(Malformed::bad_length);
}

// What is answered tells its place in the list, not its address. With an error there may be nothing.
void Message::answer_variables(std::uint8_t code, std::uint32_t asked) noexcept {
  const bool error = (header_.error_class | header_.error_code) != 0;
  const std::uint32_t count = error && parameter_.remaining() == 0 ? 0 : u8(parameter_, Name::itemcount);
  if (!error && asked != kAnyBytes && asked != count) worse(Malformed::bad_value);
  if (count == 0 || (error && data_.remaining() == 0)) return item(code);
  for (std::uint32_t i = 0; i < count && data_.ok(); ++i) {
    item(code);
    if (code == kWriteVar) {
      (void)u8(data_, Name::returncode);
    } else {
      data_item(kAnyBytes, i + 1 == count);
    }
  }
}

}  // namespace sluice::s7comm
