#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "control/cli/command.hpp"
#include "control/cli/walk.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "rules/language/language.hpp"

namespace sluice::cli {
namespace {

class Match final : public Command {
 public:
  std::string_view name() const override { return "match"; }
  std::string_view summary() const override {
    return "list the frames of a capture that an expression matches";
  }
  std::string_view examples() const override {
    return "  sluice match plant.pcap 'modbus.func_code in {5, 6, 15, 16}'\n"
           "  sluice match plant.pcap 'ip.src == 10.0.0.5 and modbus.reference_num > 100'\n"
           "\n"
           "The expression is a Wireshark display filter, read over all values of a frame, as Wireshark "
           "does.\n"
           "Prints the numbers of the frames that match, one a line.\n";
  }
  void declare(CLI::App& app) override {
    app.add_option("capture", capture_, "a pcap or pcapng file of Ethernet frames")
        ->required()
        ->option_text("CAPTURE");
    app.add_option("expression", expression_, "what to look for")->required()->option_text("EXPRESSION");
  }

  Exit run(Console& console) override {
    const auto schemas = registry().schemas;
    Diagnostics diagnostics;
    const auto program = language::compile(expression_, {"expression", 1, 1}, schemas, {}, diagnostics);
    for (const auto& error : diagnostics.errors()) complain(console, error);
    if (!diagnostics.empty()) return Exit::bad_use;

    std::vector<FieldRef> wanted;
    for (const auto& node : program.nodes) {
      if (node.protocol < schemas.size() && node.field < schemas[node.protocol]->fields.size()) {
        wanted.push_back({node.protocol, node.field});
      }
    }
    auto matched = nlohmann::json::array();
    const auto walked = walk(
        capture_, wanted,
        [&](std::uint64_t number, std::span<const Value> values) {
          if (!language::evaluate({program.nodes, program.constants}, {{values}}, schemas)) return;
          if (console.format == Format::json) {
            matched.push_back(number);
          } else {
            console.out << number << '\n';
          }
        },
        console.limits);
    if (walked && console.format == Format::json)
      console.out << nlohmann::json{{"frames", matched}}.dump() << '\n';
    return exit_of_walk(console, walked);
  }

 private:
  std::string capture_;
  std::string expression_;
};

}  // namespace

std::unique_ptr<Command> make_match() { return std::make_unique<Match>(); }

}  // namespace sluice::cli
