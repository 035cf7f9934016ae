#include "dataplane/channel/record.hpp"

#include <algorithm>
#include <cstring>

#include "dataplane/protocol/protocol.hpp"

namespace sluice::channel {
namespace {

bool is_number(FieldRef ref, Schemas schemas) noexcept {
  if (ref.protocol >= schemas.size()) return false;
  const auto fields = schemas[ref.protocol]->fields;
  if (ref.field >= fields.size()) return false;
  switch (fields[ref.field].type) {
    case FieldType::unsigned_integer:
    case FieldType::signed_integer:
    case FieldType::boolean:
    case FieldType::real:
      return true;
    case FieldType::protocol:
    case FieldType::bytes:
    case FieldType::string:
    case FieldType::ipv4:
    case FieldType::ipv6:
    case FieldType::ether:
      return false;
  }
  return false;
}

void fill_values(Record& record, std::span<const Value> values, Schemas schemas) noexcept {
  // Bounded also where an item has thousands of values: what no longer fits is not looked at.
  for (const auto& value : values) {
    if (record.head.value_count == Record::kMostValues) {
      record.head.flags |= record_flag::more_values;
      return;
    }
    if (is_number(value.field, schemas)) {
      record.values[record.head.value_count++] = {value.field, 0, value.number};
    } else {
      record.head.flags |= record_flag::more_values;
    }
  }
}

void fill_spans(Record& record, std::span<const Span> spans) noexcept {
  for (const auto& span : spans) {
    if (record.head.span_count == Record::kMostSpans) {
      record.head.flags |= record_flag::more_spans;
      return;
    }
    auto& out = record.spans[record.head.span_count++];
    const auto room = Record::kMostNames - record.head.name_bytes;
    const auto count = std::min(span.name.size(), room);
    if (count < span.name.size()) record.head.flags |= record_flag::more_spans;
    out = {span.space, record.head.name_bytes, static_cast<std::uint16_t>(count), 0, span.key, span.first,
           span.last};
    if (count != 0) std::memcpy(record.names.data() + record.head.name_bytes, span.name.data(), count);
    record.head.name_bytes = static_cast<std::uint16_t>(record.head.name_bytes + count);
  }
}

}  // namespace

void fill(Record& record, RecordKind kind, const Event& event, Schemas schemas) noexcept {
  record.head = {};
  auto& head = record.head;
  head.kind = kind;
  head.reason = event.reason;
  head.verdict = event.verdict;
  head.time = head.first_time = event.time.ns;
  head.generation = event.generation.value;
  head.flow = event.flow;
  if (event.packet != nullptr) {
    const auto& packet = *event.packet;
    head.source = packet.source;
    head.destination = packet.destination;
    head.source_mac = packet.source_mac;
    head.destination_mac = packet.destination_mac;
    head.vlans = packet.vlans;
    head.vlan_count = packet.vlan_count;
    head.source_port = packet.source_port;
    head.destination_port = packet.destination_port;
    head.ethertype = packet.ethertype;
    head.in_port = packet.frame.port.value;
    head.frame_length = packet.frame.wire_length;
    head.network = packet.network;
    head.transportation = packet.transportation;
    head.ip_protocol = packet.ip_protocol;
  }
  head.conduit = event.conduit.value;
  head.rule = event.rule.value;
  head.patch = event.patch.value;
  head.from = event.from;
  head.to = event.to;
  head.item = event.item;
  head.protocol = event.protocol.value;
  head.function = event.function;
  head.mode = event.mode;
  head.access = event.access;
  head.malformed = event.malformed;
  if (event.acted) head.flags |= record_flag::acted;
  if (event.from_is_source) head.flags |= record_flag::from_is_source;
  if (event.is_response) head.flags |= record_flag::response;
  fill_values(record, event.header, schemas);
  fill_values(record, event.values, schemas);
  fill_spans(record, event.spans);
}

std::size_t encode(const Record& record, Cells& cells) noexcept {
  constexpr auto kRoom = kMostCells * kCellSize;
  auto head = record.head;
  const auto span_bytes = head.span_count * sizeof(RecordSpan);
  const auto fixed = sizeof(RecordHead) + span_bytes + head.name_bytes;
  static_assert(sizeof(RecordHead) + Record::kMostSpans * sizeof(RecordSpan) + Record::kMostNames <= kRoom);
  const auto fitting = (kRoom - fixed) / sizeof(RecordValue);
  if (head.value_count > fitting) {
    head.value_count = static_cast<std::uint8_t>(fitting);
    head.flags |= record_flag::more_values;
  }
  const auto value_bytes = head.value_count * sizeof(RecordValue);
  const auto total = fixed + value_bytes;
  const auto count = (total + kCellSize - 1) / kCellSize;
  head.cells = static_cast<std::uint8_t>(count);

  auto* out = cells[0].bytes.data();
  const auto put = [&out](const void* from, std::size_t size) noexcept {
    if (size != 0) std::memcpy(out, from, size);
    out += size;
  };
  put(&head, sizeof head);
  put(record.values.data(), value_bytes);
  put(record.spans.data(), span_bytes);
  put(record.names.data(), head.name_bytes);
  std::memset(out, 0, count * kCellSize - total);
  return count;
}

bool decode(const Cells& cells, std::size_t count, Record& record) noexcept {
  if (count * kCellSize < sizeof(RecordHead) || count > kMostCells) return false;
  const auto* in = cells[0].bytes.data();
  std::memcpy(&record.head, in, sizeof(RecordHead));
  const auto& head = record.head;
  const auto value_bytes = head.value_count * sizeof(RecordValue);
  const auto span_bytes = head.span_count * sizeof(RecordSpan);
  if (head.cells != count || head.value_count > Record::kMostValues || head.span_count > Record::kMostSpans ||
      head.name_bytes > Record::kMostNames ||
      sizeof(RecordHead) + value_bytes + span_bytes + head.name_bytes > count * kCellSize) {
    return false;
  }
  if (head.kind > RecordKind::transaction || head.reason >= Reason::count_ || head.verdict > Verdict::reset ||
      head.mode > Mode::enforce || static_cast<std::size_t>(head.access) >= kAccessCount ||
      head.network > Network::ipv6 || head.transportation > Transportation::other || head.vlan_count > 2 ||
      head.malformed > static_cast<std::uint8_t>(Malformed::bad_direction) || head.count == 0) {
    return false;
  }
  in += sizeof(RecordHead);
  if (value_bytes != 0) std::memcpy(record.values.data(), in, value_bytes);
  in += value_bytes;
  if (span_bytes != 0) std::memcpy(record.spans.data(), in, span_bytes);
  in += span_bytes;
  if (head.name_bytes != 0) std::memcpy(record.names.data(), in, head.name_bytes);
  for (std::size_t i = 0; i < head.span_count; ++i) {
    const auto& span = record.spans[i];
    if (std::size_t{span.name_first} + span.name_count > head.name_bytes) return false;
  }
  return true;
}

}  // namespace sluice::channel
