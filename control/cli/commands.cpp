#include "control/cli/command.hpp"

namespace sluice::cli {

std::vector<std::unique_ptr<Command>> all_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_status());
  commands.push_back(make_commit());
  commands.push_back(make_events());
  commands.push_back(make_check());
  commands.push_back(make_inspect());
  commands.push_back(make_decode());
  commands.push_back(make_match());
  commands.push_back(make_fields());
  commands.push_back(make_explain());
  return commands;
}

}  // namespace sluice::cli
