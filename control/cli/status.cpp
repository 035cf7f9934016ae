#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "control/api/client.hpp"
#include "control/cli/command.hpp"
#include "control/cli/daemon.hpp"

namespace sluice::cli {
namespace {

using Json = nlohmann::json;

const Json& member(const Json& object, const char* key) {
  static const Json kNothing = Json::object();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : kNothing;
}

std::uint64_t number(const Json& object, const char* key) {
  const auto& found = member(object, key);
  return found.is_number_unsigned() ? found.get<std::uint64_t>() : 0;
}

std::string text(const Json& object, const char* key) {
  const auto& found = member(object, key);
  return found.is_string() ? printable(found.get_ref<const std::string&>()) : std::string{};
}

bool truth(const Json& object, const char* key) { return member(object, key) == true; }

class Status final : public Command {
 public:
  [[nodiscard]] std::string_view name() const override { return "status"; }
  [[nodiscard]] std::string_view summary() const override { return "what runs, and how it fares"; }
  [[nodiscard]] std::string_view examples() const override {
    return "  sluice status\n"
           "  sluice status -o json | jq .counters\n";
  }
  void declare(CLI::App& app) override { declare_socket(app, socket_); }

  Exit run(Console& console) override {
    const auto reply = api::get(socket_, "/v1/status");
    if (!reply) return unreachable(console, reply.error());
    if (reply->status >= 400) return refused(console, *reply);
    const auto status = Json::parse(reply->body, nullptr, false);
    if (!status.is_object()) return unreachable(console, {{}, "the daemon's answer makes no sense", {}});
    if (console.format == Format::json) {
      console.out << reply->body << '\n';
    } else {
      tell(console.out, status);
    }
    return Exit::done;
  }

 private:
  static void tell(std::ostream& out, const Json& status) {
    const auto& dataplane = member(status, "dataplane");
    const auto& generation = member(status, "generation");
    if (truth(dataplane, "connected")) {
      out << fmt::format("dataplane   process {}\n", number(dataplane, "pid"));
      if (const auto remark = text(dataplane, "remark"); !remark.empty())
        out << fmt::format("            {}\n", remark);
      const auto running = number(generation, "running");
      out << fmt::format("generation  {}, {} on disk\n",
                         running == 0 ? "none: closed" : std::to_string(running),
                         number(generation, "confirmed"));
    } else {
      out << fmt::format("dataplane   not connected: {}\n", text(dataplane, "error"));
      out << fmt::format("generation  {} on disk\n", number(generation, "confirmed"));
    }
    std::size_t index = 0;
    for (const auto& worker : member(status, "workers")) {
      out << fmt::format("worker {}    {}, generation {}, last heard {} ms ago\n", index++,
                         truth(worker, "alive") ? "alive" : "does not answer", number(worker, "generation"),
                         number(worker, "heartbeat_age_ms"));
    }
    for (const auto& port : member(status, "ports")) {
      out << fmt::format("port        {:<8} {:<4}  received {}, sent {}, missed {}, errors {}\n",
                         text(port, "name"), text(port, "link"), number(port, "received"),
                         number(port, "sent"), number(port, "missed"), number(port, "errors"));
    }
    const auto& counters = member(status, "counters");
    if (!counters.empty()) {
      out << fmt::format("frames      received {}, forwarded {}, dropped {}, held {}\n",
                         number(counters, "received"), number(counters, "forwarded"),
                         number(counters, "dropped"), number(counters, "held"));
      out << fmt::format("messages    {} seen, {} denied, {} would be denied; {} frames not inspected\n",
                         number(counters, "pdus"), number(counters, "denied"), number(counters, "would_deny"),
                         number(counters, "not_inspected"));
      const auto& reasons = member(counters, "reasons");
      for (const auto& [reason, count] : reasons.items()) {
        if (count.is_number_unsigned())
          out << fmt::format("            {:<16} {}\n", reason, count.get<std::uint64_t>());
      }
    }
    const auto& events = member(status, "events");
    out << fmt::format("events      {} verdicts, {} transactions; lost {} and {}, not written {}\n",
                       number(events, "verdicts"), number(events, "transactions"),
                       number(events, "lost_verdicts"), number(events, "lost_transactions"),
                       number(events, "unwritten"));
    if (const auto error = text(events, "error"); !error.empty())
      out << fmt::format("            {}\n", error);
  }

  std::string socket_;
};

}  // namespace

std::unique_ptr<Command> make_status() { return std::make_unique<Status>(); }

}  // namespace sluice::cli
