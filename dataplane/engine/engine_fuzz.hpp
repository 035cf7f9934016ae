// What fuzz targets that run the engine share: a policy from TOML, buffers of which each is out at most once,
// events that are read to their end, and small limits, so that an input can reach them. Ports are "it" (0)
// and "ot" (1). Fuzz targets only.
#pragma once

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/engine/engine.hpp"
#include "dataplane/ruleset/ruleset.hpp"
#include "rules/base/fuzz.hpp"
#include "rules/compile/compile.hpp"

namespace sluice::fuzz {

inline const std::vector<std::string>& ports() {
  static const std::vector<std::string> kPorts = {"it", "ot"};
  return kPorts;
}

inline Bytes image_of(const std::string& toml, std::uint64_t generation = 1) {
  Diagnostics diagnostics;
  const compile::Source source{"fuzz.toml", toml};
  auto output = compile::compile({&source, 1}, registry().schemas, diagnostics);
  for (const auto& error : diagnostics.errors()) std::fprintf(stderr, "%s\n", error.text().c_str());
  expect(output.has_value(), "the target's own policy compiles");
  image::set_generation(output->image, generation);
  return std::move(output->image);
}

inline std::unique_ptr<const Ruleset> rules_of(const std::string& toml, std::uint64_t generation = 1) {
  auto rules = Ruleset::load(image_of(toml, generation), registry(), ports());
  expect(rules.has_value(), "the target's own policy loads");
  return std::move(*rules);
}

inline EngineOptions small(Checksums checksums = Checksums::verify) {
  EngineOptions options;
  options.checksums = checksums;
  options.limits.flows = 16;
  options.limits.half_open = 8;
  options.limits.held_frames = 8;
  options.limits.held_per_flow = 4;
  options.limits.retained_bytes = 512U << 10;
  options.limits.outstanding_per_flow = 4;
  options.limits.challenges_per_second = 4;
  options.limits.fragments = {.datagrams = 4, .bytes = 16U << 10, .departed = 16};
  options.limits.assembled = 4;
  return options;
}

// Frames on the heap, each of its exact size. What left is kept, in order, until it is taken.
class Wires final : public Buffers {
 public:
  struct Left {
    PortId to;
    Bytes bytes;
    PortId from;
    bool made;  // by the engine
  };

  Frame copy(ByteView bytes, PortId port, std::uint32_t missing = 0) {
    auto frame = allocate(static_cast<std::uint32_t>(bytes.size()));
    if (!bytes.empty()) std::memcpy(frame.data, bytes.data(), bytes.size());
    frame.wire_length = frame.length + missing;
    frame.port = port;
    frame.handle = this;
    return frame;
  }
  void forward(Frame frame, PortId to) noexcept override {
    left.push_back({to, {frame.data, frame.data + frame.length}, frame.port, frame.handle == nullptr});
    release(frame);
  }
  void release(Frame frame) noexcept override {
    delete[] frame.data;
    --out;
  }
  Frame allocate(std::uint32_t length) noexcept override {
    ++out;
    Frame frame;
    frame.data = new std::uint8_t[length];
    frame.length = frame.wire_length = length;
    return frame;
  }

  std::vector<Left> left;
  std::int64_t out = 0;
};

// Reads all that an event points to.
class Reader final : public Events {
 public:
  void verdict(const Event& event) noexcept override { read(event); }
  void transaction(const Event& event) noexcept override { read(event); }
  std::uint64_t sum = 0;

 private:
  void read(const Event& event) noexcept {
    expect(event.reason < Reason::count_, "a reason is one of the table");
    expect(event.verdict <= Verdict::reset, "a verdict is one of four");
    if (event.packet != nullptr && event.packet->frame.data != nullptr) {
      for (const auto byte : event.packet->payload()) sum += byte;
    }
    for (const auto values : {event.header, event.values}) {
      for (const auto& value : values) {
        switch (registry().schemas[value.field.protocol]->fields[value.field.field].type) {
          case FieldType::unsigned_integer:
          case FieldType::signed_integer:
          case FieldType::boolean:
          case FieldType::real:
            sum += value.number;
            break;
          case FieldType::protocol:
          case FieldType::bytes:
          case FieldType::string:
          case FieldType::ipv4:
          case FieldType::ipv6:
          case FieldType::ether:
            for (const auto byte : value.bytes()) sum += byte;
            break;
        }
      }
    }
    for (const auto& span : event.spans) {
      for (const auto byte : span.name) sum += byte;
    }
  }
};

inline void expect_conserved(const EngineCounters& c) {
  expect(c.received + c.made == c.forwarded + c.dropped + c.joined + c.held,
         "received + made = forwarded + dropped + joined + held");
}

inline constexpr const char* kPlaces = R"(
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
address = ["10.0.0.1", "fd00::1"]
[[asset]]
name = "plc"
zone = "ot"
address = ["10.0.1.2", "fd00:0:0:1::2"]
mac = "02:00:00:00:00:02"
vendor = "Schneider Electric"
product = "Modicon M340"
firmware = "2.70"
)";

inline std::string conduit(const std::string& mode, const std::string& more = "") {
  return "[[conduit]]\nname = \"c\"\nsides = [{ port = \"it\", zones = [\"it\"] }, { port = \"ot\", zones = "
         "[\"ot\"] }]\non_failure = \"closed\"\nmidstream = \"resync\"\nmode = \"" +
         mode + "\"\n" + more + "\n";
}

}  // namespace sluice::fuzz
