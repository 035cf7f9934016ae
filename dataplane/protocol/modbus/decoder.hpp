// Modbus/TCP. Stateless: what a response answers comes from the engine's table of outstanding requests. Pure,
// bounded by the 260 bytes of a message.
#pragma once

#include "dataplane/protocol/protocol.hpp"

namespace sluice::modbus {

extern const Protocol protocol;

}  // namespace sluice::modbus
