#include "dataplane/engine/engine_test.hpp"

namespace sluice::test {

const std::string kZones = R"(
[[zone]]
name = "it"
security_level = 1
networks = ["10.0.0.0/24", "fd00:0::/64"]
[[zone]]
name = "ot"
security_level = 2
networks = ["10.0.1.0/24", "fd00:0:0:1::/64"]
[[asset]]
name = "hmi"
zone = "it"
address = "10.0.0.1"
[[asset]]
name = "plc"
zone = "ot"
address = "10.0.1.2"
vendor = "Schneider Electric"
product = "Modicon M340"
firmware = "2.70"
)";

const std::string kReads = R"(
[[allow]]
from = "hmi"
to = "plc"
protocol = "modbus"
functions = ["read_holding_registers", "write_single_register"]
targets = ["holding 0..99"]
where = "mbtcp.unit_id == 1"
reason = "the HMI polls"
)";

std::string conduit(const std::string& mode, const std::string& more) {
  return "[[conduit]]\nname = \"c\"\nsides = [{ port = \"it\", zones = [\"it\"] }, { port = \"ot\", zones = "
         "[\"ot\"] }]\n"
         "mode = \"" +
         mode + "\"\non_failure = \"closed\"\nmidstream = \"resync\"\n" + more + "\n";
}

std::string enforce(const std::string& more) { return kZones + conduit("enforce", more) + kReads; }
std::string monitor(const std::string& more) { return kZones + conduit("monitor", more) + kReads; }

std::unique_ptr<const Ruleset> rules_from(const std::string& toml, std::uint64_t generation) {
  Diagnostics diagnostics;
  const compile::Source source{"test.toml", toml};
  auto output = compile::compile({&source, 1}, registry().schemas, diagnostics);
  for (const auto& error : diagnostics.errors()) ADD_FAILURE() << error.text();
  if (!output) return nullptr;
  image::set_generation(output->image, generation);
  const std::vector<std::string> ports = {"it", "ot"};
  auto rules = Ruleset::load(std::move(output->image), registry(), ports);
  if (!rules) {
    ADD_FAILURE() << rules.error().text();
    return nullptr;
  }
  return std::move(*rules);
}

namespace {

bool in_catalogue() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  if (test == nullptr) return false;
  const std::string name = test->name();
  return name.size() > 1 && name[0] == 'E' && name[1] >= '0' && name[1] <= '9';
}

void expect_unchanged_in_monitor(std::string toml, const EngineOptions& options,
                                 const std::vector<Wires::Came>& came) {
  for (std::size_t at = 0; (at = toml.find("\"enforce\"", at)) != std::string::npos;)
    toml.replace(at, 9, "\"monitor\"");
  const auto rules = rules_from(toml);
  Wires wires;
  Log log;
  Engine engine{options, registry(), wires, log};
  Time now{1'000'000'000};
  for (const auto& frame : came) {
    now = now + milliseconds(1);
    const Frame in = wires.copy(frame.bytes, frame.from);
    wires.left.clear();
    engine.burst({&in, 1}, now, *rules);
    engine.tick(now, *rules);
    ASSERT_EQ(wires.left.size(), 1U) << "monitoring, "
                                     << name_of(log.verdicts.empty() ? Reason::none
                                                                     : log.verdicts.back().reason);
    ASSERT_EQ(wires.left[0].bytes, frame.bytes) << "monitoring";
    ASSERT_EQ(wires.left[0].to, frame.from == kIt ? kOt : kIt) << "monitoring";
  }
}

}  // namespace

EngineOptions roomy() {
  EngineOptions options;
  options.limits.flows = 512;
  options.limits.half_open = 256;
  options.limits.held_frames = 128;
  options.limits.retained_bytes = 1U << 20;
  options.limits.fragments = {.datagrams = 128, .bytes = 1U << 20, .departed = 1024};
  options.limits.assembled = 64;
  return options;
}

Box::Box(const std::string& toml, EngineOptions options)
    : rules{rules_from(toml)},
      engine{std::make_unique<Engine>(options, registry(), wires, log)},
      toml_{toml},
      options_{options} {}

Box::~Box() {
  expect_conserved();
  if (in_catalogue() && rules != nullptr) expect_unchanged_in_monitor(toml_, options_, wires.came);
}

void Box::swap(const std::string& toml) { rules = rules_from(toml, ++generation); }

std::vector<Wires::Left> Box::send(const Bytes& frame, PortId port) {
  wires.left.clear();
  now = now + milliseconds(1);
  const Frame in = wires.copy(frame, port);
  engine->burst({&in, 1}, now, *rules);
  return wires.left;
}

void Box::expect_conserved() const {
  const auto& c = engine->counters();
  EXPECT_EQ(c.received + c.made, c.forwarded + c.dropped + c.joined + c.held);
}

Talk::Talk(Box& box, std::string client, std::string server, std::uint16_t client_port,
           std::uint16_t server_port)
    : box_{box}, address_{std::move(client), std::move(server)}, port_{client_port, server_port} {}

Bytes Talk::segment(Role role, std::uint32_t sequence, std::uint8_t flags, const Bytes& payload) const {
  const auto me = static_cast<std::size_t>(role);
  build::Link link;
  link.source = address_[me];
  link.destination = address_[1 - me];
  build::Segment segment;
  segment.source_port = port_[me];
  segment.destination_port = port_[1 - me];
  segment.sequence = sequence;
  segment.acknowledgement = (flags & tcp_flag::ack) != 0 ? next[1 - me] : 0;
  segment.flags = flags;
  segment.payload = payload;
  return build::tcp(link, segment);
}

void Talk::open() {
  put(Role::client, segment(Role::client, next[0]++, tcp_flag::syn, {}));
  put(Role::server, segment(Role::server, next[1]++, tcp_flag::syn | tcp_flag::ack, {}));
  put(Role::client, segment(Role::client, next[0], tcp_flag::ack, {}));
}

std::vector<Wires::Left> Talk::say(Role role, const Bytes& payload) {
  auto& sequence = next[static_cast<std::size_t>(role)];
  auto left = put(role, segment(role, sequence, tcp_flag::ack | tcp_flag::psh, payload));
  sequence += static_cast<std::uint32_t>(payload.size());
  return left;
}

std::vector<Wires::Left> Talk::acknowledge(Role role) {
  return put(role, segment(role, next[static_cast<std::size_t>(role)], tcp_flag::ack, {}));
}

Bytes payload_to(const std::vector<Wires::Left>& left, PortId port) {
  Bytes all;
  for (const auto& one : left) {
    if (one.to != port) continue;
    auto copy = one.bytes;
    Packet packet;
    EXPECT_EQ(parse(build::frame_over(copy), Checksums::verify, packet).reason, Reason::none);
    const auto payload = packet.payload();
    all.insert(all.end(), payload.begin(), payload.end());
  }
  return all;
}

bool has_reset(const std::vector<Wires::Left>& left, PortId port) {
  for (const auto& one : left) {
    auto copy = one.bytes;
    Packet packet;
    if (one.to == port && parse(build::frame_over(copy), Checksums::verify, packet).reason == Reason::none &&
        (packet.tcp.flags & tcp_flag::rst) != 0) {
      return true;
    }
  }
  return false;
}

Bytes modbus(std::uint16_t transaction, std::uint8_t unit, const Bytes& pdu) {
  const auto length = static_cast<std::uint16_t>(pdu.size() + 1);
  Bytes message = {
      static_cast<std::uint8_t>(transaction >> 8U), static_cast<std::uint8_t>(transaction), 0,   0,
      static_cast<std::uint8_t>(length >> 8U),      static_cast<std::uint8_t>(length),      unit};
  message.insert(message.end(), pdu.begin(), pdu.end());
  return message;
}

}  // namespace sluice::test
