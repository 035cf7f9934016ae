#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "control/api/client.hpp"
#include "control/api/request.hpp"
#include "control/cli/command.hpp"
#include "control/cli/compiled.hpp"
#include "control/cli/daemon.hpp"
#include "control/ruleset/sources.hpp"

namespace sluice::cli {
namespace {

using Json = nlohmann::json;

std::uint64_t number(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

class Commit final : public Command {
 public:
  [[nodiscard]] std::string_view name() const override { return "commit"; }
  [[nodiscard]] std::string_view summary() const override {
    return "make a configuration the policy in force";
  }
  [[nodiscard]] std::string_view examples() const override {
    return "  sluice commit /etc/sluice/policy -m 'CR-1234: press 2'\n"
           "  sluice commit plant.toml -o json\n";
  }
  void declare(CLI::App& app) override {
    app.add_option("CONFIG", path_, "a .toml file, or a directory of them")->required();
    app.add_option("-m,--message", message_, "why, for the history")->option_text("TEXT");
    declare_socket(app, socket_);
  }

  Exit run(Console& console) override {
    Diagnostics diagnostics;
    api::CommitOrder order;
    order.sources = read_sources(path_, diagnostics);
    order.message = message_;
    if (!diagnostics.empty()) {
      complain(console, diagnostics);
      return Exit::unreadable;
    }
    if (message_.size() > api::kMostMessage) {
      complain(console, {{}, fmt::format("the message is longer than {} bytes", api::kMostMessage), {}});
      return Exit::bad_use;
    }
    const auto reply = api::post(socket_, "/v1/commit", api::write_commit(order));
    if (!reply) return unreachable(console, reply.error());
    if (reply->status >= 400) return refused(console, *reply);
    if (console.format == Format::json) {
      console.out << reply->body << '\n';
      return Exit::done;
    }
    const auto answer = Json::parse(reply->body, nullptr, false);
    if (!answer.is_object()) return unreachable(console, {{}, "the daemon's answer makes no sense", {}});
    const auto summary = answer.value("summary", Json::object());
    console.out << fmt::format("generation {} is in force: {} rules, {} patches, {} conduits ({} ms)\n",
                               number(answer, "generation"), number(summary, "rules"),
                               number(summary, "patches"), number(summary, "conduits"),
                               number(answer, "milliseconds"));
    return Exit::done;
  }

 private:
  std::string path_;
  std::string message_;
  std::string socket_;
};

}  // namespace

std::unique_ptr<Command> make_commit() { return std::make_unique<Commit>(); }

}  // namespace sluice::cli
