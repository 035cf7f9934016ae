#include "tests/model/guard.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::model {
namespace {

constexpr std::size_t kFlows = 4096;

bool group_address(const Mac& mac) { return (mac[0] & 1U) != 0; }
// RFC 1112 6.4, RFC 2464 7: the MAC address of a group follows from its address.
bool mapped(const Seen& seen) {
  const auto& ip = seen.destination;
  const bool four = is_ipv4(ip);
  if (four && ip == ipv4(255, 255, 255, 255)) return group_address(seen.to);
  if (four && ip[12] >> 4U == 14) {
    const Mac mac{1, 0, 0x5e, static_cast<std::uint8_t>(ip[13] & 0x7fU), ip[14], ip[15]};
    return seen.to == mac;
  }
  if (!four && ip[0] == 0xff) return seen.to == Mac{0x33, 0x33, ip[12], ip[13], ip[14], ip[15]};
  return true;
}
bool link_local(const Ip& ip) { return ip[0] == 0xfe && (ip[1] & 0xc0U) == 0x80; }

Allowed::Party party(const Seen& seen, bool source, const Conduit& conduit, std::size_t side) {
  return {.link = !seen.is_ip,
          .receives = !source,
          .ip = source ? seen.source : seen.destination,
          .mac = source ? seen.from : seen.to,
          .conduit = &conduit,
          .side = side};
}

// IEEE 802.1D 9.3, 802.1AB, IEC 62439, IEEE 1588, IEEE 802.3 57A: what a link needs to live.
const char* link_protocol(const Seen& seen) {
  if (seen.type < 0x0600) return seen.llc == 0x42 ? "stp" : nullptr;
  switch (seen.type) {
    case 0x0806:
      return "arp";
    case 0x88cc:
      return "lldp";
    case 0x88e3:
      return "mrp";
    case 0x80e1:
      return "dlr";
    case 0x88fb:
      return "prp";
    case 0x892f:
      return "hsr";
    case 0x88f7:
      return "ptp";
    case 0x8809:
      return "lacp";
    default:
      break;
  }
  if (!seen.is_ip) return nullptr;
  const auto type = seen.source_port;
  if (seen.protocol == 2) return "igmp-mld";
  if (seen.protocol == 1) return type == 3 || type == 11 || type == 12 ? "icmp-errors" : nullptr;
  if (seen.protocol == 58) {
    if (type >= 1 && type <= 4) return "icmp-errors";
    if (type >= 133 && type <= 136) return "nd";
    return (type >= 130 && type <= 132) || type == 143 ? "igmp-mld" : nullptr;
  }
  if (seen.protocol != 17) return nullptr;
  const auto from = seen.source_port, to = seen.destination_port;
  if ((from == 67 || from == 68) && (to == 67 || to == 68)) return "dhcp";
  if ((from == 546 || from == 547) && (to == 546 || to == 547)) return "dhcp";
  return to == 319 || to == 320 ? "ptp" : nullptr;
}

}  // namespace

Guard::Guard(const Policy& policy) : allowed_{policy}, flows_(kFlows) {}

void Guard::forget() {
  for (auto& flow : flows_) flow.reset();
}

Conversation* Guard::find(const Seen& seen, Tags tags, bool make, std::size_t& me) {
  std::array<std::uint8_t, 18> ends[2];
  const auto fill = [](std::array<std::uint8_t, 18>& end, const Ip& ip, std::uint16_t port) {
    std::copy(ip.begin(), ip.end(), end.begin());
    end[16] = static_cast<std::uint8_t>(port >> 8U);
    end[17] = static_cast<std::uint8_t>(port);
  };
  fill(ends[0], seen.source, seen.source_port);
  fill(ends[1], seen.destination, seen.destination_port);
  me = ends[0] < ends[1] ? 0 : 1;
  std::array<std::uint8_t, 48> key{};
  std::copy(ends[me].begin(), ends[me].end(), key.begin());
  std::copy(ends[1 - me].begin(), ends[1 - me].end(), key.begin() + 18);
  key[36] = seen.protocol;
  key[37] = static_cast<std::uint8_t>(tags >> 24U | (port_ / 2) << 7U);
  for (unsigned i = 0; i < 3; ++i) key[38 + i] = static_cast<std::uint8_t>(tags >> (8 * i));
  std::uint64_t hash = 14695981039346656037U;
  for (std::size_t i = 0; i < key.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, key.data() + i, 8);
    hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
    hash ^= hash >> 29U;
  }
  for (std::size_t probe = 0; probe < kFlows; ++probe) {
    auto& flow = flows_[(hash + probe) % kFlows];
    if (flow == nullptr) {
      if (!make) return nullptr;
      flow = std::make_unique_for_overwrite<Conversation>();
      flow->key = key;
    }
    if (flow->key != key) continue;
    if (!make && !flow->spoke[0] && !flow->spoke[1]) return nullptr;
    return flow.get();
  }
  return nullptr;
}

const char* Guard::left(std::uint32_t port, const std::uint8_t* frame, std::size_t size, std::int64_t now,
                        bool made) {
  now_ = now;
  port_ = port;
  judged_ = 0;
  framed_ = false;
  seen_ = look(frame, size);
  const Seen& seen = seen_;
  std::size_t side = 0;  // where it goes to
  const auto* conduit = allowed_.conduit(port, seen.tagged, side);
  if (conduit == nullptr) return "no conduit takes these tags here";
  if (!conduit->enforce) return nullptr;
  if (seen.wrong != nullptr) return seen.wrong;
  if (seen.type < 0x0600 && seen.llc == 0xaa && size >= seen.network + 8) {
    const std::uint8_t* at = frame + seen.network;
    const auto type = static_cast<std::uint16_t>(at[6] << 8 | at[7]);
    if (at[3] == 0 && at[4] == 0 && (type == 0x0800 || type == 0x86dd || type == 0x0806))
      return "IP behind SNAP";
  }
  bool is_groundwork = false;
  const auto* wrong = groundwork(seen, frame, *conduit, side, is_groundwork);
  if (is_groundwork || wrong != nullptr) return wrong;
  if (seen.options) return "IP options";
  for (std::size_t i = seen.end; seen.is_ip && i < size; ++i) {
    if (frame[i] != 0) return "bytes behind the datagram";
  }
  if (!seen.is_ip) return by_number(seen, frame, *conduit, side);
  const bool closing = made && seen.protocol == 6 && (seen.flags & flag::rst) != 0;
  if (!closing) {
    if (seen.source == seen.destination) return "from and to the same address";
    if ((seen.from[0] & 1U) != 0) return "from a group";
    if (!group_address(seen.to) && seen.ttl < conduit->ttl_floor) return "too few hops left";
    if (!mapped(seen)) return "a group's address on another MAC address";
    if (!allowed_.belongs(*conduit, 1 - side, seen.source))
      return "the source is not of the side that it comes from";
    if (!group_address(seen.to) && !allowed_.belongs(*conduit, side, seen.destination))
      return "the destination is not of the side that it goes to";
  }
  if (seen.protocol == 6) return segment(seen, frame, *conduit, side, made);
  if (seen.protocol == 17) return datagram(seen, frame, *conduit, side);
  return by_number(seen, frame, *conduit, side);
}

const char* Guard::groundwork(const Seen& seen, const std::uint8_t* frame, const Conduit& conduit,
                              std::size_t side, bool& is) {
  const char* name = link_protocol(seen);
  is = name != nullptr && conduit.has(name);
  if (!is) return nullptr;
  if (seen.options && !(std::strcmp(name, "igmp-mld") == 0 && seen.router_alert)) return "IP options";
  if (std::strcmp(name, "arp") == 0) {
    const std::uint8_t* at = frame + seen.network;
    if (!std::equal(at + 8, at + 14, seen.from.begin())) return "ARP about another's MAC address";
    const Ip sender = ipv4(at[14], at[15], at[16], at[17]);
    const bool probe = sender == ipv4(0, 0, 0, 0);
    return probe || allowed_.belongs(conduit, 1 - side, sender) ? nullptr
                                                                : "ARP about an address of another zone";
  }
  if (!seen.is_ip) return nullptr;
  const bool none = seen.source == Ip{} || seen.source == ipv4(0, 0, 0, 0) || link_local(seen.source);
  if (!none && !allowed_.belongs(conduit, 1 - side, seen.source))
    return "groundwork from an address of another zone";
  if (std::strcmp(name, "icmp-errors") == 0) {
    Seen quoted;
    if (!look_inside(frame, seen, quoted)) return "an ICMP error about nothing";
    std::size_t me = 0;
    const bool session = quoted.protocol == 6 || quoted.protocol == 17;
    if (session && find(quoted, seen.tagged, false, me) == nullptr)
      return "an ICMP error about no flow that lives";
  }
  return nullptr;
}

const char* Guard::by_number(const Seen& seen, const std::uint8_t*, const Conduit& conduit,
                             std::size_t side) {
  if (!seen.is_ip && !allowed_.belongs(conduit, 1 - side, seen.from)) return "a MAC of another zone";
  const auto from = party(seen, true, conduit, 1 - side), to = party(seen, false, conduit, side);
  if (!seen.is_ip) {
    const bool llc = seen.type < 0x0600;
    const auto rules = allowed_.between(from, to, llc ? What::llc : What::ethertype, false);
    return allowed_.takes(rules, llc ? seen.llc : seen.type) ? nullptr : "no rule for this kind of frame";
  }
  const bool six = seen.protocol == 58;
  if (!six && seen.protocol != 1) return "an IP protocol that no rule can name";
  std::uint32_t type = seen.source_port;
  if (six ? type == 137 : type == 4 || type == 5 || (type >= 13 && type <= 18))
    return "a redirect, a quench, or a request for the time or the mask";
  const bool reply = type == (six ? 129U : 0U);
  if (reply) type = six ? 128 : 8;
  const auto rules =
      reply ? allowed_.between(to, from, What::icmp, false) : allowed_.between(from, to, What::icmp, false);
  return allowed_.takes(rules, type) ? nullptr : "no rule for this kind of ICMP message";
}

const char* Guard::datagram(const Seen& seen, const std::uint8_t* frame, const Conduit& conduit,
                            std::size_t side) {
  const auto from = party(seen, true, conduit, 1 - side), to = party(seen, false, conduit, side);
  std::size_t me = 0;
  auto* flow = find(seen, seen.tagged, true, me);
  if (flow == nullptr) return "the model is full";
  const bool asks = allowed_.takes(allowed_.between(from, to, What::udp, false), seen.destination_port) ||
                    allowed_.takes(allowed_.between(to, from, What::udp, true), seen.destination_port);
  const bool answers = flow->spoke[1 - me] &&
                       (allowed_.takes(allowed_.between(to, from, What::udp, false), seen.source_port) ||
                        allowed_.takes(allowed_.between(from, to, What::udp, true), seen.source_port));
  flow->spoke[me] = true;
  flow->touched = now_;
  if (!asks && !answers) return "no rule for this datagram";
  if (asks && surely_request(frame + seen.payload, seen.end - seen.payload))
    return "Modbus in an opaque datagram";
  return nullptr;
}

}  // namespace sluice::model
