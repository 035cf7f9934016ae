#include "dataplane/engine/normalise.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "dataplane/engine/engine_state.hpp"
#include "dataplane/flow/siphash.hpp"
#include "dataplane/packet/edit.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t kMostIcmp = 1500;  // bytes of the datagram
constexpr int kTtlSlack = 4;               // hops by which redundant paths may differ

// The rows that a packet meets, by the conduit's treatment of each.
class Meeting {
 public:
  explicit Meeting(const image::Conduit& conduit) : conduit_{conduit} {}

  void meet(Normalisation row) noexcept {
    switch (conduit_.treatments[static_cast<std::size_t>(row)]) {
      case Treatment::drop:
        if (plan_.reason == Reason::none) plan_.reason = row_of(row).reason;
        return;
      case Treatment::normalise:
        plan_.changes |= std::uint64_t{1} << static_cast<unsigned>(row);
        return;
      case Treatment::pass:
        return;
    }
  }
  [[nodiscard]] bool drops(Normalisation row) const noexcept {
    return conduit_.treatments[static_cast<std::size_t>(row)] == Treatment::drop;
  }
  [[nodiscard]] const Plan& plan() const noexcept { return plan_; }

 private:
  const image::Conduit& conduit_;
  Plan plan_;
};

void meet_options(const Packet& packet, std::optional<Groundwork> groundwork, Meeting& meeting) noexcept {
  constexpr unsigned kForbidden =
      ip_option::source_route | ip_option::authentication | ip_option::atomic_fragment;
  // IGMP and MLD carry a router alert (RFC 3376 4, RFC 3810 5); nothing else needs any option.
  const bool alerts = groundwork == Groundwork::igmp_mld;
  const unsigned right = alerts ? ip_option::router_alert | ip_option::hop_by_hop : 0U;
  const unsigned others = packet.ip_options & ~right;
  if ((others & kForbidden) != 0) return meeting.meet(Normalisation::ip_forbidden);
  if (others == 0) return;
  if (packet.network == Network::ipv6) return meeting.meet(Normalisation::ip_extensions);
  // Overwriting them would take the router alert too.
  if (alerts) return meeting.meet(Normalisation::ip_forbidden);
  if (meeting.drops(Normalisation::ip_options) || !only_no_operations(packet)) {
    meeting.meet(Normalisation::ip_options);
  }
}

void meet_tcp(const Packet& packet, Meeting& meeting) noexcept {
  const TcpHeader& tcp = packet.tcp;
  const auto has = [&](unsigned flags) { return (tcp.flags & flags) != 0; };
  const bool syn = has(tcp_flag::syn);
  if ((syn && has(tcp_flag::fin | tcp_flag::rst)) || (has(tcp_flag::rst) && has(tcp_flag::fin)) ||
      !has(tcp_flag::syn | tcp_flag::rst | tcp_flag::ack)) {
    meeting.meet(Normalisation::tcp_flags);
  }
  if (tcp.reserved != 0) meeting.meet(Normalisation::tcp_reserved);
  const bool fast_open = syn && tcp.odd_options != 0 && has_fast_open(packet);
  if (syn && (packet.payload_length != 0 || fast_open)) meeting.meet(Normalisation::tcp_syn_data);
  if (has(tcp_flag::urg) || tcp.urgent != 0) meeting.meet(Normalisation::tcp_urgent);
  if (tcp.odd_options == 0) return;
  if (fast_open && meeting.drops(Normalisation::tcp_options)) {
    // What the option of fast open leaves behind is judged alone.
    if (!only_fast_open_is_odd(packet)) meeting.meet(Normalisation::tcp_options);
  } else {
    meeting.meet(Normalisation::tcp_options);
  }
}

void meet_icmp(const Packet& packet, Meeting& meeting) noexcept {
  constexpr std::array<std::uint8_t, 8> kOdd = {
      4,       // source quench, RFC 6633
      5,       // redirect
      13, 14,  // timestamp
      15, 16,  // information
      17, 18,  // address mask
  };
  const auto type = packet.source_port;
  const bool odd = packet.transportation == Transportation::icmp
                       ? std::find(kOdd.begin(), kOdd.end(), type) != kOdd.end()
                       : type == 137;  // redirect, RFC 4861 4.5
  if (odd || packet.network_end - packet.network_offset > kMostIcmp) meeting.meet(Normalisation::icmp_odd);
}

// Sender and target are the same (RFC 5227 3), or an answer goes to everybody.
bool gratuitous(const Packet& packet) noexcept {
  return packet.source == packet.destination ||
         (packet.source_port == 2 && (packet.destination_mac[0] & 1U) != 0);
}

std::uint32_t kept_trailer(const image::Conduit& conduit, const Packet& packet) noexcept {
  return has(conduit.groundwork, Groundwork::prp) ? prp_trailer(packet) : 0;
}

bool hides_something(const image::Conduit& conduit, const Packet& packet) noexcept {
  if (packet.trailer_length() == 0) return false;
  const auto trailer = packet.trailer();
  const auto open = trailer.first(trailer.size() - kept_trailer(conduit, packet));
  return std::any_of(open.begin(), open.end(), [](std::uint8_t byte) { return byte != 0; });
}

}  // namespace

Plan plan_of(const image::ImageView& image, const image::Conduit& conduit, const Packet& packet,
             std::optional<Groundwork> groundwork) noexcept {
  Meeting meeting{conduit};
  if (odd_address(image, conduit, packet, groundwork)) meeting.meet(Normalisation::address);
  switch (packet.network) {
    case Network::ipv4:
    case Network::ipv6:
      // A group's packets have few hops on purpose.
      if (packet.ttl < conduit.ttl_floor && (packet.destination_mac[0] & 1U) == 0) {
        meeting.meet(Normalisation::ttl_floor);
      }
      meet_options(packet, groundwork, meeting);
      break;
    case Network::arp:
      if (gratuitous(packet)) meeting.meet(Normalisation::arp_gratuitous);
      break;
    case Network::none:
      if (!sound_link_frame(packet)) meeting.meet(Normalisation::link_structure);
      break;
  }
  switch (packet.transportation) {
    case Transportation::tcp:
      meet_tcp(packet, meeting);
      break;
    case Transportation::icmp:
    case Transportation::icmpv6:
      meet_icmp(packet, meeting);
      break;
    case Transportation::none:
    case Transportation::udp:
    case Transportation::other:
      break;
  }
  if (hides_something(conduit, packet)) meeting.meet(Normalisation::trailer);
  return meeting.plan();
}

void apply(const image::Conduit& conduit, std::uint64_t changes, Packet& packet) noexcept {
  const auto chosen = [changes](Normalisation row) {
    return (changes >> static_cast<unsigned>(row) & 1U) != 0;
  };
  if (chosen(Normalisation::trailer)) clear_trailer(packet, kept_trailer(conduit, packet));
  if (chosen(Normalisation::ip_options)) clear_ip_options(packet);
  if (chosen(Normalisation::tcp_reserved)) clear_reserved(packet);
  if (chosen(Normalisation::tcp_urgent)) clear_urgent(packet);
  if (chosen(Normalisation::tcp_syn_data)) {
    clear_fast_open(packet);
    if (packet.payload_length != 0) strip_payload(packet);
  }
  if (chosen(Normalisation::tcp_options)) clear_odd_options(packet);
}

// False: the frame's way has ended.
bool Engine::State::normalise(Transit& transit, std::optional<Groundwork> groundwork) noexcept {
  if (transit.rules == nullptr) return true;
  const auto& conduit = *transit.conduit;
  const auto plan = plan_of(transit.rules->image(), conduit, transit.packet, groundwork);
  if (plan.reason != Reason::none) {
    // What only observes goes on with a conversation, since its receiver may: but not by a false address.
    const auto transport = transit.packet.transportation;
    const bool follows = !transit.enforced() && plan.reason != Reason::bad_address &&
                         (transport == Transportation::tcp || transport == Transportation::udp);
    if (!follows) {
      refuse(transit, plan.reason);
      return false;
    }
    report(transit, {.reason = plan.reason});
  }
  if (plan.changes == 0) return true;
  for (std::size_t row = 0; row < kNormalisationCount; ++row) {
    if ((plan.changes >> row & 1U) != 0) note(transit, kNormalisations[row].reason, row);
  }
  if (!transit.enforced()) return true;
  apply(conduit, plan.changes, transit.packet);
  ++counters.normalised;
  return true;
}

// Something that is changed, or only worth telling: counted each time, told now and then for each sender.
void Engine::State::note(Transit& transit, Reason reason, std::size_t row) noexcept {
  const Packet& packet = transit.packet;
  ++counters.reasons[static_cast<std::size_t>(reason)];
  std::array<std::uint8_t, 28> about{};
  const bool addressed = packet.network != Network::none;
  std::copy_n(addressed ? packet.source.begin() : packet.source_mac.begin(),
              addressed ? packet.source.size() : packet.source_mac.size(), about.begin());
  for (std::size_t i = 0; i < 4; ++i) {
    about[16 + i] = static_cast<std::uint8_t>(transit.place.conduit.value >> (8 * i));
  }
  about[20] = transit.place.side;
  about[21] = static_cast<std::uint8_t>(row);
  about[22] = static_cast<std::uint8_t>(reason);
  if (tellings.take(siphash(settings.hash_key, about), transit.now)) tell(transit, reason);
}

// E11: a time to live that jumps within a conversation is how packets are sent that reach the box and not the
// device. Told once, never a reason to act: routes change.
void Engine::State::watch_ttl(Transit& transit, Flow& flow, Direction direction) noexcept {
  if (transit.rules == nullptr) return;
  auto& seen = flow.ttls[static_cast<std::size_t>(direction)];
  const int ttl = transit.packet.ttl;
  if (!seen.any) {
    seen = {.first = transit.packet.ttl, .any = true};
  } else if (!seen.told && std::abs(ttl - int{seen.first}) > kTtlSlack) {
    seen.told = true;
    mention(transit, Reason::ttl);
  }
}

// False: there were too many of these in the last second, and the frame's way has ended.
bool Engine::State::within(Transit& transit, Bucket& bucket, std::uint32_t per_second) noexcept {
  if (bucket.take(transit.now, per_second)) return true;
  if (bucket.tell(transit.now)) {
    refuse(transit, Reason::rate_limited);
    return false;
  }
  ++counters.reasons[static_cast<std::size_t>(Reason::rate_limited)];
  ++(transit.enforced() ? counters.denied : counters.would_deny);
  transit.enforced() ? drop(transit) : pass(transit);
  return false;
}

}  // namespace sluice
