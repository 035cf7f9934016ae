// What each function asks for (AP 6). The order of the fields is that of the bytes.
#include "dataplane/protocol/modbus/message.hpp"

namespace sluice::modbus {
namespace {

constexpr std::uint32_t kMostReadBits = 2000;       // AP 6.1, 6.2
constexpr std::uint32_t kMostReadRegisters = 125;   // AP 6.3, 6.4, 6.17
constexpr std::uint32_t kMostExchangeWrites = 121;  // AP 6.17
constexpr std::uint16_t kOn = 0xff00;               // AP 6.5

struct Asked {
  Malformed found = Malformed::fine;
  std::uint64_t note = 0;
};

Malformed judge_byte_count(Message& message, std::uint32_t stated, std::uint32_t implied) noexcept {
  return stated != implied || stated != message.reader().remaining() ? Malformed::bad_length
                                                                     : Malformed::fine;
}

void written_registers(Message& message, ByteView data) noexcept {
  Reader registers{data};
  while (registers.remaining() >= 2) message.value(Name::write_value, registers.be16());
}

void written_bits(Message& message, ByteView data, std::uint32_t count) noexcept {
  Reader octets{data};
  std::uint32_t octet = 0;
  for (std::uint32_t bit = 0; bit < count && bit < data.size() * 8; ++bit) {
    if (bit % 8 == 0) octet = octets.u8();
    message.value(Name::write_value, octet >> bit % 8 & 1U);  // AP 6.11: lowest bit first
  }
}

Asked read_range(Message& message, Space space, Name quantity, std::uint32_t most) noexcept {
  const std::uint32_t first = message.be16(Name::reference_num);
  const std::uint32_t count = message.be16(quantity);
  message.span(space, first, count);
  return {judge_range(first, count, most), first << 16 | count};
}

// AP 6.5
Asked write_coil(Message& message) noexcept {
  const std::uint32_t first = message.be16(Name::reference_num);
  message.span(Space::coil, first, 1);
  const auto data = message.take(Name::data, 2);
  Reader reader{data};
  const auto state = reader.be16();
  if (reader.ok()) {
    message.value(Name::padding, state & 0xffU);
    message.value(Name::write_value, state == kOn ? 1 : 0);
  }
  return {state == kOn || state == 0 ? Malformed::fine : Malformed::bad_value, first << 16 | state};
}

// AP 6.6
Asked write_register(Message& message) noexcept {
  const std::uint32_t first = message.be16(Name::reference_num);
  message.span(Space::holding, first, 1);
  const auto data = message.take(Name::data, 2);
  written_registers(message, data);
  return {Malformed::fine, first << 16 | Reader{data}.be16()};
}

// AP 6.11
Asked write_coils(Message& message) noexcept {
  const std::uint32_t first = message.be16(Name::reference_num);
  const std::uint32_t count = message.be16(Name::bit_cnt);
  message.span(Space::coil, first, count);
  const std::uint32_t stated = message.u8(Name::byte_cnt);
  const auto mismatch = judge_byte_count(message, stated, bytes_of_bits(count));
  written_bits(message, message.rest(Name::data), count);
  return {worse(judge_range(first, count, kMostWriteBits), mismatch), first << 16 | count};
}

// AP 6.12
Asked write_registers(Message& message) noexcept {
  const std::uint32_t first = message.be16(Name::reference_num);
  const std::uint32_t count = message.be16(Name::word_cnt);
  message.span(Space::holding, first, count);
  const std::uint32_t stated = message.u8(Name::byte_cnt);
  const auto mismatch = judge_byte_count(message, stated, 2 * count);
  if (stated != message.reader().remaining()) {
    (void)message.rest(Name::data);
  } else {
    const auto data = message.reader().rest();
    message.registers(data, first);
    written_registers(message, data);
  }
  return {worse(judge_range(first, count, kMostWriteRegisters), mismatch), first << 16 | count};
}

// AP 6.16
Asked mask_write(Message& message) noexcept {
  const std::uint64_t first = message.be16(Name::reference_num);
  message.span(Space::holding, static_cast<std::uint32_t>(first), 1);
  const std::uint64_t keep = message.be16(Name::and_mask);
  const std::uint64_t set = message.be16(Name::or_mask);
  return {Malformed::fine, first << 32 | keep << 16 | set};
}

// AP 6.17: one item reads, one writes, though the write comes first in time. The ranges are the PDU's, so
// that a condition on them holds for both items.
Asked read_write(Message& message, std::uint16_t function) noexcept {
  const std::uint32_t read_first = message.be16(Name::read_reference_num);
  const std::uint32_t read_count = message.be16(Name::read_word_cnt);
  const std::uint32_t write_first = message.be16(Name::write_reference_num);
  const std::uint32_t write_count = message.be16(Name::write_word_cnt);
  const std::uint32_t stated = message.u8(Name::byte_cnt);
  message.item(function, Access::read);
  message.span(Space::holding, read_first, read_count);
  message.item(function, Access::write);
  message.span(Space::holding, write_first, write_count);
  const auto mismatch = judge_byte_count(message, stated, 2 * write_count);
  written_registers(message, message.rest(Name::data));
  return {worse(worse(judge_range(read_first, read_count, kMostReadRegisters),
                      judge_range(write_first, write_count, kMostExchangeWrites)),
                mismatch),
          read_first << 16 | read_count};
}

// AP 6.14. The answer must fit as well: its data length is 1 byte per record for the length, 1 for the type,
// and the registers.
Asked read_file(Message& message, std::uint16_t function) noexcept {
  const auto stated = message.u8(Name::byte_cnt);
  Asked asked;
  if (stated < 7 || stated > 0xf5 || stated % 7 != 0) asked.found = Malformed::bad_length;
  asked.found =
      worse(asked.found, stated != message.reader().remaining() ? Malformed::bad_length : Malformed::fine);
  if (message.reader().remaining() == 0) message.item(function);
  while (message.reader().remaining() != 0) {
    message.item(function);
    const auto record = file_record(message);
    asked.found = worse(asked.found, record.found);
    asked.note += 2 + 2 * record.length;
  }
  if (asked.note > 0xf5) asked.found = worse(asked.found, Malformed::bad_length);
  return asked;
}

// AP 6.15
Asked write_file(Message& message, std::uint16_t function) noexcept {
  const auto stated = message.u8(Name::byte_cnt);
  Asked asked{Malformed::fine, stated};
  if (stated < 9 || stated > 0xfb || stated != message.reader().remaining())
    asked.found = Malformed::bad_length;
  if (message.reader().remaining() == 0) message.item(function);
  while (message.reader().remaining() != 0) {
    message.item(function);
    const auto record = file_record(message);
    asked.found = worse(asked.found, record.found);
    written_registers(message, message.take(Name::data, std::size_t{2} * record.length));
  }
  return asked;
}

// AP 6.8.1. Data that a sub-function does not define is zero.
Asked diagnostics(Message& message) noexcept {
  const auto sub_function = message.be16(Name::diagnostic_code);
  const auto function = message.ok() ? diagnostics_id(sub_function) : kDiagnostics;
  message.item(function);
  switch (function) {
    case kCodes + 0: {
      const auto data = message.rest(Name::query_data_request);
      return {data.empty() || data.size() % 2 != 0 ? Malformed::bad_length : Malformed::fine, data.size()};
    }
    case kCodes + 1: {
      const auto option = message.be16(Name::restart_communication_option);
      return {option == 0 || option == kOn ? Malformed::fine : Malformed::bad_value};
    }
    case kCodes + 3: {
      (void)message.u8(Name::ascii_input_delimiter);
      return {message.reader().u8() == 0 ? Malformed::fine : Malformed::bad_value};
    }
    case 8:  // reserved: whoever allows it by number has no promise of its shape
      message.opaque();
      return {Malformed::fine, sub_function};
    default: {
      Reader reader{message.take(Name::data, 2)};
      return {reader.be16() == 0 ? Malformed::fine : Malformed::bad_value};
    }
  }
}

// AP 6.21: a stream starts at the object named and ends with its category; an object outside of it means
// "from the first".
void identification_span(Message& message, std::uint8_t code, std::uint32_t object) noexcept {
  if (code == 4) return message.span(Space::object, object, 1);
  const std::uint32_t last = code == 1 ? 0x02 : code == 2 ? 0x7f : 0xff;
  const std::uint32_t first = object > last ? 0 : object;
  message.span(Space::object, first, last - first + 1);
}

// AP 6.19 to 6.21
Asked interface_transport(Message& message) noexcept {
  Reader ahead = message.reader();
  const auto mei = ahead.u8();
  const auto function = message.interface_item();
  if (function != kReadDeviceIdentification) {
    message.span(Space::opaque, 0, 1);
    return {Malformed::fine, mei};
  }
  const auto code = message.u8(Name::read_device_id);
  const auto object = message.u8(Name::object_id);
  identification_span(message, code, object);
  return {code >= 1 && code <= 4 ? Malformed::fine : Malformed::bad_value, code};
}

Asked ask(Message& message, std::uint8_t code) noexcept {
  switch (code) {
    case 1:
      return read_range(message, Space::coil, Name::bit_cnt, kMostReadBits);
    case 2:
      return read_range(message, Space::discrete, Name::bit_cnt, kMostReadBits);
    case 3:
      return read_range(message, Space::holding, Name::word_cnt, kMostReadRegisters);
    case 4:
      return read_range(message, Space::input, Name::word_cnt, kMostReadRegisters);
    case 5:
      return write_coil(message);
    case 6:
      return write_register(message);
    case 15:
      return write_coils(message);
    case 16:
      return write_registers(message);
    case 22:
      return mask_write(message);
    case 24: {  // AP 6.18: one address is named, the server knows how far its queue reaches
      const std::uint32_t pointer = message.be16(Name::reference_num);
      message.span(Space::holding, pointer, 1);
      return {Malformed::fine, pointer};
    }
    case 7:
    case 11:
    case 12:
    case 17:
      return {};
    case 90: {
      Reader carried = message.reader();
      message.opaque();
      message.payload(90, carried.rest());
      return {};
    }
    default:  // not public, or reserved: the payload is opaque
      message.opaque();
      return {};
  }
}

}  // namespace

Malformed decode_request(Message& message, std::uint64_t key, std::uint8_t code) noexcept {
  Asked asked;
  std::uint16_t function = code;
  switch (code) {  // functions whose items are known only behind their first bytes
    case 8:
    case 43: {
      Reader ahead = message.reader();
      function = code == 8 ? diagnostics_id(ahead.be16()) : interface_id(ahead.u8());
      if (!ahead.ok()) function = code;
      asked = code == 8 ? diagnostics(message) : interface_transport(message);
      break;
    }
    case 20:
      asked = read_file(message, function);
      break;
    case 21:
      asked = write_file(message, function);
      break;
    case 23:
      asked = read_write(message, function);
      break;
    default:
      message.item(function);
      // AP 4.1: 1..127 are function codes; 0 is none, and the upper half are exceptions.
      if ((code & 0x80U) != 0) {
        Reader ahead = message.reader();
        const auto exception = ahead.u8();
        if (ahead.ok() && exception != 0) message.value(Name::exception_code, exception);
      }
      asked = ask(message, code);
      if (code == 0 || code >= 0x80) asked.found = Malformed::bad_value;
  }
  message.request(key, function, asked.note);
  return message.finish(asked.found);
}

}  // namespace sluice::modbus
