// Why something was not simply forwarded. Each exception of the fast path has one Reason, an action in the
// image (closed by default in enforce mode), a counter and a test. The order is part of the image and event
// formats: add at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice {

enum class Reason : std::uint8_t {
  none,
  // the frame
  cut,           // arrived shorter than it was on the wire
  bad_ethernet,  // header, 802.3 length, more tags than two
  bad_ip,        // IPv4 or IPv6 header contradicts itself
  bad_ip_checksum,
  ip_options,     // source routing, record route, unknown options, extension headers not allowed
  bad_address,    // source equals destination, loopback, broadcast as source
  fragment,       // a fragment that can't be joined
  bad_transport,  // TCP, UDP or ICMP header contradicts itself
  bad_checksum,   // TCP, UDP or ICMP
  tunnel,         // an encapsulation that no rule allows
  // the policy
  spoofed,         // ingress port, VLAN and source address do not agree with a zone
  no_conduit,      // no conduit takes this VLAN on this port
  no_policy,       // no rule for this pair and protocol
  no_rule,         // rules for the pair and protocol, but none permits this item
  groundwork,      // a link-keeping protocol that the conduit does not name
  patch,           // a virtual patch matched
  wrong_protocol,  // bytes of another protocol than the rules allow here
  // TCP
  bad_flags,
  bad_sequence,    // outside the window, below the start
  handshake,       // not a handshake that can be tracked
  midstream,       // no handshake was seen, and the conduit does not pick up
  hole,            // held data that was never completed
  conflict,        // retransmitted bytes differ from those inspected
  bad_reset,       // a reset that is not exactly in sequence
  whole_segments,  // a PDU does not begin and end with its segment
  // the message
  bad_framing,  // no boundary can be found
  malformed,    // contradicts its standard
  too_many_items,
  unsolicited,        // an answer to nothing that was asked
  too_many_requests,  // outstanding requests are bounded
  not_inspected,      // passed, but nothing could look inside
  // capacity
  flows_full,
  held_full,
  memory_full,
  work_budget,
  events_lost,
  // the box
  collateral,   // allowed, but in a segment with a denied PDU
  closed_flow,  // after its session was denied
  expired,      // unfinished for too long
  starting,     // no image yet
  // what evades
  ttl,             // time to live below the conduit's floor
  tcp_options,     // unknown, doubled or misplaced, where they are not replaced
  urgent,          // urgent data, where it is not made ordinary
  bad_timestamp,   // older than the last one, or left out (RFC 7323 5)
  rate_limited,    // more of this kind in a second than passes
  fragments_full,  // datagrams that wait for their fragments are bounded
  half_open_full,  // connections that were begun and not answered are bounded
  trailer,         // bytes behind the datagram, where they are not zeroed
  bad_icmp,        // redirects, timestamps, masks, too long: never across a conduit
  gratuitous,      // an ARP announcement that nobody asked for
  count_,
};
inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::count_);

std::string_view name_of(Reason reason) noexcept;

// Merged by "stricter wins".
enum class Verdict : std::uint8_t { forward, neutralise, drop, reset };
std::string_view name_of(Verdict verdict) noexcept;

// What enforce mode does for a reason unless the configuration says otherwise; `deny` is the conduit's word
// for TCP. Reasons about one frame drop it and leave the session alone; reasons about what a session says end
// it.
Verdict default_action(Reason reason, Verdict deny) noexcept;

enum class Mode : std::uint8_t { learn, monitor, enforce };
std::string_view name_of(Mode mode) noexcept;

enum class FailMode : std::uint8_t { closed, open };
enum class Midstream : std::uint8_t { resync, drop, pass };

}  // namespace sluice
