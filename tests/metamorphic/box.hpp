// Box: what stands between the two sides: some engines, and how frames get to them. Engines is the one in
// memory: one engine or several beside each other, each with flows of its own, as one worker a queue would
// have them. One thread.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "dataplane/engine/engine.hpp"
#include "dataplane/ruleset/ruleset.hpp"
#include "tests/metamorphic/log.hpp"
#include "tests/metamorphic/rendering.hpp"

namespace sluice::metamorphic {

inline constexpr PortId kIt{0};
inline constexpr PortId kOt{1};

// The policy made ready for frames with such tags. Throws what the compiler says.
std::unique_ptr<const Ruleset> rules_for(Tags tags);

struct Sent {
  PortId port;  // in by, or out by
  Bytes bytes;
};

class Box {
 public:
  virtual ~Box() = default;
  // What left because of these frames, in its order.
  virtual std::vector<Sent> pass(std::span<const Sent> frames) = 0;
  [[nodiscard]] virtual const Log& log() const = 0;
  // Of all engines together.
  [[nodiscard]] virtual EngineCounters counters() const = 0;
  // Every engine's numbers add up, and what it holds is what is not back.
  [[nodiscard]] virtual bool conserved() const = 0;
};

// Small, since there are thousands of them; room for so many connections.
EngineOptions small_engine(std::size_t connections);
bool adds_up(const EngineCounters& counters);

// Which engine takes a frame: by the unordered pair of its outermost addresses, as symmetric RSS does; or, to
// show that it matters, by who sends.
enum class Steering : std::uint8_t { by_pair, by_sender };

class Engines final : public Box {
 public:
  Engines(const Ruleset& rules, std::size_t connections, std::uint32_t queues, std::uint32_t burst,
          Steering steering = Steering::by_pair);
  ~Engines() override;

  std::vector<Sent> pass(std::span<const Sent> frames) override;
  [[nodiscard]] const Log& log() const override { return log_; }
  [[nodiscard]] EngineCounters counters() const override;
  [[nodiscard]] bool conserved() const override;
  // How many engines have had frames.
  [[nodiscard]] std::size_t busy() const;

 private:
  class Buffers;
  struct Queue {
    std::unique_ptr<Buffers> buffers;
    std::unique_ptr<Engine> engine;
  };

  const Ruleset& rules_;
  std::uint32_t burst_;
  Steering steering_;
  Log log_;
  std::vector<Sent> left_;
  std::vector<Queue> queues_;
  Time now_{1'000'000'000};
};

}  // namespace sluice::metamorphic
