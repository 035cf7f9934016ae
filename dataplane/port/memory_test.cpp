#include "dataplane/port/memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace sluice {
namespace {

const std::vector<std::uint8_t> kFrame = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x00, 42};

TEST(MemoryPorts, hand_over_what_was_pushed_in_order_and_with_its_port) {
  MemoryPorts ports;
  for (std::uint8_t i = 0; i < 50; ++i) {
    auto bytes = kFrame;
    bytes.back() = i;
    ASSERT_TRUE(ports.push(PortId{static_cast<std::uint16_t>(i % 2)}, bytes));
  }
  std::vector<std::uint8_t> seen;
  for (auto burst = ports.receive(); !burst.empty(); burst = ports.receive()) {
    EXPECT_LE(burst.size(), kBurst);
    for (const auto& frame : burst) {
      EXPECT_EQ(frame.port.value, frame.data[14] % 2);
      EXPECT_FALSE(frame.cut());
      seen.push_back(frame.data[14]);
      ports.release(frame);
    }
  }
  ASSERT_EQ(seen.size(), 50U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
  EXPECT_EQ(ports.in_use(), 0U);
}

TEST(MemoryPorts, collect_what_was_forwarded_per_port_in_order) {
  MemoryPorts ports;
  for (std::uint8_t i = 0; i < 10; ++i) {
    auto bytes = kFrame;
    bytes.back() = i;
    ports.push(PortId{0}, bytes);
  }
  for (const auto& frame : ports.receive())
    ports.forward(frame, PortId{static_cast<std::uint16_t>(frame.data[14] / 5)});
  ASSERT_EQ(ports.sent(PortId{0}).size(), 5U);
  ASSERT_EQ(ports.sent(PortId{1}).size(), 5U);
  EXPECT_EQ(ports.sent(PortId{1})[4].data[14], 9);
  EXPECT_EQ(ports.in_use(), 10U);
  ports.clear();
  EXPECT_EQ(ports.in_use(), 0U);
  EXPECT_TRUE(ports.sent(PortId{1}).empty());
}

TEST(MemoryPorts, tell_a_cut_frame) {
  MemoryPorts ports;
  ports.push(PortId{0}, kFrame, 1000);
  const auto burst = ports.receive();
  ASSERT_EQ(burst.size(), 1U);
  EXPECT_TRUE(burst[0].cut());
  EXPECT_EQ(burst[0].wire_length, 1000U);
  ports.release(burst[0]);
}

TEST(MemoryPorts, refuse_what_has_no_room_and_say_so) {
  MemoryPorts ports{{.ports = 1, .frames = 2, .frame_bytes = 16}};
  EXPECT_FALSE(ports.push(PortId{0}, std::vector<std::uint8_t>(17)));
  EXPECT_FALSE(ports.push(PortId{1}, kFrame));
  EXPECT_FALSE(ports.push(PortId::none(), kFrame));
  EXPECT_TRUE(ports.push(PortId{0}, kFrame));
  EXPECT_TRUE(ports.push(PortId{0}, kFrame));
  EXPECT_FALSE(ports.push(PortId{0}, kFrame));
  EXPECT_EQ(ports.allocate(4).data, nullptr);
  EXPECT_EQ(ports.counters().refused, 5U);
}

TEST(MemoryPorts, conserve_frames_whatever_is_done_with_them) {
  MemoryPorts ports{{.ports = 2, .frames = 128, .frame_bytes = 128}};
  std::mt19937 random{7};
  std::vector<Frame> held;
  for (int round = 0; round < 2000; ++round) {
    for (auto i = random() % 40; i > 0; --i)
      ports.push(PortId{static_cast<std::uint16_t>(random() % 2)}, kFrame);
    for (const auto& frame : ports.receive()) {
      switch (random() % 3) {
        case 0:
          ports.forward(frame, PortId{static_cast<std::uint16_t>(random() % 3)});
          break;
        case 1:
          ports.release(frame);
          break;
        default:
          held.push_back(frame);
      }
    }
    if (const auto made = ports.allocate(60); made.data != nullptr) ports.forward(made, PortId{0});
    while (held.size() > 100) {
      ports.release(held.back());
      held.pop_back();
    }
    ASSERT_EQ(ports.with_engine(), held.size());
    ports.clear();
  }
  EXPECT_GT(ports.counters().refused, 0U) << "the pool was never full, so the test is too weak";
}

TEST(MemoryPortsDeathTest, end_the_program_when_a_frame_is_given_back_twice) {
  MemoryPorts ports;
  ports.push(PortId{0}, kFrame);
  const auto frame = ports.receive()[0];
  ports.forward(frame, PortId{1});
  EXPECT_DEATH(ports.forward(frame, PortId{1}), "given back");
  EXPECT_DEATH(ports.release(frame), "given back");
}

}  // namespace
}  // namespace sluice
