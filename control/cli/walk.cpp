#include "control/cli/walk.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <unordered_map>

#include "dataplane/engine/engine.hpp"
#include "dataplane/packet/values.hpp"
#include "dataplane/port/capture.hpp"

namespace sluice::cli {
namespace {

// The values of one frame. They own their bytes.
class Gathered {
 public:
  explicit Gathered(std::uint64_t number) : number_{number} {}

  void add(const Schemas& schemas, const Value& value) {
    values_.push_back(value);
    switch (schemas[value.field.protocol]->fields[value.field.field].type) {
      case FieldType::unsigned_integer:
      case FieldType::signed_integer:
      case FieldType::boolean:
      case FieldType::real:
        return;
      case FieldType::protocol:
      case FieldType::bytes:
      case FieldType::string:
      case FieldType::ipv4:
      case FieldType::ipv6:
      case FieldType::ether:
        break;
    }
    auto& copy = bytes_.emplace_back(std::make_unique<std::uint8_t[]>(value.length));
    std::ranges::copy(value.bytes(), copy.get());
    values_.back().data = copy.get();
  }

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::span<const Value> values() const { return values_; }
  bool gone = false;  // the engine has given the frame back: nothing can be added

 private:
  std::uint64_t number_;
  std::vector<Value> values_;
  std::vector<std::unique_ptr<std::uint8_t[]>> bytes_;
};

class Walk final : public Buffers, public Events {
 public:
  Walk(CaptureReader reader, std::span<const FieldRef> wanted, const FrameTaker& taker,
       const EngineLimits& limits)
      : ports_{std::move(reader), [](const CaptureReader::Record&) { return PortId{0}; }, nullptr},
        taker_{taker},
        engine_{{.limits = limits, .checksums = Checksums::count}, registry(), *this, *this} {
    wanted_.resize(schemas().size());
    for (std::size_t i = 0; i < wanted_.size(); ++i) wanted_[i].resize(schemas()[i]->fields.size());
    for (const auto& field : wanted) wanted_[field.protocol][field.field] = true;
  }

  std::optional<Error> run() {
    while (true) {
      const auto frames = ports_.receive();
      if (ports_.finished()) break;
      for (const auto& frame : frames) {
        current_.emplace(frame.handle, ports_.number());
        auto& gathered = open_.emplace_back(ports_.number());
        Packet packet;
        (void)parse(frame, Checksums::count, packet);
        const auto count = packet_values(packet, gathered.number(), packet_values_);
        take(gathered, std::span{packet_values_}.first(count));
      }
      engine_.observe(frames, ports_.now());
      hand_over();
    }
    engine_.drain();
    hand_over();
    return ports_.problem();
  }

  void forward(Frame frame, PortId to) noexcept override {
    give_back(frame);
    ports_.forward(frame, to);
  }
  void release(Frame frame) noexcept override {
    give_back(frame);
    ports_.release(frame);
  }
  Frame allocate(std::uint32_t length) noexcept override { return ports_.allocate(length); }

  void verdict(const Event& event) noexcept override {
    // Without a policy the only verdicts about a message are that it can't be read to its end.
    if (event.reason == Reason::malformed || event.reason == Reason::too_many_items) transaction(event);
  }
  void transaction(const Event& event) noexcept override {
    auto* gathered = event.packet == nullptr ? nullptr : find(event.packet->frame);
    if (gathered == nullptr) return;
    if (event.item == 0) take(*gathered, event.header);
    take(*gathered, event.values);
  }

 private:
  static Schemas schemas() { return registry().schemas; }

  Gathered* find(const Frame& frame) {
    const auto number = current_.find(frame.handle);
    if (number == current_.end() || open_.empty()) return nullptr;
    return &open_[static_cast<std::size_t>(number->second - open_.front().number())];
  }

  void take(Gathered& gathered, std::span<const Value> values) {
    for (const auto& value : values) {
      if (wanted_[value.field.protocol][value.field.field]) gathered.add(schemas(), value);
    }
  }

  void give_back(const Frame& frame) {
    if (auto* gathered = find(frame)) gathered->gone = true;
    current_.erase(frame.handle);
  }

  void hand_over() {
    for (; !open_.empty() && open_.front().gone; open_.pop_front()) {
      taker_(open_.front().number(), open_.front().values());
    }
  }

  CapturePorts ports_;
  const FrameTaker& taker_;
  Engine engine_;
  std::vector<std::vector<bool>> wanted_;             // by protocol and field
  std::unordered_map<void*, std::uint64_t> current_;  // buffers with the engine, and the frame in them
  std::deque<Gathered> open_;                         // consecutive numbers, from the oldest still held
  std::array<Value, kMostPacketValues> packet_values_{};
};

}  // namespace

Result<std::optional<Error>> walk(const std::string& path, std::span<const FieldRef> wanted,
                                  const FrameTaker& taker, const EngineLimits& limits) {
  auto reader = CaptureReader::open(path);
  if (!reader) return tl::unexpected{reader.error()};
  return Walk{std::move(*reader), wanted, taker, limits}.run();
}

Exit exit_of_walk(Console& console, const Result<std::optional<Error>>& walked) {
  if (!walked) {
    complain(console, walked.error());
    return Exit::unreadable;
  }
  if (*walked) {
    complain(console, **walked);
    return Exit::unreadable;
  }
  return Exit::done;
}

}  // namespace sluice::cli
