// The packet schema: fields of the layers below the protocols, by Wireshark's names. Entry 0 of the registry.
#pragma once

#include <array>

#include "rules/schema/schema.hpp"

namespace sluice {

// Indices into kPacketFields, in its order.
enum class PacketField : std::uint16_t {
  frame_number,
  frame_len,
  eth,
  eth_src,
  eth_dst,
  eth_addr,
  eth_type,
  vlan,
  vlan_id,
  vlan_priority,
  arp,
  arp_opcode,
  ip,
  ip_src,
  ip_dst,
  ip_addr,
  ip_proto,
  ip_ttl,
  ipv6,
  ipv6_src,
  ipv6_dst,
  ipv6_addr,
  ipv6_nxt,
  icmp,
  icmp_type,
  icmp_code,
  tcp,
  tcp_srcport,
  tcp_dstport,
  tcp_port,
  tcp_len,
  udp,
  udp_srcport,
  udp_dstport,
  udp_port,
  udp_length,
};

inline constexpr std::array kPacketFields = {
    Field{"frame.number", FieldType::unsigned_integer, 32, Base::decimal,
          "number of the frame in the capture, from 1", ""},
    Field{"frame.len", FieldType::unsigned_integer, 32, Base::decimal, "bytes on the wire", ""},
    Field{"eth", FieldType::protocol, 0, Base::decimal, "Ethernet header", "IEEE 802.3 3.1"},
    Field{"eth.src", FieldType::ether, 0, Base::decimal, "source MAC address", "IEEE 802.3 3.2"},
    Field{"eth.dst", FieldType::ether, 0, Base::decimal, "destination MAC address", "IEEE 802.3 3.2"},
    Field{"eth.addr", FieldType::ether, 0, Base::decimal, "either MAC address", "IEEE 802.3 3.2"},
    Field{"eth.type", FieldType::unsigned_integer, 16, Base::hexadecimal, "EtherType", "IEEE 802.3 3.2.6"},
    Field{"vlan", FieldType::protocol, 0, Base::decimal, "VLAN tag", "IEEE 802.1Q 9.6"},
    Field{"vlan.id", FieldType::unsigned_integer, 16, Base::decimal, "VLAN identifier", "IEEE 802.1Q 9.6"},
    Field{"vlan.priority", FieldType::unsigned_integer, 8, Base::decimal, "priority code point",
          "IEEE 802.1Q 9.6"},
    Field{"arp", FieldType::protocol, 0, Base::decimal, "ARP", "RFC 826"},
    Field{"arp.opcode", FieldType::unsigned_integer, 16, Base::decimal, "ARP operation", "RFC 826"},
    Field{"ip", FieldType::protocol, 0, Base::decimal, "IPv4", "RFC 791 3.1"},
    Field{"ip.src", FieldType::ipv4, 0, Base::decimal, "source address", "RFC 791 3.1"},
    Field{"ip.dst", FieldType::ipv4, 0, Base::decimal, "destination address", "RFC 791 3.1"},
    Field{"ip.addr", FieldType::ipv4, 0, Base::decimal, "either address", "RFC 791 3.1"},
    Field{"ip.proto", FieldType::unsigned_integer, 8, Base::decimal, "protocol", "RFC 791 3.1"},
    Field{"ip.ttl", FieldType::unsigned_integer, 8, Base::decimal, "time to live", "RFC 791 3.1"},
    Field{"ipv6", FieldType::protocol, 0, Base::decimal, "IPv6", "RFC 8200 3"},
    Field{"ipv6.src", FieldType::ipv6, 0, Base::decimal, "source address", "RFC 8200 3"},
    Field{"ipv6.dst", FieldType::ipv6, 0, Base::decimal, "destination address", "RFC 8200 3"},
    Field{"ipv6.addr", FieldType::ipv6, 0, Base::decimal, "either address", "RFC 8200 3"},
    Field{"ipv6.nxt", FieldType::unsigned_integer, 8, Base::decimal, "next header", "RFC 8200 3"},
    Field{"icmp", FieldType::protocol, 0, Base::decimal, "ICMP", "RFC 792"},
    Field{"icmp.type", FieldType::unsigned_integer, 8, Base::decimal, "ICMP type", "RFC 792"},
    Field{"icmp.code", FieldType::unsigned_integer, 8, Base::decimal, "ICMP code", "RFC 792"},
    Field{"tcp", FieldType::protocol, 0, Base::decimal, "TCP", "RFC 9293 3.1"},
    Field{"tcp.srcport", FieldType::unsigned_integer, 16, Base::decimal, "source port", "RFC 9293 3.1"},
    Field{"tcp.dstport", FieldType::unsigned_integer, 16, Base::decimal, "destination port", "RFC 9293 3.1"},
    Field{"tcp.port", FieldType::unsigned_integer, 16, Base::decimal, "either port", "RFC 9293 3.1"},
    Field{"tcp.len", FieldType::unsigned_integer, 32, Base::decimal, "bytes of payload", "RFC 9293 3.1"},
    Field{"udp", FieldType::protocol, 0, Base::decimal, "UDP", "RFC 768"},
    Field{"udp.srcport", FieldType::unsigned_integer, 16, Base::decimal, "source port", "RFC 768"},
    Field{"udp.dstport", FieldType::unsigned_integer, 16, Base::decimal, "destination port", "RFC 768"},
    Field{"udp.port", FieldType::unsigned_integer, 16, Base::decimal, "either port", "RFC 768"},
    Field{"udp.length", FieldType::unsigned_integer, 16, Base::decimal, "length with header", "RFC 768"},
};
static_assert(kPacketFields.size() == static_cast<std::size_t>(PacketField::udp_length) + 1);

inline constexpr Schema kPacketSchema{
    .name = "packet",
    .title = "Ethernet, IP, TCP, UDP",
    .standard = "IEEE 802.3, RFC 791, 8200, 9293, 768",
    .fields = kPacketFields,
    .codes = 0,
    .ids = 0,
};

}  // namespace sluice
