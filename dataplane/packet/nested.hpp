// For tests: a good frame inside of a tunnel, one of each kind.
#pragma once

#include "dataplane/packet/builder.hpp"
#include "rules/schema/tunnel.hpp"

namespace sluice::build {

inline Bytes joined(Bytes front, const Bytes& back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

// The datagram of an untagged frame.
inline Bytes datagram_of(const Bytes& frame) { return {frame.begin() + 14, frame.end()}; }
inline bool is_six(const Bytes& datagram) { return datagram.at(0) >> 4 == 6; }

inline Bytes gre(const Link& link, const char* header, const Bytes& payload) {
  return ip(link, 47, joined(hex(header), payload));
}
inline Bytes vxlan(const Link& link, const Bytes& frame, const char* header = "08000000 00002a00") {
  return udp(link, {.source_port = 49152, .destination_port = 4789, .payload = joined(hex(header), frame)});
}

// `inner` is an untagged frame of the family that the tunnel carries; `link` of the family that it runs over.
inline Bytes nested(Tunnel tunnel, const Link& link, const Bytes& inner) {
  const auto datagram = datagram_of(inner);
  switch (tunnel) {
    case Tunnel::ipip:
    case Tunnel::four_in_six:
      return ip(link, 4, datagram);
    case Tunnel::six_in_four:
    case Tunnel::six_in_six:
      return ip(link, 41, datagram);
    case Tunnel::gre:
      return gre(link, is_six(datagram) ? "0000 86dd" : "0000 0800", datagram);
    case Tunnel::vxlan:
      return vxlan(link, inner);
    case Tunnel::teredo:
      return udp(link, {.source_port = 50000, .destination_port = 3544, .payload = datagram});
    case Tunnel::mpls:
      return ethernet(link, 0x8847, joined(hex("00010040 00012140"), datagram));
    case Tunnel::count_:
      break;
  }
  return {};
}

// What a tunnel runs over and carries: for each a pair of families.
struct Families {
  Tunnel tunnel;
  bool over_six;
  bool carries_six;
};
inline constexpr Families kFamilies[] = {
    {Tunnel::ipip, false, false},     {Tunnel::six_in_four, false, true}, {Tunnel::four_in_six, true, false},
    {Tunnel::six_in_six, true, true}, {Tunnel::gre, false, false},        {Tunnel::gre, false, true},
    {Tunnel::gre, true, false},       {Tunnel::gre, true, true},          {Tunnel::vxlan, false, false},
    {Tunnel::vxlan, false, true},     {Tunnel::vxlan, true, false},       {Tunnel::vxlan, true, true},
    {Tunnel::teredo, false, true},    {Tunnel::mpls, false, false},       {Tunnel::mpls, false, true},
};

}  // namespace sluice::build
