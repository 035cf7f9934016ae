#include "tests/metamorphic/log.hpp"

#include <algorithm>

#include "dataplane/protocol/protocol.hpp"

namespace sluice::metamorphic {
namespace {

constexpr std::size_t kInWords = 8;  // values that are written out; the rest is hashed only

class Hash {
 public:
  void take(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) byte(static_cast<std::uint8_t>(number >> (8 * i)));
  }
  void take(ByteView bytes) {
    take(bytes.size());
    for (const auto one : bytes) byte(one);
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  void byte(std::uint8_t one) { value_ = (value_ ^ one) * 0x100000001b3U; }
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

bool is_bytes(FieldType type) {
  switch (type) {
    case FieldType::protocol:
    case FieldType::bytes:
    case FieldType::string:
    case FieldType::ipv4:
    case FieldType::ipv6:
    case FieldType::ether:
      return true;
    case FieldType::unsigned_integer:
    case FieldType::signed_integer:
    case FieldType::boolean:
    case FieldType::real:
      return false;
  }
  return false;
}

void tell(std::span<const Value> values, Hash& hash, std::string& words) {
  std::size_t told = 0;
  for (const auto& value : values) {
    const auto& field = registry().schemas[value.field.protocol]->fields[value.field.field];
    hash.take(std::uint64_t{value.field.protocol} << 16U | value.field.field);
    if (is_bytes(field.type)) {
      hash.take(value.bytes());
    } else {
      hash.take(value.number);
      if (told++ < kInWords) words += std::string{field.name} + "=" + std::to_string(value.number) + " ";
    }
  }
}

std::string number(std::uint32_t id) {
  return id == std::uint32_t(-1) ? std::string{"-"} : std::to_string(id);
}

}  // namespace

std::uint16_t client_port(const Packet& packet) {
  if (packet.fragment == 0) return std::max(packet.source_port, packet.destination_port);
  // Only the first one tells.
  const auto bytes = packet.piece_bytes();
  if (packet.piece.offset != 0 || bytes.size() < 4) return 0;
  const auto* ports = bytes.data();
  return static_cast<std::uint16_t>(std::max(ports[0] << 8U | ports[1], ports[2] << 8U | ports[3]));
}

void Log::add(const Event& event, const char* kind) {
  // Ends that no rule joins: each of their fragments is refused by itself. The first one counts.
  if (event.packet->fragment != 0 && event.packet->piece.offset != 0 && event.reason == Reason::no_policy)
    return;
  Entry entry;
  const auto protocol = event.protocol.exists() ? registry().schemas[event.protocol.value]->name : "-";
  const bool decided = kind[0] == 'v';
  entry.what = std::string{kind} + " " + std::string{name_of(event.reason)} + " " +
               std::string{decided ? name_of(event.verdict) : ""} + (event.acted ? " acted " : " ") +
               std::string{name_of(event.mode)} + " conduit " + number(event.conduit.value) + " rule " +
               number(event.rule.value) + " patch " + number(event.patch.value) + " from " +
               number(event.from) + " to " + number(event.to) +
               (event.from_is_source ? " asks " : " hears ") + std::string{protocol} +
               (event.is_response ? " answer " : " request ") + std::to_string(event.function) + " " +
               "item " + std::to_string(event.item) + " malformed " + std::to_string(event.malformed) +
               " generation " + std::to_string(event.generation.value);
  entry.access = name_of(event.access);
  if (!event.header.empty() || !event.values.empty() || !event.spans.empty()) {
    Hash hash;
    tell(event.header, hash, entry.fields);
    tell(event.values, hash, entry.fields);
    for (const auto& span : event.spans) {
      for (const auto one : {std::uint64_t{span.space}, span.key, span.first, span.last}) hash.take(one);
      hash.take(span.name);
      entry.fields += "[" + std::to_string(span.space) + " " + std::to_string(span.first) + ".." +
                      std::to_string(span.last) + "] ";
    }
    entry.fields += "#" + std::to_string(hash.value());
  }
  entries_[client_port(*event.packet)].push_back(std::move(entry));
}

}  // namespace sluice::metamorphic
