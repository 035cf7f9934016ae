// Normalise: the step between "place" and "flow". What the conduit's table (rules/schema/normalisation.hpp)
// says of a frame that parse() found good: dropped, made ordinary, or passed. Rows that parser, stream and
// link decide by themselves are not asked here. plan_of() is pure; apply() edits packet and frame. Work is
// linear in the headers and the trailer.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/packet/packet.hpp"
#include "rules/image/view.hpp"
#include "rules/schema/groundwork.hpp"
#include "rules/schema/normalisation.hpp"

namespace sluice {

struct Plan {
  Reason reason = Reason::none;  // why it is dropped: the first row that says so
  std::uint64_t changes = 0;     // what is normalised, bit by Normalisation
};
static_assert(kNormalisationCount <= 64);

Plan plan_of(const image::ImageView& image, const image::Conduit& conduit, const Packet& packet,
             std::optional<Groundwork> groundwork) noexcept;

void apply(const image::Conduit& conduit, std::uint64_t changes, Packet& packet) noexcept;

// E10: addresses that no honest packet has, or not together. `groundwork`: some of it has no address yet.
bool odd_address(const image::ImageView& image, const image::Conduit& conduit, const Packet& packet,
                 std::optional<Groundwork> groundwork) noexcept;

// E06: does a frame of an industrial link protocol hold what it says it holds?
bool sound_link_frame(const Packet& packet) noexcept;

}  // namespace sluice
