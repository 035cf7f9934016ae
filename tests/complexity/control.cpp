// What leaves the box as text, and what comes into the command line and the daemon.
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "control/api/request.hpp"
#include "control/cli/event_line.hpp"
#include "control/cli/walk.hpp"
#include "control/config/config.hpp"
#include "control/events/eve.hpp"
#include "control/events/json.hpp"
#include "dataplane/channel/ring_events.hpp"
#include "dataplane/port/capture.hpp"
#include "tests/complexity/workload.hpp"

namespace sluice::complexity {
namespace {

channel::Record record() {
  channel::Record out;
  out.head.protocol = 1;
  out.head.function = 3;
  out.head.network = Network::ipv4;
  out.head.transportation = Transportation::tcp;
  out.head.reason = Reason::no_rule;
  out.head.value_count = channel::Record::kMostValues;
  for (std::size_t i = 0; i < out.head.value_count; ++i)
    out.values[i] = {{1, static_cast<std::uint16_t>(i)}, 0, i};
  return out;
}

// A capture that goes away with what measures it.
class Captured {
 public:
  explicit Captured(std::size_t frames)
      : path_{std::filesystem::temp_directory_path() /
              ("complexity-" + std::to_string(getpid()) + "-" + std::to_string(frames) + ".pcap")} {
    auto writer = CaptureWriter::open(path_);
    expect(writer.has_value(), "a capture can be written");
    std::uint32_t sequence = 1000;
    for (std::size_t i = 0; i < frames; ++i) {
      const Bytes request = {
          static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i), 0, 0, 0, 6, 1, 3, 0, 0, 0, 10};
      const auto frame = build::tcp({}, {.sequence = sequence, .payload = request});
      writer->write(frame, static_cast<std::uint32_t>(frame.size()), Time{1'000'000'000 + i * 1'000'000});
      sequence += static_cast<std::uint32_t>(request.size());
    }
    expect(writer->finish().has_value(), "a capture can be written");
  }
  ~Captured() { std::filesystem::remove(path_); }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Event event() {
  Event out;
  out.reason = Reason::no_rule;
  return out;
}

std::function<void()> telling(std::size_t n, std::function<void(Event&, std::size_t)> change) {
  struct Ring {
    channel::RingIndices verdict_indices;
    channel::RingIndices transaction_indices;
    std::vector<channel::Cell> verdicts{1024};
    std::vector<channel::Cell> transactions{1024};
    channel::RingEvents events{
        {verdict_indices, verdicts}, {transaction_indices, transactions}, registry().schemas, 7};
  };
  auto ring = std::make_shared<Ring>();
  return [=] {
    Packet packet;
    auto told = event();
    told.packet = &packet;
    for (std::size_t i = 0; i < n; ++i) {
      change(told, i);
      ring->events.verdict(told);
      if (i % 32 == 0) ring->events.flush();
    }
    // The other end reads what there is.
    channel::RingReader reader{ring->verdict_indices, ring->verdicts};
    keep(reader.drain(n, [](const channel::Record& one) { keep(one); }));
  };
}

}  // namespace

void add_control(Workloads& all) {
  all.push_back({"JSON: n bytes that are escaped",
                 [](std::size_t n) -> std::function<void()> {
                   std::string text;
                   std::mt19937 random{1};
                   for (std::size_t i = 0; i < n; ++i)
                     text += static_cast<char>(random() % 2 == 0 ? random() % 32 : random());
                   return [text] {
                     std::string out;
                     events::append_json(out, text);
                     keep(out);
                   };
                 },
                 8, 20, 14});
  all.push_back({"EVE: n lines",
                 [](std::size_t n) -> std::function<void()> {
                   return [n] {
                     const auto one = record();
                     const events::EveContext context{.schemas = registry().schemas};
                     std::string out;
                     for (std::size_t i = 0; i < n; ++i) events::append_eve(out, one, context);
                     keep(out);
                   };
                 },
                 4, 14, 8});
  all.push_back({"events for people: n lines",
                 [](std::size_t n) -> std::function<void()> {
                   std::string line;
                   events::append_eve(line, record(), {.schemas = registry().schemas});
                   auto eve = std::make_shared<nlohmann::json>(nlohmann::json::parse(line));
                   return [=] {
                     for (std::size_t i = 0; i < n; ++i) keep(cli::event_line(*eve, cli::Colour::off));
                   };
                 },
                 4, 14, 8});
  all.push_back({"capture: walk n frames",
                 [](std::size_t n) -> std::function<void()> {
                   auto captured = std::make_shared<Captured>(n);
                   return [=] {
                     std::uint64_t frames = 0;
                     const std::array<FieldRef, 2> wanted = {FieldRef{1, 0}, FieldRef{1, 1}};
                     (void)cli::walk(
                         captured->path(), wanted, [&](std::uint64_t, std::span<const Value>) { ++frames; },
                         EngineLimits{});
                     expect(frames == n, "all frames were read");
                   };
                 },
                 8, 16, 13});
  all.push_back({"commit: a body of n bytes",
                 [](std::size_t n) -> std::function<void()> {
                   auto body =
                       std::make_shared<std::string>(R"({"sources": [{"name": "a", "text": ")" +
                                                     std::string(n, 'x') + "\"}], \"message\": \"m\"}");
                   return [=] { expect(api::read_commit(*body).has_value(), "the body is good"); };
                 },
                 8, 20, 14});
  all.push_back({"commit: n brackets",
                 [](std::size_t n) -> std::function<void()> {
                   auto body = std::make_shared<std::string>(n, '[');
                   return [=] { expect(!api::read_commit(*body).has_value(), "the body is no order"); };
                 },
                 8, 18, 14});
  all.push_back({"daemon's configuration: n ports",
                 [](std::size_t n) -> std::function<void()> {
                   auto text = std::make_shared<std::string>();
                   for (std::size_t i = 0; i < n; ++i)
                     *text += "[[port]]\nname = \"eth" + std::to_string(i) + "\"\n";
                   return [=] {
                     Diagnostics diagnostics;
                     keep(config::parse(*text, "t.toml", diagnostics));
                   };
                 },
                 4, 13, 9});
  all.push_back({"ring: n verdicts that are alike",
                 [](std::size_t n) { return telling(n, [](Event&, std::size_t) {}); }, 8, 20, 12});
  all.push_back({"ring: n distinct verdicts",
                 [](std::size_t n) {
                   return telling(
                       n, [](Event& one, std::size_t i) { one.rule = {static_cast<std::uint32_t>(i)}; });
                 },
                 12, 20, 15});
}

}  // namespace sluice::complexity
