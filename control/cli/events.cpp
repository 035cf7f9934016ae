#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "control/api/client.hpp"
#include "control/cli/command.hpp"
#include "control/cli/daemon.hpp"
#include "control/cli/event_line.hpp"

namespace sluice::cli {
namespace {

using Json = nlohmann::json;

class Events final : public Command {
 public:
  [[nodiscard]] std::string_view name() const override { return "events"; }
  [[nodiscard]] std::string_view summary() const override { return "the last events, and those to come"; }
  [[nodiscard]] std::string_view examples() const override {
    return "  sluice events            # the last 20\n"
           "  sluice events -f         # and what comes, until Ctrl-C\n"
           "  sluice events -n 1000 --denials -o json\n";
  }
  void declare(CLI::App& app) override {
    app.add_flag("-f,--follow", follow_, "go on with those to come");
    app.add_option("-n,--last", last_, "how many of the past")
        ->option_text("N")
        ->check(CLI::Range(0, 4000).description(""))
        ->capture_default_str();
    app.add_flag("--denials", denials_, "only what was denied, or would be, or is worth telling");
    declare_socket(app, socket_);
  }

  Exit run(Console& console) override {
    const auto target = fmt::format("/v1/events?last={}{}{}", last_, follow_ ? "&follow=1" : "",
                                    denials_ ? "&verdicts=1" : "");
    const auto reply =
        api::stream(socket_, target, [&](std::string_view line) { return tell(console, line); });
    if (!reply) return unreachable(console, reply.error());
    return reply->status >= 400 ? refused(console, *reply) : Exit::done;
  }

 private:
  bool tell(Console& console, std::string_view line) const {
    if (console.format == Format::json) {
      console.out << line << '\n';
    } else if (const auto eve = Json::parse(line, nullptr, false); eve.is_object()) {
      console.out << event_line(eve, console.colour) << '\n';
    }
    if (follow_) console.out.flush();
    return console.out.good();
  }

  bool follow_ = false;
  bool denials_ = false;
  int last_ = 20;
  std::string socket_;
};

}  // namespace

std::unique_ptr<Command> make_events() { return std::make_unique<Events>(); }

}  // namespace sluice::cli
