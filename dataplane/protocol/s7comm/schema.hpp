// The functions and span spaces of S7comm. Codes below 256 are those of jobs; behind them stand the function
// groups of userdata, then sub-functions: of PI services by their name, of groups by their number. What has
// no row keeps the id of its parent. "seen", "known" and "named" as in fields.hpp. Constant data.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/protocol/s7comm/fields.hpp"

namespace sluice::s7comm {

inline constexpr std::uint16_t kGroups = 256;          // userdata: kGroups + function group
inline constexpr std::uint16_t kCodes = kGroups + 16;  // the group has four bits
inline constexpr std::uint16_t kServices = kCodes;     // PI services
inline constexpr std::uint16_t kSubFunctions = kCodes + 8;
inline constexpr std::uint16_t kSubsPerGroup = 32;  // no group has a named one beyond
inline constexpr std::uint16_t kIds = kSubFunctions + 16 * kSubsPerGroup;

inline constexpr std::uint16_t kCpuServices = 0x00, kReadVar = 0x04, kWriteVar = 0x05,
                               kRequestDownload = 0x1a, kDownloadBlock = 0x1b, kDownloadEnded = 0x1c,
                               kStartUpload = 0x1d, kUpload = 0x1e, kEndUpload = 0x1f, kPiService = 0x28,
                               kPlcStop = 0x29, kSetup = 0xf0;
inline constexpr std::uint16_t kProgrammer = 1, kCyclic = 2, kBlocks = 3, kCpu = 4, kSecurity = 5, kTime = 7;

constexpr std::uint16_t sub(std::uint16_t group, std::uint16_t subfunction) noexcept {
  return static_cast<std::uint16_t>(kSubFunctions + group * kSubsPerGroup + subfunction);
}

inline constexpr std::uint32_t kMostPdu = 8192;  // ours; 240, 480 and 960 are what CPUs agree on
// As many as a count says, and parts of data blocks, of five bytes each.
inline constexpr std::uint16_t kMostItems = 255 + kMostPdu / 5;

// Indices into kSpaces, in its order.
enum class Space : std::uint16_t {
  peripheral,
  input,
  output,
  merker,
  db,
  di,
  local,
  v,
  counter,
  timer,
  system_info,
  system_flag,
  analog_input,
  analog_output,
  iec_counter,
  iec_timer,
  block_ob,
  block_db,
  block_sdb,
  block_fc,
  block_sfc,
  block_fb,
  block_sfb,
  szl,
  opaque,
};

inline constexpr std::uint64_t kLastByte = 0xffffff / 8;  // 24 bits of address count bits
inline constexpr std::uint64_t kLastNumber = 0xffffff;
inline constexpr std::uint64_t kLastBlock = 99999;  // five digits

inline constexpr std::array kSpaces = {
    SpanSpace{"peripheral", SpanKey::none, kLastByte, "bytes of modules, past the process image", "known"},
    SpanSpace{"input", SpanKey::none, kLastByte, "bytes of inputs", "seen"},
    SpanSpace{"output", SpanKey::none, kLastByte, "bytes of outputs", "seen"},
    SpanSpace{"merker", SpanKey::none, kLastByte, "bytes of flags", "seen"},
    SpanSpace{"db", SpanKey::number, kLastByte, "bytes of one data block, by its number", "seen"},
    SpanSpace{"di", SpanKey::number, kLastByte, "bytes of one instance data block, by its number", "known"},
    SpanSpace{"local", SpanKey::none, kLastByte, "bytes of local data", "known"},
    SpanSpace{"v", SpanKey::none, kLastByte, "bytes of area 87", "named"},
    SpanSpace{"counter", SpanKey::none, kLastNumber, "counters", "seen"},
    SpanSpace{"timer", SpanKey::none, kLastNumber, "timers", "seen"},
    SpanSpace{"system_info", SpanKey::none, kLastByte, "bytes of system information (200 family)", "known"},
    SpanSpace{"system_flag", SpanKey::none, kLastByte, "bytes of system flags (200 family)", "known"},
    SpanSpace{"analog_input", SpanKey::none, kLastByte, "bytes of analogue inputs (200 family)", "known"},
    SpanSpace{"analog_output", SpanKey::none, kLastByte, "bytes of analogue outputs (200 family)", "known"},
    SpanSpace{"iec_counter", SpanKey::none, kLastNumber, "IEC counters (200 family)", "known"},
    SpanSpace{"iec_timer", SpanKey::none, kLastNumber, "IEC timers (200 family)", "known"},
    SpanSpace{"block_ob", SpanKey::none, kLastBlock, "organisation blocks", "seen"},
    SpanSpace{"block_db", SpanKey::none, kLastBlock, "data blocks, as blocks", "seen"},
    SpanSpace{"block_sdb", SpanKey::none, kLastBlock, "system data blocks", "seen"},
    SpanSpace{"block_fc", SpanKey::none, kLastBlock, "functions", "seen"},
    SpanSpace{"block_sfc", SpanKey::none, kLastBlock, "system functions", "seen"},
    SpanSpace{"block_fb", SpanKey::none, kLastBlock, "function blocks", "seen"},
    SpanSpace{"block_sfb", SpanKey::none, kLastBlock, "system function blocks", "seen"},
    SpanSpace{"szl", SpanKey::number, 0xffff, "indices of one system state list, by its number", "seen"},
    // What nobody can read lies inside `targets` only where these name it.
    SpanSpace{"opaque", SpanKey::none, 0, "whatever an unreadable item touches", "named"},
};
static_assert(kSpaces.size() == static_cast<std::size_t>(Space::opaque) + 1);

// A parent's access is the gravest that a sub-function without a row could have.
inline constexpr std::array kFunctions = {
    Function{kCpuServices, "cpu_services", Access::program, "named"},
    Function{kReadVar, "read_var", Access::read, "seen"},
    Function{kWriteVar, "write_var", Access::write, "seen"},
    Function{kRequestDownload, "request_download", Access::program, "seen"},
    Function{kDownloadBlock, "download_block", Access::program, "seen"},
    Function{kDownloadEnded, "download_ended", Access::program, "seen"},
    Function{kStartUpload, "start_upload", Access::program, "seen"},
    Function{kUpload, "upload", Access::program, "seen"},
    Function{kEndUpload, "end_upload", Access::program, "seen"},
    Function{kPiService, "pi_service", Access::program, "seen"},
    Function{kPlcStop, "plc_stop", Access::control, "seen"},
    Function{kSetup, "setup_communication", Access::read, "seen"},
    Function{kServices + 0, "pi_service/p_program", Access::control, "seen: starts the program", kPiService},
    Function{kServices + 1, "pi_service/_inse", Access::program, "seen: inserts blocks", kPiService},
    Function{kServices + 2, "pi_service/_ins2", Access::program, "known: inserts blocks", kPiService},
    Function{kServices + 3, "pi_service/_dele", Access::program, "known: deletes blocks", kPiService},
    Function{kServices + 4, "pi_service/_modu", Access::program, "seen: copies to ROM", kPiService},
    Function{kServices + 5, "pi_service/_garb", Access::program, "seen: compresses memory", kPiService},

    Function{kGroups + 0, "mode_transition", Access::program, "seen: only a CPU tells it"},
    Function{kGroups + 1, "programmer_commands", Access::program, "seen"},
    Function{kGroups + 2, "cyclic_services", Access::program, "known"},
    Function{kGroups + 3, "block_functions", Access::program, "seen"},
    Function{kGroups + 4, "cpu_functions", Access::program, "seen"},
    Function{kGroups + 5, "security", Access::program, "seen"},
    Function{kGroups + 6, "pbc", Access::program, "named: BSEND and BRECV"},
    Function{kGroups + 7, "time_functions", Access::program, "seen"},
    Function{kGroups + 15, "nc_programming", Access::program, "known"},

    Function{sub(1, 1), "programmer_commands/block_status", Access::diagnose, "known", kGroups + 1},
    Function{sub(1, 2), "programmer_commands/variable_status", Access::read, "known", kGroups + 1},
    Function{sub(1, 3), "programmer_commands/output_istack", Access::diagnose, "known", kGroups + 1},
    Function{sub(1, 4), "programmer_commands/output_bstack", Access::diagnose, "known", kGroups + 1},
    Function{sub(1, 5), "programmer_commands/output_lstack", Access::diagnose, "known", kGroups + 1},
    Function{sub(1, 6), "programmer_commands/time_measurement", Access::diagnose, "known", kGroups + 1},
    Function{sub(1, 7), "programmer_commands/force_selection", Access::diagnose, "known", kGroups + 1},
    Function{sub(1, 8), "programmer_commands/modify_variable", Access::write, "known", kGroups + 1},
    Function{sub(1, 9), "programmer_commands/force", Access::control, "known", kGroups + 1},
    Function{sub(1, 10), "programmer_commands/breakpoint", Access::control, "known", kGroups + 1},
    Function{sub(1, 11), "programmer_commands/exit_hold", Access::control, "known", kGroups + 1},
    Function{sub(1, 12), "programmer_commands/memory_reset", Access::program, "known", kGroups + 1},
    Function{sub(1, 13), "programmer_commands/disable_job", Access::control, "known", kGroups + 1},
    Function{sub(1, 14), "programmer_commands/enable_job", Access::control, "known", kGroups + 1},
    Function{sub(1, 15), "programmer_commands/delete_job", Access::control, "known", kGroups + 1},
    Function{sub(1, 16), "programmer_commands/read_job_list", Access::diagnose, "seen", kGroups + 1},
    Function{sub(1, 17), "programmer_commands/read_job", Access::diagnose, "known", kGroups + 1},
    Function{sub(1, 18), "programmer_commands/replace_job", Access::control, "known", kGroups + 1},
    Function{sub(1, 19), "programmer_commands/block_status_v2", Access::diagnose, "known", kGroups + 1},
    Function{sub(1, 22), "programmer_commands/flash_led", Access::control, "known", kGroups + 1},

    Function{sub(2, 1), "cyclic_services/cyclic_transfer", Access::read, "known", kGroups + 2},
    Function{sub(2, 4), "cyclic_services/unsubscribe", Access::diagnose, "known", kGroups + 2},
    Function{sub(2, 5), "cyclic_services/change_driven_transfer", Access::read, "known", kGroups + 2},
    Function{sub(2, 7), "cyclic_services/change_driven_transfer_modify", Access::read, "known", kGroups + 2},
    Function{sub(2, 8), "cyclic_services/rdrec", Access::read, "known", kGroups + 2},

    Function{sub(3, 1), "block_functions/list_blocks", Access::diagnose, "seen", kGroups + 3},
    Function{sub(3, 2), "block_functions/list_blocks_of_type", Access::diagnose, "seen", kGroups + 3},
    Function{sub(3, 3), "block_functions/get_block_info", Access::diagnose, "seen", kGroups + 3},

    Function{sub(4, 1), "cpu_functions/read_szl", Access::diagnose, "seen", kGroups + 4},
    Function{sub(4, 2), "cpu_functions/message_service", Access::diagnose, "seen", kGroups + 4},
    Function{sub(4, 3), "cpu_functions/diagnostic_message", Access::diagnose, "seen", kGroups + 4},
    Function{sub(4, 5), "cpu_functions/alarm_8_indication", Access::diagnose, "known", kGroups + 4},
    Function{sub(4, 6), "cpu_functions/notify_indication", Access::diagnose, "known", kGroups + 4},
    Function{sub(4, 7), "cpu_functions/alarm_8_lock", Access::control, "known", kGroups + 4},
    Function{sub(4, 8), "cpu_functions/alarm_8_unlock", Access::control, "known", kGroups + 4},
    Function{sub(4, 9), "cpu_functions/scan_indication", Access::diagnose, "known", kGroups + 4},
    Function{sub(4, 11), "cpu_functions/alarm_ack", Access::control, "known", kGroups + 4},
    Function{sub(4, 12), "cpu_functions/alarm_ack_indication", Access::diagnose, "known", kGroups + 4},
    Function{sub(4, 13), "cpu_functions/alarm_lock_indication", Access::diagnose, "known", kGroups + 4},
    Function{sub(4, 14), "cpu_functions/alarm_unlock_indication", Access::diagnose, "known", kGroups + 4},
    Function{sub(4, 17), "cpu_functions/alarm_sq_indication", Access::diagnose, "known", kGroups + 4},
    Function{sub(4, 18), "cpu_functions/alarm_s_indication", Access::diagnose, "known", kGroups + 4},
    Function{sub(4, 19), "cpu_functions/alarm_query", Access::diagnose, "known", kGroups + 4},
    Function{sub(4, 22), "cpu_functions/notify_8_indication", Access::diagnose, "known", kGroups + 4},

    Function{sub(5, 1), "security/plc_password", Access::control, "seen", kGroups + 5},

    Function{sub(7, 1), "time_functions/read_clock", Access::diagnose, "seen", kGroups + 7},
    Function{sub(7, 2), "time_functions/set_clock", Access::control, "seen", kGroups + 7},
    Function{sub(7, 3), "time_functions/read_clock_following", Access::diagnose, "known", kGroups + 7},
    Function{sub(7, 4), "time_functions/set_clock_following", Access::control, "known", kGroups + 7},

    Function{sub(15, 1), "nc_programming/request_download", Access::program, "known", kGroups + 15},
    Function{sub(15, 2), "nc_programming/download_block", Access::program, "known", kGroups + 15},
    Function{sub(15, 3), "nc_programming/continue_download", Access::program, "known", kGroups + 15},
    Function{sub(15, 4), "nc_programming/download_ended", Access::program, "known", kGroups + 15},
    Function{sub(15, 6), "nc_programming/start_upload", Access::program, "known", kGroups + 15},
    Function{sub(15, 7), "nc_programming/upload", Access::program, "known", kGroups + 15},
    Function{sub(15, 8), "nc_programming/continue_upload", Access::program, "known", kGroups + 15},
};

inline constexpr std::array<std::uint16_t, 1> kPorts = {102};  // RFC 1006 4

inline constexpr Schema kSchema{
    .name = "s7comm",
    .title = "S7comm (SIMATIC S7-300, S7-400 and what speaks like them)",
    .standard = "none public for S7comm, see README.md of dataplane/protocol/s7comm; RFC 1006, ITU-T X.224",
    .transports = Transport::tcp,
    .ports = kPorts,
    .fields = kFields,
    .functions = kFunctions,
    .spaces = kSpaces,
    .codes = kCodes,
    .ids = kIds,
    .max_items = kMostItems,
    .max_pdu = carrier::kMostTpkt,
    .max_whole = kMostPdu,
};

}  // namespace sluice::s7comm
