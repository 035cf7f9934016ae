// What sluice-dataplane takes from itself once all is open: capabilities, new privileges, and every system
// call that its loops do not need. There is no way back: no file can be opened, no socket made, no process
// started.
#pragma once

#include "rules/base/result.hpp"

namespace sluice {

// Of the calling thread: each thread does it for itself.
bool drop_capabilities() noexcept;

// Of the whole process. Not under the sanitizers of gcc, which need more.
Result<void> close_sandbox();

}  // namespace sluice
