// Which answers AP gives to which request.
#include <algorithm>

#include "tests/model/modbus.hpp"

namespace sluice::model {
namespace {

std::uint32_t u16(Bytes at) { return static_cast<std::uint32_t>(at[0] << 8 | at[1]); }

// A byte count and as many bytes, and nothing else.
bool counted(Bytes body, std::size_t size, std::uint32_t count) {
  return size == 1 + count && body[0] == count;
}

bool read_records(Bytes body, std::size_t size, std::uint32_t expected) {  // AP 6.14
  if (!counted(body, size, expected)) return false;
  for (std::size_t at = 1; at < size;) {
    const std::size_t length = body[at];
    if (length < 3 || length % 2 == 0 || at + 1 + length > size || body[at + 1] != 6) return false;
    at += 1 + length;
  }
  return true;
}

bool written_records(Bytes body, std::size_t size, std::uint32_t expected) {  // AP 6.15
  if (!counted(body, size, expected)) return false;
  for (std::size_t at = 1; at < size;) {
    if (size - at < 7) return false;
    const auto file = u16(body + at + 1), record = u16(body + at + 3), length = u16(body + at + 5);
    if (body[at] != 6 || file == 0 || length == 0 || record + length > 10000) return false;
    at += 7 + 2 * length;
    if (at > size) return false;
  }
  return true;
}

bool identification(Bytes body, std::size_t size, std::uint8_t asked) {  // AP 6.21
  if (size < 6 || body[1] != asked || (body[3] != 0 && body[3] != 0xff) || body[5] == 0) return false;
  std::size_t at = 6;
  for (std::size_t i = 0; i < body[5]; ++i) {
    if (size - at < 2 || size - at - 2 < body[at + 1]) return false;
    at += 2U + body[at + 1];
  }
  return at == size;
}

bool diagnostics(Bytes asked, std::size_t asked_size, Bytes body, std::size_t size) {  // AP 6.8
  if (size < 2 || u16(body) != u16(asked)) return false;
  const auto* row = named({8, static_cast<std::int32_t>(u16(body))});
  if (row == nullptr) return true;
  if (row->id.sub == 0) return size == asked_size;
  if (size != 4) return false;
  if (row->id.sub == 1) return u16(body + 2) == 0 || u16(body + 2) == 0xff00;
  return row->id.sub != 3 || body[3] == 0;
}

}  // namespace

Awaited await(Bytes message, std::size_t size) {
  Awaited out;
  out.size = static_cast<std::uint16_t>(size);
  std::copy_n(message, std::min(size, out.start.size()), out.start.begin());
  if (message[7] == 20) {
    for (std::size_t at = 9; at + 7 <= size; at += 7)
      out.expected = static_cast<std::uint16_t>(out.expected + 2 + 2 * u16(message + at + 5));
  }
  if (message[7] == 21 && size > 8) out.expected = message[8];
  return out;
}

bool answers(const Awaited& request, Bytes message, std::size_t size) {
  const auto& asked = request.start;
  if (size < 9 && !(size == 8 && message[7] > 0)) return false;
  if (u16(asked.data()) != u16(message) || asked[6] != message[6]) return false;
  const Bytes body = message + 8;
  const std::size_t bytes = size - 8;
  if ((message[7] & 0x80U) != 0) {  // AP 7
    const bool same = request.stand_in || message[7] == (asked[7] | 0x80U);
    return same && bytes == 1 && body[0] != 0;
  }
  if (message[7] != asked[7]) return false;
  const auto count = u16(asked.data() + 10);
  switch (message[7]) {
    case 1:
    case 2:
      return counted(body, bytes, (count + 7) / 8);
    case 3:
    case 4:
    case 23:
      return counted(body, bytes, 2 * count);
    case 5:
    case 6:
    case 15:
    case 16:
      return bytes == 4 && std::equal(body, body + 4, asked.begin() + 8);
    case 22:
      return bytes == 6 && std::equal(body, body + 6, asked.begin() + 8);
    case 7:
      return bytes == 1;
    case 11:
      return bytes == 4;
    case 12:
      return bytes >= 7 && body[0] <= 70 && counted(body, bytes, body[0]);
    case 17:
      return bytes >= 2 && counted(body, bytes, body[0]);
    case 8:
      return diagnostics(asked.data() + 8, request.size - 8U, body, bytes);
    case 20:
      return read_records(body, bytes, request.expected);
    case 21:
      return written_records(body, bytes, request.expected);
    case 24:
      return bytes >= 4 && u16(body + 2) <= 31 && u16(body) == 2 + 2 * u16(body + 2) &&
             bytes == 2 + u16(body);
    case 43:
      return bytes >= 1 && body[0] == asked[8] && (body[0] != 14 || identification(body, bytes, asked[9]));
    default:
      return message[7] != 0;
  }
}

}  // namespace sluice::model
