// Frames for floods of tests: written fast into a buffer of their own, right in every length and checksum
// until somebody spoils them. No memory is made.
#pragma once

#include <array>
#include <cstdint>

#include "tests/model/policy.hpp"

namespace sluice::traffic {

using model::Ip;
using model::Mac;

inline constexpr std::uint32_t kMostFrame = 1600;

struct Frame {
  std::uint32_t port = 0;  // comes in by
  std::uint32_t size = 0;
  std::uint32_t wire_size = 0;  // greater: it arrived cut
  bool mutated = false;         // of an allowed session
  bool must_pass = false;       // of a session that nobody disturbs
  std::uint8_t session = 0xff;  // whose honest frame it is
  std::array<std::uint8_t, kMostFrame> bytes;
};

struct Way {  // layers 2 and 3
  Mac from{}, to{};
  model::Tags tags = 0;
  Ip source{}, destination{};
  std::uint8_t ttl = 64;
  std::uint16_t identification = 0;
};

struct Segment {
  std::uint16_t from = 0, to = 0;
  std::uint32_t sequence = 0, acknowledgement = 0;
  std::uint8_t flags = 16;
  std::uint16_t window = 8192;
  std::uint16_t urgent = 0;
  const std::uint8_t* options = nullptr;
  std::uint32_t options_size = 0;  // a multiple of 4
  const std::uint8_t* payload = nullptr;
  std::uint32_t size = 0;
};

void put16(std::uint8_t* at, std::uint32_t value);
void put32(std::uint8_t* at, std::uint32_t value);
std::uint32_t get16(const std::uint8_t* at);

void write_tcp(Frame& frame, const Way& way, const Segment& segment);
void write_udp(Frame& frame, const Way& way, std::uint16_t from, std::uint16_t to,
               const std::uint8_t* payload, std::uint32_t size);
void write_icmp(Frame& frame, const Way& way, std::uint8_t type, std::uint8_t code, const std::uint8_t* rest,
                std::uint32_t size);
// Any IP protocol over what is given.
void write_ip(Frame& frame, const Way& way, std::uint8_t protocol, const std::uint8_t* payload,
              std::uint32_t size);
void write_link(Frame& frame, const Way& way, std::uint16_t type, const std::uint8_t* payload,
                std::uint32_t size);

// Where the layers of a frame begin that still has its right shape.
struct Place {
  std::uint32_t network = 0, transport = 0, end = 0;
  std::uint8_t protocol = 0;
  bool six = false;
  bool found = false;
};
Place place_of(const Frame& frame);

// Makes checksums right again as far as the shape still allows it.
void repair(Frame& frame);

}  // namespace sluice::traffic
