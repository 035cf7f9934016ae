// What each function answers (AP 6), and whether it answers what was asked. An answer whose length or echo
// differs from its request is malformed: the request that the engine remembers decides, when there is one.
#include "dataplane/protocol/modbus/message.hpp"

namespace sluice::modbus {
namespace {

constexpr std::uint8_t kException = 0x80;

class Answer {
 public:
  Answer(Message& message, const Pending* pending) noexcept : message_{message}, pending_{pending} {}

  Malformed read(std::uint8_t code) noexcept;

 private:
  // The request's note, or `otherwise` when it is not known: then nothing contradicts.
  [[nodiscard]] std::uint64_t note(std::uint64_t otherwise) const noexcept {
    return pending_ != nullptr ? pending_->note : otherwise;
  }
  [[nodiscard]] std::uint32_t asked_count(std::uint32_t otherwise) const noexcept {
    return pending_ != nullptr ? static_cast<std::uint32_t>(pending_->note & 0xffffU) : otherwise;
  }
  Malformed echo(std::uint64_t answered) const noexcept {
    return note(answered) == answered ? Malformed::fine : Malformed::bad_value;
  }

  Malformed bits() noexcept;
  Malformed registers(std::uint8_t code) noexcept;
  Malformed write_coil() noexcept;
  Malformed write_register() noexcept;
  Malformed write_many(Space space, Name quantity, std::uint32_t most) noexcept;
  Malformed mask_write() noexcept;
  Malformed read_file(std::uint16_t function) noexcept;
  Malformed write_file(std::uint16_t function) noexcept;
  Malformed fifo() noexcept;
  Malformed diagnostics() noexcept;
  Malformed event_log() noexcept;
  Malformed server_id() noexcept;
  Malformed interface_transport() noexcept;
  Malformed identification() noexcept;

  Message& message_;
  const Pending* pending_;
};

// AP 6.1, 6.2
Malformed Answer::bits() noexcept {
  const std::uint32_t stated = message_.u8(Name::byte_cnt);
  if (stated == 0 || stated > 250 || stated != message_.reader().remaining()) {
    (void)message_.rest(Name::data);
    return Malformed::bad_length;
  }
  Reader octets{message_.reader().rest()};
  const std::uint32_t count = asked_count(8 * stated);
  std::uint32_t octet = 0;
  for (std::uint32_t bit = 0; bit < count && bit < 8 * stated; ++bit) {
    if (bit % 8 == 0) octet = octets.u8();
    message_.value(Name::bitval, octet >> bit % 8 & 1U);
  }
  return bytes_of_bits(count) == stated ? Malformed::fine : Malformed::bad_length;
}

// AP 6.3, 6.4, 6.17
Malformed Answer::registers(std::uint8_t code) noexcept {
  const std::uint32_t stated = message_.u8(Name::byte_cnt);
  const bool whole = stated == message_.reader().remaining();
  if (code == 23 || !whole) {
    (void)message_.rest(Name::data);
  } else {
    message_.registers(message_.reader().rest(), static_cast<std::uint32_t>(note(0) >> 16));
  }
  if (stated == 0 || stated > 250 || stated % 2 != 0 || !whole) return Malformed::bad_length;
  return 2 * asked_count(stated / 2) == stated ? Malformed::fine : Malformed::bad_length;
}

// AP 6.5
Malformed Answer::write_coil() noexcept {
  const std::uint32_t first = message_.be16(Name::reference_num);
  message_.span(Space::coil, first, 1);
  Reader reader{message_.take(Name::data, 2)};
  const std::uint32_t state = reader.be16();
  if (reader.ok()) message_.value(Name::padding, state & 0xffU);
  if (state != 0 && state != 0xff00) return Malformed::bad_value;
  return echo(first << 16 | state);
}

// AP 6.6
Malformed Answer::write_register() noexcept {
  const std::uint32_t first = message_.be16(Name::reference_num);
  message_.span(Space::holding, first, 1);
  return echo(first << 16 | Reader{message_.take(Name::data, 2)}.be16());
}

// AP 6.11, 6.12
Malformed Answer::write_many(Space space, Name quantity, std::uint32_t most) noexcept {
  const std::uint32_t first = message_.be16(Name::reference_num);
  const std::uint32_t count = message_.be16(quantity);
  message_.span(space, first, count);
  return worse(judge_range(first, count, most), echo(first << 16 | count));
}

// AP 6.16
Malformed Answer::mask_write() noexcept {
  const std::uint64_t first = message_.be16(Name::reference_num);
  message_.span(Space::holding, static_cast<std::uint32_t>(first), 1);
  const std::uint64_t keep = message_.be16(Name::and_mask);
  const std::uint64_t set = message_.be16(Name::or_mask);
  return echo(first << 32 | keep << 16 | set);
}

// AP 6.14: per record its length (of what follows), reference type, registers.
Malformed Answer::read_file(std::uint16_t function) noexcept {
  const std::uint32_t stated = message_.u8(Name::byte_cnt);
  auto found = stated < 4 || stated > 0xf5 || stated != message_.reader().remaining() ? Malformed::bad_length
                                                                                      : Malformed::fine;
  found = worse(found, note(stated) == stated ? Malformed::fine : Malformed::bad_length);
  if (message_.reader().remaining() == 0) message_.item(function);
  while (message_.reader().remaining() != 0) {
    message_.item(function);
    const std::uint32_t length = message_.u8(Name::byte_cnt);
    const auto type = message_.u8(Name::reference_type);
    if (length < 3 || length % 2 == 0) found = worse(found, Malformed::bad_length);
    if (type != 6) found = worse(found, Malformed::bad_value);
    (void)message_.take(Name::data, length == 0 ? 0 : length - 1);
  }
  return found;
}

// AP 6.15: the whole request comes back.
Malformed Answer::write_file(std::uint16_t function) noexcept {
  const std::uint32_t stated = message_.u8(Name::byte_cnt);
  auto found = stated < 9 || stated > 0xfb || stated != message_.reader().remaining() ? Malformed::bad_length
                                                                                      : Malformed::fine;
  found = worse(found, note(stated) == stated ? Malformed::fine : Malformed::bad_length);
  if (message_.reader().remaining() == 0) message_.item(function);
  while (message_.reader().remaining() != 0) {
    message_.item(function);
    const auto record = file_record(message_);
    found = worse(found, record.found);
    (void)message_.take(Name::data, std::size_t{2} * record.length);
  }
  return found;
}

// AP 6.18
Malformed Answer::fifo() noexcept {
  const std::uint32_t stated = message_.be16(Name::byte_cnt_16);
  const std::uint32_t count = message_.be16(Name::word_cnt);
  const auto data = message_.rest(Name::data);
  return count > 31 || stated != 2 + 2 * count || data.size() != std::size_t{2} * count
             ? Malformed::bad_length
             : Malformed::fine;
}

// AP 6.8.1
Malformed Answer::diagnostics() noexcept {
  const auto sub_function = message_.be16(Name::diagnostic_code);
  const auto function = message_.ok() ? diagnostics_id(sub_function) : kDiagnostics;
  message_.item(function);
  const auto found = [&]() noexcept {
    switch (function) {
      case kCodes + 0: {
        const auto data = message_.rest(Name::query_data_echo);
        const bool whole = !data.empty() && data.size() % 2 == 0 && note(data.size()) == data.size();
        return whole ? Malformed::fine : Malformed::bad_length;
      }
      case kCodes + 1: {
        const auto option = message_.be16(Name::restart_communication_option);
        return option == 0 || option == 0xff00 ? Malformed::fine : Malformed::bad_value;
      }
      case kCodes + 2:
        return (void)message_.be16(Name::diag_register), Malformed::fine;
      case kCodes + 3:
        (void)message_.u8(Name::ascii_input_delimiter);
        return message_.reader().u8() == 0 ? Malformed::fine : Malformed::bad_value;
      case kCodes + 10:
        return (void)message_.be16(Name::clear_counters_echo), Malformed::fine;
      case kCodes + 11:
        return (void)message_.be16(Name::bus_message_count), Malformed::fine;
      case kCodes + 12:
        return (void)message_.be16(Name::bus_comm_error_count), Malformed::fine;
      case kCodes + 13:
        return (void)message_.be16(Name::bus_exception_error_count), Malformed::fine;
      case kCodes + 14:
        return (void)message_.be16(Name::slave_message_count), Malformed::fine;
      case kCodes + 15:
        return (void)message_.be16(Name::no_slave_response_count), Malformed::fine;
      case kCodes + 16:
        return (void)message_.be16(Name::slave_nak_count), Malformed::fine;
      case kCodes + 17:
        return (void)message_.be16(Name::slave_busy_count), Malformed::fine;
      case kCodes + 18:
        return (void)message_.be16(Name::bus_char_overrun_count), Malformed::fine;
      case 8:
        return (void)message_.rest(Name::data), echo(sub_function);
      default:
        return (void)message_.take(Name::data, 2), Malformed::fine;
    }
  }();
  const bool other = pending_ != nullptr && pending_->function != function;
  return worse(found, other ? Malformed::bad_value : Malformed::fine);
}

// AP 6.10
Malformed Answer::event_log() noexcept {
  const std::uint32_t stated = message_.u8(Name::byte_cnt);
  const bool whole = stated >= 6 && stated <= 6 + 64 && stated == message_.reader().remaining();
  (void)message_.be16(Name::ev_status);
  (void)message_.be16(Name::ev_count);
  (void)message_.be16(Name::ev_msg_count);
  while (message_.reader().remaining() != 0) (void)message_.u8(Name::event);
  return whole ? Malformed::fine : Malformed::bad_length;
}

// AP 6.13: a byte count, then what the device likes; Wireshark's field holds all of it.
Malformed Answer::server_id() noexcept {
  Reader reader{message_.rest(Name::data)};
  const std::uint32_t stated = reader.u8();
  return stated != 0 && stated == reader.remaining() ? Malformed::fine : Malformed::bad_length;
}

// AP 6.21
Malformed Answer::identification() noexcept {
  const auto code = message_.u8(Name::read_device_id);
  (void)message_.u8(Name::conformity_level);
  const auto more = message_.u8(Name::more_follows);
  (void)message_.u8(Name::next_object_id);
  const auto count = message_.u8(Name::num_objects);
  for (std::uint32_t i = 0; i < count && message_.ok(); ++i) {  // each takes two bytes at least
    const auto object = message_.u8(Name::object_id);
    const auto length = message_.u8(Name::objects_len);
    (void)message_.take(object < 7 ? Name::object_str_value : Name::object_value, length);
  }
  if (code < 1 || code > 4 || (more != 0 && more != 0xff)) return Malformed::bad_value;
  if (count == 0) return Malformed::bad_length;
  return echo(code);
}

// AP 6.19 to 6.21
Malformed Answer::interface_transport() noexcept {
  Reader ahead = message_.reader();
  const auto mei = ahead.u8();
  const auto function = message_.interface_item();
  const auto found = function == kReadDeviceIdentification ? identification() : echo(mei);
  const bool other = pending_ != nullptr && pending_->function != function;
  return worse(found, other ? Malformed::bad_value : Malformed::fine);
}

Malformed Answer::read(std::uint8_t code) noexcept {
  switch (code) {  // functions whose items are known only behind their first bytes
    case 8:
      return diagnostics();
    case 20:
      return read_file(code);
    case 21:
      return write_file(code);
    case 43:
      return interface_transport();
    default:
      break;
  }
  message_.item(code);
  switch (code) {
    case 0:
      return (void)message_.rest(Name::data), Malformed::bad_value;
    case 1:
    case 2:
      return bits();
    case 3:
    case 4:
    case 23:
      return registers(code);
    case 5:
      return write_coil();
    case 6:
      return write_register();
    case 7:
      return (void)message_.take(Name::data, 1), Malformed::fine;
    case 11:
      (void)message_.be16(Name::ev_status);
      (void)message_.be16(Name::ev_count);
      return Malformed::fine;
    case 12:
      return event_log();
    case 15:
      return write_many(Space::coil, Name::bit_cnt, kMostWriteBits);
    case 16:
      return write_many(Space::holding, Name::word_cnt, kMostWriteRegisters);
    case 17:
      return server_id();
    case 22:
      return mask_write();
    case 24:
      return fifo();
    case 90:
      return message_.payload(90, message_.rest(Name::data)), Malformed::fine;
    default:
      return (void)message_.rest(Name::data), Malformed::fine;
  }
}

// AP 7: the function code with its upper bit, and one code.
Malformed exception(Message& message, std::uint16_t function) noexcept {
  message.item(function);
  const auto code = message.u8(Name::exception_code);
  return code == 0 ? Malformed::bad_value : Malformed::fine;
}

}  // namespace

Malformed decode_response(Message& message, std::uint64_t key, std::uint8_t code) noexcept {
  const auto function = static_cast<std::uint8_t>(code & ~kException);
  const Pending* pending = message.response(key, function);
  if ((code & kException) != 0)
    return message.finish(exception(message, pending ? pending->function : function));
  return message.finish(Answer{message, pending}.read(function));
}

}  // namespace sluice::modbus
