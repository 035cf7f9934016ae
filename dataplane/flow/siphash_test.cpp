#include "dataplane/flow/siphash.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace sluice {
namespace {

Secret counting_secret() {
  Secret secret;
  std::iota(secret.begin(), secret.end(), std::uint8_t{0});
  return secret;
}

std::uint64_t of_counting_bytes(std::size_t length) {
  std::vector<std::uint8_t> bytes(length);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return siphash(counting_secret(), bytes);
}

// Appendix A of the paper, and the first of the 64 vectors of the reference implementation (as little-endian
// numbers).
TEST(SipHash, gives_the_published_vectors) {
  EXPECT_EQ(of_counting_bytes(15), 0xa129ca6149be45e5u);
  EXPECT_EQ(of_counting_bytes(0), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(of_counting_bytes(1), 0x74f839c593dc67fdu);
  EXPECT_EQ(of_counting_bytes(7), 0xab0200f58b01d137u);
  EXPECT_EQ(of_counting_bytes(8), 0x93f5f5799a932462u);
  EXPECT_EQ(of_counting_bytes(63), 0x958a324ceb064572u);
}

TEST(SipHash, another_secret_gives_another_hash) {
  auto secret = counting_secret();
  const auto before = siphash(secret, ByteView{secret});
  const auto bytes = secret;
  secret[9] ^= 1;
  EXPECT_NE(siphash(secret, ByteView{bytes}), before);
}

}  // namespace
}  // namespace sluice
