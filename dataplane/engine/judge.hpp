// Judge: decides one whole message. It runs the protocol's decoder, consumes each item as it is read, and
// asks the policy and the patches about it; a carried protocol is judged in the same way, one layer deep.
// What it says of the message is the strictest of what it found. One per worker; holds scratch for the
// current message only.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/engine/detect.hpp"
#include "dataplane/engine/engine.hpp"
#include "dataplane/engine/event.hpp"
#include "dataplane/engine/flow.hpp"
#include "dataplane/engine/policy.hpp"
#include "dataplane/protocol/sink.hpp"

namespace sluice {

// How much work a frame may be: so much for any, so much for each byte that is judged with it.
inline constexpr std::uint64_t kLeastSteps = 250'000;
inline constexpr std::uint64_t kStepsPerByte = 1000;

// What is to be done about a message, and what to say about it.
struct Judgement {
  Reason reason = Reason::none;    // none: it passes
  bool observed = false;           // a rule in monitor mode let pass what would have been denied
  Verdict action = Verdict::drop;  // of a patch
  RuleId rule{};
  PatchId patch{};
  ProtocolId protocol{};
  std::uint16_t function = kNoFunction;
  Access access = Access::read;
  std::uint32_t item = 0;  // that it is about; those before it were read
  Malformed malformed = Malformed::fine;
  bool stands_in = false;  // a request that the device refuses itself leaves in its place
  bool described = false;  // the judge read a message: describe() tells what it said
};

// What surrounds the message.
struct Scene {
  const Ruleset* rules = nullptr;  // null: observe, no policy
  Flow* flow = nullptr;
  const Packet* packet = nullptr;
  std::span<const Value> packet_values{};
  std::uint64_t packet_fields = ~std::uint64_t{0};  // ValueSet::fields_of them
  Role role = Role::client;
  Direction direction = Direction::forth;
  Mode mode = Mode::enforce;
  Time now;
  Event event{};           // filled in but for what the message adds
  Steps* steps = nullptr;  // of the whole frame; needed where there are rules
};

class Judge final : private Listener {
 public:
  Judge(const Registry& registry, const Policy& policy, Assembler& assembler, const EngineOptions& options,
        Events& events);

  // The verdict on one message of the flow's protocol. Reports each permitted item as a transaction, and the
  // denial of the message, if any, is left to the caller to report: describe() tells what it said.
  Judgement message(const Scene& scene, ByteView pdu) noexcept;

  // The denial of a request of which only this much is here, by its function alone: no rule could permit
  // that, whatever else it asks for. Reason::none: some might, or it can't be told yet.
  [[nodiscard]] Judgement denied_by_function(const Scene& scene, ByteView begun) const noexcept;

  // Of the last message, as far as it was read.
  void describe(Event& event) const noexcept;
  // It answered a request that this flow had outstanding.
  [[nodiscard]] bool answered() const noexcept { return answered_; }
  // Of its last item; kNoFunction when it had none.
  [[nodiscard]] std::uint16_t function() const noexcept { return function_; }

  // May one more request of the flow wait for its answer? Then await_answer() reads `pdu`, a request that is
  // beyond judgement, and waits.
  [[nodiscard]] bool room_to_ask(Flow& flow, Time now) const noexcept;
  void await_answer(const Scene& scene, ByteView pdu) noexcept;

 private:
  void on_item(std::span<const Value> header, const Item& item) noexcept override;
  void on_payload(std::uint16_t function, ByteView payload) noexcept override;
  void on_part(std::uint64_t key, ByteView bytes, Part part) noexcept override;
  const Pending* on_response(std::uint64_t key) noexcept override;
  [[nodiscard]] bool in_step() const noexcept override { return scene_->flow->in_step; }

  [[nodiscard]] std::uint32_t receiver() const noexcept;  // asset, or kNone
  [[nodiscard]] Context context(std::span<const Value> header, const Item& item) const noexcept;
  // no_rule, or no_policy where no rule of the pair is about the protocol.
  [[nodiscard]] static Reason missing_rule(const Scene& scene, ProtocolId protocol) noexcept;
  void deny(const Judgement& judgement) noexcept;
  [[nodiscard]] bool decided() const noexcept;
  void over_budget(std::span<const Value> header, const Item& item) noexcept;
  void remember(std::span<const Value> header, const Item& item) noexcept;
  void report(std::span<const Value> header, const Item& item, RuleId rule) noexcept;
  void decode(ProtocolId protocol, ProtocolState& state, ByteView pdu, Sink& sink) noexcept;

  const Registry& registry_;
  const Policy& policy_;
  Assembler& assembler_;
  Events& events_;
  std::uint32_t limit_;            // of outstanding requests per flow
  std::array<Detect, 2> detects_;  // by layer: the message, and what it carries
  std::array<Sink, 2> sinks_{};

  const Scene* scene_ = nullptr;
  Judgement judgement_;
  std::uint32_t items_ = 0;  // ended, of the current layer
  std::uint64_t circumstances_ = 0;
  std::size_t header_size_ = 0;  // at the last item
  std::size_t depth_ = 0;
  ProtocolId protocol_;  // of the current layer
  ProtocolState* state_ = nullptr;
  std::span<const Value> carrier_{};
  std::uint16_t implied_ = kNoFunction;  // a function of the parent that its permitted payload implies
  RuleId implied_rule_;
  bool answered_ = false;
  std::uint16_t function_ = kNoFunction;
  Pending pending_{};

  // A copy of what the denied item said, for the event.
  std::array<Value, 32> said_header_{};
  std::array<Value, 16> said_values_{};
  std::array<Span, Sink::kMostSpans> said_spans_{};
  std::size_t said_headers_ = 0, said_value_count_ = 0, said_span_count_ = 0;
};

}  // namespace sluice
