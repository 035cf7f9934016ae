#include "control/netlink/prepare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "control/netlink/offload.hpp"

namespace sluice::netlink {
namespace {

TEST(Difference, AsksForWhatDiffersAndNothingElse) {
  Link link;
  link.mtu = 1500;
  auto change = difference(link, {true, true, 1500});
  EXPECT_EQ(change.mask, static_cast<std::uint32_t>(IFF_UP | IFF_PROMISC));
  EXPECT_EQ(change.flags, static_cast<std::uint32_t>(IFF_UP | IFF_PROMISC));
  EXPECT_FALSE(change.mtu);
  link.up = true;
  change = difference(link, {false, false, 9000});
  EXPECT_EQ(change.mask, static_cast<std::uint32_t>(IFF_UP));
  EXPECT_EQ(change.flags, 0U);
  EXPECT_EQ(change.mtu, 9000U);
  EXPECT_TRUE(difference(link, {true, false, std::nullopt}).empty());
}

TEST(Offloads, OnlyThoseThatChangeFramesAreUnwanted) {
  Features features;
  features.active = {
      {"rx-gro", true}, {"tx-scatter-gather", true}, {"highdma", true}, {"tx-tcp-segmentation", false}};
  EXPECT_EQ(unwanted(features), std::vector<std::string>{"rx-gro"});
}

// Each test runs on a thread of its own in a network namespace of its own, which vanishes with the thread.
class Interfaces : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
  }
  template <class Body>
  static void isolated(Body&& body) {
    std::thread{[&] {
      ASSERT_EQ(unshare(CLONE_NEWNET), 0);
      command("ip link add name ot1 type veth peer name ot2");
      body();
    }}.join();
  }
  static void command(const std::string& text) {
    ASSERT_EQ(std::system((text + " 2>/dev/null").c_str()), 0) << text;
  }
  static Result<Prepared> prepared(const std::string& name, std::optional<std::uint32_t> mtu = {}) {
    return prepare({name, mtu, {"sluiced.toml", 7, 1}});
  }
};

TEST_F(Interfaces, ABareInterfaceBecomesAPortAndStaysOne) {
  isolated([] {
    const auto first = prepared("ot1", 1600);
    ASSERT_TRUE(first) << first.error().text();
    EXPECT_TRUE(first->link.up);
    EXPECT_TRUE(first->link.promiscuous);
    EXPECT_EQ(first->link.mtu, 1600U);
    EXPECT_FALSE(first->changed.empty());
    auto ethtool = Ethtool::open();
    ASSERT_TRUE(ethtool);
    const auto features = ethtool->features(first->link);
    ASSERT_TRUE(features);
    EXPECT_TRUE(unwanted(*features).empty());
    EXPECT_FALSE(features->active.empty());
    const auto again = prepared("ot1", 1600);
    ASSERT_TRUE(again);
    EXPECT_THAT(again->changed, testing::IsEmpty());
  });
}

TEST_F(Interfaces, TheOffloadsOfAFreshVethAreSeenAsOn) {
  isolated([] {
    auto route = Socket::open(NETLINK_ROUTE);
    auto ethtool = Ethtool::open();
    ASSERT_TRUE(route && ethtool);
    const auto features = ethtool->features(*find_link(*route, "ot2"));
    ASSERT_TRUE(features);
    EXPECT_THAT(unwanted(*features), testing::Contains("tx-generic-segmentation"));
  });
}

TEST_F(Interfaces, ThePortSpeaksNoIpv6OfItsOwn) {
  isolated([] {
    ASSERT_TRUE(prepared("ot1"));
    ASSERT_TRUE(prepared("ot2"));
    auto route = Socket::open(NETLINK_ROUTE);
    ASSERT_TRUE(route);
    EXPECT_THAT(addresses_of(*route, *find_link(*route, "ot1")).value(), testing::IsEmpty());
  });
}

TEST_F(Interfaces, WhatIsNoPortIsRefusedWithItsPlaceInTheFile) {
  isolated([] {
    EXPECT_THAT(prepared("none").error().text(),
                testing::StartsWith("sluiced.toml:7:1: there is no interface `none`"));
    EXPECT_THAT(prepared("ot1", 70000).error().text(), testing::HasSubstr("MTU of 70000"));
    command("ip addr add 192.0.2.1/24 dev ot1");
    EXPECT_THAT(prepared("ot1").error().text(), testing::HasSubstr("has the address 192.0.2.1"));
    command("ip link add name br type bridge");
    command("ip link set ot2 master br");
    EXPECT_THAT(prepared("ot2").error().text(), testing::HasSubstr("belongs to"));
  });
}

}  // namespace
}  // namespace sluice::netlink
