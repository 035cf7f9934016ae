// Content: from bytes in order to whole messages to a judgement.
#include <algorithm>

#include "dataplane/engine/engine_state.hpp"

namespace sluice {
namespace {

constexpr std::uint8_t kStepsToTrust = 3;    // whole messages in a row that put a midstream flow in step
constexpr std::size_t kFewBytes = 8;         // less than any protocol's header
constexpr std::size_t kMostUndecided = 512;  // bytes that may pass before the protocol is known

}  // namespace

// Judges the bytes of one direction that are not judged yet. `used` says how many of them were whole
// messages.
Judgement Engine::State::inspect(Transit& transit, Flow& flow, Direction direction, ByteView bytes,
                                 std::uint32_t& used) noexcept {
  used = 0;
  if (flow.content == Content::undecided) {
    const auto judgement = decide_content(transit, flow, direction, bytes);
    if (judgement.reason != Reason::none) {
      if (!transit.enforced() || judgement.observed) {
        if (transit.rules != nullptr) report(transit, judgement);
        used = static_cast<std::uint32_t>(bytes.size());
        return {};
      }
      return judgement;
    }
    name_ends(transit, flow, direction);
  }
  switch (flow.content) {
    case Content::undecided:
      // Out of step, a few bytes tell nothing: the next segment may.
      if (!transit.enforced() && !flow.in_step && bytes.size() < kFewBytes) {
        used = static_cast<std::uint32_t>(bytes.size());
      }
      return {};
    case Content::decoded:
      return walk(transit, flow, direction, bytes, used);
    case Content::opaque:
      break;
  }
  used = static_cast<std::uint32_t>(bytes.size());
  ++counters.not_inspected;
  // An opaque rule never covers what a decoder recognises.
  const auto protocol = recognised(direction == flow.opener_direction ? Role::client : Role::server, bytes);
  const Judgement judgement{.reason = protocol.exists() ? Reason::wrong_protocol : Reason::none,
                            .protocol = protocol};
  if (judgement.reason != Reason::none && !transit.enforced()) {
    report(transit, judgement);
    return {};
  }
  if (judgement.reason == Reason::none && flow.opaque_permit.observed && !flow.opaque_told) {
    flow.opaque_told = true;
    report(transit, {.reason = Reason::no_policy, .observed = true, .rule = flow.opaque_permit.rule});
  }
  return judgement;
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

// Which protocol runs here, and who asks? The rules say what may; the bytes say what does.
Judgement Engine::State::decide_content(Transit& transit, Flow& flow, Direction direction,
                                        ByteView bytes) noexcept {
  struct Guess {
    ProtocolId protocol;
    bool client_opened = true;
  };
  const bool tcp = transit.packet.transportation == Transportation::tcp;
  const auto transport = tcp ? Transport::tcp : Transport::udp;
  const bool from_opener = direction == flow.opener_direction;
  const std::uint16_t openers_own_port =
      from_opener ? transit.packet.source_port : transit.packet.destination_port;
  Guess certain;
  Guess possible;
  const auto consider = [&](std::uint16_t id, bool client_opened) noexcept {
    const auto& protocol = *registry.protocols[id];
    if (protocol.probe == nullptr || !has(protocol.schema->transports, transport) ||
        !protocol.schema->carrier.protocol.empty()) {
      return;
    }
    const Role role = from_opener == client_opened ? Role::client : Role::server;
    const auto likeness = protocol.probe(role, bytes);
    if (likeness == Likeness::no) return;
    const auto framing = protocol.frame(flow.state, role, bytes);
    const bool whole = framing.kind == Framing::Kind::pdu && framing.length <= bytes.size();
    if (likeness == Likeness::yes && !certain.protocol.exists()) certain = {{id}, client_opened};
    // A single candidate whose message is complete needs no more proof: its decoder will judge it.
    if (likeness == Likeness::prefix && whole && !certain.protocol.exists()) certain = {{id}, client_opened};
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
  if (flow.opaque_permit.permitted) {
    flow.content = Content::opaque;
    return {};
  }
  const auto protocol = recognised(from_opener ? Role::client : Role::server, bytes);
  return {.reason = ruled || !protocol.exists() ? Reason::wrong_protocol : Reason::no_policy,
          .protocol = protocol};
}

Judgement Engine::State::walk(Transit& transit, Flow& flow, Direction direction, ByteView bytes,
                              std::uint32_t& used) noexcept {
  const auto& protocol = *registry.protocols[flow.protocol.value];
  const auto& schema = *protocol.schema;
  const Role role = flow.role(direction);
  if (transit.value_count == 0) transit.value_count = packet_values(transit.packet, 0, transit.values);
  Scene scene{.rules = transit.rules,
              .flow = &flow,
              .packet = &transit.packet,
              .packet_values = transit.packet_values(),
              .role = role,
              .mode = transit.mode,
              .now = transit.now,
              .event = transit.event};
  std::uint32_t whole = 0;
  const auto unframed = [&]() noexcept -> Judgement {
    const bool was_in_step = flow.in_step;
    flow.in_step = false;
    flow.whole_pdus = 0;
    // Where framing was never certain, or nothing acts, tracking starts anew with the next segment.
    const bool tolerated =
        !transit.enforced() ||
        (!was_in_step && (transit.conduit->midstream == Midstream::pass || role == Role::server));
    if (!tolerated) return {.reason = Reason::bad_framing, .protocol = flow.protocol};
    if (!transit.enforced() && was_in_step && transit.rules != nullptr) {
      report(transit, {.reason = Reason::bad_framing, .protocol = flow.protocol});
    }
    ++counters.not_inspected;
    used = static_cast<std::uint32_t>(bytes.size());
    return {};
  };

  const auto side = static_cast<std::size_t>(direction);
  // Never while enforcing: there every byte is judged.
  used = transit.enforced() ? 0 : std::min(flow.pass_over[side], static_cast<std::uint32_t>(bytes.size()));
  flow.pass_over[side] = transit.enforced() ? 0 : flow.pass_over[side] - used;
  if (used != 0) ++counters.not_inspected;
  flow.unfinished[side] = 0;
  while (used < bytes.size()) {
    const auto rest = bytes.subspan(used);
    const auto framing = protocol.frame(flow.state, role, rest);
    if (framing.kind == Framing::Kind::bad) return unframed();
    // Out of step, a few bytes tell nothing: the next segment may.
    if (framing.kind == Framing::Kind::need_more && !flow.in_step && !transit.enforced() &&
        rest.size() < kFewBytes) {
      return unframed();
    }
    if (framing.kind == Framing::Kind::need_more || framing.length > rest.size()) {
      if (rest.size() > schema.max_pdu || framing.length > schema.max_pdu) return unframed();
      if (framing.length > rest.size())
        flow.unfinished[side] = framing.length - static_cast<std::uint32_t>(rest.size());
      // What is known to be denied need not wait for its end.
      if (transit.enforced() && role == Role::client && protocol.early != nullptr) {
        const auto function = protocol.early(role, rest);
        if (function != kNoFunction && !registry.carried_by(flow.protocol, function).exists() &&
            !policy.may_permit(transit.rules->image(), flow.asking_cells(), flow.opened_by(), flow.protocol,
                               function)) {
          const auto* row = schema.function(function);
          return {.reason = Reason::no_rule,
                  .protocol = flow.protocol,
                  .function = function,
                  .access = row != nullptr ? row->access : Access::control};
        }
      }
      break;
    }
    if (framing.length == 0) return unframed();

    const auto judgement = judge.message(scene, rest.first(framing.length));
    ++counters.pdus;
    ++counters
          .pdus_by_protocol[std::min<std::size_t>(flow.protocol.value, counters.pdus_by_protocol.size() - 1)];
    if (judgement.reason == Reason::none) {
      ++counters.allowed;
    } else if (transit.enforced() && !judgement.observed) {
      // Its neighbours in the segment go with it.
      counters.reasons[static_cast<std::size_t>(Reason::collateral)] += whole;
      return judgement;
    } else {
      report(transit, judgement);
    }
    used += framing.length;
    ++whole;
    if (!flow.in_step) {
      flow.whole_pdus = static_cast<std::uint8_t>(std::min(flow.whole_pdus + 1, 255));
      flow.in_step = judge.answered() || flow.whole_pdus >= kStepsToTrust;
    }
  }
  return {};
}

}  // namespace sluice
