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

// Does the sender that an ARP packet or a neighbour message claims live on the side it came from? Claims of
// an address without a zone (0.0.0.0, link-local) hold.
bool claims_own_zone(const image::ImageView& image, const Ruleset::Place& place,
                     const Packet& packet) noexcept;

}  // namespace sluice
