#include "tests/metamorphic/box.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "rules/compile/compile.hpp"

namespace sluice::metamorphic {
namespace {

std::uint32_t queue_of(const Bytes& bytes, std::uint32_t queues, Steering steering) {
  if (queues == 1) return 0;
  auto copy = bytes;
  Packet packet;
  (void)parse(build::frame_over(copy), Checksums::count, packet);
  std::array<Address, 2> pair = {packet.source, packet.destination};
  if (steering == Steering::by_pair) std::sort(pair.begin(), pair.end());
  std::uint32_t hash = 0x811c9dc5U;
  for (const auto& address : pair) {
    for (const auto byte : address) hash = (hash ^ byte) * 0x01000193U;
  }
  return (hash >> 16U) % queues;
}

}  // namespace

std::unique_ptr<const Ruleset> rules_for(Tags tags) {
  Diagnostics diagnostics;
  const auto text = policy(vlans_of(tags));
  const compile::Source source{"metamorphic.toml", text};
  auto output = compile::compile({&source, 1}, registry().schemas, diagnostics);
  std::string errors;
  for (const auto& error : diagnostics.errors()) errors += error.text() + "\n";
  if (!output) throw std::runtime_error{errors};
  image::set_generation(output->image, 1);
  const std::vector<std::string> ports = {"it", "ot"};
  auto rules = Ruleset::load(std::move(output->image), registry(), ports);
  if (!rules) throw std::runtime_error{rules.error().text()};
  return std::move(*rules);
}

EngineOptions small_engine(std::size_t connections) {
  EngineOptions options;
  options.limits.flows = std::max<std::uint32_t>(64, static_cast<std::uint32_t>(4 * connections));
  options.limits.half_open = options.limits.flows / 2;
  options.limits.held_frames = 64;
  options.limits.retained_bytes = 1U << 18U;
  options.limits.fragments = {.datagrams = 64, .bytes = 1U << 18U, .departed = 256};
  options.limits.assembled = 16;
  return options;
}

bool adds_up(const EngineCounters& c) {
  return c.received + c.made == c.forwarded + c.dropped + c.joined + c.held;
}

class Engines::Buffers final : public sluice::Buffers {
 public:
  explicit Buffers(std::vector<Sent>& left) : left_{left} {}
  void forward(Frame frame, PortId to) noexcept override {
    left_.push_back({to, {frame.data, frame.data + frame.length}});
    release(frame);
  }
  void release(Frame frame) noexcept override {
    --out_;
    delete[] frame.data;
  }
  Frame allocate(std::uint32_t length) noexcept override {
    ++out_;
    Frame frame;
    frame.data = new std::uint8_t[length];
    frame.length = frame.wire_length = length;
    return frame;
  }
  [[nodiscard]] std::uint64_t out() const { return out_; }

 private:
  std::vector<Sent>& left_;
  std::uint64_t out_ = 0;
};

Engines::Engines(const Ruleset& rules, std::size_t connections, std::uint32_t queues, std::uint32_t burst,
                 Steering steering)
    : rules_{rules}, burst_{burst}, steering_{steering} {
  for (std::uint32_t i = 0; i < queues; ++i) {
    auto buffers = std::make_unique<Buffers>(left_);
    auto engine = std::make_unique<Engine>(small_engine(connections), registry(), *buffers, log_);
    queues_.push_back({std::move(buffers), std::move(engine)});
  }
}

Engines::~Engines() {
  for (auto& queue : queues_) queue.engine->drain();
}

std::vector<Sent> Engines::pass(std::span<const Sent> frames) {
  left_.clear();
  std::vector<std::vector<Frame>> waiting(queues_.size());
  for (const auto& [port, bytes] : frames) {
    const auto queue = queue_of(bytes, static_cast<std::uint32_t>(queues_.size()), steering_);
    Frame frame = queues_[queue].buffers->allocate(static_cast<std::uint32_t>(bytes.size()));
    std::copy(bytes.begin(), bytes.end(), frame.data);
    frame.port = port;
    waiting[queue].push_back(frame);
  }
  // Polled in turn until nothing waits.
  for (std::size_t polled = 0, some = 1; some != 0; polled += burst_) {
    some = 0;
    now_ = now_ + milliseconds(1);
    for (std::size_t i = 0; i < queues_.size(); ++i) {
      auto& engine = *queues_[i].engine;
      const auto all = std::span{waiting[i]};
      const auto rest = all.subspan(std::min(polled, all.size()));
      const auto burst = rest.first(std::min<std::size_t>(burst_, rest.size()));
      some += burst.size();
      if (!burst.empty()) engine.burst(burst, now_, rules_);
      engine.tick(now_, rules_);
    }
  }
  return std::move(left_);
}

EngineCounters Engines::counters() const {
  EngineCounters sum;
  for (const auto& queue : queues_) {
    const auto& one = queue.engine->counters();
    sum.received += one.received;
    sum.forwarded += one.forwarded;
    sum.dropped += one.dropped;
    sum.made += one.made;
    sum.joined += one.joined;
    sum.held += one.held;
    sum.normalised += one.normalised;
    sum.neutralised += one.neutralised;
    for (std::size_t i = 0; i < sum.reasons.size(); ++i) sum.reasons[i] += one.reasons[i];
  }
  return sum;
}

bool Engines::conserved() const {
  return std::all_of(queues_.begin(), queues_.end(), [](const Queue& queue) {
    return adds_up(queue.engine->counters()) && queue.buffers->out() <= queue.engine->counters().held;
  });
}

std::size_t Engines::busy() const {
  return static_cast<std::size_t>(std::count_if(queues_.begin(), queues_.end(), [](const Queue& queue) {
    return queue.engine->counters().received != 0;
  }));
}

}  // namespace sluice::metamorphic
