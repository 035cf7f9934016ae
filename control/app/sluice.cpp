// sluice: the command line.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "control/cli/command.hpp"

int main(int count, char** arguments) {
  using namespace sluice::cli;
  std::ios::sync_with_stdio(false);
  Console console{std::cout, std::cerr};
  if (isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr) console.colour = Colour::on;
  const std::vector<std::string> given(arguments + (count > 0 ? 1 : 0), arguments + count);
  return static_cast<int>(run(given, console));
}
