// Walk: a capture read through the engine without a policy: every flow is followed from wherever it starts,
// wrong checksums do not matter, and each frame is handed over once, in the order of the file, with the
// values that were read in it. A message of several frames belongs to the frame that completes it. What was
// read is kept only for frames that the engine still holds, so memory is bounded by the engine's. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/cli/command.hpp"
#include "rules/base/result.hpp"
#include "rules/schema/value.hpp"

namespace sluice::cli {

// Gets the number of a frame, from 1, and its values of the wanted fields in order of appearance; they live
// until it returns.
using FrameTaker = std::function<void(std::uint64_t number, std::span<const Value> values)>;

// Reads the capture at `path`. An error of open() is a Result; what stopped the reading later, such as a file
// cut at its end, is the optional: everything before it was handed over.
Result<std::optional<Error>> walk(const std::string& path, std::span<const FieldRef> wanted,
                                  const FrameTaker& taker, const EngineLimits& limits);

// Tells what went wrong, and the exit code that follows.
Exit exit_of_walk(Console& console, const Result<std::optional<Error>>& walked);

}  // namespace sluice::cli
