// Sink: where a decoder puts what it reads. The decoder says what the message is (request or response, and
// the key that pairs them), then its header fields, then each item: function, access, spans, values. When an
// item is complete the Listener consumes it; nothing of it is kept. One Sink per worker, reused for every
// PDU; capacities are fixed, and what does not fit makes overflow() true, which the engine turns into
// Reason::too_many_items. Not thread-safe.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "rules/schema/schema.hpp"
#include "rules/schema/value.hpp"

namespace sluice {

// One thing that a PDU asks for or reports.
struct Item {
  std::uint16_t function = kNoFunction;  // id in the schema
  Access access = Access::read;
  std::span<const Span> spans{};
  std::span<const Value> values{};
};

// What kind of message a PDU is, for pairing. `key` identifies the exchange within the flow.
enum class Exchange : std::uint8_t {
  request,   // opens an exchange
  response,  // answers the request with the same key; without one it is unsolicited
  part,      // neither opens nor closes one: link set-up, keepalives
};

// Strict: who asks waits for its answer, and who answers was asked; the engine refuses anything else. Loose:
// a protocol whose ends need not keep to that. What pairs is paired, and nothing is refused.
enum class Pairing : std::uint8_t { strict, loose };

// What the engine remembers of a request until its answer comes.
struct Pending {
  std::uint64_t key = 0;
  std::uint64_t note = 0;  // the decoder's own
  std::uint16_t function = kNoFunction;
};

// Of a message over several units.
enum class Part : std::uint8_t { more_follow, last };

class Listener {
 public:
  // `header` are the PDU's values so far. Called once per item, in the order of the message.
  virtual void on_item(std::span<const Value> header, const Item& item) noexcept = 0;
  // Bytes that another protocol may understand, carried by `function`. Called before the item of that
  // function ends.
  virtual void on_payload(std::uint16_t function, ByteView payload) noexcept = 0;
  // A part of a message over several units. With the last one the whole goes to Protocol::whole before this
  // returns; what is wrong with it is the listener's to keep. Who only looks at units need not listen.
  virtual void on_part(std::uint64_t /*key*/, ByteView /*bytes*/, Part) noexcept {}
  // Null when nothing with this key was asked in this flow.
  virtual const Pending* on_response(std::uint64_t key) noexcept = 0;
  // Was all that the flow said until now followed? False after a start in its middle or a gap: what a decoder
  // remembers of its order then binds nobody.
  [[nodiscard]] virtual bool in_step() const noexcept { return true; }

 protected:
  ~Listener() = default;
};

class Sink {
 public:
  static constexpr std::size_t kMostHeader = 64;
  static constexpr std::size_t kMostValues = 2304;  // of one item; 2,000 coils fit
  static constexpr std::size_t kMostSpans = 8;      // of one item

  // The engine's side: start a PDU of `protocol`.
  void begin(ProtocolId protocol, Listener& listener) noexcept {
    protocol_ = protocol.value;
    listener_ = &listener;
    header_count_ = value_count_ = span_count_ = 0;
    items_ = 0;
    overflow_ = in_item_ = false;
    exchange_ = Exchange::part;
    pairing_ = Pairing::strict;
    pending_ = {};
  }

  // The decoder's side. Fields are indices in its schema.
  void request(std::uint64_t key, std::uint16_t function, std::uint64_t note = 0,
               Pairing pairing = Pairing::strict) noexcept {
    exchange_ = Exchange::request;
    pairing_ = pairing;
    pending_ = {key, note, function};
  }
  // Loose, and nothing asked with this key: the message stays a part.
  const Pending* response(std::uint64_t key, std::uint16_t function,
                          Pairing pairing = Pairing::strict) noexcept {
    const Pending* asked = listener_->on_response(key);
    if (asked == nullptr && pairing == Pairing::loose) return nullptr;
    exchange_ = Exchange::response;
    pairing_ = pairing;
    pending_ = {key, 0, function};
    return asked;
  }
  [[nodiscard]] bool in_step() const noexcept { return listener_->in_step(); }

  // Outside an item these are the PDU's header fields; between item() and end() they belong to the item.
  void value(std::uint16_t field, std::uint64_t number) noexcept {
    put(Value::of({protocol_, field}, number));
  }
  void value(std::uint16_t field, ByteView bytes) noexcept { put(Value::of({protocol_, field}, bytes)); }
  void real(std::uint16_t field, double number) noexcept {
    put(Value::of({protocol_, field}, std::bit_cast<std::uint64_t>(number)));
  }

  void item(std::uint16_t function, Access access) noexcept {
    in_item_ = true;
    value_count_ = span_count_ = 0;
    function_ = function;
    access_ = access;
    ++items_;
  }
  void span(const Span& span) noexcept {
    if (span_count_ < kMostSpans) {
      spans_[span_count_++] = span;
    } else {
      overflow_ = true;
    }
  }
  // Outside an item. `key`, below 2^48, tells apart the messages of one direction of the flow whose parts
  // mix.
  void part(std::uint64_t key, ByteView bytes, Part which) noexcept { listener_->on_part(key, bytes, which); }
  void payload(std::uint16_t function, ByteView bytes) noexcept { listener_->on_payload(function, bytes); }
  void end() noexcept {
    in_item_ = false;
    listener_->on_item({header_.data(), header_count_},
                       {function_, access_, {spans_.data(), span_count_}, {values_.data(), value_count_}});
  }

  [[nodiscard]] bool overflow() const noexcept { return overflow_; }
  [[nodiscard]] std::uint32_t items() const noexcept { return items_; }
  // Values of an item that was begun and not ended: what a malformed message said before it broke off.
  [[nodiscard]] std::span<const Value> unfinished() const noexcept {
    return {values_.data(), in_item_ ? value_count_ : 0};
  }
  [[nodiscard]] Exchange exchange() const noexcept { return exchange_; }
  [[nodiscard]] Pairing pairing() const noexcept { return pairing_; }
  [[nodiscard]] const Pending& pending() const noexcept { return pending_; }
  [[nodiscard]] std::span<const Value> header() const noexcept { return {header_.data(), header_count_}; }

 private:
  void put(const Value& value) noexcept {
    if (in_item_) {
      if (value_count_ < kMostValues) {
        values_[value_count_++] = value;
        return;
      }
    } else if (header_count_ < kMostHeader) {
      header_[header_count_++] = value;
      return;
    }
    overflow_ = true;
  }

  Listener* listener_ = nullptr;
  std::uint16_t protocol_ = 0xffff;
  std::uint16_t function_ = kNoFunction;
  Access access_ = Access::read;
  Exchange exchange_ = Exchange::part;
  Pairing pairing_ = Pairing::strict;
  bool overflow_ = false;
  bool in_item_ = false;
  std::uint32_t items_ = 0;
  std::size_t header_count_ = 0;
  std::size_t value_count_ = 0;
  std::size_t span_count_ = 0;
  Pending pending_{};
  std::array<Value, kMostHeader> header_{};
  std::array<Span, kMostSpans> spans_{};
  std::array<Value, kMostValues> values_{};
};

}  // namespace sluice
