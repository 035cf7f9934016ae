#include "tests/model/modbus.hpp"

namespace sluice::model {
namespace {

constexpr std::size_t kHeader = 7;  // MG 3.1.3: transaction, protocol, length, unit

std::uint32_t u16(Bytes at) { return static_cast<std::uint32_t>(at[0] << 8 | at[1]); }

// Everything behind the function code, and how much of it was looked at.
struct Body {
  Bytes at;
  std::size_t size;
};

Wish wish(const FunctionId& function, Access access) {
  return {function, access, false, Space::opaque, 0, 0, 0};
}
Wish wish(std::uint8_t code, Access access) { return wish(FunctionId{code, -1}, access); }
Wish touching(Wish wish, Space space, std::uint32_t first, std::uint32_t count, std::uint32_t key = 0) {
  wish.touches = true;
  wish.space = space;
  wish.first = first;
  wish.count = count;
  wish.key = key;
  return wish;
}

bool exists(std::uint32_t first, std::uint32_t count) { return first + count <= 65536; }  // AP 4.4

bool read_range(const Body& body, std::uint8_t code, Space space, std::uint32_t most, Request& out) {
  if (body.size != 4) return false;
  const auto first = u16(body.at), count = u16(body.at + 2);
  out.wish[out.wishes++] = touching(wish(code, Access::read), space, first, count);
  return count >= 1 && count <= most && exists(first, count);
}

bool write_range(const Body& body, std::uint8_t code, Space space, std::uint32_t most, Request& out) {
  if (body.size < 5) return false;
  const auto first = u16(body.at), count = u16(body.at + 2);
  const std::uint32_t bytes = space == Space::coil ? (count + 7) / 8 : 2 * count;
  out.wish[out.wishes++] = touching(wish(code, Access::write), space, first, count);
  return count >= 1 && count <= most && exists(first, count) && body.at[4] == bytes && body.size == 5 + bytes;
}

bool exchange(const Body& body, Request& out) {  // AP 6.17
  if (body.size < 9) return false;
  const auto from = u16(body.at), reads = u16(body.at + 2), to = u16(body.at + 4), writes = u16(body.at + 6);
  out.wish[out.wishes++] = touching(wish(23, Access::read), Space::holding, from, reads);
  out.wish[out.wishes++] = touching(wish(23, Access::write), Space::holding, to, writes);
  return reads >= 1 && reads <= 125 && exists(from, reads) && writes >= 1 && writes <= 121 &&
         exists(to, writes) && body.at[8] == 2 * writes && body.size == 9 + 2 * writes;
}

// AP 6.14, 6.15: sub-requests of type 6, file, record, length; a write brings the registers along.
bool files(const Body& body, std::uint8_t code, Request& out) {
  const bool writes = code == 21;
  if (body.size < 1 || body.at[0] != body.size - 1) return false;
  if (writes ? body.at[0] < 9 || body.at[0] > 0xfb : body.at[0] < 7 || body.at[0] > 0xf5) return false;
  std::uint32_t answer = 0;
  for (std::size_t at = 1; at < body.size;) {
    if (body.size - at < 7 || out.wishes == 35) return false;
    const auto file = u16(body.at + at + 1), record = u16(body.at + at + 3), length = u16(body.at + at + 5);
    out.wish[out.wishes++] =
        touching(wish(code, writes ? Access::write : Access::read), Space::file, record, length, file);
    if (body.at[at] != 6 || file == 0 || length == 0 || record + length > 10000) return false;
    answer += 2 + 2 * length;
    at += 7 + (writes ? 2 * length : 0);
    if (at > body.size) return false;
  }
  return writes || answer <= 0xf5;
}

bool diagnostics(const Body& body, Request& out) {  // AP 6.8
  if (body.size < 2) return false;
  const FunctionId id{8, static_cast<std::int32_t>(u16(body.at))};
  const Named* row = named(id);
  if (row == nullptr) {  // reserved
    out.wish[out.wishes++] = touching(wish(8, Access::program), Space::opaque, 0, 1);
    return true;
  }
  out.wish[out.wishes++] = wish(id, row->access);
  const std::size_t data = body.size - 2;
  if (id.sub == 0) return data >= 2 && data % 2 == 0;
  if (data != 2) return false;
  const auto value = u16(body.at + 2);
  if (id.sub == 1) return value == 0 || value == 0xff00;
  if (id.sub == 3) return (value & 0xffU) == 0;
  return value == 0;
}

bool interface(const Body& body, Request& out) {  // AP 6.19 to 6.21
  if (body.size < 1) return false;
  const std::uint8_t type = body.at[0];
  if (type != 14) {
    Wish one = touching(wish(43, Access::program), Space::opaque, 0, 1);
    if (type == 13) one.function.sub = 13;
    out.wish[out.wishes++] = one;
    return true;
  }
  if (body.size != 3) return false;
  const std::uint8_t code = body.at[1], object = body.at[2];
  if (code < 1 || code > 4) return false;
  const std::uint32_t last = code == 1 ? 0x02 : code == 2 ? 0x7f : 0xff;  // basic, regular, extended
  const std::uint32_t first = object > last ? 0 : object;
  const Wish one = wish(FunctionId{43, 14}, Access::diagnose);
  out.wish[out.wishes++] = code == 4 ? touching(one, Space::object, object, 1)
                                     : touching(one, Space::object, first, last - first + 1);
  return true;
}

bool read_body(std::uint8_t code, const Body& body, Request& out) {
  switch (code) {
    case 1:
      return read_range(body, code, Space::coil, 2000, out);
    case 2:
      return read_range(body, code, Space::discrete, 2000, out);
    case 3:
      return read_range(body, code, Space::holding, 125, out);
    case 4:
      return read_range(body, code, Space::input, 125, out);
    case 5:
      if (body.size != 4) return false;
      out.wish[out.wishes++] = touching(wish(code, Access::write), Space::coil, u16(body.at), 1);
      return u16(body.at + 2) == 0 || u16(body.at + 2) == 0xff00;
    case 6:
      if (body.size != 4) return false;
      out.wish[out.wishes++] = touching(wish(code, Access::write), Space::holding, u16(body.at), 1);
      return true;
    case 7:
    case 11:
    case 12:
    case 17:
      out.wish[out.wishes++] = wish(code, Access::diagnose);
      return body.size == 0;
    case 8:
      return diagnostics(body, out);
    case 15:
      return write_range(body, code, Space::coil, 1968, out);
    case 16:
      return write_range(body, code, Space::holding, 123, out);
    case 20:
    case 21:
      return files(body, code, out);
    case 22:
      if (body.size != 6) return false;
      out.wish[out.wishes++] = touching(wish(code, Access::write), Space::holding, u16(body.at), 1);
      return true;
    case 23:
      return exchange(body, out);
    case 24:
      if (body.size != 2) return false;
      out.wish[out.wishes++] = touching(wish(code, Access::read), Space::holding, u16(body.at), 1);
      return true;
    case 43:
      return interface(body, out);
    default:  // no layout that AP gives: the whole payload is out of sight
      out.wish[out.wishes++] = touching(wish(code, Access::program), Space::opaque, 0, 1);
      return code != 0 && code < 0x80;
  }
}

}  // namespace

const std::vector<Named>& named_functions() {
  static const std::vector<Named> all = {
      {{1, -1}, "read_coils", Access::read},
      {{2, -1}, "read_discrete_inputs", Access::read},
      {{3, -1}, "read_holding_registers", Access::read},
      {{4, -1}, "read_input_registers", Access::read},
      {{5, -1}, "write_single_coil", Access::write},
      {{6, -1}, "write_single_register", Access::write},
      {{7, -1}, "read_exception_status", Access::diagnose},
      {{8, -1}, "diagnostics", Access::program},
      {{11, -1}, "get_comm_event_counter", Access::diagnose},
      {{12, -1}, "get_comm_event_log", Access::diagnose},
      {{15, -1}, "write_multiple_coils", Access::write},
      {{16, -1}, "write_multiple_registers", Access::write},
      {{17, -1}, "report_server_id", Access::diagnose},
      {{20, -1}, "read_file_record", Access::read},
      {{21, -1}, "write_file_record", Access::write},
      {{22, -1}, "mask_write_register", Access::write},
      {{23, -1}, "read_write_multiple_registers", Access::write},
      {{24, -1}, "read_fifo_queue", Access::read},
      {{43, -1}, "encapsulated_interface_transport", Access::program},
      {{90, -1}, "unity", Access::program},
      {{8, 0}, "diagnostics/return_query_data", Access::diagnose},
      {{8, 1}, "diagnostics/restart_communications_option", Access::control},
      {{8, 2}, "diagnostics/return_diagnostic_register", Access::diagnose},
      {{8, 3}, "diagnostics/change_ascii_input_delimiter", Access::control},
      {{8, 4}, "diagnostics/force_listen_only_mode", Access::control},
      {{8, 10}, "diagnostics/clear_counters_and_diagnostic_register", Access::control},
      {{8, 11}, "diagnostics/return_bus_message_count", Access::diagnose},
      {{8, 12}, "diagnostics/return_bus_communication_error_count", Access::diagnose},
      {{8, 13}, "diagnostics/return_bus_exception_error_count", Access::diagnose},
      {{8, 14}, "diagnostics/return_server_message_count", Access::diagnose},
      {{8, 15}, "diagnostics/return_server_no_response_count", Access::diagnose},
      {{8, 16}, "diagnostics/return_server_nak_count", Access::diagnose},
      {{8, 17}, "diagnostics/return_server_busy_count", Access::diagnose},
      {{8, 18}, "diagnostics/return_bus_character_overrun_count", Access::diagnose},
      {{8, 20}, "diagnostics/clear_overrun_counter_and_flag", Access::control},
      {{43, 13}, "encapsulated_interface_transport/canopen_general_reference", Access::program},
      {{43, 14}, "encapsulated_interface_transport/read_device_identification", Access::diagnose},
  };
  return all;
}

const Named* named(const FunctionId& id) {
  for (const auto& row : named_functions()) {
    if (row.id == id) return &row;
  }
  return nullptr;
}

std::string name_of(const FunctionId& id) {
  const auto* row = named(id);
  return row != nullptr ? row->name : std::to_string(id.code);
}

int length_of(Bytes message, std::size_t have) {
  if (have < 6) return 0;
  if (u16(message + 2) != 0) return -1;
  const auto length = u16(message + 4);
  if (length < 2 || length > 1024) return -1;
  if (length > 254) {  // MG 3.1.3; only function 90 is known to go beyond
    if (have < 8) return 0;
    if ((message[7] & 0x7fU) != 90) return -1;
  }
  return static_cast<int>(6 + length);
}

Request read_request(Bytes message, std::size_t size) {
  Request out;
  if (size < kHeader + 1) return out;
  out.fine = read_body(message[7], {message + 8, size - 8}, out) && u16(message + 2) == 0 &&
             u16(message + 4) == size - 6;
  return out;
}

bool is_stand_in(Bytes message, std::size_t size) {
  if (size < 8) return false;
  const std::uint8_t code = message[7];
  // AP 5: public codes are 1..64, 73..99 and 111..127. Annex A reserves 8/19, 8/21.., 9, 10, 13, 14, 41, 42,
  // 90, 91, 125, 126, 127 for what older devices did.
  const bool unassigned =
      (code >= 73 && code <= 89) || (code >= 92 && code <= 99) || (code >= 111 && code <= 124);
  for (std::size_t i = 8; i < size; ++i) {
    if (message[i] != 0) return false;
  }
  return unassigned;
}

bool surely_request(Bytes message, std::size_t size) {
  const int length = length_of(message, size);
  if (length <= 0 || static_cast<std::size_t>(length) > size) return false;
  const auto request = read_request(message, static_cast<std::size_t>(length));
  return request.fine && message[7] != 90 && named({message[7], -1}) != nullptr;
}

}  // namespace sluice::model
