// The names of Modbus/TCP: functions, fields and span spaces, each with its clause. Standards: "AP" is MODBUS
// Application Protocol Specification V1.1b3, "MG" is MODBUS Messaging on TCP/IP Implementation Guide V1.0b.
// Constant data.
//
// A function code is its own id. Sub-functions follow from kCodes on: diagnostics/N is kCodes + N, and the
// two known MEI types of function 43 come behind them. A code or sub-function that the standard reserves has
// no row.
#pragma once

#include <array>
#include <cstdint>

#include "rules/schema/schema.hpp"

namespace sluice::modbus {

inline constexpr std::uint16_t kCodes = 256;
inline constexpr std::uint16_t kCanopenGeneralReference = kCodes + 21;
inline constexpr std::uint16_t kReadDeviceIdentification = kCodes + 22;
inline constexpr std::uint16_t kIds = kCodes + 23;

inline constexpr std::uint16_t kMostLength = 254;  // MG 3.1.3: unit identifier and a PDU of 253 bytes
// Function 90 does not keep to it: its ends agree on frames, 1,021 bytes were seen to be agreed on, and
// lengths of 255 to be sent.
inline constexpr std::uint16_t kMostUnityLength = 1024;

// Indices into kFields, in its order.
enum class Name : std::uint16_t {
  mbtcp,
  trans_id,
  prot_id,
  len,
  unit_id,
  modbus,
  func_code,
  exception_code,
  reference_num,
  bit_cnt,
  word_cnt,
  byte_cnt,
  data,
  padding,
  read_reference_num,
  read_word_cnt,
  write_reference_num,
  write_word_cnt,
  and_mask,
  or_mask,
  reference_type,
  reference_num_32,
  byte_cnt_16,
  diagnostic_code,
  query_data_request,
  query_data_echo,
  restart_communication_option,
  diag_register,
  ascii_input_delimiter,
  clear_counters_echo,
  bus_message_count,
  bus_comm_error_count,
  bus_exception_error_count,
  slave_message_count,
  no_slave_response_count,
  slave_nak_count,
  slave_busy_count,
  bus_char_overrun_count,
  ev_status,
  ev_count,
  ev_msg_count,
  event,
  mei,
  read_device_id,
  object_id,
  conformity_level,
  more_follows,
  next_object_id,
  num_objects,
  objects_len,
  object_str_value,
  object_value,
  bitval,
  regnum16,
  regval_uint16,
  write_value,
  file_num,
  record_num,
};

namespace detail {

constexpr Field number(std::string_view name, std::uint8_t bits, std::string_view meaning,
                       std::string_view clause) {
  return {name, FieldType::unsigned_integer, bits, Base::decimal, meaning, clause};
}
constexpr Field hex(std::string_view name, std::uint8_t bits, std::string_view meaning,
                    std::string_view clause) {
  return {name, FieldType::unsigned_integer, bits, Base::hexadecimal, meaning, clause};
}
constexpr Field raw(std::string_view name, std::string_view meaning, std::string_view clause) {
  return {name, FieldType::bytes, 0, Base::decimal, meaning, clause};
}
constexpr Field layer(std::string_view name, std::string_view meaning, std::string_view clause) {
  return {name, FieldType::protocol, 0, Base::decimal, meaning, clause};
}

}  // namespace detail

inline constexpr std::array kFields = {
    detail::layer("mbtcp", "whole message, MBAP header first", "MG 3.1.3"),
    detail::number("mbtcp.trans_id", 16, "transaction identifier", "MG 3.1.3"),
    detail::number("mbtcp.prot_id", 16, "protocol identifier, 0", "MG 3.1.3"),
    detail::number("mbtcp.len", 16, "bytes that follow, unit identifier included", "MG 3.1.3"),
    detail::number("mbtcp.unit_id", 8, "unit identifier: the device behind a gateway", "MG 3.1.3, 4.4.2.2"),
    detail::layer("modbus", "PDU, function code first", "AP 4.1"),
    detail::number("modbus.func_code", 8, "function code, without the bit that marks an exception", "AP 4.1"),
    detail::number("modbus.exception_code", 8, "exception code", "AP 7"),
    detail::number("modbus.reference_num", 16, "first address, from 0", "AP 6"),
    detail::number("modbus.bit_cnt", 16, "quantity of coils or inputs", "AP 6.1, 6.2, 6.11"),
    detail::number("modbus.word_cnt", 16, "quantity of registers", "AP 6.3, 6.4, 6.12, 6.14, 6.15, 6.18"),
    detail::number("modbus.byte_cnt", 8, "byte count", "AP 6"),
    detail::raw("modbus.data", "data that has no other field", "AP 6"),
    detail::hex("modbus.padding", 8, "second byte of a coil's value", "AP 6.5"),
    detail::number("modbus.read_reference_num", 16, "first address to read", "AP 6.17"),
    detail::number("modbus.read_word_cnt", 16, "quantity of registers to read", "AP 6.17"),
    detail::number("modbus.write_reference_num", 16, "first address to write", "AP 6.17"),
    detail::number("modbus.write_word_cnt", 16, "quantity of registers to write", "AP 6.17"),
    detail::hex("modbus.and_mask", 16, "bits that are kept", "AP 6.16"),
    detail::hex("modbus.or_mask", 16, "bits that are set where and_mask has none", "AP 6.16"),
    detail::number("modbus.reference_type", 8, "reference type of a file record, 6", "AP 6.14, 6.15"),
    detail::number("modbus.reference_num_32", 32, "file number * 65536 + record number", "AP 6.14, 6.15"),
    detail::number("modbus.byte_cnt_16", 16, "byte count of a FIFO queue", "AP 6.18"),
    detail::number("modbus.diagnostic_code", 16, "sub-function of diagnostics", "AP 6.8.1"),
    detail::raw("modbus.diagnostic.return_query_data.request", "data to be echoed", "AP 6.8.1 (00)"),
    detail::raw("modbus.diagnostic.return_query_data.echo", "data echoed", "AP 6.8.1 (00)"),
    detail::hex("modbus.diagnostic.restart_communication_option", 16, "ff00: also clear the event log",
                "AP 6.8.1 (01)"),
    detail::hex("modbus.diagnostic.return_diag_register", 16, "diagnostic register", "AP 6.8.1 (02)"),
    detail::hex("modbus.diagnostic.ascii_input_delimiter", 8, "end of message character", "AP 6.8.1 (03)"),
    detail::number("modbus.diagnostic.clear_ctr_diag_reg", 16, "echo of clear counters", "AP 6.8.1 (10)"),
    detail::number("modbus.diagnostic.bus_message_count", 16, "messages seen", "AP 6.8.1 (11)"),
    detail::number("modbus.diagnostic.bus_comm_error_count", 16, "checksum errors", "AP 6.8.1 (12)"),
    detail::number("modbus.diagnostic.bus_exception_error_count", 16, "exceptions returned", "AP 6.8.1 (13)"),
    detail::number("modbus.diagnostic.slave_message_count", 16, "messages for this server", "AP 6.8.1 (14)"),
    detail::number("modbus.diagnostic.no_slave_response_count", 16, "messages without answer",
                   "AP 6.8.1 (15)"),
    detail::number("modbus.diagnostic.slave_nak_count", 16, "negative acknowledgements", "AP 6.8.1 (16)"),
    detail::number("modbus.diagnostic.slave_busy_count", 16, "server device busy", "AP 6.8.1 (17)"),
    detail::number("modbus.diagnostic.bus_char_overrun_count", 16, "character overruns", "AP 6.8.1 (18)"),
    detail::hex("modbus.ev_status", 16, "ffff while a command is processed", "AP 6.9, 6.10"),
    detail::number("modbus.ev_count", 16, "event count", "AP 6.9, 6.10"),
    detail::number("modbus.ev_msg_count", 16, "message count", "AP 6.10"),
    detail::number("modbus.event", 8, "event, latest first", "AP 6.10"),
    detail::number("modbus.mei", 8, "MEI type", "AP 6.19"),
    detail::number("modbus.read_device_id", 8, "1 basic, 2 regular, 3 extended, 4 one object", "AP 6.21"),
    detail::number("modbus.object_id", 8, "identification object", "AP 6.21"),
    detail::hex("modbus.conformity_level", 8, "conformity level", "AP 6.21"),
    detail::hex("modbus.more_follows", 8, "ff: more objects in another transaction", "AP 6.21"),
    detail::number("modbus.next_object_id", 8, "object to ask for next", "AP 6.21"),
    detail::number("modbus.num_objects", 8, "objects in this response", "AP 6.21"),
    detail::number("modbus.objects_len", 8, "bytes of an object", "AP 6.21"),
    Field{"modbus.object_str_value", FieldType::string, 0, Base::decimal, "object of the standard (below 7)",
          "AP 6.21"},
    detail::raw("modbus.object_value", "object of the vendor (from 7 on)", "AP 6.21"),
    Field{"modbus.bitval", FieldType::boolean, 8, Base::decimal, "each coil or input that was read",
          "AP 6.1, 6.2"},
    detail::number("modbus.regnum16", 16, "address of each register read or written", "AP 6.3, 6.4, 6.12"),
    detail::number("modbus.regval_uint16", 16, "value of each register read or written", "AP 6.3, 6.4, 6.12"),
    // Sluice's own: Wireshark has no field that holds each written value for every writing function.
    detail::number("modbus.write_value", 16, "each value to be written: a register, or 1 and 0 for a coil",
                   "AP 6.5, 6.6, 6.11, 6.12, 6.15, 6.17"),
    detail::number("modbus.file_num", 16, "file of a record", "AP 6.14, 6.15"),
    detail::number("modbus.record_num", 16, "first record", "AP 6.14, 6.15"),
};
static_assert(kFields.size() == static_cast<std::size_t>(Name::record_num) + 1);

// Indices into kSpaces, in its order.
enum class Space : std::uint16_t { coil, discrete, holding, input, file, object, opaque };

inline constexpr std::array kSpaces = {
    SpanSpace{"coil", SpanKey::none, 65535, "single bits, read and write", "AP 4.3"},
    SpanSpace{"discrete", SpanKey::none, 65535, "single bits, read only", "AP 4.3"},
    SpanSpace{"holding", SpanKey::none, 65535, "16-bit registers, read and write", "AP 4.3"},
    SpanSpace{"input", SpanKey::none, 65535, "16-bit registers, read only", "AP 4.3"},
    SpanSpace{"file", SpanKey::number, 9999, "records of one file, by its number", "AP 6.14, 6.15"},
    SpanSpace{"object", SpanKey::none, 255, "device identification objects", "AP 6.21"},
    // A payload that nobody can read lies inside `targets` only where these name it.
    SpanSpace{"opaque", SpanKey::none, 0, "whatever an unreadable payload touches", "AP 5"},
};
static_assert(kSpaces.size() == static_cast<std::size_t>(Space::opaque) + 1);

// A parent's access is the gravest that a reserved sub-function could have: a rule by access class never
// permits one.
inline constexpr std::array kFunctions = {
    Function{1, "read_coils", Access::read, "AP 6.1"},
    Function{2, "read_discrete_inputs", Access::read, "AP 6.2"},
    Function{3, "read_holding_registers", Access::read, "AP 6.3"},
    Function{4, "read_input_registers", Access::read, "AP 6.4"},
    Function{5, "write_single_coil", Access::write, "AP 6.5"},
    Function{6, "write_single_register", Access::write, "AP 6.6"},
    Function{7, "read_exception_status", Access::diagnose, "AP 6.7"},
    Function{8, "diagnostics", Access::program, "AP 6.8"},
    Function{11, "get_comm_event_counter", Access::diagnose, "AP 6.9"},
    Function{12, "get_comm_event_log", Access::diagnose, "AP 6.10"},
    Function{15, "write_multiple_coils", Access::write, "AP 6.11"},
    Function{16, "write_multiple_registers", Access::write, "AP 6.12"},
    Function{17, "report_server_id", Access::diagnose, "AP 6.13"},
    Function{20, "read_file_record", Access::read, "AP 6.14"},
    Function{21, "write_file_record", Access::write, "AP 6.15"},
    Function{22, "mask_write_register", Access::write, "AP 6.16"},
    Function{23, "read_write_multiple_registers", Access::write, "AP 6.17"},
    Function{24, "read_fifo_queue", Access::read, "AP 6.18"},
    Function{43, "encapsulated_interface_transport", Access::program, "AP 6.19"},
    Function{90, "unity", Access::program, "AP 5: reserved; used by Schneider Electric for UMAS"},
    Function{kCodes + 0, "diagnostics/return_query_data", Access::diagnose, "AP 6.8.1 (00)", 8},
    Function{kCodes + 1, "diagnostics/restart_communications_option", Access::control, "AP 6.8.1 (01)", 8},
    Function{kCodes + 2, "diagnostics/return_diagnostic_register", Access::diagnose, "AP 6.8.1 (02)", 8},
    Function{kCodes + 3, "diagnostics/change_ascii_input_delimiter", Access::control, "AP 6.8.1 (03)", 8},
    Function{kCodes + 4, "diagnostics/force_listen_only_mode", Access::control, "AP 6.8.1 (04)", 8},
    Function{kCodes + 10, "diagnostics/clear_counters_and_diagnostic_register", Access::control,
             "AP 6.8.1 (10)", 8},
    Function{kCodes + 11, "diagnostics/return_bus_message_count", Access::diagnose, "AP 6.8.1 (11)", 8},
    Function{kCodes + 12, "diagnostics/return_bus_communication_error_count", Access::diagnose,
             "AP 6.8.1 (12)", 8},
    Function{kCodes + 13, "diagnostics/return_bus_exception_error_count", Access::diagnose, "AP 6.8.1 (13)",
             8},
    Function{kCodes + 14, "diagnostics/return_server_message_count", Access::diagnose, "AP 6.8.1 (14)", 8},
    Function{kCodes + 15, "diagnostics/return_server_no_response_count", Access::diagnose, "AP 6.8.1 (15)",
             8},
    Function{kCodes + 16, "diagnostics/return_server_nak_count", Access::diagnose, "AP 6.8.1 (16)", 8},
    Function{kCodes + 17, "diagnostics/return_server_busy_count", Access::diagnose, "AP 6.8.1 (17)", 8},
    Function{kCodes + 18, "diagnostics/return_bus_character_overrun_count", Access::diagnose, "AP 6.8.1 (18)",
             8},
    Function{kCodes + 20, "diagnostics/clear_overrun_counter_and_flag", Access::control, "AP 6.8.1 (20)", 8},
    Function{kCanopenGeneralReference, "encapsulated_interface_transport/canopen_general_reference",
             Access::program, "AP 6.20", 43},
    Function{kReadDeviceIdentification, "encapsulated_interface_transport/read_device_identification",
             Access::diagnose, "AP 6.21", 43},
};

inline constexpr std::array<std::uint16_t, 1> kPorts = {502};  // MG 4.3.1

inline constexpr Schema kSchema{
    .name = "modbus",
    .title = "Modbus/TCP",
    .standard = "MODBUS Application Protocol V1.1b3 (AP), MODBUS Messaging on TCP/IP V1.0b (MG)",
    .transports = Transport::tcp,
    .ports = kPorts,
    .fields = kFields,
    .functions = kFunctions,
    .spaces = kSpaces,
    .unit = "mbtcp.unit_id",  // MG 4.4.2.2
    .codes = kCodes,
    .ids = kIds,
    .max_items = 35,                  // sub-requests of 7 bytes in the 245 of read_file_record
    .max_pdu = 6 + kMostUnityLength,  // 260 for all others, AP 4.1
    .stand_ins = true,
};

}  // namespace sluice::modbus
