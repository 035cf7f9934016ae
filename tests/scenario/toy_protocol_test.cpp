// A protocol is a folder: this program is linked with a registry that the build made from the product's
// protocols and two more folders. Nothing else was touched for them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "dataplane/engine/engine_test.hpp"
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
  for (const auto name : kAdded) expect_sound(protocol_named(name));
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

// A request in pieces, each a message of its own.
std::vector<build::Bytes> in_pieces(const build::Bytes& request, std::size_t size) {
  std::vector<build::Bytes> pieces;
  for (std::size_t at = 0; at < request.size(); at += size) {
    const auto end = std::min(at + size, request.size());
    build::Bytes piece = {'P', 'P', static_cast<std::uint8_t>(3 + end - at),
                          9,   1,   static_cast<std::uint8_t>(end == request.size())};
    piece.insert(piece.end(), request.begin() + static_cast<std::ptrdiff_t>(at),
                 request.begin() + static_cast<std::ptrdiff_t>(end));
    pieces.push_back(piece);
  }
  return pieces;
}

std::string toy_rules(const std::string& mode) {
  return test::kZones + test::conduit(mode) + "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"" +
         std::string{kAdded[0]} +
         "\"\naccess = [\"read\", \"write\"]\ntargets = [\"cell 0..9\"]\nreason = \"toy\"\n";
}

TEST(ToyProtocol, a_message_in_pieces_is_judged_whole_and_its_last_piece_waits_for_the_verdict) {
  const build::Bytes allowed = {3, 0, 7, 0, 1};
  const build::Bytes denied = {3, 0, 10, 0, 1};
  for (const auto* mode : {"enforce", "monitor"}) {
    const bool enforced = std::string{mode} == "enforce";
    for (std::size_t size = 1; size <= 5; ++size) {
      test::Box box{toy_rules(mode)};
      test::Talk talk{box, "10.0.0.1", "10.0.1.2", 40000, 4747};
      talk.open();
      for (const auto& piece : in_pieces(allowed, size)) {
        EXPECT_EQ(test::payload_to(talk.say(Role::client, piece), test::kOt), piece);
      }
      EXPECT_TRUE(box.log.verdicts.empty()) << name_of(box.log.verdicts[0].reason);
      const auto pieces = in_pieces(denied, size);
      for (const auto& piece : pieces) {
        const bool passes = !enforced || &piece != &pieces.back();
        EXPECT_EQ(test::payload_to(talk.say(Role::client, piece), test::kOt),
                  passes ? piece : build::Bytes{});
      }
      ASSERT_EQ(box.log.verdicts.size(), 1U);
      EXPECT_EQ(box.log.verdicts[0].reason, Reason::no_rule);
      EXPECT_EQ(box.log.verdicts[0].function, 3);
      box.expect_conserved();
    }
  }
}

TEST(ToyProtocol, pieces_without_end_and_a_message_that_never_ends_are_bounded) {
  test::Box endless{toy_rules("enforce")};
  test::Talk talk{endless, "10.0.0.1", "10.0.1.2", 40000, 4747};
  talk.open();
  std::size_t passed = 0;
  const build::Bytes piece = [] {
    build::Bytes bytes = {'P', 'P', 103, 9, 1, 0};
    bytes.resize(106, 3);
    return bytes;
  }();
  for (int i = 0; i < 10; ++i)
    passed += test::payload_to(talk.say(Role::client, piece), test::kOt).size() / 106;
  EXPECT_EQ(passed, 6U);
  EXPECT_EQ(endless.log.verdicts.back().reason, Reason::malformed);

  EngineOptions options;
  options.limits.flows = 64;
  test::Box slow{toy_rules("enforce"), options};
  test::Talk never{slow, "10.0.0.1", "10.0.1.2", 40000, 4747};
  never.open();
  never.say(Role::client, in_pieces({3, 0, 7, 0, 1}, 2)[0]);
  std::vector<test::Wires::Left> left;
  for (int second = 0; second < 70; ++second) {
    slow.now = slow.now + seconds(1);
    slow.wires.left.clear();
    slow.engine->tick(slow.now, *slow.rules);
    left.insert(left.end(), slow.wires.left.begin(), slow.wires.left.end());
  }
  EXPECT_TRUE(test::has_reset(left, test::kOt));
  EXPECT_EQ(slow.log.verdicts.back().reason, Reason::expired);
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
