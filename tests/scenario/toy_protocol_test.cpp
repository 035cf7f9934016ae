// A protocol is a folder: this program is linked with a registry that the build made from the product's
// protocols and two more folders. Nothing else was touched for them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "dataplane/protocol/cases.hpp"
#include "dataplane/protocol/properties.hpp"
#include "rules/language/language.hpp"

namespace sluice {
namespace {

// The only words of this file that name what was added; the test of the tree looks for them everywhere else.
constexpr std::array kAdded = {std::string_view{"ping_pong"}, std::string_view{"knock_knock"}};

const Protocol& protocol_named(std::string_view name) {
  const auto id = find_protocol(registry().schemas, name);
  EXPECT_TRUE(id.exists()) << name;
  return *registry().protocols[id.exists() ? id.value : 1];
}

TEST(ToyProtocol, is_in_the_registry_beside_those_of_the_product) {
  for (const auto name : {std::string_view{"packet"}, std::string_view{"modbus"}, kAdded[0], kAdded[1]}) {
    EXPECT_TRUE(find_protocol(registry().schemas, name).exists()) << name;
  }
  EXPECT_EQ(registry().schemas.size(), registry().protocols.size());
  for (const auto name : kAdded) expect_sound(*protocol_named(name).schema);
}

TEST(ToyProtocol, is_found_by_what_carries_it) {
  const auto& all = registry();
  EXPECT_EQ(all.carried_by(find_protocol(all.schemas, kAdded[0]), 4), find_protocol(all.schemas, kAdded[1]));
}

TEST(ToyProtocol, frames_and_decodes) {
  const auto& toy = protocol_named(kAdded[0]);
  const auto set = bytes_of_hex("5050 05 03 0007 00ff");
  expect_same_boundary(toy, Role::client, set);
  EXPECT_EQ(toy.probe(Role::client, set), Likeness::yes);

  Recorder recorder{toy};
  EXPECT_EQ(recorder.decode(Role::client, set), Malformed::fine);
  EXPECT_EQ(recorder.exchange(), "request 3");
  ASSERT_EQ(recorder.items.size(), 1U);
  EXPECT_TRUE(recorder.items[0].starts_with("set write [cell 7..7]")) << recorder.items[0];
  EXPECT_EQ(recorder.decode(Role::server, bytes_of_hex("5050 03 83 0007")), Malformed::fine);
  EXPECT_EQ(recorder.exchange(), "response 3");
  EXPECT_EQ(recorder.decode(Role::client, bytes_of_hex("5050 04 04 0000 05")), Malformed::fine);
  EXPECT_EQ(recorder.payloads, std::vector<std::string>{"4: 05"});

  auto sink = std::make_unique<Sink>();
  for (const auto role : {Role::client, Role::server}) expect_contract_nearby(toy, role, set, *sink);
}

// Judges each item of a message by an expression.
class Judge final : public Listener {
 public:
  explicit Judge(const language::Compiled& program) : program_{program} {}

  void on_item(std::span<const Value> header, const Item& item) noexcept override {
    ValueSet values;
    values.runs[2] = header;
    values.runs[3] = item.values;
    truths.push_back(language::evaluate({program_.nodes, program_.constants}, values, registry().schemas));
  }
  void on_payload(std::uint16_t, ByteView) noexcept override {}
  const Pending* on_response(std::uint64_t) noexcept override { return nullptr; }

  std::vector<bool> truths;

 private:
  const language::Compiled& program_;
};

std::vector<bool> truths(const std::string& expression, const char* bytes) {
  const auto id = find_protocol(registry().schemas, kAdded[0]);
  Diagnostics diagnostics;
  const auto compiled = language::compile(expression, {}, registry().schemas, std::array{id}, diagnostics);
  for (const auto& error : diagnostics.errors()) ADD_FAILURE() << error.text();
  Judge judge{compiled};
  auto sink = std::make_unique<Sink>();
  sink->begin(id, judge);
  ProtocolState state{};
  const auto message = bytes_of_hex(bytes);
  EXPECT_EQ(registry().protocols[id.value]->decode(state, Role::client, message, *sink), Malformed::fine);
  return judge.truths;
}

TEST(ToyProtocol, has_fields_that_expressions_can_use) {
  const std::string toy{kAdded[0]};
  const auto where = toy + ".function == 3 && " + toy + ".cell in {5..9} && " + toy + ".value <= 0xff";
  EXPECT_EQ(truths(where, "5050 05 03 0007 00ff"), std::vector<bool>{true});
  EXPECT_EQ(truths(where, "5050 05 03 0007 0100"), std::vector<bool>{false});
  EXPECT_EQ(truths(where, "5050 05 03 000a 00ff"), std::vector<bool>{false});
}

TEST(ToyProtocol, is_helped_with_a_name_that_is_nearly_right) {
  Diagnostics diagnostics;
  (void)language::compile(std::string{kAdded[0]} + ".cel == 1", {}, registry().schemas, {}, diagnostics);
  ASSERT_EQ(diagnostics.errors().size(), 1U);
  EXPECT_NE(diagnostics.errors()[0].text().find(std::string{kAdded[0]} + ".cell"), std::string::npos)
      << diagnostics.errors()[0].text();
}

TEST(ToyProtocol, is_named_in_no_other_file_of_the_tree) {
  namespace fs = std::filesystem;
  const fs::path root{SLUICE_SOURCE_DIR};
  const fs::path toys = root / "tests" / "scenario" / "toy";
  std::size_t files = 0;
  const auto look_at = [&](const fs::path& path) {
    const auto relative = path.lexically_relative(toys).generic_string();
    std::ifstream stream{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    ++files;
    for (const auto name : kAdded) {
      const bool carrier = name == kAdded[0] && relative.starts_with(kAdded[1]);  // a child names its carrier
      if (carrier || relative.starts_with(name)) continue;
      EXPECT_EQ(text.find(name), std::string::npos) << path << " names " << name;
    }
  };
  for (const auto* part : {"rules", "dataplane", "control", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator{root / part}) {
      const auto extension = entry.path().extension();
      const bool code =
          extension == ".cpp" || extension == ".hpp" || extension == ".py" || extension == ".txt";
      if (entry.is_regular_file() && code && entry.path().filename() != "toy_protocol_test.cpp")
        look_at(entry.path());
    }
  }
  look_at(root / "CMakeLists.txt");
  EXPECT_GT(files, 50U);
}

}  // namespace
}  // namespace sluice
