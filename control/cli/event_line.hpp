// An event for a person: one EVE object as one line of text.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/cli/command.hpp"

namespace sluice::cli {

// 08:15:30.123 would deny  no_rule  10.0.0.9:4711 (laptop) -> 10.0.1.5:502 (plc)  modbus write_single_coil
// coil 0 Without its end. What the object does not have is left out; text in it can't break the line or the
// terminal.
std::string event_line(const nlohmann::json& eve, Colour colour);

}  // namespace sluice::cli
