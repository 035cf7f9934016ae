// An inspection: a capture through the engine with a policy, as if the box had been inline. Prints what was
// or would have been denied as it comes, and a summary at the end. One thread; memory is bounded by the
// engine's limits and the frames it may hold.
#pragma once

#include <cstdint>
#include <vector>

#include "control/cli/command.hpp"
#include "dataplane/port/capture.hpp"

namespace sluice::cli {

enum class Detail : std::uint8_t { events, summary };

struct Inspection {
  Checksums checksums = Checksums::count;
  Detail detail = Detail::events;
};

// `writer`, which may be null, gets the frames that leave. Unreadable when the image is not for this program,
// the capture ends before its end, or the writer can't write.
Exit inspect(Console& console, std::vector<std::uint8_t> image, CaptureReader reader, CaptureWriter* writer,
             const Inspection& how);

}  // namespace sluice::cli
