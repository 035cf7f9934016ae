// Command: one subcommand of `sluice`. A command declares its options, which it keeps as its members, and
// runs once. It gets everything it touches by the Console; it never exits by itself. To add one: write
// control/cli/NAME.cpp with a function `std::unique_ptr<Command> make_NAME()`, declare it below, and list it
// in all_commands().
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/engine/engine.hpp"
#include "rules/base/result.hpp"

namespace CLI {
class App;
}

namespace sluice::cli {

// The exit codes of every command.
enum class Exit : int {
  done = 0,
  findings = 1,    // errors of a configuration, failed tests
  bad_use = 2,     // wrong arguments, unknown names
  unreadable = 3,  // a file or capture that can't be read, or not to its end; a daemon that can't be reached
};

enum class Format : std::uint8_t { text, json };
enum class Colour : std::uint8_t { off, on };

struct Console {
  std::ostream& out;
  std::ostream& err;
  Format format = Format::text;  // set from -o before run()
  Colour colour = Colour::off;   // on when `out` is a terminal and NO_COLOR is not set
  EngineLimits limits{};         // of the engine that reads a capture
};

class Command {
 public:
  virtual ~Command() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::string_view summary() const = 0;   // one line, for the list
  [[nodiscard]] virtual std::string_view examples() const = 0;  // at the end of --help
  virtual void declare(CLI::App& app) = 0;
  virtual Exit run(Console& console) = 0;
};

std::unique_ptr<Command> make_check();
std::unique_ptr<Command> make_inspect();
std::unique_ptr<Command> make_decode();
std::unique_ptr<Command> make_match();
std::unique_ptr<Command> make_fields();
std::unique_ptr<Command> make_explain();
std::unique_ptr<Command> make_status();
std::unique_ptr<Command> make_commit();
std::unique_ptr<Command> make_events();

// In the order of the help.
std::vector<std::unique_ptr<Command>> all_commands();

// Parses `arguments` (without the program's name) and runs what they ask for. Help goes to `out`, complaints
// to `err`.
Exit run(std::span<const std::string> arguments, Console& console);

// How an error is told: `sluice: error: file:line:column: what, and what would mend it`.
void complain(Console& console, const Error& error);

}  // namespace sluice::cli
