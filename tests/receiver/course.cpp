#include "tests/receiver/course.hpp"

#include <algorithm>

#include "dataplane/protocol/modbus/schema.hpp"

namespace sluice::receiver {
namespace {

constexpr PortId kIt{0};
constexpr PortId kOt{1};

void put(std::string& to, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) to += static_cast<char>(number >> (8 * i));
}

}  // namespace

Course::Course(Stack& stack) : stack_{stack} {
  for (std::uint32_t i = 0; i < kDenials; ++i) policies_[i] = rules_for(static_cast<Denial>(i));
  rules_ = policies_[0].get();
  EngineOptions options;
  options.limits.flows = 4096;
  options.limits.held_per_flow = 8;
  engine_ = std::make_unique<Engine>(options, registry(), *this, *this);
}

Course::~Course() { engine_->drain(); }

void Course::forward(Frame frame, PortId to) noexcept {
  Bytes bytes{frame.data, frame.data + frame.length};
  (to == kOt ? outward_ : inward_).push_back(std::move(bytes));
  release(frame);
}
void Course::release(Frame frame) noexcept { delete[] frame.data; }
Frame Course::allocate(std::uint32_t length) noexcept {
  Frame frame;
  frame.data = new std::uint8_t[length];
  frame.length = frame.wire_length = length;
  return frame;
}

void Course::verdict(const Event& event) noexcept {
  if (event.reason == Reason::no_rule || event.reason == Reason::malformed) ++totals.denied;
}

void Course::transaction(const Event& event) noexcept {
  if (event.is_response) return;
  std::uint64_t numbers[64]{};
  for (const auto& values : {event.header, event.values}) {
    for (const Value& value : values) {
      if (value.length == 0 && value.field.field < 64) numbers[value.field.field] = value.number;
    }
  }
  const auto field = [&](modbus::Name name) { return numbers[static_cast<std::size_t>(name)]; };
  std::string request;
  put(request, field(modbus::Name::trans_id), 2);
  put(request, field(modbus::Name::prot_id), 2);
  put(request, field(modbus::Name::len), 2);
  put(request, field(modbus::Name::unit_id), 1);
  put(request, field(modbus::Name::func_code), 1);
  if (field(modbus::Name::func_code) != 7) {
    put(request, field(modbus::Name::reference_num), 2);
    put(request, field(modbus::Name::word_cnt), 2);
  }
  inspected_.push_back(std::move(request));
  ++totals.inspected;
}

build::Link Course::link() const {
  build::Link link;
  link.source = "10.0.0.1";
  link.destination = kReceiver;
  return link;
}

build::Segment Course::segment(std::uint32_t number, Bytes payload) const {
  build::Segment segment;
  segment.source_port = client_port_;
  segment.destination_port = port_;
  segment.sequence = number;
  segment.acknowledgement = server_next_;
  segment.flags = payload.empty() ? tcp_flag::ack : tcp_flag::ack | tcp_flag::psh;
  segment.window = window_;
  segment.payload = std::move(payload);
  if (timestamps_) {
    segment.options = {1, 1, 8, 10};
    for (const std::uint32_t stamp : {clock(), stamp_}) {
      for (const unsigned shift : {24U, 16U, 8U, 0U})
        segment.options.push_back(static_cast<std::uint8_t>(stamp >> shift));
    }
  }
  return segment;
}

void Course::begin(std::uint16_t port, Denial denial, std::uint32_t first_number, bool timestamps,
                   std::uint16_t window) {
  rules_ = policies_[static_cast<std::size_t>(denial)].get();
  ++totals.schedules;
  port_ = port;
  client_port_ = client_port_ == 65535 ? std::uint16_t{1024} : static_cast<std::uint16_t>(client_port_ + 1);
  first_ = first_number;
  acknowledged_ = first_number;
  server_next_ = stamp_ = 0;
  window_ = window;
  timestamps_ = timestamps;
  open_ = reset_ = false;
  lost = late = 0;
  forwarded_ = 0;
  outward_.clear();
  inward_.clear();
  delayed_.clear();
  answers_.clear();
  read_.clear();
  wrong_.clear();
  answered_ = 0;
  inspected_.clear();
  first_copies_.clear();
  known_.clear();

  build::Segment syn = segment(first_ - 1, {});
  syn.flags = tcp_flag::syn;
  syn.acknowledgement = 0;
  send(syn);
  listen();
  if (server_next_ == 0) return;
  send(segment(first_, {}));
  open_ = true;
  ++totals.opened;
}

void Course::finish() {
  stack_.abort();
  run_application();
  listen();
  engine_->tick(now_, *rules_);
  pass(60'000);
  // What did not end is old a day later.
  if (counters().flows > 1000) {
    now_ = now_ + seconds(25 * 3600);
    for (int i = 0; i < 4096 && counters().flows != 0; ++i) engine_->tick(now_, *rules_);
  }
}

void Course::pass(std::uint64_t milliseconds) {
  now_ = now_ + sluice::milliseconds(milliseconds);
  engine_->tick(now_, *rules_);
  if (milliseconds < 60'000) stack_.pass(milliseconds);
}

void Course::send(const Bytes& frame) {
  ++totals.frames;
  into_engine(frame, kIt);
}

void Course::into_engine(const Bytes& frame, PortId port) {
  Frame in = allocate(static_cast<std::uint32_t>(frame.size()));
  std::copy(frame.begin(), frame.end(), in.data);
  in.port = port;
  now_ = now_ + Duration{20'000};
  engine_->burst({&in, 1}, now_, *rules_);
  while (!inward_.empty()) {
    client_takes(inward_.front());
    inward_.pop_front();
  }
  bool arrived = false;
  while (!outward_.empty()) {
    const Bytes out = std::move(outward_.front());
    outward_.pop_front();
    const std::uint32_t bit = forwarded_++ % 64;
    if ((lost >> bit & 1) != 0) {
      ++totals.lost;
      continue;
    }
    if ((late >> bit & 1) != 0) {
      delayed_.push_back(out);
      continue;
    }
    deliver(out);
    arrived = true;
  }
  while (arrived && !delayed_.empty()) {
    deliver(delayed_.front());
    delayed_.pop_front();
  }
}

void Course::deliver(const Bytes& frame) {
  if (!decoded()) {
    Bytes copy = frame;
    Packet packet;
    if (parse(build::frame_over(copy), Checksums::verify, packet).reason == Reason::none) first_copy(packet);
  }
  stack_.take(frame);
  run_application();
}

void Course::first_copy(const Packet& packet) {
  const auto payload = packet.payload();
  for (std::uint32_t i = 0; i < payload.size(); ++i) {
    const std::uint32_t at = packet.tcp.sequence + i - first_;
    if (at >= 1U << 16) continue;
    if (at >= known_.size()) {
      known_.resize(at + 1, 0);
      first_copies_.resize(at + 1, 0);
    }
    if (known_[at] != 0) continue;
    known_[at] = 1;
    first_copies_[at] = static_cast<char>(payload[i]);
  }
}

// It reads all there is and refuses each request, in its own protocol's words.
void Course::run_application() {
  const std::string more = stack_.read();
  totals.delivered += more.size();
  if (stack_.connections() != connection_) {
    if (wrong_.empty()) wrong_ = judge_connection();
    connection_ = stack_.connections();
    read_.clear();
    answered_ = 0;
  }
  read_ += more;
  while (decoded()) {
    const auto rest = std::string_view{read_}.substr(answered_);
    const std::size_t end = end_of_request(rest);
    if (end < 8) break;
    ++totals.requests;
    answered_ += end;
    Bytes answer{rest.begin(), rest.begin() + 8};
    answer[4] = 0;
    answer[5] = 3;
    answer[7] |= 0x80U;
    answer.push_back(2);
    stack_.write(answer);
  }
  Bytes frame;
  while (stack_.next(frame)) {
    // Only of this connection: a kernel goes on about earlier ones.
    const std::size_t tcp = 14U + (frame[14] & 15U) * 4U;
    if (frame.size() < tcp + 20 || (frame[tcp + 2] << 8 | frame[tcp + 3]) != client_port_) continue;
    answers_.push_back(frame);
  }
}

void Course::listen() {
  while (!answers_.empty()) {
    const Bytes frame = std::move(answers_.front());
    answers_.pop_front();
    into_engine(frame, kOt);
  }
}

void Course::client_takes(const Bytes& frame) {
  Bytes copy = frame;
  Packet packet;
  if (parse(build::frame_over(copy), Checksums::verify, packet).reason != Reason::none) return;
  const TcpHeader& tcp = packet.tcp;
  if ((tcp.flags & tcp_flag::rst) != 0) {
    reset_ = true;
    return;
  }
  if (tcp.has_timestamp != 0) stamp_ = tcp.timestamp;
  const bool syn = (tcp.flags & tcp_flag::syn) != 0;
  const bool fin = (tcp.flags & tcp_flag::fin) != 0;
  const std::uint32_t end = tcp.sequence + packet.payload_length + (syn || fin ? 1U : 0U);
  if (syn || static_cast<std::int32_t>(end - server_next_) > 0) server_next_ = end;
  if (static_cast<std::int32_t>(tcp.acknowledgement - acknowledged_) > 0) acknowledged_ = tcp.acknowledgement;
}

std::string Course::verdict() {
  run_application();
  return wrong_.empty() ? judge_connection() : wrong_;
}

std::string Course::judge_connection() {
  if (!decoded()) {
    for (std::size_t i = 0; i < read_.size(); ++i) {
      if (i >= known_.size() || known_[i] == 0 || first_copies_[i] != read_[i])
        return "byte " + std::to_string(i) + " is not the first that left for its number";
    }
    return {};
  }
  std::string_view rest = read_;
  auto said = inspected_.begin();
  while (!rest.empty()) {
    const std::size_t end = end_of_request(rest);
    if (end == 0) break;
    const auto request = rest.substr(0, end);
    rest.remove_prefix(end);
    if (rules_ == policies_[static_cast<std::size_t>(Denial::neutralise)].get() && stand_in(request)) {
      ++totals.stand_ins;
      continue;
    }
    if (!allowed(request))
      return "a denied request was read at byte " + std::to_string(read_.size() - rest.size() - end);
    said = std::find(said, inspected_.end(), request);
    if (said == inspected_.end())
      return "what was read at byte " + std::to_string(read_.size() - rest.size() - end) +
             " was not inspected";
    ++said;
  }
  // What is left is the beginning of a request, and no more than that is ever let through.
  return rest.size() > 260 ? "too much of an unfinished request was read" : std::string{};
}

}  // namespace sluice::receiver
