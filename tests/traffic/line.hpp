// Line: an engine between two wires, one frame at a time, and what came of it. For comparing verdicts one by
// one, where traffic/flood.hpp is for masses. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/engine/engine.hpp"
#include "dataplane/ruleset/ruleset.hpp"
#include "tests/traffic/frame.hpp"
#include "tests/traffic/modbus.hpp"

namespace sluice::traffic {

// The policy's text made ready for an engine whose ports are p0 to p3. Throws what the compiler says.
std::unique_ptr<const Ruleset> compiled(const std::string& toml, std::uint64_t generation = 1);

enum class Fate : std::uint8_t { passed, changed, dropped };

class Line final : private Buffers, private Events {
 public:
  explicit Line(const std::string& toml);
  ~Line();

  // Sends one frame in; what became of it. Frames of the engine's own are not counted as it.
  Fate send(const Frame& frame);
  // What left because of the last one, resets of the engine included.
  [[nodiscard]] std::size_t left() const { return left_; }
  // The last frame that left changed.
  [[nodiscard]] const Frame& changed() const { return changed_; }
  // The reason that was told last.
  [[nodiscard]] Reason reason() const { return reason_; }
  [[nodiscard]] bool conserved() const;
  [[nodiscard]] const EngineCounters& counters() const { return engine_->counters(); }

 private:
  void forward(sluice::Frame frame, PortId to) noexcept override;
  void release(sluice::Frame frame) noexcept override;
  sluice::Frame allocate(std::uint32_t length) noexcept override;
  void verdict(const Event& event) noexcept override { reason_ = event.reason; }
  void transaction(const Event&) noexcept override {}

  std::unique_ptr<const Ruleset> rules_;
  std::vector<std::vector<std::uint8_t>> free_;
  std::vector<std::vector<std::uint8_t>> out_;  // with the engine
  std::unique_ptr<Engine> engine_;
  const Frame* sent_ = nullptr;
  const std::uint8_t* data_ = nullptr;
  Fate fate_ = Fate::dropped;
  Frame changed_{};
  std::size_t left_ = 0;
  Reason reason_ = Reason::none;
  std::uint64_t now_ = 1'000'000'000;
};

// One TCP connection over a Line, honest in its numbers.
class Talk {
 public:
  Talk(Line& line, const Way& there, std::array<std::uint32_t, 2> wires, std::uint16_t port,
       std::uint16_t to);

  // The handshake; false when its SYN was dropped.
  bool open();
  // By end: 0 dialled, 1 was dialled.
  Fate say(std::size_t from, const std::uint8_t* bytes, std::uint32_t size);
  Fate say(std::size_t from, const Message& message) { return say(from, message.bytes.data(), message.size); }
  // Ends it by a reset, so that nobody need remember it.
  void end();

 private:
  Fate put(std::size_t from, std::uint8_t flags, const std::uint8_t* bytes, std::uint32_t size);

  Line& line_;
  std::array<Way, 2> way_;
  std::array<std::uint32_t, 2> wires_;
  std::array<std::uint16_t, 2> port_;
  std::array<std::uint32_t, 2> next_{1000, 700'000};
  Frame frame_{};
};

}  // namespace sluice::traffic
