// Ping-pong, see schema.hpp. Stateless and pure.
#pragma once

#include "dataplane/protocol/protocol.hpp"

namespace sluice::ping_pong {

extern const Protocol protocol;

}  // namespace sluice::ping_pong
