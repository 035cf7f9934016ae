// Recorder: a Listener that writes down what a decoder says, one line per item, and remembers requests as the
// engine does. For tests and fuzz targets only: it allocates. One thread.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/protocol/protocol.hpp"

namespace sluice {

class Recorder final : public Listener {
 public:
  explicit Recorder(const Protocol& protocol) : protocol_{&protocol}, sink_{std::make_unique<Sink>()} {}

  // Decodes one message and says how it was: lines of items, then the header, the exchange and the judgement.
  Malformed decode(Role role, ByteView pdu) {
    items.clear();
    payloads.clear();
    answered = false;
    role_ = role;
    whole_ = Malformed::fine;
    sink_->begin({1}, *this);
    auto malformed = protocol_->decode(state, role, pdu, *sink_);
    if (malformed == Malformed::fine) malformed = whole_;
    if (sink_->exchange() == Exchange::request) outstanding_.push_back(sink_->pending());
    if (sink_->exchange() == Exchange::response) {
      std::erase_if(outstanding_,
                    [key = sink_->pending().key](const Pending& asked) { return asked.key == key; });
    }
    header = text_of(sink_->header());
    return malformed;
  }

  // What the message was, in words: "request 3", "response 3", "unsolicited 3", "part".
  [[nodiscard]] std::string exchange() const {
    const auto function = " " + std::to_string(sink_->pending().function);
    switch (sink_->exchange()) {
      case Exchange::request:
        return "request" + function;
      case Exchange::response:
        return (answered ? "response" : "unsolicited") + function;
      case Exchange::part:
        return "part";
    }
    return "?";
  }

  void on_item(std::span<const Value>, const Item& item) noexcept override {
    const auto& schema = *protocol_->schema;
    const auto* function = schema.function(item.function);
    std::string line = function != nullptr ? std::string{function->name} : std::to_string(item.function);
    line += " " + std::string{name_of(item.access)};
    for (const auto& span : item.spans) line += " [" + text_of(span) + "]";
    const auto values = text_of(item.values);
    items.push_back(values.empty() ? line : line + " " + values);
  }
  void on_payload(std::uint16_t function, ByteView payload) noexcept override {
    payloads.push_back(std::to_string(function) + ": " + hex(payload));
  }
  void on_part(std::uint64_t key, ByteView part, Part which) noexcept override {
    auto& parts = parts_[{role_, key}];
    parts.insert(parts.end(), part.begin(), part.end());
    if (which != Part::last) return;
    message_ = std::move(parts);  // what was read of it is written down before the next one
    parts_.erase({role_, key});
    whole_ = protocol_->whole(state, role_, key, message_, *sink_);
  }
  const Pending* on_response(std::uint64_t key) noexcept override {
    const auto found = std::find_if(outstanding_.begin(), outstanding_.end(),
                                    [&](const Pending& pending) { return pending.key == key; });
    answered = found != outstanding_.end();
    return answered ? &*found : nullptr;
  }
  [[nodiscard]] bool in_step() const noexcept override { return follows; }

  [[nodiscard]] const Sink& sink() const noexcept { return *sink_; }

  static std::string hex(ByteView bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const auto byte : bytes) {
      text += kDigits[byte >> 4U];
      text += kDigits[byte & 15U];
    }
    return text;
  }

  ProtocolState state{};
  std::string header;
  std::vector<std::string> items;
  std::vector<std::string> payloads;
  bool answered = false;
  bool follows = true;  // what the decoder may take for granted: Listener::in_step

 private:
  [[nodiscard]] std::string text_of(const Span& span) const {
    const auto& space = protocol_->schema->spaces[span.space];
    std::string text{space.name};
    if (space.key == SpanKey::number || space.key == SpanKey::number_and_name)
      text += " " + std::to_string(span.key);
    if (space.key == SpanKey::name || space.key == SpanKey::number_and_name) {
      text += " " + std::string{sluice::text_of(span.name)};
    }
    return text + " " + std::to_string(span.first) + ".." + std::to_string(span.last);
  }

  [[nodiscard]] std::string text_of(std::span<const Value> values) const {
    std::string text;
    for (const auto& value : values) {
      const auto& field = protocol_->schema->fields[value.field.field];
      if (field.type == FieldType::protocol) continue;
      if (!text.empty()) text += " ";
      text += std::string{field.name} + "=";
      switch (field.type) {
        case FieldType::unsigned_integer:
        case FieldType::signed_integer:
        case FieldType::boolean:
          text += std::to_string(value.number);
          break;
        case FieldType::real:
          text += std::to_string(value.real());
          break;
        case FieldType::string:
          text += '"' + std::string{sluice::text_of(value.bytes())} + '"';
          break;
        case FieldType::protocol:
        case FieldType::bytes:
        case FieldType::ipv4:
        case FieldType::ipv6:
        case FieldType::ether:
          text += hex(value.bytes());
          break;
      }
    }
    return text;
  }

  const Protocol* protocol_;
  std::unique_ptr<Sink> sink_;
  std::vector<Pending> outstanding_;
  Role role_ = Role::client;
  std::map<std::pair<Role, std::uint64_t>, std::vector<std::uint8_t>> parts_;
  std::vector<std::uint8_t> message_;
  Malformed whole_ = Malformed::fine;
};

}  // namespace sluice
