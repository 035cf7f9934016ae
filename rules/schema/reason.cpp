#include "rules/schema/reason.hpp"

#include <array>

namespace sluice {
namespace {

constexpr std::array<std::string_view, kReasonCount> kReasons = {
    "none",
    "cut",
    "bad_ethernet",
    "bad_ip",
    "bad_ip_checksum",
    "ip_options",
    "bad_address",
    "fragment",
    "bad_transport",
    "bad_checksum",
    "tunnel",
    "spoofed",
    "no_conduit",
    "no_policy",
    "no_rule",
    "groundwork",
    "patch",
    "wrong_protocol",
    "bad_flags",
    "bad_sequence",
    "handshake",
    "midstream",
    "hole",
    "conflict",
    "bad_reset",
    "whole_segments",
    "bad_framing",
    "malformed",
    "too_many_items",
    "unsolicited",
    "too_many_requests",
    "not_inspected",
    "flows_full",
    "held_full",
    "memory_full",
    "work_budget",
    "events_lost",
    "collateral",
    "closed_flow",
    "expired",
    "starting",
    "ttl",
    "tcp_options",
    "urgent",
    "bad_timestamp",
    "rate_limited",
    "fragments_full",
    "half_open_full",
    "trailer",
    "bad_icmp",
    "gratuitous",
};
static_assert(kReasons.back() == "gratuitous", "a name for each reason, in order");

}  // namespace

std::string_view name_of(Reason reason) noexcept {
  const auto index = static_cast<std::size_t>(reason);
  return index < kReasons.size() ? kReasons[index] : "?";
}

Verdict default_action(Reason reason, Verdict deny) noexcept {
  switch (reason) {
    case Reason::none:
    case Reason::not_inspected:
    case Reason::events_lost:
      return Verdict::forward;
    case Reason::cut:
    case Reason::bad_ethernet:
    case Reason::bad_ip:
    case Reason::bad_ip_checksum:
    case Reason::ip_options:
    case Reason::bad_address:
    case Reason::fragment:
    case Reason::bad_transport:
    case Reason::bad_checksum:
    case Reason::tunnel:
    case Reason::spoofed:
    case Reason::no_conduit:
    case Reason::groundwork:
    case Reason::bad_flags:
    case Reason::bad_sequence:
    case Reason::handshake:
    case Reason::midstream:
    case Reason::hole:
    case Reason::bad_reset:
    case Reason::flows_full:
    case Reason::held_full:
    case Reason::memory_full:
    case Reason::collateral:
    case Reason::closed_flow:
    case Reason::starting:
    case Reason::ttl:
    case Reason::tcp_options:
    case Reason::urgent:
    case Reason::bad_timestamp:
    case Reason::rate_limited:
    case Reason::fragments_full:
    case Reason::half_open_full:
    case Reason::trailer:
    case Reason::bad_icmp:
    case Reason::gratuitous:
      return Verdict::drop;
    case Reason::no_policy:
    case Reason::no_rule:
    case Reason::patch:
    case Reason::wrong_protocol:
    case Reason::conflict:
    case Reason::whole_segments:
    case Reason::bad_framing:
    case Reason::malformed:
    case Reason::too_many_items:
    case Reason::unsolicited:
    case Reason::too_many_requests:
    case Reason::work_budget:
    case Reason::expired:
      return deny;
    case Reason::count_:
      break;
  }
  return Verdict::drop;
}

std::string_view name_of(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::forward:
      return "forward";
    case Verdict::neutralise:
      return "neutralise";
    case Verdict::drop:
      return "drop";
    case Verdict::reset:
      return "reset";
  }
  return "?";
}

std::string_view name_of(Mode mode) noexcept {
  switch (mode) {
    case Mode::learn:
      return "learn";
    case Mode::monitor:
      return "monitor";
    case Mode::enforce:
      return "enforce";
  }
  return "?";
}

}  // namespace sluice
