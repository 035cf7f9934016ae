// What every decoder must keep to, whatever the bytes: nothing read outside of them, nothing said that its
// schema does not know, progress, and the same end of a message at every cut. For tests only.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "dataplane/protocol/protocol.hpp"

namespace sluice {

// Bytes in a block of exactly their size, so that a sanitizer sees the first read behind them.
class ExactBytes {
 public:
  explicit ExactBytes(ByteView bytes) : size_{bytes.size()}, block_{new std::uint8_t[bytes.size()]} {
    if (size_ != 0) std::memcpy(block_.get(), bytes.data(), size_);
  }
  [[nodiscard]] ByteView view() const { return {block_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<std::uint8_t[]> block_;
};

// Counts what it is told, and fails the test when that breaks the contract.
class ContractListener final : public Listener {
 public:
  ContractListener(const Schema& schema, ByteView message) : schema_{&schema}, message_{message} {}

  void on_item(std::span<const Value> header, const Item& item) noexcept override {
    ++items;
    first_function = items == 1 ? item.function : first_function;
    EXPECT_LT(item.function, schema_->ids);
    check(header);
    check(item.values);
    for (const auto& span : item.spans) {
      EXPECT_LT(span.space, schema_->spaces.size());
      EXPECT_LE(span.first, span.last);
      EXPECT_TRUE(inside(span.name));
    }
  }
  void on_payload(std::uint16_t function, ByteView payload) noexcept override {
    EXPECT_LT(function, schema_->ids);
    EXPECT_TRUE(inside(payload));
  }
  const Pending* on_response(std::uint64_t) noexcept override { return nullptr; }

  void check(std::span<const Value> values) const {
    for (const auto& value : values) {
      ASSERT_LT(value.field.field, schema_->fields.size());
      switch (schema_->fields[value.field.field].type) {
        case FieldType::unsigned_integer:
        case FieldType::boolean: {
          const auto bits = schema_->fields[value.field.field].bits;
          EXPECT_TRUE(bits >= 64 || value.number >> bits == 0) << schema_->fields[value.field.field].name;
          break;
        }
        case FieldType::signed_integer:
        case FieldType::real:
          break;
        case FieldType::protocol:
        case FieldType::bytes:
        case FieldType::string:
        case FieldType::ipv4:
        case FieldType::ipv6:
        case FieldType::ether:
          EXPECT_TRUE(inside(value.bytes())) << schema_->fields[value.field.field].name;
          break;
      }
    }
  }

  std::uint32_t items = 0;
  std::uint16_t first_function = kNoFunction;

 private:
  [[nodiscard]] bool inside(ByteView bytes) const {
    if (bytes.empty()) return true;
    return bytes.data() >= message_.data() &&
           bytes.data() + bytes.size() <= message_.data() + message_.size();
  }

  const Schema* schema_;
  ByteView message_;
};

// Everything that can be called, on one input.
inline void expect_contract(const Protocol& protocol, Role role, ByteView bytes, Sink& sink) {
  const ExactBytes exact{bytes};
  const auto view = exact.view();
  ProtocolState state{};
  if (protocol.frame != nullptr) {
    const auto framing = protocol.frame(state, role, view);
    if (framing.kind == Framing::Kind::pdu) {
      EXPECT_GE(framing.length, 1U);
      EXPECT_LE(framing.length, view.size());
      EXPECT_LE(framing.length, protocol.schema->max_pdu);
    }
    if (framing.kind == Framing::Kind::need_more && framing.length != 0) {
      EXPECT_GT(framing.length, view.size());
    }
  }
  if (protocol.probe != nullptr) (void)protocol.probe(role, view);
  if (protocol.early != nullptr) (void)protocol.early(role, view);
  ContractListener listener{*protocol.schema, view};
  sink.begin({1}, listener);
  const auto malformed = protocol.decode(state, role, view, sink);
  listener.check(sink.header());
  EXPECT_EQ(sink.items(), listener.items) << "an item was begun and not ended";
  if (malformed == Malformed::fine) {
    EXPECT_LE(listener.items, protocol.schema->max_items);
    EXPECT_FALSE(sink.overflow());
  }
}

// The message itself, each truncation, and each byte replaced by values near it and at the ends of its range.
inline void expect_contract_nearby(const Protocol& protocol, Role role, ByteView message, Sink& sink) {
  for (std::size_t size = 0; size <= message.size(); ++size)
    expect_contract(protocol, role, message.first(size), sink);
  std::vector<std::uint8_t> changed{message.begin(), message.end()};
  for (std::size_t at = 0; at < changed.size(); ++at) {
    const auto was = changed[at];
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, was ^ 0x01, was + 1, was - 1, was ^ 0x80}) {
      changed[at] = static_cast<std::uint8_t>(value);
      expect_contract(protocol, role, changed, sink);
    }
    changed[at] = was;
  }
}

// The boundary of `message`, a whole one, is the same at every cut and with anything behind it.
inline void expect_same_boundary(const Protocol& protocol, Role role, ByteView message) {
  for (std::size_t size = 0; size < message.size(); ++size) {
    const ExactBytes prefix{message.first(size)};
    EXPECT_EQ(protocol.frame({}, role, prefix.view()).kind, Framing::Kind::need_more) << "cut at " << size;
  }
  std::vector<std::uint8_t> more{message.begin(), message.end()};
  for (int tail = 0; tail < 3; ++tail) {
    const auto framing = protocol.frame({}, role, more);
    EXPECT_EQ(framing.kind, Framing::Kind::pdu);
    EXPECT_EQ(framing.length, message.size());
    more.push_back(0xff);
  }
}

// Names and ids of a schema are what rules and images rely on; what it promises, its protocol has.
inline void expect_sound(const Protocol& protocol) {
  const Schema& schema = *protocol.schema;
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    EXPECT_FALSE(schema.fields[i].meaning.empty()) << schema.fields[i].name;
    EXPECT_FALSE(schema.fields[i].clause.empty()) << schema.fields[i].name;
    EXPECT_EQ(schema.field(schema.fields[i].name), static_cast<int>(i))
        << "named twice: " << schema.fields[i].name;
  }
  for (const auto& function : schema.functions) {
    EXPECT_FALSE(function.clause.empty()) << function.name;
    EXPECT_EQ(schema.function(function.id), &function) << "id twice: " << function.name;
    EXPECT_EQ(schema.function(function.name), &function) << "named twice: " << function.name;
    EXPECT_LT(function.id, schema.ids) << function.name;
    EXPECT_EQ(function.id >= schema.codes, function.parent != kNoFunction) << function.name;
    if (function.parent != kNoFunction) {
      const auto* parent = schema.function(function.parent);
      ASSERT_NE(parent, nullptr) << function.name;
      EXPECT_TRUE(function.name.starts_with(std::string{parent->name} + "/")) << function.name;
    }
  }
  for (const auto& space : schema.spaces) EXPECT_FALSE(space.clause.empty()) << space.name;
  EXPECT_GE(schema.max_items, 1);
  EXPECT_GE(schema.max_pdu, 1U);
  EXPECT_EQ(schema.stand_ins, protocol.stand_in != nullptr && protocol.stand_in_answer != nullptr);
  EXPECT_EQ(schema.max_whole != 0, protocol.whole != nullptr);
}

}  // namespace sluice
