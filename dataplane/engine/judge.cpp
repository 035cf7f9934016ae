#include "dataplane/engine/judge.hpp"

#include <algorithm>
#include <utility>

#include "dataplane/packet/checks.hpp"

namespace sluice {
namespace {

constexpr Duration kUnanswered = seconds(60);  // a request that waited longer has been given up by who asked

class Deaf final : public Listener {
 public:
  void on_item(std::span<const Value>, const Item&) noexcept override {}
  void on_payload(std::uint16_t, ByteView) noexcept override {}
  const Pending* on_response(std::uint64_t) noexcept override { return nullptr; }
};

}  // namespace

Judge::Judge(const Registry& registry, const Policy& policy, Assembler& assembler,
             const EngineOptions& options, Events& events)
    : registry_{registry},
      policy_{policy},
      assembler_{assembler},
      events_{events},
      limit_{options.limits.outstanding_per_flow},
      detects_{{{registry, options.worker}, {registry, options.worker}}} {}

std::uint32_t Judge::receiver() const noexcept {
  const Flow& flow = *scene_->flow;
  const bool to_answerer = (scene_->role == Role::client) == flow.client_opened;
  return to_answerer ? flow.answerer_asset : flow.opener_asset;
}

Judgement Judge::message(const Scene& scene, ByteView pdu) noexcept {
  Flow& flow = *scene.flow;
  scene_ = &scene;
  judgement_ = {};
  judgement_.protocol = flow.protocol;
  depth_ = 0;
  carrier_ = {};
  implied_ = kNoFunction;
  answered_ = false;
  function_ = kNoFunction;
  protocol_ = flow.protocol;
  said_headers_ = said_value_count_ = said_span_count_ = 0;

  Sink& sink = sinks_[0];
  decode(flow.protocol, flow.state, pdu, sink);
  const bool denied = judgement_.reason != Reason::none && !judgement_.observed;
  if (denied && scene.mode == Mode::enforce) return judgement_;

  // Pairing needs the whole flow; a flow picked up in its middle may see answers to what was asked before.
  const auto unpaired = [&](Reason reason) noexcept {
    if (judgement_.reason == Reason::none) remember(sink.header(), {});
    deny({.reason = reason, .function = sink.pending().function});
  };
  switch (sink.exchange()) {
    case Exchange::request:
      if (scene.role != Role::client) {
        unpaired(Reason::unsolicited);
        break;
      }
      flow.outstanding.expire(scene.now, kUnanswered);
      if (!flow.outstanding.open(sink.pending(), scene.now, limit_) && sink.pairing() == Pairing::strict) {
        unpaired(Reason::too_many_requests);
      }
      break;
    case Exchange::response:
      if (!answered_ && flow.in_step && runs(Check::pairing)) {
        unpaired(Reason::unsolicited);
      }
      break;
    case Exchange::part:
      break;
  }
  return judgement_;
}

Judgement Judge::denied_by_function(const Scene& scene, ByteView begun) const noexcept {
  const Flow& flow = *scene.flow;
  const auto& protocol = *registry_.protocols[flow.protocol.value];
  if (scene.rules == nullptr || scene.role != Role::client || protocol.early == nullptr) return {};
  const auto function = protocol.early(scene.role, begun);
  if (function == kNoFunction || registry_.carried_by(flow.protocol, function).exists() ||
      policy_.may_permit(scene.rules->image(), flow.asking_cells(), flow.opened_by(), flow.protocol,
                         function)) {
    return {};
  }
  // A code without a row may be anything.
  const auto* row = protocol.schema->function(function);
  return {.reason = missing_rule(scene, flow.protocol),
          .protocol = flow.protocol,
          .function = function,
          .access = row != nullptr ? row->access : Access::program};
}

Reason Judge::missing_rule(const Scene& scene, ProtocolId protocol) noexcept {
  const bool ruled =
      scene.flow->asking_cells().has(scene.rules->image(), image::CellKind::decoded, protocol.value);
  return ruled ? Reason::no_rule : Reason::no_policy;
}

bool Judge::room_to_ask(Flow& flow, Time now) const noexcept {
  flow.outstanding.expire(now, kUnanswered);
  return flow.outstanding.has_room(now, limit_);
}

void Judge::await_answer(const Scene& scene, ByteView pdu) noexcept {
  Deaf deaf;
  Sink& sink = sinks_[0];
  sink.begin(scene.flow->protocol, deaf);
  (void)registry_.protocols[scene.flow->protocol.value]->decode(scene.flow->state, scene.role, pdu, sink);
  if (sink.exchange() == Exchange::request)
    (void)scene.flow->outstanding.open(sink.pending(), scene.now, limit_);
}

void Judge::decode(ProtocolId protocol, ProtocolState& state, ByteView pdu, Sink& sink) noexcept {
  const auto outer = protocol_;
  auto* const outer_state = state_;
  protocol_ = protocol;
  state_ = &state;
  items_ = 0;
  ++circumstances_;
  const bool patched = scene_->rules != nullptr;
  if (patched) detects_[depth_].begin(*scene_->rules, protocol, receiver(), pdu, *scene_->steps);
  sink.begin(protocol, *this);
  const auto malformed = registry_.protocols[protocol.value]->decode(state, scene_->role, pdu, sink);
  if (malformed != Malformed::fine) {
    if (said_headers_ == 0) remember(sink.header(), {.values = sink.unfinished()});
    // In parts it would be denied before the rest was there to be looked at; so it is told alike.
    auto alone = depth_ == 0 ? denied_by_function(*scene_, pdu) : Judgement{};
    alone.malformed = malformed;
    if (alone.reason != Reason::none) deny(alone);
    deny({.reason = Reason::malformed, .malformed = malformed});
  } else if (sink.overflow() || sink.items() > registry_.schemas[protocol.value]->max_items) {
    deny({.reason = Reason::too_many_items});
  } else if (sink.items() == 0) {
    report(sink.header(), {}, RuleId::none());
  }
  if (patched) {
    if (const auto patch = detects_[depth_].message(*scene_->rules, protocol, receiver()); patch.exists()) {
      deny({.reason = Reason::patch,
            .action = scene_->rules->image().patches()[patch.value].action,
            .patch = patch});
    }
    if (detects_[depth_].failed()) deny({.reason = Reason::memory_full});
    if (scene_->steps->over()) deny({.reason = Reason::work_budget});
  }
  protocol_ = outer;
  state_ = outer_state;
  ++circumstances_;
}

Context Judge::context(std::span<const Value> header, const Item& item) const noexcept {
  Context context{.protocol = protocol_,
                  .values = {{scene_->packet_values, carrier_, header, item.values}},
                  .port = scene_->flow->answerer_port,
                  .program_fields = scene_->rules->program_fields(),
                  .circumstances = circumstances_};
  context.values.fields = {scene_->packet_fields, ValueSet::fields_of(carrier_), ValueSet::fields_of(header),
                           ValueSet::fields_of(item.values)};
  return context;
}

void Judge::on_item(std::span<const Value> header, const Item& item) noexcept {
  RuleId rule;
  bool passes = !decided();
  if (depth_ == 0) function_ = item.function;
  if (scene_->rules != nullptr) {
    const Flow& flow = *scene_->flow;
    const auto& image = scene_->rules->image();
    Steps& steps = *scene_->steps;
    if (!steps.spend(carrier_.size() + header.size() + item.values.size())) return over_budget(header, item);
    if (std::exchange(header_size_, header.size()) != header.size()) ++circumstances_;
    const auto told = context(header, item);
    if (scene_->role == Role::client && !decided()) {
      Permit permit = policy_.permits(image, flow.asking_cells(), flow.opened_by(), told, item, steps);
      if (steps.over()) return over_budget(header, item);
      if (!permit.permitted && depth_ == 0 && item.function == implied_)
        permit = {true, false, implied_rule_};
      rule = permit.rule;
      passes = permit.permitted;
      if (!permit.permitted || permit.observed) {
        if (judgement_.reason == Reason::none) remember(header, item);
        deny({.reason = missing_rule(*scene_, protocol_),
              .observed = permit.permitted,
              .rule = permit.rule,
              .function = item.function,
              .access = item.access});
      }
    }
    const auto patch = detects_[depth_].item(*scene_->rules, receiver(), told, steps);
    if (patch.exists()) {
      passes = false;
      remember(header, item);
      deny({.reason = Reason::patch,
            .action = image.patches()[patch.value].action,
            .patch = patch,
            .function = item.function,
            .access = item.access});
    }
    if (steps.over()) return over_budget(header, item);
  }
  if (passes || scene_->mode != Mode::enforce) report(header, item, rule);
  ++items_;
}

// The message is denied, whatever else it asks for; only a patch would be worth telling.
bool Judge::decided() const noexcept {
  return scene_->mode == Mode::enforce && judgement_.reason != Reason::none && !judgement_.observed;
}

// To judge this item is more work than its frame is worth. What follows in the frame is not judged either.
void Judge::over_budget(std::span<const Value> header, const Item& item) noexcept {
  if (judgement_.reason == Reason::none) remember(header, item);
  deny({.reason = Reason::work_budget, .function = item.function, .access = item.access});
  ++items_;
}

void Judge::on_payload(std::uint16_t function, ByteView payload) noexcept {
  const auto child = registry_.carried_by(protocol_, function);
  if (!child.exists() || depth_ + 1 >= sinks_.size()) return;
  const auto before = judgement_;
  const auto parent_items = items_;
  const auto parent_carrier = carrier_;
  carrier_ = sinks_[depth_].header();
  ++depth_;
  judgement_.reason = Reason::none;
  decode(child, scene_->flow->carried_state, payload, sinks_[depth_]);
  --depth_;
  carrier_ = parent_carrier;
  if (judgement_.reason == Reason::none) {
    implied_ = function;
    implied_rule_ = judgement_.rule;
    judgement_ = before;
  } else {
    // The payload is what is denied; the function that carries it then is no matter of its own.
    implied_ = function;
    if (before.reason != Reason::none) judgement_ = before;
  }
  items_ = parent_items;
}

void Judge::on_part(std::uint64_t key, ByteView bytes, Part part) noexcept {
  const auto& protocol = *registry_.protocols[protocol_.value];
  auto& parts = scene_->flow->parts;
  const std::uint64_t own = key | std::uint64_t{protocol_.value} << 48U;
  switch (assembler_.add(parts, scene_->direction, own, bytes, protocol.schema->max_whole, scene_->now)) {
    case Assembler::Added::too_long:
      assembler_.end(parts, scene_->direction, own);
      return deny({.reason = Reason::malformed, .malformed = Malformed::bad_length});
    case Assembler::Added::full:
      assembler_.end(parts, scene_->direction, own);
      return deny({.reason = Reason::memory_full});
    case Assembler::Added::fine:
      break;
  }
  if (part != Part::last || protocol.whole == nullptr) return;
  const auto message = assembler_.bytes(parts, scene_->direction, own);
  if (scene_->rules != nullptr) {
    scene_->steps->allow(kStepsPerByte * message.size());
    detects_[depth_].also(*scene_->rules, protocol_, receiver(), message, *scene_->steps);
  }
  const auto malformed = protocol.whole(*state_, scene_->role, key, message, sinks_[depth_]);
  if (malformed != Malformed::fine) deny({.reason = Reason::malformed, .malformed = malformed});
  assembler_.end(parts, scene_->direction, own);
}

const Pending* Judge::on_response(std::uint64_t key) noexcept {
  if (depth_ != 0) return nullptr;
  answered_ = scene_->flow->outstanding.answer(key, pending_);
  return answered_ ? &pending_ : nullptr;
}

void Judge::deny(const Judgement& judgement) noexcept {
  // The first denial says what it was about; a patch outranks it, and a rule that only observes yields to
  // any.
  const bool outranks = judgement_.reason == Reason::none || (judgement_.observed && !judgement.observed) ||
                        (judgement.reason == Reason::patch && judgement_.reason != Reason::patch);
  if (!outranks) return;
  judgement_ = judgement;
  judgement_.protocol = protocol_;
  judgement_.item = items_;
  judgement_.described = true;
}

void Judge::remember(std::span<const Value> header, const Item& item) noexcept {
  said_headers_ = std::min(header.size(), said_header_.size());
  said_value_count_ = std::min(item.values.size(), said_values_.size());
  said_span_count_ = std::min(item.spans.size(), said_spans_.size());
  std::copy_n(header.begin(), said_headers_, said_header_.begin());
  std::copy_n(item.values.begin(), said_value_count_, said_values_.begin());
  std::copy_n(item.spans.begin(), said_span_count_, said_spans_.begin());
}

void Judge::report(std::span<const Value> header, const Item& item, RuleId rule) noexcept {
  Event event = scene_->event;
  event.protocol = protocol_;
  event.function = item.function;
  event.access = item.access;
  event.item = items_;
  event.is_response = scene_->role == Role::server;
  event.rule = rule;
  event.header = header;
  event.values = item.values;
  event.spans = item.spans;
  if (rule.exists() && judgement_.reason == Reason::none) judgement_.rule = rule;
  events_.transaction(event);
}

void Judge::describe(Event& event) const noexcept {
  event.reason = judgement_.reason;
  event.rule = judgement_.rule;
  event.patch = judgement_.patch;
  event.protocol = judgement_.protocol;
  event.function = judgement_.function;
  event.access = judgement_.access;
  event.item = judgement_.item;
  event.malformed =
      static_cast<std::uint8_t>(judgement_.reason == Reason::malformed ? judgement_.malformed : Malformed{});
  event.is_response = scene_->role == Role::server;
  event.header = {said_header_.data(), said_headers_};
  event.values = {said_values_.data(), said_value_count_};
  event.spans = {said_spans_.data(), said_span_count_};
}

}  // namespace sluice
