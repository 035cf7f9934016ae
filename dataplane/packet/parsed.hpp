// Parsed: a frame together with what parse() says of it, and what the tests of this folder share. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "dataplane/packet/builder.hpp"
#include "dataplane/packet/packet.hpp"

namespace sluice::test {

using build::Bytes;
using build::hex;

struct Parsed {
  Bytes bytes;
  Packet packet;
  ParseResult result;
};

inline Parsed parsed(Bytes bytes, Checksums checksums = Checksums::verify) {
  Parsed out{std::move(bytes), {}, {}};
  out.result = parse(build::frame_over(out.bytes), checksums, out.packet);
  return out;
}

inline Reason reason_of(Bytes bytes) { return parsed(std::move(bytes)).result.reason; }

inline const build::Link kSix{.source = "fd00::1", .destination = "fd00::2"};
inline const build::Segment kData{.payload = build::bytes("read me")};

inline std::string text(ByteView bytes) { return std::string{text_of(bytes)}; }

struct Broken {
  const char* name;
  std::size_t at;
  std::uint8_t value;
  Reason reason;
};

// Sets one byte, repairs the checksums, and wants the reason.
inline void expect_broken(const Bytes& good, const std::vector<Broken>& cases) {
  for (const auto& broken : cases) {
    auto frame = good;
    frame[broken.at] = broken.value;
    build::repair_checksums(frame);
    EXPECT_EQ(reason_of(frame), broken.reason) << broken.name;
  }
}

}  // namespace sluice::test
