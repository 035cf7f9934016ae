// Knock, see schema.hpp. Stateless and pure.
#pragma once

#include "dataplane/protocol/protocol.hpp"

namespace sluice::knock_knock {

extern const Protocol protocol;

}  // namespace sluice::knock_knock
