// The fields of S7comm, under Wireshark's names. There is no public standard: "seen" was read from traffic at
// hand, "known" rests on published descriptions that agree, tshark's among them, "named" on a name alone.
// Constant data.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/protocol/carrier/fields.hpp"

namespace sluice::s7comm {

inline constexpr auto kFirstName = static_cast<std::uint16_t>(carrier::kIsoFields.size());

// Indices into kFields, in its order.
enum class Name : std::uint16_t {
  s7comm = kFirstName,
  protid,
  rosctr,
  redid,
  pduref,
  parlg,
  datlg,
  errcls,
  errcod,
  param_errcod,
  func,
  setup_reserved1,
  maxamq_calling,
  maxamq_called,
  pdu_length,
  itemcount,
  varspec,
  varspec_length,
  syntaxid,
  transp_size,
  length,
  db,
  area,
  address,
  address_byte,
  address_bit,
  address_number,
  dbread_numareas,
  dbread_length,
  dbread_db,
  dbread_startaddress,
  nck_area,
  nck_unit,
  nck_column,
  nck_line,
  nck_module,
  nck_linecount,
  returncode,
  transportsize,
  data_length,
  resp_data,
  fillbyte,
  functionstatus,
  functionstatus_more,
  functionstatus_error,
  unknown1,
  errorcode,
  uploadid,
  filename_len,
  filename,
  file_identifier,
  block_type,
  block_number,
  dest_filesys,
  part2_len,
  part2_unknown,
  loadmem_len,
  mc7code_len,
  upl_lenstring_len,
  upl_lenstring,
  pi_unknown1,
  parameterblock_len,
  argument,
  block_cnt,
  inse_unknown,
  string_len,
  stop_len,
  servicename,
  head,
  ud_length,
  reqres1,
  type,
  funcgroup,
  subfunc,
  modetrans_subfunc,
  seq_num,
  dataunitref,
  lastdataunit,
  szl_id,
  szl_index,
  blockinfo_type,
  blockinfo_count,
  blockinfo_number,
  blockinfo_filesys,
  cyclic_function,
  cyclic_job_id,
  interval_timebase,
  interval_time,
  userdata,
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
constexpr Field text(std::string_view name, std::string_view meaning, std::string_view clause) {
  return {name, FieldType::string, 0, Base::decimal, meaning, clause};
}
constexpr Field flag(std::string_view name, std::string_view meaning, std::string_view clause) {
  return {name, FieldType::boolean, 8, Base::decimal, meaning, clause};
}

inline constexpr std::array kOwn = {
    Field{"s7comm", FieldType::protocol, 0, Base::decimal, "whole PDU, protocol id 32 first", "seen"},
    hex("s7comm.header.protid", 8, "protocol id, 32", "seen"),
    number("s7comm.header.rosctr", 8, "1 job, 2 ack, 3 ack with data, 7 userdata", "seen"),
    hex("s7comm.header.redid", 16, "reserved", "seen"),
    number("s7comm.header.pduref", 16, "reference that pairs question and answer", "seen"),
    number("s7comm.header.parlg", 16, "bytes of the parameter", "seen"),
    number("s7comm.header.datlg", 16, "bytes of the data", "seen"),
    hex("s7comm.header.errcls", 8, "error class of an ack", "seen"),
    hex("s7comm.header.errcod", 8, "error code of an ack", "seen"),
    hex("s7comm.param.errcod", 16, "error: class and code", "seen"),
    hex("s7comm.param.func", 8, "function of a job and its ack", "seen"),
    hex("s7comm.param.setup_reserved1", 8, "reserved", "seen"),
    number("s7comm.param.maxamq_calling", 16, "jobs in parallel, of who connects", "seen"),
    number("s7comm.param.maxamq_called", 16, "jobs in parallel, of who is connected to", "seen"),
    number("s7comm.param.pdu_length", 16, "most bytes of a PDU", "seen"),
    number("s7comm.param.itemcount", 8, "items", "seen"),
    hex("s7comm.param.item.varspec", 8, "12: an address follows", "seen"),
    number("s7comm.param.item.varspec_length", 8, "bytes of the address", "seen"),
    hex("s7comm.param.item.syntaxid", 8, "10 any pointer, b0 parts of DBs, 82 to 84 NCK, b2 symbol", "seen"),
    number("s7comm.param.item.transp_size", 8, "type of an element: 1 bit, 2 byte, 4 word …", "seen"),
    number("s7comm.param.item.length", 16, "elements", "seen"),
    number("s7comm.param.item.db", 16, "data block", "seen"),
    hex("s7comm.param.item.area", 8, "81 inputs, 82 outputs, 83 merkers, 84 data block …", "seen"),
    hex("s7comm.param.item.address", 24, "first address: in bits, or number of a timer or counter", "seen"),
    number("s7comm.param.item.address.byte", 24, "byte of the address", "seen"),
    number("s7comm.param.item.address.bit", 24, "bit in the byte", "seen"),
    number("s7comm.param.item.address.number", 24, "number of a timer or counter", "seen"),
    number("s7comm.param.item.dbread.numareas", 8, "parts of data blocks", "known"),
    number("s7comm.param.item.dbread.length", 8, "bytes of a part", "known"),
    number("s7comm.param.item.dbread.db", 16, "data block of a part", "known"),
    number("s7comm.param.item.dbread.startaddress", 16, "first byte of a part", "known"),
    number("s7comm.param.item.nck.area", 8, "area of a numerical control", "known"),
    number("s7comm.param.item.nck.unit", 8, "unit of a numerical control", "known"),
    number("s7comm.param.item.nck.column", 16, "column", "known"),
    number("s7comm.param.item.nck.line", 16, "line", "known"),
    hex("s7comm.param.item.nck.module", 8, "module", "known"),
    number("s7comm.param.item.nck.linecount", 8, "lines", "known"),
    hex("s7comm.data.returncode", 8, "ff done; of an item, or of userdata", "seen"),
    hex("s7comm.data.transportsize", 8, "in what the length is counted", "seen"),
    number("s7comm.data.length", 16, "bytes of data", "seen"),
    raw("s7comm.resp.data", "data read, data to be written, part of a block", "seen"),
    hex("s7comm.data.fillbyte", 8, "fills up to an even length", "seen"),
    hex("s7comm.param.blockcontrol.functionstatus", 8, "1 more follows, 2 error", "seen"),
    flag("s7comm.param.blockcontrol.functionstatus.more", "more follows", "seen"),
    flag("s7comm.param.blockcontrol.functionstatus.error", "error", "seen"),
    raw("s7comm.data.blockcontrol.unknown1", "not known", "seen"),
    hex("s7comm.data.blockcontrol.errorcode", 16, "error at the end of an upload", "seen"),
    hex("s7comm.data.blockcontrol.uploadid", 32, "upload", "seen"),
    number("s7comm.param.blockcontrol.filename_len", 8, "bytes of the name", "seen"),
    text("s7comm.param.blockcontrol.filename", "block: _, type, number, file system", "seen"),
    text("s7comm.data.blockcontrol.file_identifier", "_ for a whole module", "seen"),
    text("s7comm.data.blockcontrol.block_type", "08 OB, 0A DB, 0B SDB, 0C FC, 0D SFC, 0E FB, 0F SFB", "seen"),
    text("s7comm.data.blockcontrol.block_number", "five digits", "seen"),
    text("s7comm.data.blockcontrol.dest_filesys", "P passive, A active, B both", "seen"),
    number("s7comm.data.blockcontrol.part2_len", 8, "bytes of the lengths", "seen"),
    text("s7comm.data.blockcontrol.part2_unknown", "1", "seen"),
    text("s7comm.data.blockcontrol.loadmem_len", "bytes in load memory", "seen"),
    text("s7comm.data.blockcontrol.mc7code_len", "bytes of code", "seen"),
    number("s7comm.param.blockcontrol.upl_lenstring_len", 8, "bytes of the length", "seen"),
    text("s7comm.param.blockcontrol.upl_lenstring", "bytes of the block", "seen"),
    raw("s7comm.param.pistart.unknown1", "not known", "seen"),
    number("s7comm.param.pistart.parameterblock_len", 16, "bytes of the service's parameter", "seen"),
    text("s7comm.param.pistart.argument", "C: cold start; EP: to ROM", "seen"),
    number("s7comm.data.plccontrol.block_cnt", 8, "blocks to insert or delete", "seen"),
    hex("s7comm.param.pi.inse.unknown", 8, "not known", "seen"),
    number("s7comm.param.pi.n_x.string_len", 8, "bytes of the service's name", "seen"),
    number("s7comm.data.plccontrol.part2_len", 8, "bytes of the name, where a PLC is stopped", "seen"),
    text("s7comm.param.pistart.servicename", "program invocation service", "seen"),
    hex("s7comm.param.userdata.head", 24, "000112", "seen"),
    number("s7comm.param.userdata.length", 8, "bytes that follow in the parameter", "seen"),
    hex("s7comm.param.userdata.reqres1", 8, "11 first, 12 answer or continuation", "seen"),
    number("s7comm.param.userdata.type", 8, "0 push, 4 request, 8 answer; 3, 7, 11 of a NC", "seen"),
    number("s7comm.param.userdata.funcgroup", 8, "function group", "seen"),
    number("s7comm.param.userdata.subfunc", 8, "sub-function of the group", "seen"),
    number("s7comm.param.modetrans.subfunc", 8, "mode that the CPU has taken", "seen"),
    number("s7comm.param.userdata.seq_num", 8, "sequence", "seen"),
    number("s7comm.param.userdata.dataunitref", 8, "number of an answer in parts", "seen"),
    hex("s7comm.param.userdata.lastdataunit", 8, "0 last part, 1 more follow", "seen"),
    hex("s7comm.data.userdata.szl_id", 16, "system state list", "seen"),
    hex("s7comm.data.userdata.szl_index", 16, "index in the list", "seen"),
    text("s7comm.blockinfo.blocktype", "type of block asked about", "seen"),
    number("s7comm.blockinfo.block_count", 16, "blocks of a type", "seen"),
    text("s7comm.data.blockinfo.block_number", "number of the block asked about", "seen"),
    text("s7comm.data.blockinfo.filesys", "file system of the block asked about", "seen"),
    number("s7comm.cyclic.function", 8, "function of a subscription to end", "known"),
    number("s7comm.cyclic.job_id", 8, "subscription to end", "known"),
    number("s7comm.cyclic.interval_timebase", 8, "0: 100 ms, 1: 1 s, 2: 10 s", "known"),
    number("s7comm.cyclic.interval_time", 8, "times the base", "known"),
    raw("s7comm.data.userdata", "data without other fields", "seen"),
};

}  // namespace detail

inline constexpr auto kFields = carrier::behind_iso(detail::kOwn);
static_assert(kFields.size() == static_cast<std::size_t>(Name::userdata) + 1);

}  // namespace sluice::s7comm
