#include "rules/schema/reason.hpp"

#include <array>

namespace sluice {
namespace {

constexpr std::array<std::string_view, kReasonCount> kReasons = {
    "none",           "cut",           "bad_ethernet",      "bad_ip",        "bad_ip_checksum", "ip_options",
    "bad_address",    "fragment",      "bad_transport",     "bad_checksum",  "tunnel",          "spoofed",
    "no_conduit",     "no_policy",     "no_rule",           "groundwork",    "patch",           "wrong_protocol",
    "bad_flags",      "bad_sequence",  "handshake",         "midstream",     "hole",            "conflict",
    "bad_reset",      "whole_segments", "bad_framing",      "malformed",     "too_many_items",  "unsolicited",
    "too_many_requests", "not_inspected", "flows_full",     "held_full",     "memory_full",     "work_budget",
    "events_lost",    "collateral",    "closed_flow",       "expired",       "starting",
};
static_assert(kReasons.back() == "starting", "a name for each reason, in order");

}  // namespace

std::string_view name_of(Reason reason) noexcept {
  const auto index = static_cast<std::size_t>(reason);
  return index < kReasons.size() ? kReasons[index] : "?";
}

std::string_view name_of(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::forward: return "forward";
    case Verdict::neutralise: return "neutralise";
    case Verdict::drop: return "drop";
    case Verdict::reset: return "reset";
  }
  return "?";
}

std::string_view name_of(Mode mode) noexcept {
  switch (mode) {
    case Mode::learn: return "learn";
    case Mode::monitor: return "monitor";
    case Mode::enforce: return "enforce";
  }
  return "?";
}

}  // namespace sluice
