// The types of application data: name, access, who sends them, and what one information element is made of. A
// type identification is its own function id. Types 2, 4, 6, 8, 10, 12, 14, 16 to 19, 104 and 106 belong to
// IEC 60870-5-101 only (104 9.5), and are read where they occur. Constant data.
#pragma once

#include <array>
#include <cstdint>

#include "rules/schema/schema.hpp"

namespace sluice::iec104 {

inline constexpr std::uint16_t kTypes = 256;

// What an information element consists of, in the order of its bytes (101 7.2.6).
enum class Part : std::uint8_t {
  none,
  siq,
  diq,
  vti,
  bsi,
  nva,
  sva,
  r32,
  bcr,
  qds,
  cp16,
  cp24,
  cp56,
  sep,
  spe,
  oci,
  qdp,
  scd,
  sco,
  dco,
  rco,
  qos,
  qpm,
  qpa,
  coi,
  qoi,
  qcc,
  qrp,
  fbp,
  tsc,
  nof,
  nos,
  lof,
  frq,
  srq,
  scq,
  lsq,
  chs,
  afq,
  sof,
  segment
};

enum class Kind : std::uint8_t {
  unnamed,    // no row
  monitored,  // from the controlled station, an address for each object
  sequence,   // likewise, or consecutive elements behind one address (SQ = 1)
  command,    // to one object
  system,     // to the whole station: the address is 0
  read,       // of one object
  parameter,  // of one object
  file,       // either way, one object
  directory,  // of files, from the controlled station
  security,   // either way, without a layout here
};

struct Type {
  std::uint16_t id = 0;
  std::string_view name;
  Access access = Access::program;
  std::string_view clause;
  Kind kind = Kind::unnamed;
  std::array<Part, 4> parts{};
};

constexpr std::uint32_t size_of(Part part) noexcept {
  switch (part) {
    case Part::none:
      return 0;
    case Part::siq:
    case Part::diq:
    case Part::vti:
    case Part::qds:
    case Part::sep:
    case Part::spe:
    case Part::oci:
    case Part::qdp:
    case Part::sco:
    case Part::dco:
    case Part::rco:
    case Part::qos:
    case Part::qpm:
    case Part::qpa:
    case Part::coi:
    case Part::qoi:
    case Part::qcc:
    case Part::qrp:
    case Part::nos:
    case Part::frq:
    case Part::srq:
    case Part::scq:
    case Part::lsq:
    case Part::chs:
    case Part::afq:
    case Part::sof:
      return 1;
    case Part::nva:
    case Part::sva:
    case Part::cp16:
    case Part::fbp:
    case Part::tsc:
    case Part::nof:
      return 2;
    case Part::cp24:
    case Part::lof:
      return 3;
    case Part::bsi:
    case Part::r32:
    case Part::scd:
      return 4;
    case Part::bcr:
      return 5;
    case Part::cp56:
      return 7;
    case Part::segment:
      return 1;  // its length; what it holds is as long as that says
  }
  return 0;
}

constexpr std::uint32_t size_of(const Type& type) noexcept {
  std::uint32_t size = 0;
  for (const auto part : type.parts) size += size_of(part);
  return size;
}

inline constexpr std::array kAllTypes = {
    Type{1, "M_SP_NA_1", Access::read, "101 7.3.1.1", Kind::sequence, {Part::siq}},
    Type{2, "M_SP_TA_1", Access::read, "101 7.3.1.2", Kind::monitored, {Part::siq, Part::cp24}},
    Type{3, "M_DP_NA_1", Access::read, "101 7.3.1.3", Kind::sequence, {Part::diq}},
    Type{4, "M_DP_TA_1", Access::read, "101 7.3.1.4", Kind::monitored, {Part::diq, Part::cp24}},
    Type{5, "M_ST_NA_1", Access::read, "101 7.3.1.5", Kind::sequence, {Part::vti, Part::qds}},
    Type{6, "M_ST_TA_1", Access::read, "101 7.3.1.6", Kind::monitored, {Part::vti, Part::qds, Part::cp24}},
    Type{7, "M_BO_NA_1", Access::read, "101 7.3.1.7", Kind::sequence, {Part::bsi, Part::qds}},
    Type{8, "M_BO_TA_1", Access::read, "101 7.3.1.8", Kind::monitored, {Part::bsi, Part::qds, Part::cp24}},
    Type{9, "M_ME_NA_1", Access::read, "101 7.3.1.9", Kind::sequence, {Part::nva, Part::qds}},
    Type{10, "M_ME_TA_1", Access::read, "101 7.3.1.10", Kind::monitored, {Part::nva, Part::qds, Part::cp24}},
    Type{11, "M_ME_NB_1", Access::read, "101 7.3.1.11", Kind::sequence, {Part::sva, Part::qds}},
    Type{12, "M_ME_TB_1", Access::read, "101 7.3.1.12", Kind::monitored, {Part::sva, Part::qds, Part::cp24}},
    Type{13, "M_ME_NC_1", Access::read, "101 7.3.1.13", Kind::sequence, {Part::r32, Part::qds}},
    Type{14, "M_ME_TC_1", Access::read, "101 7.3.1.14", Kind::monitored, {Part::r32, Part::qds, Part::cp24}},
    Type{15, "M_IT_NA_1", Access::read, "101 7.3.1.15", Kind::sequence, {Part::bcr}},
    Type{16, "M_IT_TA_1", Access::read, "101 7.3.1.16", Kind::monitored, {Part::bcr, Part::cp24}},
    Type{17, "M_EP_TA_1", Access::read, "101 7.3.1.17", Kind::monitored, {Part::sep, Part::cp16, Part::cp24}},
    Type{18,
         "M_EP_TB_1",
         Access::read,
         "101 7.3.1.18",
         Kind::monitored,
         {Part::spe, Part::qdp, Part::cp16, Part::cp24}},
    Type{19,
         "M_EP_TC_1",
         Access::read,
         "101 7.3.1.19",
         Kind::monitored,
         {Part::oci, Part::qdp, Part::cp16, Part::cp24}},
    Type{20, "M_PS_NA_1", Access::read, "101 7.3.1.20", Kind::sequence, {Part::scd, Part::qds}},
    Type{21, "M_ME_ND_1", Access::read, "101 7.3.1.21", Kind::sequence, {Part::nva}},
    Type{30, "M_SP_TB_1", Access::read, "101 7.3.1.22", Kind::monitored, {Part::siq, Part::cp56}},
    Type{31, "M_DP_TB_1", Access::read, "101 7.3.1.23", Kind::monitored, {Part::diq, Part::cp56}},
    Type{32, "M_ST_TB_1", Access::read, "101 7.3.1.24", Kind::monitored, {Part::vti, Part::qds, Part::cp56}},
    Type{33, "M_BO_TB_1", Access::read, "101 7.3.1.25", Kind::monitored, {Part::bsi, Part::qds, Part::cp56}},
    Type{34, "M_ME_TD_1", Access::read, "101 7.3.1.26", Kind::monitored, {Part::nva, Part::qds, Part::cp56}},
    Type{35, "M_ME_TE_1", Access::read, "101 7.3.1.27", Kind::monitored, {Part::sva, Part::qds, Part::cp56}},
    Type{36, "M_ME_TF_1", Access::read, "101 7.3.1.28", Kind::monitored, {Part::r32, Part::qds, Part::cp56}},
    Type{37, "M_IT_TB_1", Access::read, "101 7.3.1.29", Kind::monitored, {Part::bcr, Part::cp56}},
    Type{38, "M_EP_TD_1", Access::read, "101 7.3.1.30", Kind::monitored, {Part::sep, Part::cp16, Part::cp56}},
    Type{39,
         "M_EP_TE_1",
         Access::read,
         "101 7.3.1.31",
         Kind::monitored,
         {Part::spe, Part::qdp, Part::cp16, Part::cp56}},
    Type{40,
         "M_EP_TF_1",
         Access::read,
         "101 7.3.1.32",
         Kind::monitored,
         {Part::oci, Part::qdp, Part::cp16, Part::cp56}},
    Type{41, "S_IT_TC_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{45, "C_SC_NA_1", Access::control, "101 7.3.2.1", Kind::command, {Part::sco}},
    Type{46, "C_DC_NA_1", Access::control, "101 7.3.2.2", Kind::command, {Part::dco}},
    Type{47, "C_RC_NA_1", Access::control, "101 7.3.2.3", Kind::command, {Part::rco}},
    Type{48, "C_SE_NA_1", Access::write, "101 7.3.2.4", Kind::command, {Part::nva, Part::qos}},
    Type{49, "C_SE_NB_1", Access::write, "101 7.3.2.5", Kind::command, {Part::sva, Part::qos}},
    Type{50, "C_SE_NC_1", Access::write, "101 7.3.2.6", Kind::command, {Part::r32, Part::qos}},
    Type{51, "C_BO_NA_1", Access::control, "101 7.3.2.7", Kind::command, {Part::bsi}},
    Type{58, "C_SC_TA_1", Access::control, "104 8.1", Kind::command, {Part::sco, Part::cp56}},
    Type{59, "C_DC_TA_1", Access::control, "104 8.2", Kind::command, {Part::dco, Part::cp56}},
    Type{60, "C_RC_TA_1", Access::control, "104 8.3", Kind::command, {Part::rco, Part::cp56}},
    Type{61, "C_SE_TA_1", Access::write, "104 8.4", Kind::command, {Part::nva, Part::qos, Part::cp56}},
    Type{62, "C_SE_TB_1", Access::write, "104 8.5", Kind::command, {Part::sva, Part::qos, Part::cp56}},
    Type{63, "C_SE_TC_1", Access::write, "104 8.6", Kind::command, {Part::r32, Part::qos, Part::cp56}},
    Type{64, "C_BO_TA_1", Access::control, "104 8.7", Kind::command, {Part::bsi, Part::cp56}},
    Type{70, "M_EI_NA_1", Access::read, "101 7.3.3.1", Kind::monitored, {Part::coi}},
    Type{81, "S_CH_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{82, "S_RP_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{83, "S_AR_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{84, "S_KR_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{85, "S_KS_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{86, "S_KC_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{87, "S_ER_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{90, "S_US_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{91, "S_UQ_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{92, "S_UR_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{93, "S_UK_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{94, "S_UA_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{95, "S_UC_NA_1", Access::program, "60870-5-7", Kind::security, {}},
    Type{100, "C_IC_NA_1", Access::read, "101 7.3.4.1", Kind::system, {Part::qoi}},
    Type{101, "C_CI_NA_1", Access::read, "101 7.3.4.2", Kind::system, {Part::qcc}},
    Type{102, "C_RD_NA_1", Access::read, "101 7.3.4.3", Kind::read, {}},
    Type{103, "C_CS_NA_1", Access::control, "101 7.3.4.4", Kind::system, {Part::cp56}},
    Type{104, "C_TS_NA_1", Access::diagnose, "101 7.3.4.5", Kind::system, {Part::fbp}},
    Type{105, "C_RP_NA_1", Access::control, "101 7.3.4.6", Kind::system, {Part::qrp}},
    Type{106, "C_CD_NA_1", Access::control, "101 7.3.4.7", Kind::system, {Part::cp16}},
    Type{107, "C_TS_TA_1", Access::diagnose, "104 8.8", Kind::system, {Part::tsc, Part::cp56}},
    Type{110, "P_ME_NA_1", Access::write, "101 7.3.5.1", Kind::parameter, {Part::nva, Part::qpm}},
    Type{111, "P_ME_NB_1", Access::write, "101 7.3.5.2", Kind::parameter, {Part::sva, Part::qpm}},
    Type{112, "P_ME_NC_1", Access::write, "101 7.3.5.3", Kind::parameter, {Part::r32, Part::qpm}},
    Type{113, "P_AC_NA_1", Access::write, "101 7.3.5.4", Kind::parameter, {Part::qpa}},
    Type{120, "F_FR_NA_1", Access::program, "101 7.3.6.1", Kind::file, {Part::nof, Part::lof, Part::frq}},
    Type{121,
         "F_SR_NA_1",
         Access::program,
         "101 7.3.6.2",
         Kind::file,
         {Part::nof, Part::nos, Part::lof, Part::srq}},
    Type{122, "F_SC_NA_1", Access::read, "101 7.3.6.3", Kind::file, {Part::nof, Part::nos, Part::scq}},
    Type{123,
         "F_LS_NA_1",
         Access::program,
         "101 7.3.6.4",
         Kind::file,
         {Part::nof, Part::nos, Part::lsq, Part::chs}},
    Type{124, "F_AF_NA_1", Access::read, "101 7.3.6.5", Kind::file, {Part::nof, Part::nos, Part::afq}},
    Type{125, "F_SG_NA_1", Access::program, "101 7.3.6.6", Kind::file, {Part::nof, Part::nos, Part::segment}},
    Type{126,
         "F_DR_TA_1",
         Access::read,
         "101 7.3.6.7",
         Kind::directory,
         {Part::nof, Part::lof, Part::sof, Part::cp56}},
    Type{127, "F_SC_NB_1", Access::read, "104 8.9", Kind::file, {Part::nof, Part::cp56, Part::cp56}},
};

// By id; Kind::unnamed where the standards name none.
inline constexpr auto kTypeOf = [] {
  std::array<Type, kTypes> types{};
  for (const auto& type : kAllTypes) types[type.id] = type;
  return types;
}();

}  // namespace sluice::iec104
