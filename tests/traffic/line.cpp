#include "tests/traffic/line.hpp"

#include <algorithm>
#include <stdexcept>

#include "rules/compile/compile.hpp"
#include "tests/model/frame.hpp"
#include "tests/model/random_policy.hpp"

namespace sluice::traffic {

namespace flag = model::flag;

std::unique_ptr<const Ruleset> compiled(const std::string& toml, std::uint64_t generation) {
  Diagnostics diagnostics;
  const compile::Source source{"model.toml", toml};
  auto output = compile::compile({&source, 1}, registry().schemas, diagnostics);
  std::string errors;
  for (const auto& error : diagnostics.errors()) errors += error.text() + "\n";
  if (!output) throw std::runtime_error{errors + toml};
  image::set_generation(output->image, generation);
  std::vector<std::string> ports;
  for (std::uint32_t i = 0; i < model::kPorts; ++i) ports.push_back("p" + std::to_string(i));
  auto rules = Ruleset::load(std::move(output->image), registry(), ports);
  if (!rules) throw std::runtime_error{rules.error().text() + "\n" + toml};
  return std::move(*rules);
}

Line::Line(const std::string& toml) : rules_{compiled(toml)} {
  EngineOptions options;
  options.limits.flows = 8192;
  options.limits.held_frames = 64;
  options.limits.retained_bytes = 2U << 20U;
  engine_.reset(new Engine{options, registry(), *this, *this});
}

Line::~Line() { engine_->drain(); }

sluice::Frame Line::allocate(std::uint32_t length) noexcept {
  auto buffer = std::vector<std::uint8_t>{};
  if (!free_.empty()) {
    buffer = std::move(free_.back());
    free_.pop_back();
  }
  buffer.resize(std::max<std::size_t>(length, 64));
  sluice::Frame frame;
  frame.data = buffer.data();
  frame.length = frame.wire_length = length;
  out_.push_back(std::move(buffer));
  return frame;
}

void Line::release(sluice::Frame frame) noexcept {
  const auto found =
      std::find_if(out_.begin(), out_.end(), [&](const auto& one) { return one.data() == frame.data; });
  free_.push_back(std::move(*found));
  out_.erase(found);
}

void Line::forward(sluice::Frame frame, PortId to) noexcept {
  ++left_;
  if (frame.data == data_) {
    const bool same = frame.length == sent_->size &&
                      std::equal(frame.data, frame.data + frame.length, sent_->bytes.begin());
    fate_ = same && to.value == (sent_->port ^ 1U) ? Fate::passed : Fate::changed;
    if (!same) {
      changed_.size = std::min(frame.length, kMostFrame);
      std::copy_n(frame.data, changed_.size, changed_.bytes.begin());
    }
  }
  release(frame);
}

Fate Line::send(const Frame& frame) {
  sluice::Frame in = allocate(frame.size);
  std::copy_n(frame.bytes.begin(), frame.size, in.data);
  in.port = PortId{static_cast<std::uint16_t>(frame.port)};
  in.wire_length = std::max(frame.size, frame.wire_size);
  sent_ = &frame;
  data_ = in.data;
  fate_ = Fate::dropped;
  left_ = 0;
  reason_ = Reason::none;
  now_ += 2'000'000;
  engine_->burst({&in, 1}, Time{now_}, *rules_);
  engine_->tick(Time{now_}, *rules_);
  data_ = nullptr;
  return fate_;
}

bool Line::conserved() const {
  const auto& c = engine_->counters();
  return c.received + c.made == c.forwarded + c.dropped + c.joined + c.held && out_.size() <= c.held;
}

Talk::Talk(Line& line, const Way& there, std::array<std::uint32_t, 2> wires, std::uint16_t port,
           std::uint16_t to)
    : line_{line}, wires_{wires}, port_{port, to} {
  way_[0] = way_[1] = there;
  std::swap(way_[1].source, way_[1].destination);
  std::swap(way_[1].from, way_[1].to);
}

Fate Talk::put(std::size_t from, std::uint8_t flags, const std::uint8_t* bytes, std::uint32_t size) {
  const bool first = (flags & (flag::syn | flag::ack)) == flag::syn;
  const Segment segment{.from = port_[from],
                        .to = port_[1 - from],
                        .sequence = next_[from],
                        .acknowledgement = first ? 0 : next_[1 - from],
                        .flags = flags,
                        .payload = bytes,
                        .size = size};
  write_tcp(frame_, way_[from], segment);
  frame_.port = wires_[from];
  next_[from] += size + ((flags & flag::syn) != 0 ? 1U : 0U);
  return line_.send(frame_);
}

bool Talk::open() {
  if (put(0, flag::syn, nullptr, 0) != Fate::passed) return false;
  put(1, flag::syn | flag::ack, nullptr, 0);
  put(0, flag::ack, nullptr, 0);
  return true;
}

Fate Talk::say(std::size_t from, const std::uint8_t* bytes, std::uint32_t size) {
  return put(from, flag::psh | flag::ack, bytes, size);
}

void Talk::end() { put(0, flag::rst | flag::ack, nullptr, 0); }

}  // namespace sluice::traffic
