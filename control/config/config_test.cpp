#include "control/config/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace sluice::config {
namespace {

std::vector<std::string> errors_of(std::string_view text) {
  Diagnostics diagnostics;
  const auto config = parse(text, "/etc/sluice/sluiced.toml", diagnostics);
  EXPECT_EQ(config.has_value(), diagnostics.empty());
  std::vector<std::string> out;
  for (const auto& error : diagnostics.errors()) out.push_back(error.text());
  return out;
}

TEST(Config, AnEmptyFileMeansTheDefaults) {
  Diagnostics diagnostics;
  const auto config = parse("", "/etc/sluice/sluiced.toml", diagnostics);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->state, "/var/lib/sluice");
  EXPECT_EQ(config->api, "/run/sluice/api.sock");
  EXPECT_EQ(config->eve, "");
  EXPECT_TRUE(config->ports.empty());
}

TEST(Config, ReadsWhatIsWrittenAndTakesPathsFromTheFile) {
  Diagnostics diagnostics;
  const auto config = parse(R"(
state = "state"
policy = "/srv/policy.toml"
host = "sluice-1"
[events]
file = "../log/eve.json"
transactions = false
[[port]]
name = "eth1"
mtu = 1500
[[port]]
name = "eth2"
)",
                            "/etc/sluice/sluiced.toml", diagnostics);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->state, "/etc/sluice/state");
  EXPECT_EQ(config->policy, "/srv/policy.toml");
  EXPECT_EQ(config->eve, "/etc/log/eve.json");
  EXPECT_FALSE(config->eve_transactions);
  ASSERT_EQ(config->ports.size(), 2U);
  EXPECT_EQ(config->ports[0].mtu, 1500U);
  EXPECT_FALSE(config->ports[1].mtu);
}

TEST(Config, EverythingWrongIsSaidAtOnceAndWhereItStands) {
  EXPECT_THAT(
      errors_of(R"(state = 5
stat = "x"
api = ""
[events]
fil = "x"
transactions = "yes"
[[port]]
mtu = 20
[[port]]
name = "a/b"
[[port]]
name = "eth1"
[[port]]
name = "eth1"
)"),
      testing::UnorderedElementsAre(
          "/etc/sluice/sluiced.toml:1:9: `state` must be a string",
          testing::StartsWith("/etc/sluice/sluiced.toml:2:8: unknown key `stat`; known here: state, policy"),
          testing::StartsWith("/etc/sluice/sluiced.toml:3:7: `api` is no path"),
          "/etc/sluice/sluiced.toml:5:7: unknown key `fil`; known here: file, transactions",
          "/etc/sluice/sluiced.toml:6:16: `transactions` must be true or false",
          testing::StartsWith("/etc/sluice/sluiced.toml:7:1: a port has no name"),
          "/etc/sluice/sluiced.toml:8:7: `mtu` must be a number from 68 to 65535",
          testing::StartsWith("/etc/sluice/sluiced.toml:10:8: `a/b` can't be the name"),
          testing::StartsWith("/etc/sluice/sluiced.toml:14:8: port `eth1` is listed twice")));
}

TEST(Config, WhatIsNoTomlIsRefusedWithItsPlace) {
  EXPECT_THAT(errors_of("a = = 1"),
              testing::ElementsAre(testing::StartsWith("/etc/sluice/sluiced.toml:1:5: ")));
  EXPECT_THAT(errors_of("port = 5"),
              testing::ElementsAre("/etc/sluice/sluiced.toml:1:8: `port` must be tables: [[port]]"));
  EXPECT_THAT(errors_of("api = \"" + std::string(200, 'x') + "\""),
              testing::ElementsAre(testing::HasSubstr("at most 107")));
}

TEST(ReadText, TakesFilesOnlyAndOnlySmallOnes) {
  char name[] = "/tmp/sluice-config-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  const std::string folder = name;
  EXPECT_THAT(read_text(folder, 10).error().text(), testing::EndsWith("is no file"));
  EXPECT_THAT(read_text(folder + "/none", 10).error().text(), testing::HasSubstr("No such file"));
  ASSERT_EQ(mkfifo((folder + "/fifo").c_str(), 0600), 0);
  EXPECT_FALSE(read_text(folder + "/fifo", 10));
  ASSERT_EQ(truncate((folder + "/none").c_str(), 0), -1);
  FILE* const file = fopen((folder + "/file").c_str(), "w");
  fputs("0123456789", file);
  fclose(file);
  EXPECT_EQ(read_text(folder + "/file", 10).value(), "0123456789");
  EXPECT_FALSE(read_text(folder + "/file", 9));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sluice::config
