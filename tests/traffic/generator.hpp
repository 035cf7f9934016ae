// Generator: the traffic of a plant and of its attackers, one frame after the other. It keeps real sessions
// going through the box, with right numbers on both sides, and spoils what they would send next: bits,
// lengths, order, overlap, content, tags, fragments, options, addresses, answers, resets, tunnels. A few
// sessions stay undisturbed: all of theirs must pass. The same seed and the same answers of the box give the
// same frames.
//
// One thread. Memory is made by the constructor only; 28 sessions, at most 24 frames ahead.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/model/allowed.hpp"
#include "tests/model/random_policy.hpp"
#include "tests/traffic/frame.hpp"
#include "tests/traffic/modbus.hpp"

namespace sluice::traffic {

enum class Kind : std::uint8_t { modbus, opaque, datagram, icmp, link, stray };

struct Session {
  Kind kind = Kind::stray;
  bool must_pass = false;
  bool allowed = false;      // some rule is for it
  std::size_t ends[2] = {};  // hosts: 0 opens, 1 answers
  std::uint16_t port[2] = {};
  model::Tags tags = 0;
  std::uint16_t type = 0;  // EtherType, LLC address, ICMP type
  const model::Rule* rule = nullptr;
  model::Some rules;  // by which requests are allowed
  std::size_t client = 0;

  std::uint8_t stage = 0;   // TCP: 0 closed, 1 SYN sent, 2 answered, 3 open, 4 closing
  std::uint32_t life = 0;   // actions left
  std::uint32_t drops = 0;  // honest frames in a row
  std::uint32_t next[2] = {};
  std::uint16_t transaction = 0;
  std::uint32_t waiting = 0;  // requests without an answer, oldest first
  std::array<Message, 3> asked;
};

// What a session would do next.
struct Action {
  std::size_t from = 0;
  std::uint8_t flags = 16;
  bool request = false, answer = false;
  Message content;
};

class Generator {
 public:
  Generator(const model::Plant& plant, const model::Allowed& allowed, std::uint64_t seed);

  // The next frame; valid until the next call.
  const Frame& next();

  // What became of a session's honest frame. One that gets nowhere is given up.
  void passed(std::uint8_t session);
  void dropped(std::uint8_t session);

  // The box made this reset itself: the session is over.
  void ended(const std::uint8_t* frame, std::uint32_t size);

 private:
  void settle(Session& session, bool must_pass);
  bool find_ends(Session& session, const model::Rule& rule);
  void open(Session& session);

  // Honest steps.
  void step(Session& session);
  Action plan(Session& session);
  void perform(Session& session, const Action& action);
  bool draw_request(Session& session, Message& message);
  Frame& say(Session& session, const Action& action);
  Frame& put(const Session& session, std::size_t from, const Segment& segment);
  Segment segment_of(const Session& session, const Action& action) const;
  Way way(const Session& session, std::size_t from) const;

  // What is spoilt.
  void spoil(Session& session, const Action& action);
  void spoil_content(Session& session, Action action);
  void odd_content(Session& session, const Action& action, Message& out);
  void spoil_segment(Session& session, const Action& action);
  void spoil_schedule(Session& session, const Action& action);
  void overlap(Session& session, const Action& action, const Message& evil);
  void spoil_frame(Session& session, const Action& action);
  void spoil_link(Session& session, const Action& action);
  void fragment(const Frame& whole, const Message& evil);
  void wrap(Frame& frame, const Session& session, std::size_t from);
  void flip(Frame& frame, bool repaired);
  void tag(Frame& frame);
  void options(Frame& frame);

  // Without a connection.
  void datagram(Session& session);
  void echo(Session& session);
  void link(Session& session);
  void stray(Session& session);

  Frame& push();

  static constexpr std::size_t kSessions = 28;
  static constexpr std::size_t kAhead = 24;

  const model::Plant& plant_;
  const model::Allowed& allowed_;
  Random random_;
  std::vector<model::Host> hosts_;
  std::vector<Session> sessions_;
  std::vector<std::uint8_t> owner_;  // of a client's port
  std::vector<Frame> ahead_;
  std::size_t first_ = 0, count_ = 0;
  std::uint16_t next_port_ = 10000;
  Action action_{};
  Message scratch_{}, evil_{};
  Frame frame_{};
};

}  // namespace sluice::traffic
