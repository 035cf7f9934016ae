// Workload: one thing whose work must be at most linear in n. prepare(n) makes all that it needs and gives
// back what is measured. n is 2^first, 2^(first+1), … as far as the thing goes: its input may be bounded
// (2^last). `usual` is how far the test command goes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "dataplane/engine/engine.hpp"
#include "dataplane/packet/builder.hpp"
#include "dataplane/ruleset/ruleset.hpp"
#include "rules/image/aligned.hpp"

namespace sluice::complexity {

using build::Bytes;

struct Workload {
  std::string name;
  std::function<std::function<void()>(std::size_t n)> prepare;
  unsigned first = 8;
  unsigned last = 20;
  unsigned usual = 12;
};
using Workloads = std::vector<Workload>;

void add_protocols(Workloads& all);
void add_packets(Workloads& all);
void add_tables(Workloads& all);
void add_engine(Workloads& all);
void add_policy(Workloads& all);
void add_rules(Workloads& all);
void add_control(Workloads& all);

// What is measured must have happened.
inline void expect(bool truth, const char* what) {
  if (truth) return;
  std::fprintf(stderr, "complexity: not so: %s\n", what);
  std::exit(2);
}

// Keeps a result alive that nobody looks at.
template <class T>
inline void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// Policies as people write them; zones it (10.0.0.0/16) and ot (10.1.0.0/16), assets hmi (10.0.0.1) and plc
// (10.1.0.1), ports "it" and "ot".
extern const std::string kPlant;
std::vector<std::uint8_t> image_of(const std::string& toml);
std::shared_ptr<const Ruleset> rules_of(const std::string& toml);

// Frames that are only counted.
class Nowhere final : public Buffers {
 public:
  std::uint64_t forwarded = 0;
  void forward(Frame frame, PortId) noexcept override {
    ++forwarded;
    delete[] frame.data;
  }
  void release(Frame frame) noexcept override { delete[] frame.data; }
  Frame allocate(std::uint32_t length) noexcept override {
    Frame frame;
    frame.data = new std::uint8_t[length];
    frame.length = frame.wire_length = length;
    return frame;
  }
};

}  // namespace sluice::complexity
