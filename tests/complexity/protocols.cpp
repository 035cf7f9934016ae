// Every protocol of the registry, on its own seeds: framing, likeness, and decoding of messages that go on as
// far as the protocol lets them.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "dataplane/protocol/protocol.hpp"
#include "tests/complexity/workload.hpp"

namespace sluice::complexity {
namespace {

struct Seed {
  Role role;
  Bytes bytes;
};

std::vector<Seed> seeds_of(const Schema& schema) {
  std::vector<Seed> seeds;
  const std::filesystem::path folder =
      std::filesystem::path{SLUICE_SOURCE_DIR} / "dataplane/protocol" / std::string{schema.name} / "seeds";
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    std::ifstream stream{entry.path(), std::ios::binary};
    Bytes bytes{std::istreambuf_iterator<char>{stream}, {}};
    if (bytes.empty()) continue;
    const bool client = entry.path().filename().string().starts_with("client");
    seeds.push_back({client ? Role::client : Role::server, std::move(bytes)});
  }
  expect(!seeds.empty(), "each protocol has seeds");
  std::sort(seeds.begin(), seeds.end(), [](const Seed& a, const Seed& b) { return a.bytes < b.bytes; });
  return seeds;
}

enum class Tail { again, zeros, ones };

Bytes stretched(const Bytes& seed, std::size_t n, Tail tail) {
  Bytes out(n, tail == Tail::ones ? 0xff : 0);
  for (std::size_t i = 0; i < n && (i < seed.size() || tail == Tail::again); ++i)
    out[i] = seed[i % seed.size()];
  return out;
}

// Makes some length near the front say that the message ends with the bytes, if the framing can be told so.
void say_length(const Protocol& protocol, Role role, Bytes& bytes) {
  const ProtocolState state{};
  const auto whole = [&](const Bytes& candidate) {
    const auto framing = protocol.frame(state, role, candidate);
    return framing.kind == Framing::Kind::pdu && framing.length == candidate.size();
  };
  if (protocol.frame == nullptr || whole(bytes)) return;
  for (std::size_t at = 0; at < 10 && at + 2 <= bytes.size(); ++at) {
    for (std::size_t less = 0; less < 16 && less < bytes.size(); ++less) {
      for (const bool big : {true, false}) {
        Bytes candidate = bytes;
        const auto value = static_cast<std::uint16_t>(bytes.size() - less);
        const auto high = static_cast<std::uint8_t>(value >> 8);
        const auto low = static_cast<std::uint8_t>(value);
        candidate[at] = big ? high : low;
        candidate[at + 1] = big ? low : high;
        if (whole(candidate)) {
          bytes = std::move(candidate);
          return;
        }
      }
    }
  }
}

class Deaf final : public Listener {
 public:
  std::uint64_t items = 0;
  void on_item(std::span<const Value>, const Item&) noexcept override { ++items; }
  void on_payload(std::uint16_t, ByteView) noexcept override {}
  void on_part(std::uint64_t, ByteView, Part) noexcept override {}
  const Pending* on_response(std::uint64_t) noexcept override { return nullptr; }
};

unsigned exponent_of(std::size_t bytes) {
  unsigned exponent = 0;
  while ((std::size_t{2} << exponent) <= bytes) ++exponent;
  return exponent;
}

}  // namespace

void add_protocols(Workloads& all) {
  for (std::uint16_t id = 1; id < registry().protocols.size(); ++id) {
    const Protocol& protocol = *registry().protocols[id];
    const std::string name{protocol.schema->name};
    const auto seeds = std::make_shared<std::vector<Seed>>(seeds_of(*protocol.schema));
    const auto over = [&, seeds](const std::string& what, unsigned last, auto use) {
      all.push_back({.name = name + " " + what,
                     .prepare = [&protocol, seeds, use](std::size_t n) -> std::function<void()> {
                       auto inputs = std::make_shared<std::vector<Seed>>();
                       for (const auto& seed : *seeds) {
                         for (const auto tail : {Tail::again, Tail::zeros, Tail::ones}) {
                           inputs->push_back({seed.role, stretched(seed.bytes, n, tail)});
                           say_length(protocol, seed.role, inputs->back().bytes);
                         }
                       }
                       return [&protocol, inputs, use] { use(protocol, *inputs); };
                     },
                     .first = 5,
                     .last = last,
                     .usual = last});
    };
    if (protocol.frame != nullptr) {
      over("frame", 16, [](const Protocol& one, const std::vector<Seed>& inputs) {
        for (const auto& input : inputs) keep(one.frame(ProtocolState{}, input.role, input.bytes));
      });
    }
    if (protocol.probe != nullptr) {
      over("probe", 16, [](const Protocol& one, const std::vector<Seed>& inputs) {
        for (const auto& input : inputs) keep(one.probe(input.role, input.bytes));
      });
    }
    auto sink = std::make_shared<Sink>();
    over("decode", exponent_of(protocol.schema->max_pdu),
         [sink, id](const Protocol& one, const std::vector<Seed>& inputs) {
           Deaf deaf;
           for (const auto& input : inputs) {
             ProtocolState state{};
             sink->begin({id}, deaf);
             keep(one.decode(state, input.role, input.bytes, *sink));
           }
         });
  }
}

}  // namespace sluice::complexity
