// Monitor means monitor: whatever comes in leaves by the other port, byte for byte and in order.
#include <algorithm>
#include <random>

#include "dataplane/engine/engine_test.hpp"

namespace sluice::test {
namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) { return static_cast<std::size_t>(random() % bound); }

Bytes noise(Random& random, std::size_t most) {
  Bytes bytes(below(random, most + 1));
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

// A message that is good, nearly good, or nothing.
Bytes payload(Random& random) {
  Bytes bytes;
  switch (below(random, 6)) {
    case 0:
      bytes = modbus(static_cast<std::uint16_t>(random()), 1, {3, 0, 0, 0, 10});
      break;
    case 1:
      bytes = modbus(static_cast<std::uint16_t>(random()), 1, {5, 0, 7, 0xff, 0});
      break;
    case 2:
      bytes = modbus(1, 0, {90, 0, 0x41, 0xff, 0});
      break;
    case 3:
      bytes = modbus(static_cast<std::uint16_t>(random()), static_cast<std::uint8_t>(random()),
                     noise(random, 250));
      break;
    case 4:
      bytes = noise(random, 1400);
      break;
    default:
      break;
  }
  if (!bytes.empty() && below(random, 3) == 0)
    bytes[below(random, bytes.size())] ^= static_cast<std::uint8_t>(random());
  if (bytes.size() > 1 && below(random, 4) == 0) bytes.resize(1 + below(random, bytes.size() - 1));
  return bytes;
}

struct Hostile {
  Bytes frame;
  PortId port;
};

// Frames that an attacker might send: sessions with odd numbers and flags, broken headers, tags, fragments,
// and noise.
Hostile hostile(Random& random) {
  const bool from_it = below(random, 2) == 0;
  build::Link link;
  link.source = from_it ? "10.0.0.1" : "10.0.1.2";
  link.destination = from_it ? "10.0.1.2" : "10.0.0.1";
  if (below(random, 10) == 0) std::swap(link.source, link.destination);
  if (below(random, 8) == 0) link.tags = {{.id = static_cast<std::uint16_t>(below(random, 4096))}};
  if (below(random, 20) == 0) link.tags.push_back({.id = 3, .type = 0x88a8});
  if (below(random, 20) == 0) link.fragment = static_cast<std::uint16_t>(random());
  if (below(random, 20) == 0) link.trailer = noise(random, 40);
  build::Segment segment;
  segment.source_port = static_cast<std::uint16_t>(from_it ? 40000 + below(random, 8) : 502);
  segment.destination_port = static_cast<std::uint16_t>(from_it ? 502 : 40000 + below(random, 8));
  segment.sequence = static_cast<std::uint32_t>(1000 + below(random, 3000));
  segment.acknowledgement = static_cast<std::uint32_t>(1000 + below(random, 3000));
  static constexpr std::uint8_t kFlags[] = {tcp_flag::ack,
                                            tcp_flag::ack,
                                            tcp_flag::ack | tcp_flag::psh,
                                            tcp_flag::syn,
                                            tcp_flag::syn | tcp_flag::ack,
                                            tcp_flag::fin | tcp_flag::ack,
                                            tcp_flag::rst};
  segment.flags =
      below(random, 12) == 0 ? static_cast<std::uint8_t>(random()) : kFlags[below(random, std::size(kFlags))];
  segment.payload = payload(random);
  if (below(random, 12) == 0) segment.reserved = static_cast<std::uint8_t>(below(random, 16));
  if (below(random, 12) == 0) segment.urgent = static_cast<std::uint16_t>(random());
  if (below(random, 8) == 0) segment.options = noise(random, 40);
  if (below(random, 8) == 0) segment.options = build::hex("020405b4 fd04 0102 2202 0101");
  if (below(random, 20) == 0) link.options = noise(random, 40);
  if (below(random, 20) == 0) link.ttl = static_cast<std::uint8_t>(random());
  if (below(random, 20) == 0) link.destination_mac[0] |= 1U;

  Bytes frame;
  switch (below(random, 12)) {
    case 0:
      frame = build::udp(link, {.payload = payload(random)});
      break;
    case 1:
      frame = build::icmp(link, {.type = static_cast<std::uint8_t>(random()), .payload = noise(random, 60)});
      break;
    case 2:
      frame = build::arp(link, {});
      break;
    case 3:
      frame = build::ethernet(link, static_cast<std::uint16_t>(random()), noise(random, 200));
      break;
    case 4:
      frame = build::ip(link, static_cast<std::uint8_t>(random()), noise(random, 200));
      break;
    case 5:
      frame = noise(random, 200);
      break;
    default:
      frame = build::tcp(link, segment);
      break;
  }
  if (frame.size() < 14) frame.resize(14);
  for (std::size_t i = below(random, 4); i > 1; --i)
    frame[below(random, frame.size())] ^= static_cast<std::uint8_t>(random());
  if (below(random, 15) == 0) frame.resize(14 + below(random, frame.size() - 13));
  return {std::move(frame), from_it ? kIt : kOt};
}

TEST(Monitor, a_hundred_thousand_hostile_frames_leave_as_they_came) {
  const auto policy =
      kZones + conduit("monitor") +
      "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = [\"read\"]\nreason = \"x\"\n";
  EngineOptions options;
  options.limits.flows = 64;
  options.limits.held_frames = 16;
  Box box{policy, options};
  Random random{20'260'101};
  constexpr std::size_t kFrames = 100'000;
  for (std::size_t sent = 0; sent < kFrames;) {
    std::vector<Hostile> batch(1 + below(random, 32));
    std::vector<Frame> frames;
    for (auto& one : batch) {
      one = hostile(random);
      frames.push_back(box.wires.copy(one.frame, one.port));
    }
    box.wires.left.clear();
    box.now = box.now + milliseconds(below(random, 500));
    box.engine->burst(frames, box.now, *box.rules);
    box.engine->tick(box.now, *box.rules);
    ASSERT_EQ(box.wires.left.size(), batch.size()) << "after " << sent << " frames";
    for (std::size_t i = 0; i < batch.size(); ++i) {
      ASSERT_EQ(box.wires.left[i].bytes, batch[i].frame) << "frame " << sent + i;
      ASSERT_EQ(box.wires.left[i].to, batch[i].port == kIt ? kOt : kIt);
    }
    sent += batch.size();
  }
  const auto& counters = box.engine->counters();
  EXPECT_EQ(counters.dropped, 0U);
  EXPECT_EQ(counters.made, 0U);
  EXPECT_EQ(counters.held, 0U);
  EXPECT_EQ(counters.denied, 0U);
  EXPECT_EQ(counters.normalised, 0U);
  // The frames reached every depth.
  EXPECT_GT(counters.would_deny, kFrames / 10);
  EXPECT_GT(counters.pdus, kFrames / 100);
  for (const auto reason : {Reason::no_rule, Reason::spoofed, Reason::no_conduit, Reason::bad_sequence,
                            Reason::fragment, Reason::flows_full, Reason::bad_flags, Reason::malformed}) {
    if (reason == Reason::flows_full) continue;
    EXPECT_GT(counters.reasons[static_cast<std::size_t>(reason)], 0U) << name_of(reason);
  }
}

// The same frames under enforcement: nothing is lost track of.
TEST(Enforce, a_hundred_thousand_hostile_frames_are_each_accounted_for) {
  const auto policy =
      kZones + conduit("enforce") +
      "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = [\"read\"]\nreason = \"x\"\n";
  EngineOptions options;
  options.limits.flows = 64;
  options.limits.held_frames = 16;
  Box box{policy, options};
  Random random{4711};
  for (std::size_t sent = 0; sent < 100'000; ++sent) {
    auto one = hostile(random);
    const Frame frame = box.wires.copy(one.frame, one.port);
    box.now = box.now + milliseconds(below(random, 20));
    box.engine->burst({&frame, 1}, box.now, *box.rules);
    box.engine->tick(box.now, *box.rules);
    for (const auto& left : box.wires.left) {
      if (left.to != kOt) continue;  // towards the PLC
      const auto text = build::Bytes{5, 0, 7, 0xff, 0};
      ASSERT_EQ(std::search(left.bytes.begin(), left.bytes.end(), text.begin(), text.end()), left.bytes.end())
          << "a write reached the wire at frame " << sent;
    }
    box.wires.left.clear();
  }
  box.engine->drain();
  box.expect_conserved();
  EXPECT_GT(box.engine->counters().forwarded, 100U);
  EXPECT_GT(box.engine->counters().denied, 10'000U);
}

}  // namespace
}  // namespace sluice::test
