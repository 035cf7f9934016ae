#include "control/cli/event_line.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sluice::cli {
namespace {

using Json = nlohmann::json;

const Json kDenied = {
    {"timestamp", "2024-06-11T08:15:30.123456+0000"},
    {"src_ip", "10.0.0.9"},
    {"src_port", 4711},
    {"dest_ip", "10.0.1.5"},
    {"dest_port", 502},
    {"proto", "TCP"},
    {"app_proto", "modbus"},
    {"sluice", {{"outcome", "denied"}, {"reason", "no_rule"}, {"asset_dst", "plc"}}},
    {"modbus",
     {{"function", "write_single_coil"}, {"spans", {{{"space", "coil"}, {"first", 3}, {"last", 3}}}}}}};

TEST(EventLine, tells_when_who_what_and_why) {
  EXPECT_EQ(event_line(kDenied, Colour::off),
            "08:15:30.123  denied      no_rule        10.0.0.9:4711 -> 10.0.1.5:502 (plc)  modbus "
            "write_single_coil coil 3");
}

TEST(EventLine, has_colour_only_when_asked) {
  EXPECT_EQ(event_line(kDenied, Colour::off).find('\x1b'), std::string::npos);
  EXPECT_NE(event_line(kDenied, Colour::on).find("\x1b[31m"), std::string::npos);
}

TEST(EventLine, names_patch_count_and_frame) {
  auto eve = kDenied;
  eve["pcap_cnt"] = 12;
  eve["sluice"]["patch"] = "SLU-1";
  eve["sluice"]["count"] = 40;
  const auto line = event_line(eve, Colour::off);
  EXPECT_TRUE(line.starts_with("frame 12 "));
  EXPECT_NE(line.find("patch SLU-1"), std::string::npos);
  EXPECT_NE(line.find("(40 times)"), std::string::npos);
}

TEST(EventLine, a_frame_without_addresses_shows_its_macs) {
  const Json eve = {{"ether", {{"src_mac", "02:00:00:00:00:01"}, {"dest_mac", "ff:ff:ff:ff:ff:ff"}}}};
  EXPECT_NE(event_line(eve, Colour::off).find("02:00:00:00:00:01 -> ff:ff:ff:ff:ff:ff"), std::string::npos);
}

TEST(EventLine, takes_any_json_and_stays_one_clean_line) {
  for (const auto& eve :
       {Json{}, Json::array(), Json{{"sluice", 7}}, Json{{"app_proto", "modbus"}, {"modbus", "x"}},
        Json{{"modbus", {{"spans", "x"}}}, {"app_proto", "modbus"}}, Json{{"timestamp", 5}},
        Json{{"app_proto", "modbus"}, {"modbus", {{"spans", {1, 2}}}}}, Json{{"src_ip", "\x1b[2J\n"}}}) {
    for (const char c : event_line(eve, Colour::off)) EXPECT_GE(c, ' ');
  }
}

}  // namespace
}  // namespace sluice::cli
