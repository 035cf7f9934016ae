// Link: the frames that keep a link alive and belong to no session. Which groundwork a frame is, and whether
// what it says agrees with the zones of the side where it came in. Pure.
#pragma once

#include <optional>

#include "dataplane/packet/packet.hpp"
#include "dataplane/ruleset/ruleset.hpp"
#include "rules/image/view.hpp"
#include "rules/schema/groundwork.hpp"

namespace sluice {

std::optional<Groundwork> groundwork_of(const Packet& packet) noexcept;

// Does the sender that an ARP packet or a neighbour message claims live on the side it came from, and with
// the MAC address that its asset has, if the configuration names any? Claims of an address without a zone
// (0.0.0.0, link-local) hold. Neighbour messages come from the link itself, so their hop limit is 255
// (RFC 4861 3.1).
bool claims_own_zone(const Ruleset& rules, const Ruleset::Place& place, const Packet& packet) noexcept;

}  // namespace sluice
