// The whole engine, frame by frame.
#include "rules/compile/compile.hpp"
#include "tests/complexity/workload.hpp"

namespace sluice::complexity {

const std::string kPlant = R"([[zone]]
name = "it"
networks = ["10.0.0.0/16"]
[[zone]]
name = "ot"
networks = ["10.1.0.0/16"]
[[asset]]
name = "hmi"
zone = "it"
address = "10.0.0.1"
[[asset]]
name = "plc"
zone = "ot"
address = "10.1.0.1"
vendor = "Schneider Electric"
product = "Modicon M340"
[[conduit]]
name = "c"
sides = [{ port = "it", zones = ["it"] }, { port = "ot", zones = ["ot"] }]
mode = "enforce"
on_failure = "closed"
midstream = "resync"
)";

std::vector<std::uint8_t> image_of(const std::string& toml) {
  Diagnostics diagnostics;
  const compile::Source source{"complexity.toml", toml};
  auto output = compile::compile({&source, 1}, registry().schemas, diagnostics);
  for (const auto& error : diagnostics.errors()) std::fprintf(stderr, "%s\n", error.text().c_str());
  expect(output.has_value(), "the policy compiles");
  return std::move(output->image);
}

std::shared_ptr<const Ruleset> rules_of(const std::string& toml) {
  const std::vector<std::string> ports = {"it", "ot"};
  auto rules = Ruleset::load(image_of(toml), registry(), ports);
  expect(rules.has_value(), "the policy loads");
  return {std::move(*rules)};
}

namespace {

class Unread final : public Events {
 public:
  std::uint64_t verdicts = 0;
  void verdict(const Event&) noexcept override { ++verdicts; }
  void transaction(const Event&) noexcept override {}
};

struct In {
  Bytes bytes;
  PortId port;
};
using Script = std::vector<In>;

constexpr PortId kIt{0};
constexpr PortId kOt{1};

// One session; frames that either end sends.
class Talk {
 public:
  Talk(Script& script, std::uint16_t port, std::uint16_t to = 502, std::string client = "10.0.0.1")
      : script_{script}, port_{port}, to_{to}, client_{std::move(client)} {}
  void open() {
    say(true, tcp_flag::syn, {});
    ++next_[0];
    say(false, tcp_flag::syn | tcp_flag::ack, {});
    ++next_[1];
    say(true, tcp_flag::ack, {});
  }
  void say(bool client, std::uint8_t flags, const Bytes& payload) {
    build::Link link{.source = client ? client_ : "10.1.0.1", .destination = client ? "10.1.0.1" : client_};
    build::Segment segment{.source_port = client ? port_ : to_, .destination_port = client ? to_ : port_};
    segment.sequence = next_[client ? 0 : 1];
    segment.acknowledgement = (flags & tcp_flag::ack) != 0 ? next_[client ? 1 : 0] : 0;
    segment.flags = flags;
    segment.payload = payload;
    script_.push_back({build::tcp(link, segment), client ? kIt : kOt});
    next_[client ? 0 : 1] += static_cast<std::uint32_t>(payload.size());
  }
  void say(bool client, const Bytes& payload) { say(client, tcp_flag::ack | tcp_flag::psh, payload); }

 private:
  Script& script_;
  std::uint16_t port_;
  std::uint16_t to_;
  std::string client_;
  std::uint32_t next_[2] = {1000, 9000};
};

Bytes modbus(std::size_t transaction, const Bytes& pdu) {
  Bytes out(7 + pdu.size());
  out[0] = static_cast<std::uint8_t>(transaction >> 8);
  out[1] = static_cast<std::uint8_t>(transaction);
  out[4] = static_cast<std::uint8_t>((pdu.size() + 1) >> 8);
  out[5] = static_cast<std::uint8_t>(pdu.size() + 1);
  out[6] = 1;
  std::copy(pdu.begin(), pdu.end(), out.begin() + 7);
  return out;
}

const Bytes kRead = {3, 0, 0, 0, 10};
Bytes answer() {
  Bytes out(22);
  out[0] = 3;
  out[1] = 20;
  return out;
}

const std::string kRules = kPlant + R"([[allow]]
from = "it"
to = "plc"
protocol = "modbus"
access = ["read"]
reason = "r"
[[allow]]
from = "it"
to = "plc"
protocol = "udp"
ports = [5000]
reason = "r"
[[allow]]
from = "it"
to = "plc"
protocol = "tcp"
ports = [8000]
reason = "r"
)";

void add(Workloads& all, const std::string& name, std::function<void(Script&, std::size_t)> write,
         unsigned usual = 11) {
  all.push_back({"engine: " + name,
                 [write](std::size_t n) -> std::function<void()> {
                   auto script = std::make_shared<Script>();
                   write(*script, n);
                   auto rules = rules_of(kRules);
                   auto nowhere = std::make_shared<Nowhere>();
                   auto unread = std::make_shared<Unread>();
                   EngineOptions options;
                   // So large that nothing is full before n is large, so small that it is full in the end.
                   options.limits.flows = 4096;
                   options.limits.half_open = 64;
                   auto engine = std::make_shared<Engine>(options, registry(), *nowhere, *unread);
                   return [=] {
                     Time now{1'000'000'000};
                     for (const auto& in : *script) {
                       Frame frame = nowhere->allocate(static_cast<std::uint32_t>(in.bytes.size()));
                       std::copy(in.bytes.begin(), in.bytes.end(), frame.data);
                       frame.port = in.port;
                       engine->burst({&frame, 1}, now, *rules);
                       now = now + milliseconds(1);
                       if (now.ns % 16'000'000 == 0) engine->tick(now, *rules);
                     }
                     engine->drain();
                     keep(unread->verdicts);
                   };
                 },
                 6, 16, usual});
}

std::string client(std::size_t i) {
  return "10.0." + std::to_string(1 + i / 250 % 250) + "." + std::to_string(1 + i % 250);
}

}  // namespace

void add_engine(Workloads& all) {
  add(all, "n requests and answers", [](Script& script, std::size_t n) {
    Talk talk{script, 40000};
    talk.open();
    for (std::size_t i = 0; i < n; ++i) {
      talk.say(true, modbus(i, kRead));
      talk.say(false, modbus(i, answer()));
    }
  });
  add(all, "n bytes of requests, each in a segment of its own", [](Script& script, std::size_t n) {
    Talk talk{script, 40000};
    talk.open();
    for (std::size_t i = 0; i * 12 < n; ++i) {
      for (const auto byte : modbus(i, kRead)) talk.say(true, {byte});
      talk.say(false, modbus(i, answer()));
    }
  });
  add(all, "n requests of 250 bytes, a byte a segment, never finished", [](Script& script, std::size_t n) {
    for (std::size_t i = 0; i * 200 < n; ++i) {
      Talk talk{script, static_cast<std::uint16_t>(1024 + i)};
      talk.open();
      Bytes request = modbus(1, Bytes(250, 0));
      request[7] = 90;
      for (std::size_t k = 0; k < 200; ++k) talk.say(true, {request[k]});
    }
  });
  add(
      all, "n first segments of spoofed clients",
      [](Script& script, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
          Talk talk{script, static_cast<std::uint16_t>(1024 + i / 62500), 502, client(i)};
          talk.say(true, tcp_flag::syn, {});
        }
      },
      13);
  add(all, "n connections that are refused", [](Script& script, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      Talk talk{script, static_cast<std::uint16_t>(1024 + i), 502, client(i)};
      talk.open();
      talk.say(true, modbus(1, {5, 0, 0, 0xff, 0}));
    }
  });
  add(
      all, "n datagrams of as many flows",
      [](Script& script, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i) {
          script.push_back(
              {build::udp({.source = client(i), .destination = "10.1.0.1"}, {.payload = Bytes(8)}), kIt});
        }
      },
      13);
  add(all, "n segments that no rule names", [](Script& script, std::size_t n) {
    Talk talk{script, 40000, 8000};
    talk.open();
    for (std::size_t i = 0; i < n; ++i) talk.say(true, Bytes(64, 'x'));
  });
  add(all, "n frames of noise", [](Script& script, std::size_t n) {
    std::mt19937 random{3};
    for (std::size_t i = 0; i < n; ++i) {
      Bytes frame(14 + random() % 100);
      for (auto& byte : frame) byte = static_cast<std::uint8_t>(random());
      frame[12] = 8;
      frame[13] = 0;
      script.push_back({std::move(frame), kIt});
    }
  });
}

}  // namespace sluice::complexity
