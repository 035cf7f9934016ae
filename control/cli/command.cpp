#include "control/cli/command.hpp"

#include <CLI/CLI.hpp>
#include <map>
#include <ostream>

namespace sluice::cli {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 findings (errors of a configuration), 2 bad use, 3 unreadable input.";

struct Row {
  std::unique_ptr<Command> command;
  CLI::App* app = nullptr;
};

}  // namespace

Exit run(std::span<const std::string> arguments, Console& console) {
  CLI::App app{"Sluice, an inline firewall for industrial networks", "sluice"};
  app.require_subcommand(1);
  app.footer(kExitCodes);
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);

  const std::map<std::string, Format> formats{{"text", Format::text}, {"json", Format::json}};
  std::vector<Row> rows;
  for (auto& command : all_commands()) {
    auto* sub = app.add_subcommand(std::string{command->name()}, std::string{command->summary()});
    command->declare(*sub);
    sub->add_option("-o,--output", console.format, "text or json")
        ->option_text("FORMAT")
        ->transform(CLI::Transformer(formats, CLI::ignore_case).description(""))
        ->check(CLI::IsMember({Format::text, Format::json}).description(""));
    sub->footer("Examples:\n" + std::string{command->examples()} + "\n" + kExitCodes);
    rows.push_back({std::move(command), sub});
  }

  try {
    std::vector<std::string> reversed{arguments.rbegin(), arguments.rend()};
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, console.out, console.err) == 0 ? Exit::done : Exit::bad_use;
  }
  for (const auto& row : rows) {
    if (!row.app->parsed()) continue;
    auto exit = row.command->run(console);
    console.out.flush();
    if (!console.out.good()) {
      complain(console, {{}, "the output could not be written to its end", "look for a full disk"});
      exit = Exit::unreadable;
    }
    return exit;
  }
  return Exit::bad_use;
}

void complain(Console& console, const Error& error) {
  console.err << "sluice: error: " << error.text() << '\n';
}

}  // namespace sluice::cli
