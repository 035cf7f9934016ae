// The fields of schema.hpp out of a parsed packet, as values for expressions, with the meaning that
// tshark 4.0 gives them: either address and either port twice, a value per 802.1Q tag, and the datagram that
// an ICMP error quotes behind the one that carries it. What parse() did not reach has no values. Addresses
// and protocols point into the frame. Pure; bounded by `out`.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/packet/packet.hpp"
#include "rules/schema/value.hpp"

namespace sluice {

// No packet has more.
inline constexpr std::size_t kMostPacketValues = 48;

// Fills `out` in the order of the packet's bytes; says how many. What does not fit is left out.
std::size_t packet_values(const Packet& packet, std::uint64_t frame_number, std::span<Value> out) noexcept;

}  // namespace sluice
