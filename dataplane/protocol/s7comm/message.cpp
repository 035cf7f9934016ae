#include "dataplane/protocol/s7comm/message.hpp"

#include <algorithm>
#include <string_view>

namespace sluice::s7comm {
namespace {

struct Row {
  Access access = Access::program;
  bool named = false;
  std::uint16_t parent = kNoFunction;
};

constexpr std::array<Row, kIds> kRows = [] {
  std::array<Row, kIds> rows{};
  for (const auto& function : kFunctions) rows[function.id] = {function.access, true, function.parent};
  return rows;
}();

struct Service {
  std::string_view name;
  std::uint16_t id;
};
constexpr std::array kNamedServices = {
    Service{"P_PROGRAM", kServices + 0}, Service{"_INSE", kServices + 1}, Service{"_INS2", kServices + 2},
    Service{"_DELE", kServices + 3},     Service{"_MODU", kServices + 4}, Service{"_GARB", kServices + 5},
};

// Jobs and userdata count their references apart.
constexpr std::uint64_t key_of(const Header& header) noexcept { return header.reference; }

}  // namespace

Header read_header(Reader& reader) noexcept {
  Header header;
  header.protid = reader.u8();
  header.rosctr = reader.u8();
  header.redundancy = reader.be16();
  header.reference = reader.be16();
  header.parameter = reader.be16();
  header.data = reader.be16();
  if (has_error(header.rosctr)) {
    header.error_class = reader.u8();
    header.error_code = reader.u8();
  }
  return header;
}

Access access_of(std::uint16_t function) noexcept {
  return function < kIds ? kRows[function].access : Access::program;
}

std::uint16_t userdata_id(std::uint8_t group, std::uint8_t subfunction) noexcept {
  const auto parent = static_cast<std::uint16_t>(kGroups + group);
  if (subfunction >= kSubsPerGroup) return parent;
  const auto id = sub(group, subfunction);
  return kRows[id].named ? id : parent;
}

std::uint16_t service_id(ByteView name) noexcept {
  for (const auto& service : kNamedServices) {
    if (text_of(name) == service.name) return service.id;
  }
  return kPiService;
}

std::uint16_t code_of(std::uint16_t function) noexcept {
  return function < kIds && kRows[function].parent != kNoFunction ? kRows[function].parent : function;
}

ByteView Message::take(Reader& reader, Name name, std::size_t count) noexcept {
  const auto bytes = reader.take(count);
  value(name, bytes);
  return bytes;
}

void Message::item(std::uint16_t function) noexcept {
  if (in_item_) sink_.end();
  in_item_ = true;
  sink_.item(function, access_of(function));
}

void Message::span(Space space, std::uint64_t first, std::uint64_t count, std::uint64_t key) noexcept {
  Span span;
  span.space = static_cast<std::uint16_t>(space);
  span.key = key;
  span.first = first;
  span.last = first + (count == 0 ? 0 : count - 1);
  sink_.span(span);
}

void Message::opaque(std::uint16_t function) noexcept {
  switch (access_of(function)) {
    case Access::read:
    case Access::write:
    case Access::program:
      span(Space::opaque, 0, 1);
      break;
    case Access::control:
    case Access::diagnose:
      break;
  }
}

// What does not fit its bytes weighs more than `found`.
Malformed Message::finish(Malformed found) noexcept {
  if (in_item_) sink_.end();
  in_item_ = false;
  if (!parameter_.ok() || !data_.ok()) return Malformed::truncated;
  if (found == Malformed::fine && (parameter_.remaining() != 0 || data_.remaining() != 0))
    return Malformed::trailing;
  return found;
}

Malformed Message::read(ByteView pdu) noexcept {
  Reader reader{pdu};
  header_ = read_header(reader);
  if (!reader.ok()) return Malformed::truncated;
  if (header_.protid != kProtocolId) return Malformed::bad_value;  // S7comm-plus is 72, MMS is BER
  value(Name::s7comm, pdu);
  value(Name::protid, header_.protid);
  value(Name::rosctr, header_.rosctr);
  value(Name::redid, header_.redundancy);
  value(Name::pduref, header_.reference);
  value(Name::parlg, header_.parameter);
  value(Name::datlg, header_.data);
  if (has_error(header_.rosctr)) {
    value(Name::errcls, header_.error_class);
    value(Name::errcod, header_.error_code);
    const auto error = header_.error_class << 8U | header_.error_code;
    if (error != 0) value(Name::param_errcod, static_cast<std::uint64_t>(error));
  }
  parameter_ = Reader{reader.take(header_.parameter)};
  data_ = Reader{reader.take(header_.data)};
  if (!reader.ok()) return Malformed::truncated;
  if (reader.remaining() != 0) return Malformed::trailing;
  if (session_.pdu_length != 0 && pdu.size() > session_.pdu_length) worse(Malformed::bad_length);
  switch (header_.rosctr) {
    case kJob:
      job();
      break;
    case kAck:
    case kAckData:
      ack();
      break;
    case kUserdata:
      userdata();
      break;
    default:
      return Malformed::bad_value;
  }
  return finish(found_);
}

void Message::job() noexcept {
  Reader ahead = parameter_;
  const auto code = ahead.u8();
  if (!ahead.ok()) return worse(Malformed::truncated);
  value(Name::func, parameter_.u8());
  if (role_ == Role::server) {
    // A CPU asks for parts of the block that it is to take, and tells of its state.
    if (code != kDownloadBlock && code != kDownloadEnded && code != kCpuServices)
      worse(Malformed::bad_direction);
  } else {
    sink_.request(key_of(header_), code);
  }
  switch (code) {
    case kReadVar:
    case kWriteVar:
      return read_variables(code);
    case kSetup:
      return setup();
    case kRequestDownload:
    case kDownloadBlock:
    case kDownloadEnded:
    case kStartUpload:
    case kUpload:
    case kEndUpload:
      return transfer(code);
    case kPiService:
      return program_invocation();
    case kPlcStop:
      return stop();
    default:
      item(code);
      opaque(code);
      (void)parameter_.rest();
      (void)take(data_, Name::resp_data, data_.remaining());
  }
}

// From the client: only to what the CPU itself asked. A function that no CPU asks has no answer from there.
void Message::ack_of_client(std::uint16_t code) noexcept {
  if (header_.rosctr == kAck || parameter_.remaining() == 0) {
    if (parameter_.remaining() != 0 || data_.remaining() != 0) worse(Malformed::bad_length);
    session_.fetching = false;
    return;
  }
  value(Name::func, parameter_.u8());
  item(code);
  switch (code) {
    case kDownloadBlock: {
      const bool known = session_.fetching && session_.fetch_ref == header_.reference;
      touch(known ? session_.fetched : Block{});
      session_.fetching = false;
      return answer_transfer(kDownloadBlock, 0);
    }
    case kDownloadEnded:
      return answer_transfer(kDownloadEnded, 0);
    default:
      if (code != kCpuServices) worse(Malformed::bad_direction);
      opaque(code);
      (void)parameter_.rest();
      (void)data_.rest();
  }
}

void Message::ack() noexcept {
  Reader ahead = parameter_;
  const auto code = ahead.u8();
  if (role_ == Role::client) return ack_of_client(code);
  const bool said = header_.rosctr == kAckData && ahead.ok();
  const auto* pending = sink_.response(key_of(header_), said ? code : kNoFunction);
  if (!said) {  // an error, and nothing else
    if (parameter_.remaining() != 0 || data_.remaining() != 0) worse(Malformed::bad_length);
    if (pending != nullptr) item(pending->function);
    return;
  }
  value(Name::func, parameter_.u8());
  if (pending != nullptr && code_of(pending->function) != code) worse(Malformed::bad_value);
  if (code == kReadVar || code == kWriteVar) {
    const bool same = pending != nullptr && pending->function == code;
    return answer_variables(code, same ? static_cast<std::uint32_t>(pending->note) : kAnyBytes);
  }
  item(pending != nullptr && code_of(pending->function) == code ? pending->function : code);
  switch (code) {
    case kSetup:
      return setup();
    case kRequestDownload:
    case kDownloadBlock:
    case kDownloadEnded:
    case kStartUpload:
    case kUpload:
    case kEndUpload:
      return answer_transfer(code, pending != nullptr && pending->function == code ? pending->note : 0);
    default:
      (void)parameter_.rest();
      (void)data_.rest();
  }
}

}  // namespace sluice::s7comm
