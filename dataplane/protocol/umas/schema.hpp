// The names of UMAS, Schneider Electric's programming protocol inside Modbus function 90. There is no public
// standard. Where a row says "seen", its layout was read from traffic of a Modicon M340; "known" rests on
// independent published descriptions that agree; "named" rests on a published name alone, and the payload
// stays opaque. Constant data.
#pragma once

#include <array>
#include <cstdint>

#include "rules/schema/schema.hpp"

namespace sluice::umas {

inline constexpr std::uint8_t kCarrierCode = 0x5a;  // Modbus function 90
inline constexpr std::uint8_t kOk = 0xfe;
inline constexpr std::uint8_t kError = 0xfd;
inline constexpr std::uint16_t kMostVariables = 146;  // 7 bytes each in what a carrier of 1,024 has left

// Indices into kFields, in its order.
enum class Name : std::uint16_t {
  umas,
  session,
  func,
  status,
  block,
  offset,
  length,
  file,
  client,
  signature,
  data,
};

inline constexpr std::array kFields = {
    Field{"umas", FieldType::protocol, 0, Base::decimal, "UMAS message, session key first", "seen"},
    Field{"umas.session", FieldType::unsigned_integer, 8, Base::hexadecimal,
          "session (pairing) key, given by the controller with a reservation", "seen"},
    Field{"umas.func", FieldType::unsigned_integer, 8, Base::hexadecimal,
          "function asked for; that inside a signed message follows its own", "seen"},
    Field{"umas.status", FieldType::unsigned_integer, 8, Base::hexadecimal, "answer: fe done, fd refused",
          "seen"},
    Field{"umas.block", FieldType::unsigned_integer, 16, Base::decimal,
          "memory block, or block of a strategy", "seen"},
    Field{"umas.offset", FieldType::unsigned_integer, 32, Base::decimal, "first byte in the memory block",
          "seen"},
    Field{"umas.length", FieldType::unsigned_integer, 32, Base::decimal, "bytes read or written", "seen"},
    Field{"umas.file", FieldType::unsigned_integer, 8, Base::hexadecimal, "file of a strategy", "seen"},
    Field{"umas.client", FieldType::string, 0, Base::decimal,
          "name of the station that takes the reservation", "seen"},
    Field{"umas.signature", FieldType::bytes, 0, Base::decimal, "signature of a signed message", "known"},
    Field{"umas.data", FieldType::bytes, 0, Base::decimal, "what has no other field", "seen"},
};
static_assert(kFields.size() == static_cast<std::size_t>(Name::data) + 1);

// Indices into kSpaces, in its order.
enum class Space : std::uint16_t { block, strategy, opaque };

inline constexpr std::array kSpaces = {
    SpanSpace{"block", SpanKey::number, 0xffffffff, "bytes of one memory block, by its number", "seen"},
    SpanSpace{"strategy", SpanKey::number, 0xffff, "blocks of one strategy file, by its number", "seen"},
    // A payload that nobody can read lies inside `targets` only where these name it.
    SpanSpace{"opaque", SpanKey::none, 0, "whatever an unreadable payload touches", "named"},
};
static_assert(kSpaces.size() == static_cast<std::size_t>(Space::opaque) + 1);

inline constexpr std::array kFunctions = {
    Function{0x01, "init_comm", Access::diagnose, "seen"},
    Function{0x02, "read_id", Access::diagnose, "seen"},
    Function{0x03, "read_project_info", Access::diagnose, "seen"},
    Function{0x04, "read_plc_info", Access::diagnose, "seen"},
    Function{0x05, "read_loader_info", Access::diagnose, "named"},
    Function{0x06, "read_card_info", Access::diagnose, "named"},
    Function{0x07, "read_block_info", Access::diagnose, "named"},
    Function{0x0a, "repeat", Access::diagnose, "seen"},
    Function{0x10, "take_plc_reservation", Access::control, "seen"},
    Function{0x11, "release_plc_reservation", Access::control, "named"},
    Function{0x12, "keep_alive", Access::diagnose, "seen"},
    Function{0x20, "read_memory_block", Access::read, "seen"},
    Function{0x21, "write_memory_block", Access::program, "known"},
    Function{0x22, "read_variables", Access::read, "known"},
    Function{0x23, "write_variables", Access::write, "known"},
    Function{0x24, "read_coils_registers", Access::read, "named"},
    Function{0x25, "write_coils_registers", Access::write, "named"},
    Function{0x26, "data_dictionary", Access::read, "known"},
    Function{0x27, "data_dictionary_preload", Access::read, "named"},
    Function{0x28, "read_physical_address", Access::program, "named"},
    Function{0x29, "write_physical_address", Access::program, "named"},
    Function{0x2a, "browse_events", Access::diagnose, "named"},
    Function{0x30, "initialize_upload", Access::program, "known"},
    Function{0x31, "upload_block", Access::program, "known"},
    Function{0x32, "end_strategy_upload", Access::program, "known"},
    Function{0x33, "initialize_download", Access::program, "seen"},
    Function{0x34, "download_block", Access::program, "seen"},
    Function{0x35, "end_strategy_download", Access::program, "known"},
    Function{0x36, "backup", Access::program, "named"},
    Function{0x37, "preload_blocks", Access::program, "named"},
    Function{0x38, "signed_message", Access::read, "known"},
    Function{0x39, "read_ethernet_master_data", Access::diagnose, "named"},
    Function{0x40, "start_plc", Access::control, "known"},
    Function{0x41, "stop_plc", Access::control, "known"},
    Function{0x42, "initialize_plc", Access::control, "named"},
    Function{0x43, "swap", Access::program, "named"},
    Function{0x50, "monitor_plc", Access::read, "seen"},
    Function{0x51, "get_auto_modifications", Access::diagnose, "named"},
    Function{0x52, "get_forced_bits", Access::read, "named"},
    Function{0x53, "get_selected_blocks", Access::diagnose, "named"},
    Function{0x58, "check_plc", Access::diagnose, "seen"},
    Function{0x60, "set_breakpoint", Access::control, "named"},
    Function{0x61, "delete_breakpoint", Access::control, "named"},
    Function{0x62, "step_over", Access::control, "named"},
    Function{0x63, "step_in", Access::control, "named"},
    Function{0x64, "step_out", Access::control, "named"},
    Function{0x65, "get_call_stack", Access::diagnose, "named"},
    Function{0x66, "check_debug_allowed", Access::diagnose, "named"},
    Function{0x6c, "process_message", Access::program, "named"},
    Function{0x6d, "private", Access::program, "named"},
    Function{0x6e, "reservation_nonces", Access::control, "named"},
    Function{0x70, "read_io_object", Access::read, "named"},
    Function{0x71, "write_io_object", Access::write, "named"},
    Function{0x72, "read_rack", Access::diagnose, "named"},
    Function{0x73, "get_status_module", Access::diagnose, "named"},
    Function{0x74, "read_device_data", Access::diagnose, "named"},
    Function{kError, "response_error", Access::read, "seen"},
    Function{kOk, "response_ok", Access::read, "seen"},
};

inline constexpr Schema kSchema{
    .name = "umas",
    .title = "UMAS (Schneider Electric Unity)",
    .standard = "none public; see README.md of dataplane/protocol/umas",
    .fields = kFields,
    .functions = kFunctions,
    .spaces = kSpaces,
    .carrier = {"modbus", 90},
    .max_items = kMostVariables + 1,
    .max_pdu = 1022,
};

}  // namespace sluice::umas
