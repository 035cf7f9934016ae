#include "tests/traffic/flood.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "tests/traffic/line.hpp"

namespace sluice::traffic {
namespace {

// Where a frame with this reason ended.
Stage stage_of(const Event& event) {
  switch (event.reason) {
    case Reason::cut:
    case Reason::bad_ethernet:
    case Reason::bad_ip:
    case Reason::bad_ip_checksum:
    case Reason::ip_options:
    case Reason::bad_address:
    case Reason::fragment:
    case Reason::fragments_full:
    case Reason::tunnel:
    case Reason::no_conduit:
    case Reason::groundwork:
    case Reason::ttl:
    case Reason::rate_limited:
    case Reason::trailer:
    case Reason::bad_icmp:
    case Reason::gratuitous:
    case Reason::starting:
      return Stage::link;
    case Reason::bad_transport:
    case Reason::bad_checksum:
    case Reason::tcp_options:
    case Reason::urgent:
    case Reason::spoofed:
    case Reason::flows_full:
    case Reason::half_open_full:
    case Reason::closed_flow:
      return Stage::transport;
    case Reason::bad_flags:
    case Reason::bad_sequence:
    case Reason::bad_timestamp:
    case Reason::handshake:
    case Reason::midstream:
    case Reason::hole:
    case Reason::conflict:
    case Reason::bad_reset:
    case Reason::held_full:
    case Reason::memory_full:
    case Reason::expired:
      return Stage::stream;
    case Reason::bad_framing:
    case Reason::wrong_protocol:
    case Reason::whole_segments:
    case Reason::work_budget:
    case Reason::not_inspected:
      return Stage::frame;
    case Reason::malformed:
    case Reason::too_many_items:
    case Reason::unsolicited:
    case Reason::too_many_requests:
      return Stage::decode;
    case Reason::no_policy:  // about a message, or about the two ends
      return event.function != kNoFunction ? Stage::policy : Stage::transport;
    case Reason::no_rule:
    case Reason::patch:
    case Reason::collateral:
      return Stage::policy;
    case Reason::none:
    case Reason::events_lost:
    case Reason::count_:
      break;
  }
  return Stage::link;
}

}  // namespace

void Tally::add(const Tally& other) {
  frames += other.frames;
  mutated += other.mutated;
  undisturbed += other.undisturbed;
  rounds += other.rounds;
  forwarded += other.forwarded;
  dropped += other.dropped;
  joined += other.joined;
  held += other.held;
  made += other.made;
  normalised += other.normalised;
  neutralised += other.neutralised;
  verdicts += other.verdicts;
  transactions += other.transactions;
  for (std::size_t i = 0; i < kStages; ++i) ended[i] += other.ended[i];
  for (std::size_t i = 0; i < kReasonCount; ++i) reasons[i] += other.reasons[i];
}

Flood::Flood(std::uint64_t seed, std::uint64_t first)
    : first_{first},
      random_{model::mix(seed, first)},
      plant_{model::random_plant(random_, first % kRound != 0)},
      toml_{model::toml(plant_.policy)},
      guard_{plant_.policy},
      generator_{plant_, guard_.allowed(), random_.next()},
      rules_{compiled(toml_)},
      again_{random_.percent(25) ? compiled(toml_, 2) : nullptr},
      arena_(std::size_t{kSlots} * kSlotBytes),
      slots_(kSlots) {
  for (std::uint32_t i = kSlots; i > 0; --i) free_.push_back(i - 1);
  EngineOptions options;
  options.limits.flows = 2048;
  options.limits.half_open = 1024;
  options.limits.held_frames = 256;
  options.limits.retained_bytes = 2U << 20U;
  options.limits.fragments = {.datagrams = 128, .bytes = 512U << 10U, .departed = 2048};
  options.limits.assembled = 64;
  for (auto& byte : options.hash_key) byte = random_.byte();
  engine_.reset(new Engine{options, registry(), *this, *this});
}

Flood::~Flood() { engine_->drain(); }

bool Flood::run(std::uint64_t most, Recorder* recorder) {
  recorder_ = recorder;
  const auto count = std::min(most, length(first_));
  std::array<sluice::Frame, 32> burst;
  for (std::uint64_t done = 0; done < count && !failed_;) {
    const auto size = std::min<std::uint64_t>(count - done, random_.between(1, 32));
    now_ += random_.between(1, 40) * 10'000;
    if (random_.below(3000) == 0) now_ += 2'100'000'000;
    for (std::uint64_t i = 0; i < size; ++i) {
      const auto& next = generator_.next();
      auto frame = take(next.size);
      if (frame.data == nullptr) std::abort();  // more frames in the engine than it may hold
      std::memcpy(frame.data, next.bytes.data(), next.size);
      frame.wire_length = std::max(next.size, next.wire_size);
      frame.port = PortId{static_cast<std::uint16_t>(next.port)};
      number_ = first_ + done + i;
      slot_of(frame) = {
          .used = true, .must_pass = next.must_pass, .session = next.session, .number = number_};
      tally_.mutated += next.mutated ? 1 : 0;
      tally_.undisturbed += next.must_pass ? 1 : 0;
      burst[i] = frame;
      if (recorder_ != nullptr)
        recorder_->frame(number_, false, next.port, next.bytes.data(), next.size, now_);
    }
    done += size;
    received_ += size;
    // The same policy as another generation: sessions go on, and each is judged anew.
    if (again_ != nullptr && random_.below(100) == 0) std::swap(rules_, again_);
    const Time now{static_cast<std::uint64_t>(now_)};
    engine_->burst({burst.data(), size}, now, *rules_);
    engine_->tick(now, *rules_);
    check_conservation();
  }
  tally_.frames = received_;
  tally_.rounds = 1;
  const auto& counters = engine_->counters();
  tally_.forwarded = counters.forwarded;
  tally_.dropped = counters.dropped;
  tally_.joined = counters.joined;
  tally_.held = counters.held;
  tally_.made = counters.made;
  tally_.normalised = counters.normalised;
  tally_.neutralised = counters.neutralised;
  tally_.reasons = counters.reasons;
  return !failed_;
}

// Counted here and counted by the engine must be the same.
void Flood::check_conservation() {
  const auto& counters = engine_->counters();
  const bool equal = counters.received + counters.made ==
                     counters.forwarded + counters.dropped + counters.joined + counters.held;
  const auto out = kSlots - free_.size();
  // What waits for the rest of its datagram is held as a copy.
  if (equal && counters.received == received_ && out <= counters.held) return;
  fail(number_,
       "frames are not conserved: received " + std::to_string(counters.received) + " made " +
           std::to_string(counters.made) + " forwarded " + std::to_string(counters.forwarded) + " dropped " +
           std::to_string(counters.dropped) + " joined " + std::to_string(counters.joined) + " held " +
           std::to_string(counters.held) + " buffers out " + std::to_string(out),
       {});
}

sluice::Frame Flood::take(std::uint32_t length) {
  if (free_.empty() || length > kSlotBytes) return {};
  sluice::Frame frame;
  frame.data = arena_.data() + std::size_t{free_.back()} * kSlotBytes;
  frame.length = frame.wire_length = length;
  free_.pop_back();
  return frame;
}

Flood::Slot& Flood::slot_of(const sluice::Frame& frame) {
  return slots_[static_cast<std::size_t>(frame.data - arena_.data()) / kSlotBytes];
}

void Flood::give(const sluice::Frame& frame) {
  auto& slot = slot_of(frame);
  if (!slot.used) std::abort();  // given back twice
  slot.used = false;
  free_.push_back(static_cast<std::uint32_t>(&slot - slots_.data()));
  if (!slot.own) ++tally_.ended[static_cast<std::size_t>(slot.stage)];
}

sluice::Frame Flood::allocate(std::uint32_t length) noexcept {
  const auto frame = take(length);
  if (frame.data != nullptr) slot_of(frame) = {.used = true, .own = true, .number = number_};
  return frame;
}

void Flood::forward(sluice::Frame frame, PortId to) noexcept {
  auto& slot = slot_of(frame);
  if (recorder_ != nullptr) recorder_->frame(slot.number, true, to.value, frame.data, frame.length, now_);
  const auto* wrong = guard_.left(to.value, frame.data, frame.length, now_, slot.own);
  if (wrong != nullptr) fail(slot.number, wrong, frame);
  const auto& seen = guard_.seen();
  Stage least = Stage::link;
  if (seen.is_ip) least = Stage::transport;
  if (seen.is_ip && seen.protocol == 6) least = guard_.framed() ? Stage::frame : Stage::stream;
  slot.stage = std::max(slot.stage, least);
  generator_.passed(slot.session);
  if (slot.own && seen.protocol == 6 && (seen.flags & model::flag::rst) != 0)
    generator_.ended(frame.data, frame.length);
  give(frame);
}

void Flood::release(sluice::Frame frame) noexcept {
  auto& slot = slot_of(frame);
  if (slot.must_pass) {
    fail(slot.number, "a frame of an undisturbed session was dropped: " + std::string{name_of(last_)}, frame);
  }
  generator_.dropped(slot.session);
  // Dropped without a word: the session is over, or the frame waited for a hole to fill.
  const auto closed = engine_->counters().reasons[static_cast<std::size_t>(Reason::closed_flow)];
  if (slot.stage == Stage::link && closed != closed_) slot.stage = Stage::transport;
  if (slot.stage == Stage::link && slot.number + 32 <= number_) slot.stage = Stage::stream;
  closed_ = closed;
  give(frame);
}

void Flood::reach(const Event& event, Stage stage) {
  if (event.packet == nullptr) return;
  // A datagram that waits for its parts lies elsewhere.
  const auto* data = event.packet->frame.data;
  if (data < arena_.data() || data >= arena_.data() + arena_.size()) return;
  auto& slot = slot_of(event.packet->frame);
  slot.stage = std::max(slot.stage, stage);
}

void Flood::verdict(const Event& event) noexcept {
  ++tally_.verdicts;
  last_ = event.reason;
  if (recorder_ != nullptr) recorder_->event(number_, event, true);
  reach(event, stage_of(event));
}

void Flood::transaction(const Event& event) noexcept {
  ++tally_.transactions;
  if (recorder_ != nullptr) recorder_->event(number_, event, false);
  reach(event, event.is_response ? Stage::decode : Stage::policy);
}

void Flood::fail(std::uint64_t number, std::string what, const sluice::Frame& frame) {
  if (failed_) return;
  failed_ = true;
  failure_.frame = number;
  failure_.what = std::move(what);
  if (frame.data != nullptr) failure_.bytes.assign(frame.data, frame.data + frame.length);
}

}  // namespace sluice::traffic
