#include "tests/receiver/policy.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "rules/compile/compile.hpp"

namespace sluice::receiver {
namespace {

std::size_t number_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])) << 8U |
         static_cast<unsigned char>(bytes[at + 1]);
}

// The policy; ASSET is the word that differs.
constexpr const char* kPolicy = R"(
[[zone]]
name = "it"
security_level = 1
networks = ["10.0.0.0/24"]
[[zone]]
name = "ot"
security_level = 2
networks = ["10.0.1.0/24"]
[[asset]]
name = "hmi"
zone = "it"
address = "10.0.0.1"
[[asset]]
name = "plc"
zone = "ot"
address = "10.0.1.2"
ASSET
[[conduit]]
name = "line"
sides = [{ port = "it", zones = ["it"] }, { port = "ot", zones = ["ot"] }]
mode = "enforce"
on_failure = "closed"
midstream = "drop"
[[allow]]
from = "hmi"
to = "plc"
protocol = "modbus"
functions = ["read_holding_registers", "read_input_registers", "read_exception_status"]
targets = ["holding 0..99", "input 0..99"]
where = "mbtcp.unit_id == 1"
reason = "the HMI polls"
[[allow]]
from = "hmi"
to = "plc"
protocol = "tcp"
ports = [2000]
reason = "something that nobody reads"
)";

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "receiver: %s\n", why.c_str());
  std::exit(2);
}

}  // namespace

std::unique_ptr<const Ruleset> rules_for(Denial denial) {
  std::string toml = kPolicy;
  const std::string_view word = "ASSET";
  toml.replace(toml.find(word), word.size(), denial == Denial::neutralise ? "neutralise = true" : "");
  Diagnostics diagnostics;
  const compile::Source source{"receiver.toml", toml};
  auto output = compile::compile({&source, 1}, registry().schemas, diagnostics);
  for (const auto& error : diagnostics.errors()) give_up(error.text());
  if (!output) give_up("the policy does not compile");
  image::set_generation(output->image, 1 + static_cast<std::uint64_t>(denial));
  const std::vector<std::string> ports = {"it", "ot"};
  auto rules = Ruleset::load(std::move(output->image), registry(), ports);
  if (!rules) give_up(rules.error().text());
  return std::move(*rules);
}

std::size_t end_of_request(std::string_view bytes) {
  if (bytes.size() < 6) return 0;
  const std::size_t end = 6 + number_at(bytes, 4);
  return bytes.size() < end ? 0 : end;
}

bool allowed(std::string_view request) {
  if (request.size() < 8 || number_at(request, 2) != 0 || number_at(request, 4) != request.size() - 6)
    return false;
  if (request[6] != 1) return false;
  if (request[7] == 7) return request.size() == 8;
  if ((request[7] != 3 && request[7] != 4) || request.size() != 12) return false;
  const std::size_t count = number_at(request, 10);
  return count >= 1 && count <= 125 && number_at(request, 8) + count <= 100;
}

bool stand_in(std::string_view request) {
  if (request.size() < 8 || number_at(request, 2) != 0 || number_at(request, 4) != request.size() - 6)
    return false;
  const auto function = static_cast<unsigned char>(request[7]);
  const bool nobodys = (function >= 73 && function <= 89) || (function >= 92 && function <= 99) ||
                       (function >= 111 && function <= 124);
  return nobodys && request.find_first_not_of('\0', 8) == std::string_view::npos;
}

}  // namespace sluice::receiver
