// The policy of the receiver oracle, twice: in the engine's words, and as predicates that know nothing of the
// engine.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "dataplane/ruleset/ruleset.hpp"

namespace sluice::receiver {

// What the engine does about a denied request.
enum class Denial : std::uint8_t { reset, neutralise };
inline constexpr std::uint32_t kDenials = 2;

std::unique_ptr<const Ruleset> rules_for(Denial denial);

// Is this whole request allowed, and where does the first request of `bytes` end (0: not here)? Written apart
// from the engine, for the one policy that is used here.
bool allowed(std::string_view request);
// A request that every device refuses, which is what a denied one is forwarded as.
bool stand_in(std::string_view request);
std::size_t end_of_request(std::string_view bytes);

}  // namespace sluice::receiver
