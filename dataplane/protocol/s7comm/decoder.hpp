// S7comm over COTP and TPKT. Keeps of a flow what its connection has agreed on and which block the CPU asks
// for. Pure, bounded by the 8,196 bytes of a TPKT and the 8,192 of a PDU.
#pragma once

#include "dataplane/protocol/protocol.hpp"

namespace sluice::s7comm {

extern const Protocol protocol;

}  // namespace sluice::s7comm
