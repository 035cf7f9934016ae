#include "dataplane/app/worker.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "dataplane/app/heap_test.hpp"
#include "dataplane/app/inspection.hpp"
#include "dataplane/packet/builder.hpp"
#include "dataplane/port/memory.hpp"
#include "rules/compile/compile.hpp"

namespace sluice {
namespace {

using build::Bytes;

constexpr PortId kIt{0};
constexpr PortId kOt{1};

std::unique_ptr<const Ruleset> rules(const std::string& mode, std::uint64_t generation) {
  const compile::Source source{"test.toml", R"(
[[zone]]
name = "it"
security_level = 1
networks = ["10.0.0.0/24"]
[[zone]]
name = "ot"
security_level = 2
networks = ["10.0.1.0/24"]
[[conduit]]
name = "c"
sides = [{ port = "it", zones = ["it"] }, { port = "ot", zones = ["ot"] }]
on_failure = "closed"
midstream = "resync"
mode = ")" + mode + R"("
[[allow]]
from = "it"
to = "ot"
protocol = "modbus"
functions = ["read_holding_registers"]
reason = "polls"
)"};
  Diagnostics diagnostics;
  auto output = compile::compile({&source, 1}, registry().schemas, diagnostics);
  for (const auto& error : diagnostics.errors()) ADD_FAILURE() << error.text();
  if (!output) return nullptr;
  image::set_generation(output->image, generation);
  const std::vector<std::string> ports = {"it", "ot"};
  auto loaded = Ruleset::load(std::move(output->image), registry(), ports);
  if (!loaded) ADD_FAILURE() << loaded.error().text();
  return loaded ? std::move(*loaded) : nullptr;
}

struct Sent {
  PortId port;
  Bytes bytes;
};

// A handshake, then requests of holding registers with their answers; every fifth request writes a coil
// instead.
std::vector<Sent> conversation(std::uint16_t client_port, int requests) {
  std::vector<Sent> frames;
  std::uint32_t client = 1000;
  std::uint32_t server = 9000;
  const auto say = [&](bool to_server, std::uint8_t flags, const Bytes& payload) {
    build::Link link;
    link.source = to_server ? "10.0.0.1" : "10.0.1.2";
    link.destination = to_server ? "10.0.1.2" : "10.0.0.1";
    build::Segment segment;
    segment.source_port = to_server ? client_port : 502;
    segment.destination_port = to_server ? 502 : client_port;
    segment.sequence = to_server ? client : server;
    segment.acknowledgement = (flags & tcp_flag::ack) == 0 ? 0 : to_server ? server : client;
    segment.flags = flags;
    segment.payload = payload;
    frames.push_back({to_server ? kIt : kOt, build::tcp(link, segment)});
    auto& next = to_server ? client : server;
    next += static_cast<std::uint32_t>(payload.size()) + ((flags & tcp_flag::syn) != 0 ? 1 : 0);
  };
  say(true, tcp_flag::syn, {});
  say(false, tcp_flag::syn | tcp_flag::ack, {});
  say(true, tcp_flag::ack, {});
  for (int i = 1; i <= requests; ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    say(true, tcp_flag::ack | tcp_flag::psh, {0, number, 0, 0, 0, 6, 1, 3, 0, 10, 0, 2});
    say(false, tcp_flag::ack | tcp_flag::psh, {0, number, 0, 0, 0, 7, 1, 3, 4, 0, 1, 0, 2});
  }
  say(true, tcp_flag::ack | tcp_flag::psh, {0, 99, 0, 0, 0, 6, 1, 5, 0, 7, 0xff, 0});
  return frames;
}

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() : shared_{*channel::SharedMemory::create({.workers = 1, .ports = 2})} {}

  // Runs rounds until nothing comes any more.
  void drain() {
    while (worker_.round([this] { return now_ = now_ + Duration{1000}; })) continue;
  }
  void push(const std::vector<Sent>& frames) {
    for (const auto& frame : frames) ASSERT_TRUE(ports_.push(frame.port, frame.bytes));
  }
  static EngineOptions small() {
    EngineOptions options;
    options.limits = {.flows = 1024, .held_frames = 64, .retained_bytes = 1U << 20U};
    return options;
  }

  channel::SharedMemory shared_;
  MemoryPorts ports_;
  Published<Ruleset> rules_{1};
  Inspection inspection_{0, small(), 7, ports_, shared_};
  Worker<MemoryPorts, Inspection, Ruleset> worker_{0, ports_, inspection_, rules_, Rest::Core::shared};
  Time now_{1'000'000'000};
};

TEST_F(WorkerTest, without_rules_everything_is_closed_and_counted) {
  push(conversation(40000, 3));
  drain();
  EXPECT_TRUE(ports_.sent(kIt).empty());
  EXPECT_TRUE(ports_.sent(kOt).empty());
  EXPECT_EQ(ports_.in_use(), 0U);
  const auto counters = inspection_.counters();
  EXPECT_EQ(counters.received, 10U);
  EXPECT_EQ(counters.dropped, 10U);
  EXPECT_EQ(counters.reasons[static_cast<std::size_t>(Reason::starting)], 10U);
}

TEST_F(WorkerTest, forwards_what_the_rules_allow_and_drops_what_they_do_not) {
  rules_.publish(rules("enforce", 1));
  const auto frames = conversation(40000, 3);
  push(frames);
  drain();
  // The handshake's two and three requests; then a reset in the place of the denied write.
  ASSERT_EQ(ports_.sent(kOt).size(), 6U);
  constexpr std::array<std::size_t, 5> kPassed = {0, 2, 3, 5, 7};
  for (std::size_t i = 0; i < 5; ++i) {
    const auto sent = ports_.sent(kOt)[i].bytes();
    EXPECT_EQ(Bytes(sent.begin(), sent.end()), frames[kPassed[i]].bytes);
  }
  const auto last = ports_.sent(kOt)[5].bytes();
  EXPECT_NE(Bytes(last.begin(), last.end()), frames.back().bytes);
  EXPECT_EQ(ports_.with_engine(), 0U);
}

TEST_F(WorkerTest, reports_a_heartbeat_its_generation_and_its_counters_at_each_tick) {
  worker_.round([this] { return now_; });
  EXPECT_EQ(shared_.heartbeat(0), now_);
  EXPECT_EQ(shared_.generation(0).value, 0U);
  rules_.publish(rules("enforce", 5));
  push(conversation(40000, 1));
  now_ = now_ + milliseconds(10);
  drain();
  now_ = now_ + milliseconds(10);
  drain();
  EXPECT_EQ(shared_.generation(0).value, 5U);
  const auto reading = shared_.counters(0);
  ASSERT_TRUE(reading.consistent);
  EXPECT_EQ(reading.counters.received, 6U);
  EXPECT_EQ(reading.counters.denied, 1U);
  const auto& c = reading.counters;
  EXPECT_EQ(c.received + c.made, c.forwarded + c.dropped + c.joined + c.held);
}

TEST_F(WorkerTest, uses_new_rules_from_the_next_round_on_and_lets_the_old_ones_go) {
  rules_.publish(rules("enforce", 1));
  drain();
  EXPECT_TRUE(rules_.settled());
  rules_.publish(rules("monitor", 2));
  EXPECT_FALSE(rules_.settled());
  push(conversation(40000, 0));
  drain();
  EXPECT_TRUE(rules_.settled());
  const auto written = ports_.sent(kOt).back().bytes();
  EXPECT_EQ(Bytes(written.begin(), written.end()), conversation(40000, 0).back().bytes)
      << "monitor mode drops nothing";
}

// The promise of the fast path: after start, nothing is taken from the heap, whatever comes.
TEST_F(WorkerTest, allocates_nothing_after_start) {
  auto first = rules("enforce", 1);
  auto second = rules("monitor", 2);
  std::vector<std::vector<Sent>> waves;
  for (std::uint16_t i = 0; i < 200; ++i)
    waves.push_back(conversation(static_cast<std::uint16_t>(40000 + i), 8));
  // Noise: every frame of a conversation cut short, and every byte of one turned.
  for (const auto& frame : conversation(50000, 2)) {
    std::vector<Sent> noise;
    for (std::size_t i = 0; i < frame.bytes.size(); ++i) {
      noise.push_back(
          {frame.port, Bytes(frame.bytes.begin(), frame.bytes.begin() + static_cast<std::ptrdiff_t>(i))});
      noise.push_back(frame);
      noise.back().bytes[i] ^= 0xff;
    }
    waves.push_back(std::move(noise));
  }
  rules_.publish(std::move(first));
  const auto before = test::allocations();
  std::size_t wave = 0;
  for (const auto& frames : waves) {
    if (++wave == 150) rules_.publish(std::move(second));
    for (const auto& frame : frames) ASSERT_TRUE(ports_.push(frame.port, frame.bytes));
    now_ = now_ + milliseconds(7);
    drain();
    ports_.clear();
  }
  for (int i = 0; i < 2000; ++i) {
    now_ = now_ + milliseconds(20);
    drain();
  }
  EXPECT_EQ(test::allocations(), before);
  EXPECT_GT(inspection_.counters().pdus, 200U * 8U);
  EXPECT_GT(inspection_.counters().dropped, 100U);
}

TEST_F(WorkerTest, gives_back_all_it_holds_when_it_is_told_to_end) {
  rules_.publish(rules("enforce", 1));
  auto frames = conversation(40000, 3);
  frames.erase(frames.begin() + 3);  // a hole: what follows is held
  push(frames);
  std::atomic<bool> stop{false};
  std::thread thread{[&] { worker_.run(stop); }};
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  stop = true;
  thread.join();
  EXPECT_EQ(ports_.with_engine(), 0U);
  rules_.publish(rules("enforce", 2));
  EXPECT_TRUE(rules_.settled()) << "a worker that ended is in nobody's way";
}

TEST(Rest, sleeps_only_after_it_was_idle_for_a_while_and_only_on_a_shared_core) {
  const auto time_of = [](Rest rest, int rounds) {
    const auto begun = monotonic();
    for (int i = 0; i < rounds; ++i) rest.idle();
    return (monotonic() - begun).ns;
  };
  EXPECT_LT(time_of(Rest{Rest::Core::owned}, 1000), 500 * kLongestRest);
  EXPECT_GE(time_of(Rest{Rest::Core::shared}, 1000), 800 * kLongestRest);
}

}  // namespace
}  // namespace sluice
