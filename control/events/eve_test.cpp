#include "control/events/eve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include "control/events/json.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/writer.hpp"

namespace sluice::events {
namespace {

using channel::Record;
using channel::RecordKind;
namespace flag = channel::record_flag;
using Json = nlohmann::ordered_json;

constexpr std::array kFields = {
    Field{"toy.unit", FieldType::unsigned_integer, 8, Base::decimal, "", ""},
    Field{"toy.on", FieldType::boolean, 1, Base::decimal, "", ""},
    Field{"toy.delta", FieldType::signed_integer, 16, Base::decimal, "", ""},
    Field{"toy.real", FieldType::real, 64, Base::decimal, "", ""},
};
constexpr std::array kFunctions = {Function{5, "write_coil", Access::write, ""}};
constexpr std::array kSpaces = {SpanSpace{"coil", SpanKey::none, 0xffff, "", ""},
                                SpanSpace{"tag", SpanKey::name, 0xffff, "", ""}};
constexpr Schema kPacket{.name = "packet", .title = "", .standard = ""};
constexpr Schema kToy{.name = "toy",
                      .title = "Toy",
                      .standard = "",
                      .fields = kFields,
                      .functions = kFunctions,
                      .spaces = kSpaces};
constexpr std::array<const Schema*, 2> kSchemas = {&kPacket, &kToy};

class Eve : public testing::Test {
 protected:
  void SetUp() override {
    image::Writer writer;
    writer.zones = {{writer.intern("scada")}, {writer.intern("cell")}};
    image::Network network;
    network.address = address("10.0.2.0");
    network.prefix = 120;
    network.zone = 1;
    writer.networks = {network};
    image::Asset plc;
    plc.name = writer.intern("press \"plc\"");
    plc.zone = 1;
    writer.assets = {plc};
    image::Rule rule;
    rule.name = writer.intern("poll");
    rule.file = writer.intern("/etc/sluice/plant.toml");
    rule.line = 12;
    rule.from = image::endpoint(image::EndpointKind::zone, 0);
    rule.to = image::endpoint(image::EndpointKind::asset, 0);
    writer.rules = {rule};
    image::Patch patch;
    patch.id = writer.intern("SLU-1");
    patch.name = writer.intern("stop of a controller");
    patch.cve = writer.intern("CVE-2017-6034 CVE-2018-7842");
    patch.file = writer.intern("pack.toml");
    patch.line = 3;
    patch.protocol = 1;
    patch.severity = 1;
    patch.pattern = 0;
    writer.patches = {patch};
    writer.blobs.resize(64);
    writer.databases = {{0, 64, 1, 0xffff, 0}};
    writer.patterns = {{0, 0, 1, 0xffff}};
    const auto bytes = writer.finish({fingerprint(kSchemas), 1, {}});
    bytes_ = image::AlignedBytes::copy(bytes);
    auto view = image::ImageView::open(bytes_.view(), kSchemas);
    ASSERT_TRUE(view) << view.error().text();
    image_ = *view;

    record_.head.time = record_.head.first_time = 1'718'093'730'123'456'789U;
    record_.head.flow = 77;
    record_.head.generation = 4;
    record_.head.network = Network::ipv4;
    record_.head.transportation = Transportation::tcp;
    record_.head.source = address("10.0.1.9");
    record_.head.destination = address("10.0.2.5");
    record_.head.source_port = 40000;
    record_.head.destination_port = 502;
    record_.head.source_mac = {2, 0, 0, 0, 0, 1};
    record_.head.destination_mac = {2, 0, 0, 0, 0, 2};
    record_.head.ethertype = 0x0800;
    record_.head.from = image::endpoint(image::EndpointKind::zone, 0);
    record_.head.to = image::endpoint(image::EndpointKind::asset, 0);
    record_.head.flags = flag::from_is_source | flag::acted;
    record_.head.protocol = 1;
    record_.head.function = 5;
    record_.head.access = Access::write;
    record_.head.reason = Reason::no_rule;
    record_.head.verdict = Verdict::reset;
    record_.head.value_count = 2;
    record_.values[0] = {{1, 0}, 0, 1};
    record_.values[1] = {{1, 1}, 0, 1};
    record_.head.span_count = 1;
    record_.spans[0] = {0, 0, 0, 0, 0, 7, 7};
  }

  static Address address(const char* text) {
    Address out{};
    out[10] = out[11] = 0xff;
    unsigned parts[4] = {};
    EXPECT_EQ(std::sscanf(text, "%u.%u.%u.%u", &parts[0], &parts[1], &parts[2], &parts[3]), 4);
    for (std::size_t i = 0; i < 4; ++i) out[12 + i] = static_cast<std::uint8_t>(parts[i]);
    return out;
  }

  std::string line() const {
    EveContext context;
    context.schemas = kSchemas;
    context.image = &image_;
    context.in_iface = "eth1";
    std::string out;
    append_eve(out, record_, context);
    return out;
  }
  Json json() const { return Json::parse(line()); }

  image::AlignedBytes bytes_;
  image::ImageView image_;
  Record record_;
};

TEST_F(Eve, ADenialIsThisLine) {
  EXPECT_EQ(
      line(),
      R"({"timestamp":"2024-06-11T08:15:30.123456+0000","flow_id":77,"in_iface":"eth1","event_type":"drop",)"
      R"("src_ip":"10.0.1.9","src_port":40000,"dest_ip":"10.0.2.5","dest_port":502,"proto":"TCP",)"
      R"("app_proto":"toy","direction":"to_server",)"
      R"("ether":{"src_mac":"02:00:00:00:00:01","dest_mac":"02:00:00:00:00:02","ether_type":2048},)"
      R"("alert":{"action":"blocked","gid":62443,"signature_id":1000014,"rev":1,)"
      R"("signature":"SLUICE denied no_rule: toy write_coil","category":"Policy violation","severity":2},)"
      R"("drop":{"reason":"no_rule"},"verdict":{"action":"drop"},)"
      R"("sluice":{"outcome":"denied","generation":4,"mode":"enforce","reason":"no_rule","verdict":"reset",)"
      R"("zone_src":"scada","zone_dst":"cell","asset_dst":"press \"plc\""},)"
      R"("toy":{"function":"write_coil","function_id":5,"access":"write","item":0,"type":"request",)"
      R"("spans":[{"space":"coil","first":7,"last":7}],"fields":{"toy.unit":1,"toy.on":true}}})");
}

TEST_F(Eve, WhatMonitorModeWouldHaveDoneIsAnAlertThatAllows) {
  record_.head.flags &= static_cast<std::uint8_t>(~flag::acted);
  record_.head.mode = Mode::monitor;
  const auto event = json();
  EXPECT_EQ(event["event_type"], "alert");
  EXPECT_EQ(event["alert"]["action"], "allowed");
  EXPECT_EQ(event["verdict"]["action"], "alert");
  EXPECT_EQ(event["sluice"]["outcome"], "would deny");
  EXPECT_EQ(event["sluice"]["would"], "reset");
  EXPECT_FALSE(event.contains("drop"));
}

TEST_F(Eve, APatchNamesItselfAndItsAdvisories) {
  record_.head.reason = Reason::patch;
  record_.head.patch = 0;
  const auto event = json();
  EXPECT_EQ(event["event_type"], "alert");
  EXPECT_EQ(event["alert"]["action"], "blocked");
  EXPECT_EQ(event["alert"]["signature"], "SLUICE stop of a controller");
  EXPECT_EQ(event["alert"]["severity"], 1);
  EXPECT_EQ(event["alert"]["metadata"]["cve"], (Json{"CVE-2017-6034", "CVE-2018-7842"}));
  EXPECT_EQ(event["sluice"]["patch_ref"], "pack.toml:3");
  EXPECT_EQ(event["sluice"]["outcome"], "patched");
}

TEST_F(Eve, ATransactionIsAnEventOfItsProtocolAndNamesItsRule) {
  record_.head.kind = RecordKind::transaction;
  record_.head.reason = Reason::none;
  record_.head.verdict = Verdict::forward;
  record_.head.rule = 0;
  record_.head.flags = flag::response;  // sent by the asked end
  const auto event = json();
  EXPECT_EQ(event["event_type"], "toy");
  EXPECT_EQ(event["direction"], "to_client");
  EXPECT_EQ(event["sluice"]["rule_ref"], "plant.toml:12");
  EXPECT_EQ(event["sluice"]["zone_src"], "cell");
  EXPECT_EQ(event["sluice"]["zone_dst"], "scada");
  EXPECT_EQ(event["toy"]["type"], "response");
  EXPECT_FALSE(event.contains("alert"));
  EXPECT_FALSE(event.contains("verdict"));
}

TEST_F(Eve, CoalescedEventsSayHowManyAndSinceWhen) {
  record_.head.count = 1000;
  record_.head.first_time -= 1'000'000'000U;
  EXPECT_EQ(json()["sluice"]["count"], 1000);
  EXPECT_EQ(json()["sluice"]["first"], "2024-06-11T08:15:29.123456+0000");
}

TEST_F(Eve, AFieldWithSeveralValuesIsAnArrayAndNumbersKeepTheirMeaning) {
  record_.head.value_count = 5;
  record_.values[1] = {{1, 0}, 0, 2};
  record_.values[2] = {{1, 2}, 0, static_cast<std::uint64_t>(-5)};
  record_.values[3] = {{1, 3}, 0, std::bit_cast<std::uint64_t>(1.5)};
  record_.values[4] = {{9, 9}, 0, 1};
  const auto fields = json()["toy"]["fields"];
  EXPECT_EQ(fields.size(), 3U);
  EXPECT_EQ(fields["toy.unit"], (Json{1, 2}));
  EXPECT_EQ(fields["toy.delta"], -5);
  EXPECT_EQ(fields["toy.real"], 1.5);
}

TEST_F(Eve, VlansIcmpAndFramesWithoutIpHaveTheirOwnKeys) {
  record_.head.vlan_count = 2;
  record_.head.vlans = {10, 20};
  record_.head.transportation = Transportation::icmp;
  record_.head.source_port = 8;
  auto event = json();
  EXPECT_EQ(event["vlan"], (Json{10, 20}));
  EXPECT_EQ(event["icmp_type"], 8);
  EXPECT_FALSE(event.contains("src_port"));
  record_.head.network = Network::none;
  record_.head.protocol = 0xffff;
  record_.head.from = record_.head.to = image::kNone;
  event = json();
  EXPECT_FALSE(event.contains("src_ip"));
  EXPECT_FALSE(event["sluice"].contains("zone_src"));
  EXPECT_FALSE(event.contains("app_proto"));
}

TEST_F(Eve, AnUnknownEndIsNamedByItsAddressAsFarAsTheImageKnowsIt) {
  record_.head.from = record_.head.to = image::kNone;
  const auto event = json();
  EXPECT_EQ(event["sluice"]["zone_dst"], "cell");
  EXPECT_FALSE(event["sluice"].contains("zone_src"));
}

TEST_F(Eve, AnyRecordThatDecodesBecomesOneLineOfJson) {
  std::mt19937_64 random{5};
  record_.head.span_count = 2;
  record_.spans[1] = {1, 0, 6, 0, 0, 0, 0};
  record_.head.name_bytes = 6;
  channel::Cells cells;
  const auto count = channel::encode(record_, cells);
  std::size_t decoded = 0;
  for (int round = 0; round < 50'000; ++round) {
    auto copy = cells;
    for (int i = 0; i < 12; ++i) {
      copy[random() % count].bytes[8 + random() % 56] = static_cast<std::uint8_t>(random());
    }
    Record record;
    if (!channel::decode(copy, count, record)) continue;
    ++decoded;
    EveContext context;
    context.schemas = kSchemas;
    context.image = &image_;
    std::string out;
    append_eve(out, record, context);
    ASSERT_TRUE(Json::accept(out)) << out;
    ASSERT_EQ(out.find('\n'), std::string::npos);
  }
  EXPECT_GT(decoded, 1000U);
}

TEST(Json, AnyTextIsAcceptedAndTextOfPeopleComesBack) {
  std::mt19937_64 random{6};
  for (int round = 0; round < 50'000; ++round) {
    std::string text(random() % 24, '\0');
    for (auto& c : text) c = static_cast<char>(random() % 3 == 0 ? random() % 128 : 0xc0 + random() % 64);
    std::string out;
    append_json(out, text);
    ASSERT_TRUE(nlohmann::json::accept(out));
    ASSERT_EQ(out.find('\n'), std::string::npos);
  }
  const std::string text = "Grüße \"\\\x01\x7f\n漢字 \xf0\x9f\x98\x80";
  std::string out;
  append_json(out, text);
  EXPECT_EQ(nlohmann::json::parse(out).get<std::string>(), text);
  out.clear();
  append_json(out, "a\xffz\xed\xa0\x80");
  EXPECT_THAT(nlohmann::json::parse(out).get<std::string>(), testing::StartsWith("a\xef\xbf\xbdz"));
}

}  // namespace
}  // namespace sluice::events
