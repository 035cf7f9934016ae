// What has no connection, and what is spoilt below IP.
#include <algorithm>
#include <cstring>

#include "tests/traffic/generator.hpp"

namespace sluice::traffic {

// An error about the session's own traffic or another's, a spoofed ARP, the same bytes with another type.
void Generator::spoil_link(Session& session, const Action& action) {
  const auto from = action.from;
  Frame& frame = put(session, from, segment_of(session, action));
  frame.mutated = session.allowed;
  const bool six = !model::is_ipv4(hosts_[session.ends[0]].ip);
  auto out = way(session, 1 - from);
  switch (random_.below(5)) {
    case 0: {  // an ICMP error, perhaps about a flow that is not
      const auto place = place_of(frame);
      scratch_.size = std::min(place.end - place.network, 60U);
      std::copy_n(frame.bytes.begin() + place.network, scratch_.size, scratch_.bytes.begin());
      if (random_.percent(50)) scratch_.bytes[(six ? 40U : 20U) + random_.below(4)] ^= 0x10U;
      static constexpr std::uint8_t kFour[] = {3, 11, 12, 5, 4, 13, 17}, kSix[] = {1, 2, 3, 4, 137, 138, 139};
      write_icmp(frame, out, (six ? kSix : kFour)[random_.below(7)],
                 static_cast<std::uint8_t>(random_.below(5)), scratch_.bytes.data(), scratch_.size);
      frame.port ^= 1U;
      break;
    }
    case 1: {  // ARP
      std::uint8_t arp[28] = {0, 1, 8, 0, 6, 4, 0, 1};
      arp[7] = static_cast<std::uint8_t>(random_.between(1, 2));
      const auto& claimed = random_.percent(50) ? hosts_[session.ends[from]] : random_.one_of(plant_.hosts);
      std::copy(claimed.mac.begin(), claimed.mac.end(), arp + 8);
      std::copy(claimed.ip.begin() + 12, claimed.ip.end(), arp + 14);
      std::copy(out.source.begin() + 12, out.source.end(), arp + 24);
      out = way(session, from);
      if (random_.percent(50)) out.to.fill(0xff);
      write_link(frame, out, 0x0806, arp, sizeof arp);
      break;
    }
    case 2:  // another EtherType
      put16(frame.bytes.data() + (session.tags == 0          ? 12
                                  : session.tags >> 24U == 0 ? 16
                                                             : 20),
            random_.percent(50) ? 0x88b8 : random_.below(65536));
      break;
    case 3:  // to everybody
      frame.bytes[0] |= 1U;
      if (random_.percent(50)) std::fill_n(frame.bytes.begin(), 6, std::uint8_t{0xff});
      break;
    default: {  // IP in an 802.3 frame
      scratch_.size = std::min(frame.size - 14, 400U);
      std::copy_n(frame.bytes.begin() + 14, scratch_.size, scratch_.bytes.begin() + 8);
      static constexpr std::uint8_t kSnap[] = {0xaa, 0xaa, 3, 0, 0, 0, 8, 0};
      std::copy_n(kSnap, 8, scratch_.bytes.begin());
      write_link(frame, way(session, from), static_cast<std::uint16_t>(scratch_.size + 8),
                 scratch_.bytes.data(), scratch_.size + 8);
    }
  }
  if (random_.percent(60)) return;
  say(session, action);
  perform(session, action);
}

// A datagram of the rule's, its answer, or one that is spoilt.
void Generator::datagram(Session& session) {
  const bool group = session.rule != nullptr && session.rule->to[0].kind >= model::EndKind::broadcast;
  const std::size_t from = session.stage != 0 && !group && random_.percent(40) ? 1 : 0;
  scratch_.size = random_.between(1, 60);
  for (std::uint32_t i = 0; i < scratch_.size; ++i) scratch_.bytes[i] = random_.byte();
  scratch_.bytes[2] = 0xaa;
  const bool odd = random_.percent(65);
  if (odd && random_.percent(30)) write_request(scratch_, random_, {6, -1}, 1, 1, 1, 1);
  auto out = way(session, from);
  if (group) {
    out.to.fill(0xff);
    out.destination = session.rule->to[0].network.address;
    out.destination[15] = 7;
    if (session.rule->to[0].kind == model::EndKind::broadcast)
      out.destination = model::ipv4(255, 255, 255, 255);
    else
      out.to = {1, 0, 0x5e, 0x40, 0, 7};
    if (!model::is_ipv4(out.source)) return settle(session, false);
  }
  Frame& frame = push();
  write_udp(frame, out, session.port[from], session.port[1 - from], scratch_.bytes.data(), scratch_.size);
  const auto& host = hosts_[session.ends[from]];
  frame.port = plant_.policy.conduits[host.conduit].ports[host.side];
  session.stage = 1;
  if (odd) {
    frame.mutated = session.allowed;
    switch (random_.below(7)) {
      case 0:
        flip(frame, true);
        break;
      case 1:
        flip(frame, false);
        break;
      case 2:
        tag(frame);
        break;
      case 3:
        frame.port ^= 1U;
        break;
      case 4:
        wrap(frame, session, from);
        break;
      case 5:
        options(frame);
        break;
      default:
        break;
    }
  }
  if (session.life == 0 || --session.life == 0) settle(session, false);
}

void Generator::echo(Session& session) {
  const bool six = !model::is_ipv4(hosts_[session.ends[0]].ip);
  const std::size_t from = random_.below(2);
  std::uint8_t type = static_cast<std::uint8_t>(from == 0 ? session.type : six ? 129 : 0);
  const bool odd = random_.percent(65);
  if (odd && random_.percent(50)) type = random_.byte();
  for (std::uint32_t i = 0; i < 20; ++i) scratch_.bytes[i] = random_.byte();
  Frame& frame = push();
  write_icmp(frame, way(session, from), type, 0, scratch_.bytes.data(), 20);
  const auto& host = hosts_[session.ends[from]];
  frame.port = plant_.policy.conduits[host.conduit].ports[host.side];
  if (odd) {
    frame.mutated = session.allowed;
    if (random_.percent(40)) flip(frame, true);
    if (random_.percent(20)) frame.port ^= 1U;
  }
  if (session.life == 0 || --session.life == 0) settle(session, false);
}

void Generator::link(Session& session) {
  const std::size_t from = random_.percent(80) ? 0 : 1;
  for (std::uint32_t i = 0; i < 46; ++i) scratch_.bytes[i] = random_.byte();
  auto out = way(session, from);
  if (session.rule != nullptr && session.rule->to[0].kind == model::EndKind::mac)
    out.to = session.rule->to[0].mac;
  Frame& frame = push();
  const auto& host = hosts_[session.ends[from]];
  frame.port = plant_.policy.conduits[host.conduit].ports[host.side];
  const bool llc = session.type < 0x600;
  put16(scratch_.bytes.data() + 2, 46);  // the length of GOOSE and sampled values
  if (llc) scratch_.bytes[0] = scratch_.bytes[1] = static_cast<std::uint8_t>(session.type);
  write_link(frame, out, llc ? 46 : session.type, scratch_.bytes.data(), 46);
  if (random_.percent(65)) {
    frame.mutated = session.allowed;
    if (random_.percent(50)) flip(frame, false);
    if (random_.percent(30)) tag(frame);
    if (random_.percent(20)) frame.port ^= 1U;
  }
  if (session.life == 0 || --session.life == 0) settle(session, false);
}

// Traffic that belongs to nothing.
void Generator::stray(Session& session) {
  const std::size_t from = random_.below(2);
  const auto out = way(session, from);
  Frame& frame = push();
  const auto& host = hosts_[session.ends[from]];
  frame.port = plant_.policy.conduits[host.conduit].ports[host.side];
  scratch_.size = random_.between(20, 80);
  for (std::uint32_t i = 0; i < scratch_.size; ++i) scratch_.bytes[i] = random_.byte();
  static constexpr std::uint16_t kTypes[] = {0x88cc, 0x88e3, 0x80e1, 0x88fb, 0x892f, 0x88f7, 0x8809, 0x88e5,
                                             0x88a4, 0x8892, 0x8847, 0x8864, 0x0806, 0x0800, 0x86dd, 0x0042};
  switch (random_.below(6)) {
    case 0:
      write_link(frame, out, kTypes[random_.below(16)], scratch_.bytes.data(), scratch_.size);
      break;
    case 1:
      write_ip(frame, out, random_.byte(), scratch_.bytes.data(), scratch_.size);
      break;
    case 2:
      write_icmp(frame, out, random_.byte(), 0, scratch_.bytes.data(), scratch_.size);
      break;
    case 3: {
      static constexpr std::uint16_t kPorts[] = {67, 68, 319, 546, 547, 53, 502, 4789};
      write_udp(frame, out, kPorts[random_.below(8)], kPorts[random_.below(8)], scratch_.bytes.data(),
                scratch_.size);
      break;
    }
    case 4: {
      const Segment segment{.from = static_cast<std::uint16_t>(random_.between(10000, 29999)),
                            .to = 502,
                            .sequence = static_cast<std::uint32_t>(random_.next()),
                            .acknowledgement = static_cast<std::uint32_t>(random_.next()),
                            .flags = static_cast<std::uint8_t>(random_.percent(50) ? 2 : random_.byte()),
                            .payload = scratch_.bytes.data(),
                            .size = random_.percent(50) ? 0 : scratch_.size};
      write_tcp(frame, out, segment);
      break;
    }
    default:
      frame.size = frame.wire_size = scratch_.size;
      std::copy_n(scratch_.bytes.begin(), scratch_.size, frame.bytes.begin());
  }
  if (random_.percent(20)) tag(frame);
  if (session.life == 0 || --session.life == 0) settle(session, false);
}

}  // namespace sluice::traffic
