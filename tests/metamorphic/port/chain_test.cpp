// The same frames as chains of mbufs, cut at each byte, through DPDK's own net_ring ports, DpdkPorts and the
// worker: what a card hands over that scatters. A net_ring port sends into the ring that it receives from, so
// each round's frames are taken out before the next.
#include <gtest/gtest.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "dataplane/app/worker.hpp"
#include "dataplane/port/dpdk.hpp"
#include "tests/metamorphic/bench.hpp"
#include "tests/model/random.hpp"

#ifdef __SANITIZE_ADDRESS__
// DPDK keeps what it allocates until the process ends.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
#endif

namespace sluice::metamorphic {
namespace {

// Where a frame of so many bytes is cut, ascending.
using Cutting = std::function<std::vector<std::size_t>(std::size_t size)>;

enum class Given : std::uint8_t { whole, first_part };

// DPDK, once a process.
struct Rings {
  std::unique_ptr<DpdkPorts> ports;
  std::array<rte_ring*, 2> ring{};
  std::array<rte_mempool*, 2> pool{};

  Rings() {
    DpdkOptions options;
    options.ports = {{"it", "net_ring0"}, {"ot", "net_ring1"}};
    options.buffers = 4096;
    auto opened = DpdkPorts::open(options);
    if (!opened) throw std::runtime_error{opened.error().text()};
    ports = std::move(*opened);
    for (std::size_t i = 0; i < 2; ++i) {
      ring[i] = rte_ring_lookup(("ETH_RXTX0_net_ring" + std::to_string(i)).c_str());
      pool[i] = rte_mempool_lookup(("port" + std::to_string(i)).c_str());
      if (ring[i] == nullptr || pool[i] == nullptr) throw std::runtime_error{"no ring or no pool"};
    }
  }
  [[nodiscard]] unsigned in_use() const {
    return rte_mempool_in_use_count(pool[0]) + rte_mempool_in_use_count(pool[1]) +
           rte_mempool_in_use_count(rte_mempool_lookup("made"));
  }
};
Rings& rings() {
  static Rings made;
  return made;
}

Published<Ruleset>& published(Tags tags) {
  static std::array<std::unique_ptr<Published<Ruleset>>, kTagsCount> made;
  auto& one = made[static_cast<std::size_t>(tags)];
  if (one == nullptr) {
    one = std::make_unique<Published<Ruleset>>(1);
    one->publish(rules_for(tags));
  }
  return *one;
}

class Chains final : public Box {
 public:
  Chains(Tags tags, std::size_t connections, std::uint32_t burst, Cutting cutting, Given given = Given::whole)
      : burst_{std::min<std::size_t>(burst, kBurst)},
        cutting_{std::move(cutting)},
        given_{given},
        judge_{small_engine(connections), log_},
        worker_{0, *rings().ports, judge_, published(tags), Rest::Core::shared} {}
  ~Chains() override { judge_.drain(); }

  std::vector<Sent> pass(std::span<const Sent> frames) override {
    std::vector<Sent> left;
    while (!frames.empty()) {
      const auto burst = frames.first(std::min(burst_, frames.size()));
      for (const auto& [port, bytes] : burst) give(port, bytes);
      worker_.round([this] { return now_ = now_ + milliseconds(6); });
      for (std::uint16_t port = 0; port < 2; ++port) take(PortId{port}, left);
      frames = frames.subspan(burst.size());
    }
    return left;
  }
  [[nodiscard]] const Log& log() const override { return log_; }
  [[nodiscard]] EngineCounters counters() const override { return judge_.engine.counters(); }
  [[nodiscard]] bool conserved() const override {
    return adds_up(counters()) && rings().in_use() <= counters().held;
  }
  [[nodiscard]] std::size_t chains() const { return chains_; }

 private:
  struct Judge {
    Judge(const EngineOptions& options, Log& log) : engine{options, registry(), *rings().ports, log} {}
    void burst(std::span<const Frame> frames, Time now, const Ruleset& given) noexcept {
      engine.burst(frames, now, given);
    }
    void closed(std::span<const Frame> frames, Time) noexcept {
      for (const auto& frame : frames) rings().ports->release(frame);
    }
    void tick(Time now, const Ruleset* given) noexcept {
      if (given != nullptr) engine.tick(now, *given);
    }
    void drain() noexcept { engine.drain(); }
    Engine engine;
  };

  void give(PortId port, const Bytes& bytes) {
    auto ends = cutting_(bytes.size());
    if (given_ == Given::whole) ends.push_back(bytes.size());
    rte_mbuf* whole = nullptr;
    std::size_t begin = 0;
    for (const auto end : ends) {
      auto* part = rte_pktmbuf_alloc(rings().pool[port.value]);
      ASSERT_NE(part, nullptr);
      std::memcpy(rte_pktmbuf_append(part, static_cast<std::uint16_t>(end - begin)), bytes.data() + begin,
                  end - begin);
      if (whole == nullptr) {
        whole = part;
      } else {
        ASSERT_EQ(rte_pktmbuf_chain(whole, part), 0);
      }
      begin = end;
    }
    chains_ += whole->nb_segs > 1 ? 1U : 0U;
    ASSERT_EQ(rte_ring_enqueue(rings().ring[port.value], whole), 0);
  }

  static void take(PortId port, std::vector<Sent>& left) {
    void* taken = nullptr;
    while (rte_ring_dequeue(rings().ring[port.value], &taken) == 0) {
      auto* mbuf = static_cast<rte_mbuf*>(taken);
      EXPECT_EQ(mbuf->nb_segs, 1);
      EXPECT_EQ(mbuf->pkt_len, mbuf->data_len);
      const auto* data = rte_pktmbuf_mtod(mbuf, const std::uint8_t*);
      left.push_back({port, {data, data + mbuf->data_len}});
      rte_pktmbuf_free(mbuf);
    }
  }

  std::size_t burst_;
  Cutting cutting_;
  Given given_;
  Log log_;
  Judge judge_;
  Worker<DpdkPorts, Judge, Ruleset> worker_;
  Time now_{1'000'000'000};
  std::size_t chains_ = 0;
};

std::uint64_t joined() {
  const auto& ports = *rings().ports;
  return ports.counters(kIt).scattered + ports.counters(kOt).scattered;
}

TEST(Chains, E52_of_two_cut_at_each_byte_of_each_frame) {
  constexpr std::uint32_t kHeaders = 14 + 20 + 20;
  std::optional<Bench> bench;
  std::size_t chains = 0;
  const auto before = joined();
  for (std::uint32_t cut = 1;; ++cut) {
    auto some = longer_than(written(), cut > kHeaders ? cut - kHeaders : 0, Unit::message);
    if (some.connections.empty()) break;
    if (!bench || bench->size() != some.connections.size()) bench.emplace(std::move(some));
    Chains box{Tags::none, bench->size(), 32, [&](std::size_t size) {
                 return cut < size ? std::vector<std::size_t>{cut} : std::vector<std::size_t>{};
               }};
    ASSERT_TRUE(bench->same({.burst = 32}, box)) << "cut at " << cut;
    chains += box.chains();
  }
  EXPECT_EQ(joined() - before, chains);
  EXPECT_GT(chains, 10'000U);
  EXPECT_EQ(rings().in_use(), 0U);
}

TEST(Chains, E52_of_a_byte_an_mbuf_and_of_all_sizes) {
  Bench bench{written()};
  for (std::size_t part = 1; part < 1100; part += part < 20 ? 1 : 90) {
    Chains box{Tags::none, bench.size(), 1, [&](std::size_t size) {
                 std::vector<std::size_t> cuts;
                 for (auto at = part; at < size; at += part) cuts.push_back(at);
                 return cuts;
               }};
    ASSERT_TRUE(bench.same({}, box)) << "parts of " << part;
  }
  EXPECT_EQ(rings().in_use(), 0U);
}

TEST(Chains, E52_composed_with_all_other_transformations) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Bench bench{seed % 3 == 0 ? written() : random_conversation(seed)};
    auto rendering = random_rendering(seed);
    rendering.queues = 1;
    model::Random random{seed};
    Chains box{rendering.tags, bench.size(), rendering.burst, [&](std::size_t size) {
                 std::vector<std::size_t> cuts;
                 for (std::size_t at = 1; at < size; ++at) {
                   if (random.percent(3)) cuts.push_back(at);
                 }
                 return cuts;
               }};
    ASSERT_TRUE(bench.same(rendering, box)) << "seed " << seed;
  }
  EXPECT_EQ(rings().in_use(), 0U);
}

// The comparison would notice a port that takes the first mbuf of a chain for the frame.
TEST(Chains, E52_of_which_only_the_first_part_is_read_are_noticed) {
  Bench bench{written()};
  Chains box{Tags::none, bench.size(), 1, [](std::size_t size) { return std::vector{size - 1}; },
             Given::first_part};
  EXPECT_FALSE(bench.same({}, box));
}

}  // namespace
}  // namespace sluice::metamorphic
