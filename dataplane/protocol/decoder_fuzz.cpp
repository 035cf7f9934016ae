// The decoder of one protocol, SLUICE_FUZZ_PROTOCOL of the registry: built once for each protocol folder. The
// input is a byte whose lowest bit says who sends first, and a stream of messages; for a carried protocol,
// one payload. Each message is decoded twice; what it carries for other protocols is decoded too.
#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "dataplane/protocol/cases.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "rules/base/fuzz.hpp"

namespace sluice {
namespace {

using fuzz::expect;

constexpr std::uint32_t kMostDepth = 2;

std::uint64_t mixed(std::uint64_t sum, std::uint64_t more) { return (sum ^ more) * 0x100000001b3U; }

// Checks all that it is told, remembers the last requests, and adds everything up.
class Witness final : public Listener {
 public:
  Witness(ProtocolId protocol, ByteView message, std::uint32_t depth)
      : id_{protocol}, schema_{*registry().schemas[protocol.value]}, message_{message}, depth_{depth} {}

  void on_item(std::span<const Value> header, const Item& item) noexcept override {
    ++items_;
    expect(item.function < schema_.ids, "a function is one of the schema's ids");
    expect(static_cast<std::size_t>(item.access) < kAccessCount, "an access is one of five");
    add(header.size() + item.function * 8U + static_cast<std::uint64_t>(item.access));
    values(item.values);
    for (const auto& span : item.spans) {
      expect(span.space < schema_.spaces.size(), "a space is one of the schema's");
      expect(span.first <= span.last, "a span ends behind its start");
      inside(span.name);
      add(span.space + span.key + span.first * 3 + span.last * 7 + span.name.size());
    }
  }
  void on_payload(std::uint16_t function, ByteView payload) noexcept override;
  // Gathers no parts: what comes is taken for the last one, and a message may be any bytes.
  void on_part(std::uint64_t key, ByteView part, Part which) noexcept override;
  const Pending* on_response(std::uint64_t key) noexcept override {
    add(key);
    pending_ = {key, key * 31, static_cast<std::uint16_t>(key % schema_.ids)};
    return (key & 1U) != 0 ? &pending_ : nullptr;
  }

  void decodes(ProtocolState& state, Sink& sink) noexcept {
    state_ = &state;
    sink_ = &sink;
  }
  [[nodiscard]] Malformed whole() const noexcept { return whole_; }

  void values(std::span<const Value> values) noexcept {
    for (const auto& value : values) {
      expect(value.field.protocol == id_.value && value.field.field < schema_.fields.size(),
             "a field is one of the schema's");
      switch (const auto& field = schema_.fields[value.field.field]; field.type) {
        case FieldType::unsigned_integer:
        case FieldType::boolean:
          expect(field.bits >= 64 || value.number >> field.bits == 0, "a number fits its field");
          add(value.number + value.field.field);
          break;
        case FieldType::signed_integer:
        case FieldType::real:
          add(value.number + value.field.field);
          break;
        case FieldType::protocol:
        case FieldType::bytes:
        case FieldType::string:
        case FieldType::ipv4:
        case FieldType::ipv6:
        case FieldType::ether:
          inside(value.bytes());
          add(value.length + value.field.field);
          break;
      }
    }
  }
  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_; }
  [[nodiscard]] std::uint32_t items() const noexcept { return items_; }

 private:
  void add(std::uint64_t more) noexcept { sum_ = mixed(sum_, more); }
  void inside(ByteView bytes) const noexcept {
    expect(bytes.empty() || (bytes.data() >= message_.data() &&
                             bytes.data() + bytes.size() <= message_.data() + message_.size()),
           "what a decoder points to is inside its message");
  }

  ProtocolId id_;
  const Schema& schema_;
  ByteView message_;
  std::uint32_t depth_;
  ProtocolState* state_ = nullptr;
  Sink* sink_ = nullptr;
  Malformed whole_ = Malformed::fine;
  std::uint32_t items_ = 0;
  std::uint64_t sum_ = 14695981039346656037U;
  Pending pending_{};
};

Sink& sink_at(std::uint32_t depth) {
  static std::array<Sink, kMostDepth + 1> sinks;
  return sinks[depth];
}

// Decodes one message; the sum of all that was said.
std::uint64_t decode_once(ProtocolId id, ProtocolState& state, Role role, ByteView message,
                          std::uint32_t depth) {
  const auto& protocol = *registry().protocols[id.value];
  auto& sink = sink_at(depth);
  Witness witness{id, message, depth};
  witness.decodes(state, sink);
  sink.begin(id, witness);
  auto malformed = protocol.decode(state, role, message, sink);
  if (malformed == Malformed::fine) malformed = witness.whole();
  witness.values(sink.header());
  expect(sink.items() <= message.size() + 1, "each item has bytes of its own");
  if (malformed == Malformed::fine) {
    expect(sink.items() == witness.items(), "an item that was begun is ended");
    expect(sink.items() <= protocol.schema->max_items && !sink.overflow(),
           "a good message keeps to the schema's bounds");
  }
  return mixed(witness.sum(), static_cast<std::uint64_t>(malformed) + sink.items() * 16U);
}

Role current_role = Role::client;

void Witness::on_payload(std::uint16_t function, ByteView payload) noexcept {
  expect(function < schema_.ids, "what carries is one of the schema's functions");
  inside(payload);
  add(payload.size());
  const auto child = registry().carried_by(id_, function);
  if (!child.exists() || depth_ == kMostDepth) return;
  ProtocolState state{};
  add(decode_once(child, state, current_role, payload, depth_ + 1));
}

void Witness::on_part(std::uint64_t key, ByteView part, Part which) noexcept {
  inside(part);
  add(key + part.size());
  const auto& protocol = *registry().protocols[id_.value];
  expect(key >> 48U == 0, "a key of parts leaves room for the protocol's");
  expect(protocol.whole != nullptr && protocol.schema->max_whole != 0, "who gives parts takes the whole");
  if (which == Part::last) whole_ = protocol.whole(*state_, current_role, key, part, *sink_);
}

// A whole message ends where it ends, whatever follows, and at no cut before.
void expect_same_end(const Protocol& protocol, const ProtocolState& state, Role role, ByteView message) {
  const fuzz::Exact alone{message};
  const auto framing = protocol.frame(state, role, alone.view());
  expect(framing.kind == Framing::Kind::pdu && framing.length == message.size(),
         "a message ends where it ends");
  // One cut of each, or the work would be square.
  const auto cut = message.size() * message.back() / 256U;
  const fuzz::Exact part{message.first(cut)};
  const auto early = protocol.frame(state, role, part.view());
  expect(early.kind == Framing::Kind::need_more, "no part of a message is a message");
  expect(early.length == 0 || (early.length > cut && early.length <= message.size()),
         "what is asked for is more than there is, and not too much");
}

void run(ProtocolId id, Role role, ByteView bytes) {
  const auto& protocol = *registry().protocols[id.value];
  const bool carried = !protocol.schema->carrier.protocol.empty();
  ProtocolState state{};
  auto rest = bytes;
  if (protocol.probe != nullptr) (void)protocol.probe(role, rest);
  while (!rest.empty()) {
    auto length = rest.size();
    if (!carried) {
      const auto framing = protocol.frame(state, role, rest);
      if (protocol.early != nullptr) {
        const auto early = protocol.early(role, rest);
        expect(early == kNoFunction || early < protocol.schema->ids,
               "an early function is one of the schema's");
      }
      if (framing.kind == Framing::Kind::need_more)
        expect(framing.length == 0 || framing.length > rest.size(), "more is asked for than there is");
      if (framing.kind != Framing::Kind::pdu) break;
      expect(
          framing.length != 0 && framing.length <= rest.size() && framing.length <= protocol.schema->max_pdu,
          "a message has bytes, and not more than there are");
      length = framing.length;
      expect_same_end(protocol, state, role, rest.first(length));
    }
    current_role = role;
    const fuzz::Exact message{rest.first(length)};
    auto again = state;
    const auto said = decode_once(id, state, role, message.view(), 0);
    expect(said == decode_once(id, again, role, message.view(), 0) && state.bytes == again.bytes,
           "a message says the same twice");
    rest = rest.subspan(length);
    role = role == Role::client ? Role::server : Role::client;
  }
}

ProtocolId protocol_id() {
  static const auto kId = find_protocol(registry().schemas, SLUICE_FUZZ_PROTOCOL);
  return kId;
}

}  // namespace

fuzz::Start fuzz::start() {
  Start start;
  const auto add = [&](Role role, ByteView bytes) {
    start.seeds.push_back(Script{}.byte(role == Role::client ? 0 : 1).bytes(bytes).done());
  };
  const std::string folder = SLUICE_FUZZ_FOLDER;
  if (std::filesystem::is_directory(folder + "/seeds")) {
    for (const auto& seed : read_seeds(folder + "/seeds")) add(seed.role, seed.bytes);
  }
  if (std::filesystem::is_directory(folder + "/cases")) {
    for (const auto& entry : std::filesystem::directory_iterator{folder + "/cases"}) {
      for (const auto& one : read_cases(entry.path().string())) {
        Bytes stream;  // question and answer, as far as they alternate
        for (const auto& message : one.messages) {
          add(message.role, message.bytes);
          stream.insert(stream.end(), message.bytes.begin(), message.bytes.end());
        }
        if (one.messages.size() > 1) add(one.messages.front().role, stream);
      }
    }
  }
  const auto& schema = *registry().schemas[protocol_id().value];
  for (const auto& function : schema.functions) {
    if (function.id >= schema.codes) continue;
    if (schema.codes > 256) {
      start.words.push_back(
          {static_cast<std::uint8_t>(function.id >> 8U), static_cast<std::uint8_t>(function.id)});
    } else {
      start.words.push_back({static_cast<std::uint8_t>(function.id)});
    }
  }
  for (const auto& space : schema.spaces) {
    start.words.push_back(
        {static_cast<std::uint8_t>(space.last >> 8U), static_cast<std::uint8_t>(space.last)});
  }
  return start;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  if (size < 2) return 0;
  fuzz::expect(protocol_id().exists() && protocol_id().value != 0, "the protocol is registered");
  const fuzz::Exact bytes{{data + 1, size - 1}};
  run(protocol_id(), (data[0] & 1U) != 0 ? Role::server : Role::client, bytes.view());
  return 0;
}
