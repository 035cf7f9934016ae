#include "dataplane/protocol/modbus/message.hpp"

namespace sluice::modbus {
namespace {

struct Row {
  Access access = Access::program;
  bool named = false;
};

constexpr std::array<Row, kIds> kRows = [] {
  std::array<Row, kIds> rows{};
  for (const auto& function : kFunctions) rows[function.id] = {function.access, true};
  return rows;
}();

}  // namespace

Access access_of(std::uint16_t function) noexcept {
  return function < kIds ? kRows[function].access : Access::program;
}

bool is_named(std::uint16_t function) noexcept { return function < kIds && kRows[function].named; }

std::uint16_t diagnostics_id(std::uint16_t sub_function) noexcept {
  const auto id = static_cast<std::uint32_t>(kCodes) + sub_function;
  return id < kCanopenGeneralReference && kRows[id].named ? static_cast<std::uint16_t>(id) : kDiagnostics;
}

std::uint16_t interface_id(std::uint8_t mei) noexcept {
  switch (mei) {
    case 13:
      return kCanopenGeneralReference;
    case 14:
      return kReadDeviceIdentification;
    default:
      return kInterfaceTransport;
  }
}

ByteView Message::take(Name name, std::size_t count) noexcept {
  const auto bytes = reader_.take(count);
  if (!bytes.empty()) value(name, bytes);
  return bytes;
}

void Message::registers(ByteView data, std::uint32_t first) noexcept {
  Reader reader{data};
  while (reader.remaining() >= 2) {
    value(Name::regnum16, first++ & 0xffffU);
    value(Name::regval_uint16, reader.be16());
  }
}

void Message::item(std::uint16_t function, Access access) noexcept {
  if (sink_ == nullptr) return;
  if (in_item_) sink_->end();
  in_item_ = true;
  sink_->item(function, access);
}

// Wireshark's data begins with the MEI type, so ours does.
std::uint16_t Message::interface_item() noexcept {
  Reader whole = reader_;
  Reader ahead = reader_;
  const auto function = interface_id(ahead.u8());
  item(function);
  (void)u8(Name::mei);
  if (function == kReadDeviceIdentification || !reader_.ok()) return function;
  value(Name::data, whole.rest());
  (void)reader_.rest();
  return function;
}

void Message::span(Space space, std::uint32_t first, std::uint32_t count, std::uint64_t key) noexcept {
  if (sink_ == nullptr || !reader_.ok()) return;
  Span span;
  span.space = static_cast<std::uint16_t>(space);
  span.key = key;
  span.first = first;
  span.last = std::uint64_t{first} + (count == 0 ? 0 : count - 1);
  sink_->span(span);
}

void Message::opaque() noexcept {
  span(Space::opaque, 0, 1);
  (void)rest(Name::data);
}

Malformed Message::finish(Malformed found) noexcept {
  if (in_item_) {
    in_item_ = false;
    sink_->end();
  }
  if (!reader_.ok()) return Malformed::truncated;
  if (reader_.remaining() != 0) return Malformed::trailing;
  return found;
}

Record file_record(Message& message) noexcept {
  const auto type = message.u8(Name::reference_type);
  const auto reference = message.be32(Name::reference_num_32);
  const std::uint32_t length = message.be16(Name::word_cnt);
  const std::uint32_t file = reference >> 16;
  const std::uint32_t record = reference & 0xffffU;
  if (!message.ok()) return {};
  message.value(Name::file_num, file);
  message.value(Name::record_num, record);
  message.span(Space::file, record, length, file);
  if (type != 6 || file == 0) return {length, Malformed::bad_value};
  if (length == 0) return {length, Malformed::bad_length};
  return {length, record + length > 10000 ? Malformed::bad_address : Malformed::fine};
}

}  // namespace sluice::modbus
