// What the engine's tests share: a box with two ports, a policy from TOML, and two hosts that talk TCP
// through it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "dataplane/engine/engine.hpp"
#include "dataplane/packet/builder.hpp"
#include "dataplane/ruleset/ruleset.hpp"
#include "rules/compile/compile.hpp"

namespace sluice::test {

using build::Bytes;

inline constexpr PortId kIt{0};
inline constexpr PortId kOt{1};

struct Told {
  Reason reason;
  Verdict verdict;
  bool acted;
  Mode mode;
  std::uint64_t generation;
  std::uint16_t function;
  std::string protocol;
  RuleId rule;
  PatchId patch;
  std::uint64_t flow;
};

// Keeps what left, by port, and how many buffers are out.
class Wires final : public Buffers {
 public:
  struct Left {
    PortId to;
    Bytes bytes;
  };
  static constexpr std::size_t kRemembered = 20'000;
  struct Came {
    PortId from;
    Bytes bytes;
  };
  std::vector<Left> left;
  std::vector<Came> came;  // the first ones
  std::uint64_t released = 0;
  bool exhausted = false;

  void forward(Frame frame, PortId to) noexcept override {
    left.push_back({to, {frame.data, frame.data + frame.length}});
    delete[] frame.data;
  }
  void release(Frame frame) noexcept override {
    ++released;
    delete[] frame.data;
  }
  Frame allocate(std::uint32_t length) noexcept override {
    if (exhausted) return {};
    Frame frame;
    frame.data = new std::uint8_t[length];
    frame.length = frame.wire_length = length;
    return frame;
  }
  Frame copy(const Bytes& bytes, PortId port) {
    if (came.size() < kRemembered) came.push_back({port, bytes});
    Frame frame = allocate(static_cast<std::uint32_t>(bytes.size()));
    std::copy(bytes.begin(), bytes.end(), frame.data);
    frame.port = port;
    return frame;
  }
};

class Log final : public Events {
 public:
  std::vector<Told> verdicts;
  std::vector<Told> transactions;
  void verdict(const Event& event) noexcept override { verdicts.push_back(told(event)); }
  void transaction(const Event& event) noexcept override { transactions.push_back(told(event)); }

 private:
  // Reads all that the event points to, so that a sanitizer sees what is gone.
  Told told(const Event& event) {
    if (event.packet != nullptr && event.packet->frame.data != nullptr) {
      for (const auto byte : event.packet->frame.bytes()) sum_ += byte;
    }
    return {event.reason,
            event.verdict,
            event.acted,
            event.mode,
            event.generation.value,
            event.function,
            event.protocol.exists() ? std::string{registry().schemas[event.protocol.value]->name} : "",
            event.rule,
            event.patch,
            event.flow};
  }

  std::uint64_t sum_ = 0;
};

std::unique_ptr<const Ruleset> rules_from(const std::string& toml, std::uint64_t generation = 1);

// As much room as a test of a few sessions wants; made in a small part of the time that the box's own takes.
EngineOptions roomy();

// At its end no frame is unaccounted for. In a test of the catalogue of evasions (its name begins with a
// number of it, E01_...) what was sent in is then sent into a box that monitors, and has to leave as it came.
class Box {
 public:
  explicit Box(const std::string& toml, EngineOptions options = roomy());
  ~Box();
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;
  void swap(const std::string& toml);

  // Sends one frame in; what left because of it.
  std::vector<Wires::Left> send(const Bytes& frame, PortId port);
  // received + made = forwarded + dropped + joined + held, and every buffer accounted for.
  void expect_conserved() const;

  Wires wires;
  Log log;
  std::unique_ptr<const Ruleset> rules;
  std::unique_ptr<Engine> engine;
  Time now{1'000'000'000};
  std::uint64_t generation = 1;

 private:
  std::string toml_;
  EngineOptions options_;
};

// One TCP conversation from the IT side (client) to the OT side (server), or any other way.
class Talk {
 public:
  Talk(Box& box, std::string client = "10.0.0.1", std::string server = "10.0.1.2",
       std::uint16_t client_port = 40000, std::uint16_t server_port = 502);

  void open();
  // One segment with the next bytes of either side; what left the box because of it.
  std::vector<Wires::Left> say(Role role, const Bytes& payload);
  std::vector<Wires::Left> acknowledge(Role role);
  Bytes segment(Role role, std::uint32_t sequence, std::uint8_t flags, const Bytes& payload) const;
  std::vector<Wires::Left> put(Role role, const Bytes& frame) {
    return box_.send(frame, role == Role::client ? kIt : kOt);
  }

  std::uint32_t next[2] = {1000, 7000};  // by Role

 private:
  Box& box_;
  std::string address_[2];
  std::uint16_t port_[2];
};

// The frames among `left` that went to `port` with payload; their payloads one after the other.
Bytes payload_to(const std::vector<Wires::Left>& left, PortId port);
bool has_reset(const std::vector<Wires::Left>& left, PortId port);

// Modbus/TCP messages.
Bytes modbus(std::uint16_t transaction, std::uint8_t unit, const Bytes& pdu);

extern const std::string kZones;  // zones it (10.0.0.0/24) and ot (10.0.1.0/24), assets hmi and plc

extern const std::string kReads;  // hmi may read and write holding 0..99 of plc, unit 1

std::string conduit(const std::string& mode, const std::string& more = "");

// kZones, one conduit in that mode, kReads.
std::string enforce(const std::string& more = "");
std::string monitor(const std::string& more = "");

}  // namespace sluice::test
