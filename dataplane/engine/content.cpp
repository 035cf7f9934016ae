// Content: from bytes in order to whole messages to a judgement.
#include <algorithm>
#include <utility>

#include "dataplane/engine/engine_state.hpp"
#include "dataplane/packet/checks.hpp"

namespace sluice {
namespace {

constexpr std::uint8_t kStepsToTrust = 3;    // whole messages in a row that put a midstream flow in step
constexpr std::size_t kFewBytes = 8;         // less than any protocol's header
constexpr std::size_t kMostUndecided = 512;  // bytes that may pass before the protocol is known

}  // namespace

// Judges the bytes of one direction that are not judged yet.
Inspection Engine::State::inspect(Transit& transit, Flow& flow, Direction direction, ByteView bytes,
                                  std::uint32_t fresh) noexcept {
  const auto all = static_cast<std::uint32_t>(bytes.size());
  const Role role = direction == flow.opener_direction ? Role::client : Role::server;
  rewrites.clear();
  if (flow.content == Content::undecided) {
    const auto judgement = decide_content(transit, flow, direction, bytes);
    if (judgement.reason != Reason::none) {
      if (transit.enforced() && !judgement.observed) return {.judgement = judgement};
      if (transit.rules != nullptr) report(transit, judgement);
      return {.used = all};
    }
    name_ends(transit, flow, direction);
  }
  switch (flow.content) {
    case Content::undecided:
      if (flow.waits) break;
      // It may yet be opaque, and what no opaque rule covers has left by then.
      if (flow.opaque_permit.permitted && transit.enforced() && fresh < all) {
        if (const auto found = recognised(role, bytes.last(fresh)); found.exists())
          return {.judgement = {.reason = Reason::wrong_protocol, .protocol = found}};
      }
      // Out of step, a few bytes tell nothing: the next segment may.
      return {.used = !transit.enforced() && !flow.in_step && all < kFewBytes ? all : 0};
    case Content::decoded:
      return walk(transit, flow, direction, bytes, fresh);
    case Content::opaque:
      break;
  }
  ++counters.not_inspected;
  // An opaque rule never covers what a decoder recognises.
  auto protocol = recognised(role, bytes);
  // With bytes in front that told nothing, the segment may still be a message of its own.
  if (!protocol.exists()) protocol = recognised(role, transit.packet.payload());
  if (!protocol.exists() && fresh < all) protocol = recognised(role, bytes.last(fresh));
  if (protocol.exists()) {
    const Judgement judgement{.reason = Reason::wrong_protocol, .protocol = protocol};
    if (transit.enforced()) return {.judgement = judgement};
    report(transit, judgement);
  } else if (flow.opaque_permit.observed && !flow.opaque_told) {
    flow.opaque_told = true;
    report(transit, {.reason = Reason::no_policy, .observed = true, .rule = flow.opaque_permit.rule});
  }
  return {.used = flow.waits && !flow.plain[static_cast<std::size_t>(direction)] ? 0 : all};
}

ProtocolId Engine::State::recognised(Role role, ByteView bytes) const noexcept {
  for (std::uint16_t i = 1; i < registry.protocols.size(); ++i) {
    const auto* protocol = registry.protocols[i];
    if (protocol->probe != nullptr && protocol->schema->carrier.protocol.empty() &&
        protocol->probe(role, bytes) == Likeness::yes) {
      return {i};
    }
  }
  return ProtocolId::none();
}

// So far, some decoder could.
bool Engine::State::may_be_recognised(Role role, ByteView bytes) const noexcept {
  for (std::uint16_t i = 1; i < registry.protocols.size(); ++i) {
    const auto* protocol = registry.protocols[i];
    if (protocol->probe != nullptr && protocol->schema->carrier.protocol.empty() &&
        protocol->probe(role, bytes) == Likeness::prefix) {
      return true;
    }
  }
  return false;
}

// Which protocol runs here, and who asks? The rules say what may; the bytes say what does.
Judgement Engine::State::decide_content(Transit& transit, Flow& flow, Direction direction,
                                        ByteView bytes) noexcept {
  struct Guess {
    ProtocolId protocol;
    bool client_opened = true;
  };
  flow.waits = false;
  // What an opaque rule let pass stays opaque: its end doesn't begin a message any more.
  auto& plain = flow.plain[static_cast<std::size_t>(direction)];
  const bool spoken = plain && flow.opaque_permit.permitted && transit.enforced();
  const bool tcp = transit.packet.transportation == Transportation::tcp;
  const auto transport = tcp ? Transport::tcp : Transport::udp;
  const bool from_opener = direction == flow.opener_direction;
  const std::uint16_t openers_own_port =
      from_opener ? transit.packet.source_port : transit.packet.destination_port;
  Guess certain;
  int best = 0;
  Guess possible;
  const auto consider = [&](std::uint16_t id, bool client_opened) noexcept {
    const auto& protocol = *registry.protocols[id];
    if (spoken || protocol.probe == nullptr || !has(protocol.schema->transports, transport) ||
        !protocol.schema->carrier.protocol.empty()) {
      return;
    }
    const Role role = from_opener == client_opened ? Role::client : Role::server;
    const auto likeness = protocol.probe(role, bytes);
    if (likeness == Likeness::no) return;
    const auto framing = protocol.frame(flow.state, role, bytes);
    const bool whole = framing.kind == Framing::Kind::pdu && framing.length <= bytes.size();
    // Certain is what its bytes prove, and, for want of that, whose message is complete: its decoder will
    // judge it. Whoever speaks first of all asks: there is nothing to answer yet.
    const int proof = likeness == Likeness::yes ? 2 : whole ? 1 : 0;
    const int rank = proof * 2 + (flow.in_step && role == Role::client ? 1 : 0);
    if (proof != 0 && rank > best) {
      best = rank;
      certain = {{id}, client_opened};
    }
    if (!possible.protocol.exists()) possible = {{id}, client_opened};
  };

  bool ruled = false;
  if (transit.rules != nullptr) {
    const auto& image = transit.rules->image();
    for (const bool client_opened : {true, false}) {
      const auto& cells = client_opened ? flow.there : flow.back;
      const auto opened_by = client_opened ? image::OpenedBy::from : image::OpenedBy::to;
      for (std::uint16_t i = 1; i < registry.protocols.size(); ++i) {
        if (!policy.has_protocol(image, cells, opened_by, {i}, flow.answerer_port)) continue;
        ruled = true;
        consider(i, client_opened);
        // A rule for a carried protocol implies its carrier.
        const auto carrier = find_protocol(registry.schemas, registry.schemas[i]->carrier.protocol);
        if (carrier.exists()) consider(carrier.value, client_opened);
      }
    }
  }
  if (!certain.protocol.exists() && !possible.protocol.exists() && !transit.enforced()) {
    // Nothing that is allowed: in monitor, learn and captures it is still worth knowing what it is.
    for (const bool usual : {true, false}) {
      for (std::uint16_t i = 1; i < registry.protocols.size(); ++i) {
        const auto ports = registry.schemas[i]->ports;
        const auto listed = [&](std::uint16_t port) noexcept {
          return std::find(ports.begin(), ports.end(), port) != ports.end();
        };
        const bool hinted = listed(flow.answerer_port);
        // Who opened from the usual port is rather the one who is asked.
        const bool reversed = !hinted && listed(openers_own_port);
        if ((hinted || reversed) != usual) continue;
        const auto hinted_at = possible;
        consider(i, !reversed);
        if (!usual) possible = hinted_at;  // on a strange port only proof counts
      }
    }
  }

  if (certain.protocol.exists()) {
    flow.content = Content::decoded;
    flow.protocol = certain.protocol;
    flow.client_opened = certain.client_opened;
    flow.roles_known = true;
    return {};
  }
  if (possible.protocol.exists() && bytes.size() <= kMostUndecided) return {};
  const Role role = from_opener ? Role::client : Role::server;
  if (flow.opaque_permit.permitted) {
    // Each end's first bytes may yet turn out to be what no opaque rule covers.
    plain |= bytes.size() > kMostUndecided || !may_be_recognised(role, bytes);
    flow.waits = tcp && flow.in_step && transit.enforced() && !(flow.plain[0] && flow.plain[1]);
  }
  if (flow.waits) return {};
  if (flow.opaque_permit.permitted) {
    flow.content = Content::opaque;
    return {};
  }
  const auto protocol = recognised(role, bytes);
  return {.reason = ruled || !protocol.exists() ? Reason::wrong_protocol : Reason::no_policy,
          .protocol = protocol};
}

// No boundary can be found. Where framing was never certain, or nothing acts, it is tolerated, and tracking
// starts anew with the next segment.
Judgement Engine::State::unframed(Transit& transit, Flow& flow, Role role) noexcept {
  const bool was_in_step = std::exchange(flow.in_step, false);
  flow.whole_pdus = 0;
  const Judgement judgement{.reason = Reason::bad_framing, .protocol = flow.protocol};
  if (transit.enforced()) {
    const bool tolerated =
        !was_in_step && (transit.conduit->midstream == Midstream::pass || role == Role::server);
    if (!tolerated) return judgement;
  } else if (was_in_step && transit.rules != nullptr) {
    report(transit, judgement);
  }
  ++counters.not_inspected;
  return out_of_step(transit, flow, {});
}

Inspection Engine::State::walk(Transit& transit, Flow& flow, Direction direction, ByteView bytes,
                               std::uint32_t fresh) noexcept {
  const auto& protocol = *registry.protocols[flow.protocol.value];
  const Role role = flow.role(direction);
  const auto all = static_cast<std::uint32_t>(bytes.size());
  const std::uint32_t left = all - fresh;  // bytes in front that have left
  const bool may_stand_in = opted_in(transit, flow);
  if (transit.value_count == 0) transit.value_count = packet_values(transit.packet, 0, transit.values);
  Steps steps{kLeastSteps + kStepsPerByte * all};
  Scene scene{.rules = transit.rules,
              .flow = &flow,
              .packet = &transit.packet,
              .packet_values = transit.packet_values(),
              .packet_fields = ValueSet::fields_of(transit.packet_values()),
              .role = role,
              .direction = direction,
              .mode = transit.mode,
              .now = transit.now,
              .event = transit.event,
              .steps = &steps};
  Inspection inspection;
  std::uint32_t& used = inspection.used;
  const auto ends_with = [&](const Judgement& judgement) noexcept {
    // Its neighbours in the segment go with it.
    if (judgement.reason != Reason::none)
      counters.reasons[static_cast<std::size_t>(Reason::collateral)] += inspection.messages;
    inspection.judgement = judgement;
    return inspection;
  };

  const auto side = static_cast<std::size_t>(direction);
  // Never while enforcing: there every byte is judged.
  used = transit.enforced() ? 0 : std::min(flow.pass_over[side], all);
  flow.pass_over[side] = transit.enforced() ? 0 : flow.pass_over[side] - used;
  if (used != 0) ++counters.not_inspected;
  flow.unfinished[side] = 0;
  while (used < all) {
    const auto rest = bytes.subspan(used);
    const auto framing = protocol.frame(flow.state, role, rest);
    const bool whole = framing.kind == Framing::Kind::pdu && framing.length <= rest.size();
    // Out of step, a few bytes tell nothing: the next segment may.
    const bool few = framing.kind == Framing::Kind::need_more && !flow.in_step && !transit.enforced() &&
                     rest.size() < kFewBytes;
    const bool too_long =
        framing.length > protocol.schema->max_pdu || (!whole && rest.size() > protocol.schema->max_pdu);
    if (framing.kind == Framing::Kind::bad || few || too_long || (whole && framing.length == 0)) {
      used = all;
      if (!runs(Check::framing)) return inspection;
      return ends_with(unframed(transit, flow, role));
    }
    if (!whole) {
      if (framing.length > rest.size())
        flow.unfinished[side] = framing.length - static_cast<std::uint32_t>(rest.size());
      // What is known to be denied need not wait for its end.
      return transit.enforced() ? ends_with(judge.denied_by_function(scene, rest)) : inspection;
    }

    const auto pdu = rest.first(framing.length);
    const auto state = flow.state;
    const auto carried_state = flow.carried_state;
    const auto judgement = judge.message(scene, pdu);
    ++counters.pdus;
    ++counters
          .pdus_by_protocol[std::min<std::size_t>(flow.protocol.value, counters.pdus_by_protocol.size() - 1)];
    const bool rewritable = may_stand_in && used >= left;
    const std::uint32_t at = transit.packet.payload_length - fresh + (used - left);
    if (judgement.reason == Reason::none) {
      ++counters.allowed;
      if (rewritable && role == Role::server) restore_answer(transit, flow, pdu, at);
    } else if (transit.enforced() && !judgement.observed) {
      flow.state = state;
      flow.carried_state = carried_state;
      if (!rewritable || !neutralise(transit, flow, scene, judgement, pdu, at)) return ends_with(judgement);
    } else {
      report(transit, judgement);
    }
    used += framing.length;
    ++inspection.messages;
    flow.out_of_step_since = {};
    if (!flow.in_step) {
      flow.whole_pdus = static_cast<std::uint8_t>(std::min(flow.whole_pdus + 1, 255));
      flow.in_step = judge.answered() || flow.whole_pdus >= kStepsToTrust;
    }
  }
  return inspection;
}

}  // namespace sluice
