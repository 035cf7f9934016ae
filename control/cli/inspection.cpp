#include "control/cli/inspection.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "control/cli/compiled.hpp"
#include "control/cli/event_line.hpp"
#include "control/cli/sides.hpp"
#include "control/events/eve.hpp"
#include "dataplane/engine/engine.hpp"
#include "dataplane/ruleset/ruleset.hpp"

namespace sluice::cli {
namespace {

// What the engine still waits for at the end of a capture (holes to fill, messages to end) ends within this.
constexpr Duration kAfterEnd = seconds(600);

// Prints what the engine reports as it comes.
class Printer final : public Events {
 public:
  Printer(Console& console, const Ruleset& rules, std::span<const std::string> ports)
      : console_{console}, rules_{rules}, ports_{ports} {}

  std::uint64_t frame = 0;  // that the engine judges now
  bool quiet = false;

  void verdict(const Event& event) noexcept override {
    if (quiet) return;
    channel::Record record;
    channel::fill(record, channel::RecordKind::verdict, event, registry().schemas);
    record.head.frame = frame;
    events::EveContext context{.schemas = registry().schemas, .image = &rules_.image()};
    if (record.head.in_port < ports_.size()) context.in_iface = ports_[record.head.in_port];
    line_.clear();
    events::append_eve(line_, record, context);
    if (console_.format == Format::text) line_ = event_line(nlohmann::json::parse(line_), console_.colour);
    line_ += '\n';
    console_.out << line_;
  }
  void transaction(const Event&) noexcept override {}

 private:
  Console& console_;
  const Ruleset& rules_;
  std::span<const std::string> ports_;
  std::string line_;
};

nlohmann::ordered_json pdus_of(const EngineCounters& counters) {
  auto pdus = nlohmann::ordered_json::object();
  const auto schemas = registry().schemas;
  for (std::size_t i = 0; i < schemas.size() && i < counters.pdus_by_protocol.size(); ++i) {
    if (counters.pdus_by_protocol[i] != 0) pdus[std::string{schemas[i]->name}] = counters.pdus_by_protocol[i];
  }
  return pdus;
}

void summarise(Console& console, const EngineCounters& counters) {
  const auto pdus = pdus_of(counters);
  if (console.format == Format::json) {
    nlohmann::ordered_json summary{{"frames", counters.received},
                                   {"forwarded", counters.forwarded - counters.made},
                                   {"pdus", pdus},
                                   {"allowed", counters.allowed},
                                   {"denied", counters.denied},
                                   {"would_deny", counters.would_deny},
                                   {"not_inspected", counters.not_inspected},
                                   {"wrong_checksums", counters.wrong_checksums}};
    console.out << nlohmann::ordered_json{{"summary", std::move(summary)}}.dump() << '\n';
    return;
  }
  std::string messages;
  for (const auto& [name, count] : pdus.items()) {
    messages += fmt::format("{}{} {}", messages.empty() ? "" : ", ", count.dump(), name);
  }
  console.out << fmt::format(
      "frames: {}, of which {} leave the box; messages: {}\n"
      "allowed {}, denied {}, would deny {}, not inspected {}, wrong checksums {}\n",
      counters.received, counters.forwarded - counters.made, messages.empty() ? "none" : messages,
      counters.allowed, counters.denied, counters.would_deny, counters.not_inspected,
      counters.wrong_checksums);
}

Exit unreadable(Console& console, const Error& error) {
  complain(console, error);
  return Exit::unreadable;
}

}  // namespace

Exit inspect(Console& console, std::vector<std::uint8_t> image, CaptureReader reader, CaptureWriter* writer,
             const Inspection& how) {
  const auto port_names = ports_named_by(image);
  if (!port_names) return unreadable(console, port_names.error());
  const auto rules = Ruleset::load(std::move(image), registry(), *port_names);
  if (!rules) return unreadable(console, rules.error());
  Sides sides{(*rules)->image(), *port_names};
  CapturePorts ports{
      std::move(reader),
      [&](const CaptureReader::Record& record) { return sides.port_of(record.bytes, record.wire_length); },
      writer};
  Printer printer{console, **rules, *port_names};
  printer.quiet = how.detail == Detail::summary;
  Engine engine{{.limits = console.limits, .checksums = how.checksums}, registry(), ports, printer};
  while (true) {
    const auto frames = ports.receive();
    if (ports.finished()) break;
    printer.frame = 0;
    engine.tick(ports.now(), **rules);
    printer.frame = ports.number();
    engine.burst(frames, ports.now(), **rules);
  }
  printer.frame = 0;
  engine.tick(ports.now() + kAfterEnd, **rules);
  engine.drain();
  summarise(console, engine.counters());

  auto exit = Exit::done;
  if (ports.problem()) exit = unreadable(console, *ports.problem());
  if (ports.lost() != 0) {
    exit = unreadable(
        console, {{}, fmt::format("{} frames found no room: too many were held at once", ports.lost()), {}});
  }
  if (writer != nullptr) {
    if (const auto finished = writer->finish(); !finished) exit = unreadable(console, finished.error());
  }
  return exit;
}

}  // namespace sluice::cli
