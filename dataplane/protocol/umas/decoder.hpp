// UMAS, carried by Modbus function 90. Stateless. A message has no boundary and no number of its own: both
// are the carrier's, and so is the pairing of answers with requests. Pure, bounded by the carrier's 1,024
// bytes.
#pragma once

#include "dataplane/protocol/protocol.hpp"

namespace sluice::umas {

extern const Protocol protocol;

}  // namespace sluice::umas
