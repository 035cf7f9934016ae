#include "control/events/signature.hpp"

#include <algorithm>
#include <array>

namespace sluice::events {

std::string_view category_of(Reason reason) noexcept {
  switch (reason) {
    case Reason::patch:
      return "Virtual patch";
    case Reason::spoofed:
    case Reason::no_conduit:
    case Reason::no_policy:
    case Reason::no_rule:
    case Reason::groundwork:
    case Reason::wrong_protocol:
    case Reason::tunnel:
      return "Policy violation";
    case Reason::bad_framing:
    case Reason::malformed:
    case Reason::too_many_items:
    case Reason::unsolicited:
    case Reason::too_many_requests:
      return "Protocol anomaly";
    case Reason::cut:
    case Reason::bad_ethernet:
    case Reason::bad_ip:
    case Reason::bad_ip_checksum:
    case Reason::ip_options:
    case Reason::bad_address:
    case Reason::fragment:
    case Reason::bad_transport:
    case Reason::bad_checksum:
    case Reason::bad_flags:
    case Reason::bad_sequence:
    case Reason::handshake:
    case Reason::midstream:
    case Reason::hole:
    case Reason::conflict:
    case Reason::bad_reset:
    case Reason::whole_segments:
    case Reason::closed_flow:
    case Reason::collateral:
    case Reason::expired:
    case Reason::ttl:
    case Reason::tcp_options:
    case Reason::urgent:
    case Reason::bad_timestamp:
    case Reason::trailer:
    case Reason::bad_icmp:
    case Reason::gratuitous:
      return "Transport anomaly";
    case Reason::flows_full:
    case Reason::held_full:
    case Reason::memory_full:
    case Reason::work_budget:
    case Reason::events_lost:
    case Reason::rate_limited:
    case Reason::fragments_full:
    case Reason::half_open_full:
      return "Exhausted resource";
    case Reason::none:
    case Reason::not_inspected:
    case Reason::starting:
    case Reason::count_:
      return "Notice";
  }
  return "Notice";
}

std::size_t severity_of(Reason reason, Verdict verdict) noexcept {
  constexpr std::array kGrave = {Reason::spoofed, Reason::conflict, Reason::patch, Reason::wrong_protocol,
                                 Reason::tunnel};
  constexpr std::array kMinor = {Reason::none,        Reason::not_inspected, Reason::collateral,
                                 Reason::closed_flow, Reason::expired,       Reason::starting};
  if (std::ranges::find(kGrave, reason) != kGrave.end()) return 1;
  if (std::ranges::find(kMinor, reason) != kMinor.end()) return 3;
  return verdict == Verdict::forward ? 3 : 2;
}

std::uint32_t signature_id(Reason reason) noexcept { return 1'000'000U + static_cast<std::uint32_t>(reason); }

std::uint32_t signature_id(std::string_view patch) noexcept {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : patch) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return 1'100'000U + hash % 900'000U;
}

}  // namespace sluice::events
