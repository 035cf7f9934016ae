// IEC 60870-5-104. Its state is the order of one connection: sequence numbers, and whether transfer was
// started. Pure, bounded by the 255 bytes of a message.
#pragma once

#include "dataplane/protocol/protocol.hpp"

namespace sluice::iec104 {

extern const Protocol protocol;

}  // namespace sluice::iec104
