#include "dataplane/protocol/sink.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

class Asked final : public Listener {
 public:
  void on_item(std::span<const Value>, const Item&) noexcept override {}
  void on_payload(std::uint16_t, ByteView) noexcept override {}
  const Pending* on_response(std::uint64_t key) noexcept override { return key == 7 ? &pending_ : nullptr; }

 private:
  Pending pending_{7, 0, 3};
};

TEST(Sink, a_loose_answer_to_nothing_stays_a_part) {
  Asked asked;
  Sink sink;
  sink.begin({1}, asked);
  EXPECT_EQ(sink.response(8, 3, Pairing::loose), nullptr);
  EXPECT_EQ(sink.exchange(), Exchange::part);
  EXPECT_NE(sink.response(7, 3, Pairing::loose), nullptr);
  EXPECT_EQ(sink.exchange(), Exchange::response);
  EXPECT_EQ(sink.pairing(), Pairing::loose);
}

TEST(Sink, a_strict_answer_to_nothing_is_an_answer) {
  Asked asked;
  Sink sink;
  sink.begin({1}, asked);
  EXPECT_EQ(sink.response(8, 3), nullptr);
  EXPECT_EQ(sink.exchange(), Exchange::response);
  EXPECT_EQ(sink.pairing(), Pairing::strict);
}

}  // namespace
}  // namespace sluice
