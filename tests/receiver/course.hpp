// Course: one hostile client, the engine, and a receiver behind it. It keeps what the engine says that it
// inspected and what the receiver's application read, and tells whether the two agree. One thread.
//
// With decoded content the engine's word are its transactions: each request that it allowed, field by field,
// from which the bytes are written anew. The application must have read such requests, in the order in which
// they were judged, and then at most the beginning of another. With opaque content the engine looks at no
// byte but the first that leaves for a number; these the application must have read.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "dataplane/engine/engine.hpp"
#include "dataplane/packet/builder.hpp"
#include "tests/receiver/policy.hpp"
#include "tests/receiver/stack.hpp"

namespace sluice::receiver {

using build::Bytes;

struct Totals {
  std::uint64_t schedules = 0;
  std::uint64_t opened = 0;     // with a whole handshake
  std::uint64_t frames = 0;     // of the attacker
  std::uint64_t delivered = 0;  // bytes that applications read
  std::uint64_t requests = 0;   // whole ones that applications read
  std::uint64_t denied = 0;     // verdicts about requests
  std::uint64_t stand_ins = 0;  // read in the place of denied requests
  std::uint64_t inspected = 0;  // requests that the engine allowed
  std::uint64_t lost = 0;       // frames behind the engine
  std::uint64_t mismatches = 0;
};

class Course final : public Buffers, public Events {
 public:
  explicit Course(Stack& stack);
  ~Course();
  Course(const Course&) = delete;
  Course& operator=(const Course&) = delete;

  // A new connection from another port; `port` is one of the receiver's.
  void begin(std::uint16_t port, Denial denial, std::uint32_t first_number, bool timestamps,
             std::uint16_t window);
  // The rest of the connection is taken away, and its place in the engine with it.
  void finish();

  [[nodiscard]] bool open() const noexcept { return open_; }
  [[nodiscard]] bool reset() const noexcept { return reset_; }  // the client was told so
  [[nodiscard]] bool decoded() const noexcept { return port_ == kDecodedPort; }
  // The number of the first byte of the client's data.
  [[nodiscard]] std::uint32_t first() const noexcept { return first_; }
  // What the client knows of the server.
  [[nodiscard]] std::uint32_t server_next() const noexcept { return server_next_; }
  [[nodiscard]] std::uint32_t acknowledged() const noexcept { return acknowledged_; }
  [[nodiscard]] std::uint32_t clock() const noexcept {
    return static_cast<std::uint32_t>(now_.ns / 1'000'000);
  }

  // A segment of the client with what every one has: addresses, ports, a good acknowledgement, a timestamp.
  [[nodiscard]] build::Segment segment(std::uint32_t number, Bytes payload) const;
  [[nodiscard]] build::Link link() const;
  void send(const build::Segment& segment) { send(build::tcp(link(), segment)); }
  void send(const Bytes& frame);
  // What the receiver sent meets the engine, and then the client.
  void listen();
  void forget_answers() { answers_.clear(); }
  void pass(std::uint64_t milliseconds);

  // What becomes of the next frames behind the engine: one bit each, lost or late.
  std::uint64_t lost = 0;
  std::uint64_t late = 0;

  // Empty, or what is wrong.
  [[nodiscard]] std::string verdict();
  // What the application of the last connection read.
  [[nodiscard]] const std::string& read() const noexcept { return read_; }
  [[nodiscard]] const EngineCounters& counters() const noexcept { return engine_->counters(); }

  Totals totals;

 private:
  void forward(Frame frame, PortId to) noexcept override;
  void release(Frame frame) noexcept override;
  Frame allocate(std::uint32_t length) noexcept override;
  void verdict(const Event& event) noexcept override;
  void transaction(const Event& event) noexcept override;

  void into_engine(const Bytes& frame, PortId port);
  void deliver(const Bytes& frame);
  void run_application();
  [[nodiscard]] std::string judge_connection();
  void first_copy(const Packet& packet);
  void client_takes(const Bytes& frame);

  Stack& stack_;
  std::array<std::unique_ptr<const Ruleset>, kDenials> policies_;
  const Ruleset* rules_ = nullptr;
  std::unique_ptr<Engine> engine_;
  Time now_{1'000'000'000};

  std::uint16_t port_ = kDecodedPort;
  std::uint16_t client_port_ = 1024;
  std::uint32_t first_ = 0;
  std::uint32_t server_next_ = 0;
  std::uint32_t acknowledged_ = 0;
  std::uint32_t stamp_ = 0;  // newest of the server
  std::uint16_t window_ = 0;
  bool timestamps_ = false;
  bool open_ = false;
  bool reset_ = false;

  std::deque<Bytes> outward_;  // from the engine to the receiver
  std::deque<Bytes> inward_;   // to the client
  std::deque<Bytes> delayed_;
  std::deque<Bytes> answers_;  // from the receiver to the engine
  std::uint32_t forwarded_ = 0;

  std::uint64_t connection_ = 0;
  std::string wrong_;  // with an earlier connection of the same ports
  std::string read_;
  std::size_t answered_ = 0;            // bytes of read_ that were whole requests
  std::vector<std::string> inspected_;  // in order
  std::string first_copies_;            // opaque: the first byte that left, by number
  std::string known_;                   // whether one did
};

}  // namespace sluice::receiver
