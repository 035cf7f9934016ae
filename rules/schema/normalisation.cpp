#include "rules/schema/normalisation.hpp"

#include <algorithm>

namespace sluice {
namespace {

constexpr auto kDrop = Treatment::drop;
constexpr auto kNormalise = Treatment::normalise;
constexpr std::uint8_t kOnlyDrop = bit(Treatment::drop);
constexpr std::uint8_t kOnlyNormalise = bit(Treatment::normalise);
constexpr std::uint8_t kDropOrNormalise = kOnlyDrop | kOnlyNormalise;
constexpr std::uint8_t kDropOrPass = kOnlyDrop | bit(Treatment::pass);
constexpr std::uint8_t kAll = kDropOrNormalise | bit(Treatment::pass);

}  // namespace

constexpr std::array<NormalisationRow, kNormalisationCount> kNormalisations = {{
    // Layer 2
    {"vlan_stack", "more than two VLAN tags, of any type", "", "E01", Reason::bad_ethernet, kDrop, kOnlyDrop},
    {"llc_ip", "IP or ARP in an 802.3 frame with LLC or SNAP; a length field that contradicts the frame", "",
     "E03", Reason::bad_ethernet, kDrop, kOnlyDrop},
    {"trailer", "bytes behind the datagram that are not zero", "zeroed; a right PRP trailer stays (prp)",
     "E04", Reason::trailer, kNormalise, kAll},
    {"link_structure",
     "GOOSE, SV, PROFINET or EtherCAT whose length contradicts the frame; an HSR tag or R-TAG around "
     "anything "
     "but supervision",
     "", "E04 E06", Reason::bad_ethernet, kDrop, kOnlyDrop},
    {"link_protocol", "an EtherType or LLC address that neither a rule nor the groundwork names", "", "E06",
     Reason::no_policy, kDrop, kOnlyDrop},
    // IP
    {"ip_header",
     "version, header length, total length, reserved flag, option lengths or the order of "
     "extension headers contradict each other",
     "", "E07 E09 E22", Reason::bad_ip, kDrop, kOnlyDrop},
    {"ip_checksum", "a wrong IPv4 header checksum", "", "E08", Reason::bad_ip_checksum, kDrop, kOnlyDrop},
    {"ip_options", "IPv4 options but source routes (router alert of IGMP is right)", "no operation", "E09",
     Reason::ip_options, kDrop, kDropOrNormalise},
    {"ip_forbidden",
     "source routes; IPv6 routing and authentication headers; a fragment header around a whole datagram", "",
     "E09 E22", Reason::ip_options, kDrop, kOnlyDrop},
    {"ip_extensions", "IPv6 hop-by-hop and destination options (router alert of MLD is right)", "", "E22",
     Reason::ip_options, kDrop, kDropOrPass},
    {"address",
     "source equals destination; group, loopback, unspecified or reserved addresses where none may "
     "be; an IP destination that its MAC address contradicts",
     "", "E10", Reason::bad_address, kDrop, kOnlyDrop},
    {"ttl_floor", "a unicast datagram whose time to live is below the conduit's ttl_floor", "", "E11",
     Reason::ttl, kDrop, kOnlyDrop},
    {"fragment", "fragments of a datagram", "joined: only the whole, inspected datagram leaves",
     "E12 E15 E17 E19", Reason::fragment, kNormalise, kOnlyNormalise},
    {"fragment_overlap",
     "fragments that overlap, repeat, end twice or pass the end, are more than 64, have options, or cut the "
     "transport header",
     "", "E12 E13 E14 E16 E17 E18 E20 E22", Reason::fragment, kDrop, kOnlyDrop},
    {"tunnel", "an encapsulation that the conduit's tunnels do not name; more than two layers", "", "E23",
     Reason::tunnel, kDrop, kOnlyDrop},
    // Neighbours and ICMP
    {"arp_claim",
     "an ARP packet or neighbour message that speaks for another zone, another MAC address than "
     "its asset has, or another one than its frame",
     "", "E05", Reason::spoofed, kDrop, kOnlyDrop},
    {"arp_gratuitous", "an ARP announcement that nobody asked for", "", "E05", Reason::gratuitous,
     Treatment::pass, kDropOrPass},
    {"neighbour_rate", "more ARP and neighbour messages in a second than a side may send", "", "E05",
     Reason::rate_limited, kDrop, kOnlyDrop},
    {"icmp_odd",
     "redirects, timestamps, address masks, source quench; messages above 1,500 bytes; whatever "
     "rules say",
     "", "E24", Reason::bad_icmp, kDrop, kOnlyDrop},
    {"icmp_error", "an error about no live flow, or that does not travel against the packet it quotes", "",
     "E24", Reason::groundwork, kDrop, kOnlyDrop},
    {"icmp_rate", "more ICMP errors in a second than a side may send", "", "E24", Reason::rate_limited, kDrop,
     kOnlyDrop},
    // UDP and TCP
    {"udp_header", "a UDP length that is not the datagram's, or below its header", "", "E25",
     Reason::bad_transport, kDrop, kOnlyDrop},
    {"checksum", "a wrong TCP, UDP or ICMP checksum; none in UDP over IPv6", "", "E25 E26",
     Reason::bad_checksum, kDrop, kOnlyDrop},
    {"tcp_header", "a data offset below 5 or past the end, options of a wrong length", "", "E27 E43",
     Reason::bad_transport, kDrop, kOnlyDrop},
    {"tcp_flags", "no flags, SYN with FIN or RST, RST with FIN, neither SYN, RST nor ACK", "", "E28 E36",
     Reason::bad_flags, kDrop, kOnlyDrop},
    {"tcp_reserved", "reserved bits, the one of accurate ECN included", "cleared", "E28", Reason::bad_flags,
     kDrop, kDropOrNormalise},
    {"tcp_syn_data", "data in a SYN, TCP Fast Open", "data removed, the option made no operation", "E29",
     Reason::bad_flags, kNormalise, kDropOrNormalise},
    {"tcp_options", "options that are unknown, doubled, MD5, or a SYN's outside of a SYN", "no operation",
     "E43", Reason::tcp_options, kNormalise, kDropOrNormalise},
    {"tcp_urgent", "the URG flag, or an urgent pointer", "cleared: the byte is one of the stream", "E42",
     Reason::urgent, kNormalise, kDropOrNormalise},
    {"tcp_handshake", "a handshake that is not SYN, SYN-ACK, ACK; a SYN into a live connection", "",
     "E31 E32 E33 E48", Reason::handshake, kDrop, kOnlyDrop},
    {"tcp_window",
     "bytes outside of the window, below the start or behind a FIN; acknowledgements of what was "
     "never sent",
     "", "E35 E39 E40 E44 E46", Reason::bad_sequence, kDrop, kOnlyDrop},
    {"tcp_reset", "a reset that is not exactly in sequence", "", "E34", Reason::bad_reset, kDrop, kOnlyDrop},
    {"tcp_overlap", "repeated bytes that differ from those inspected", "", "E37 E38", Reason::conflict, kDrop,
     kOnlyDrop},
    {"tcp_repeated", "bytes that were acknowledged before, keepalives too", "the segment without them", "E38",
     Reason::none, kNormalise, kOnlyNormalise},
    {"tcp_timestamp",
     "a timestamp that is older than what the receiver goes by, or none where both ends have them", "", "E41",
     Reason::bad_timestamp, kDrop, kOnlyDrop},
}};

namespace {

constexpr bool sound() {
  for (std::size_t i = 0; i < kNormalisations.size(); ++i) {
    const auto& row = kNormalisations[i];
    if (row.name.empty() || row.seen.empty() || row.cases.empty() || !row.may(row.usual)) return false;
    if (row.made.empty() == row.may(Treatment::normalise)) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (kNormalisations[j].name == row.name) return false;
    }
  }
  return true;
}
static_assert(sound(), "names are unique, defaults possible, and a row says what it makes when it may");

}  // namespace

const NormalisationRow& row_of(Normalisation normalisation) noexcept {
  return kNormalisations[static_cast<std::size_t>(normalisation)];
}

std::optional<Normalisation> normalisation_named(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kNormalisations.size(); ++i) {
    if (kNormalisations[i].name == name) return static_cast<Normalisation>(i);
  }
  return std::nullopt;
}

Treatments usual_treatments() noexcept {
  Treatments treatments{};
  std::transform(kNormalisations.begin(), kNormalisations.end(), treatments.begin(),
                 [](const NormalisationRow& row) { return row.usual; });
  return treatments;
}

}  // namespace sluice
