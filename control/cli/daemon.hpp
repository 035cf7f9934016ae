// What the commands that ask the daemon have in common: where it listens, and what becomes of its answers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "control/api/service.hpp"
#include "control/cli/command.hpp"

namespace sluice::cli {

// Adds --socket (or --api) to `app`; SLUICE_API in the environment is the default's other name.
void declare_socket(CLI::App& app, std::string& socket);

// The daemon could not be asked: told on `err`.
Exit unreachable(Console& console, const Error& error);

// An answer of 400 or more: its errors on `err`, or the whole problem on `out` as JSON.
Exit refused(Console& console, const api::Reply& reply);

// Text of the daemon, without what could move a terminal's cursor.
std::string printable(std::string_view text);

}  // namespace sluice::cli
