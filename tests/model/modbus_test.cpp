// Modbus, exhaustively: every function, sub-function and interface type, in both directions, under rules that
// allow it by name, by number or by access, or not at all. What the engine does with each message must be
// what the model says.
#include <gtest/gtest.h>

#include "tests/model/allowed.hpp"
#include "tests/traffic/line.hpp"

namespace sluice::model {
namespace {

using traffic::Fate;
using traffic::Line;
using traffic::Message;
using traffic::Talk;

Policy policy_with(Rule rule) {
  Policy policy;
  policy.zones = {{"it", {{ipv4(10, 0, 1, 0), 120}}}, {"ot", {{ipv4(10, 0, 2, 0), 120}}}};
  Conduit conduit;
  conduit.ports = {0, 1};
  conduit.zones = {{{0}, {1}}};
  policy.conduits = {conduit};
  rule.from = {{.kind = EndKind::zone, .index = 0}};
  rule.to = {{.kind = EndKind::zone, .index = 1}};
  policy.rules = {rule};
  return policy;
}

// Two hosts under one rule, and the model's opinion beside the engine's.
class Pair {
 public:
  explicit Pair(const Rule& rule) : allowed_{policy_with(rule)}, line_{toml(policy_with(rule))} {
    const auto& conduit = allowed_.policy().conduits[0];
    rules_ = allowed_.between({.ip = way_.source, .mac = way_.from, .conduit = &conduit, .side = 0},
                              {.ip = way_.destination, .mac = way_.to, .conduit = &conduit, .side = 1},
                              What::modbus, false);
  }

  bool permits(const Message& request) const {
    const char* why = nullptr;
    return allowed_.permits(rules_, request.bytes.data(), request.size, why);
  }

  Talk talk() {
    next_ = next_ == 60000 ? std::uint16_t{1024} : static_cast<std::uint16_t>(next_ + 1);
    return Talk{line_, way_, {0, 1}, next_, 502};
  }

  // The request in a connection of its own: what became of it, against what the model says.
  void compare(const Message& request) {
    auto one = talk();
    ASSERT_TRUE(one.open());
    const auto fate = one.say(0, request);
    ++compared;
    allowed += fate == Fate::passed ? 1U : 0U;
    ASSERT_EQ(fate == Fate::passed, permits(request)) << describe(request) << ": " << name_of(line_.reason());
    ASSERT_NE(fate, Fate::changed);
    if (fate == Fate::passed) one.end();
  }

  static std::string describe(const Message& message) {
    std::string text;
    for (std::uint32_t i = 0; i < message.size; ++i) {
      char byte[4];
      std::snprintf(byte, sizeof byte, "%02x ", message.bytes[i]);
      text += byte;
    }
    return text;
  }

  Allowed allowed_;
  Line line_;
  Some rules_;
  traffic::Way way_{.from = {2, 0, 0, 0, 0, 1},
                    .to = {2, 0, 0, 0, 0, 2},
                    .source = ipv4(10, 0, 1, 1),
                    .destination = ipv4(10, 0, 2, 1)};
  std::uint16_t next_ = 1024;
  std::uint32_t compared = 0, allowed = 0;
};

std::vector<Rule> all_rules() {
  std::vector<Rule> rules;
  const auto add = [&](auto fill) {
    Rule rule;
    rule.what = What::modbus;
    fill(rule);
    rules.push_back(rule);
  };
  for (const auto& row : named_functions()) add([&](Rule& rule) { rule.functions = {row.id}; });
  for (int code = 0; code < 256; ++code)
    add([&](Rule& rule) { rule.by_number = {static_cast<std::uint8_t>(code)}; });
  for (int access = 1; access < 32; ++access)
    add([&](Rule& rule) { rule.access = static_cast<std::uint8_t>(access); });
  return rules;
}

TEST(Exhaustive, E58_each_function_and_interface_type_under_each_way_to_allow_it) {
  Random random{1};
  Message request;
  std::uint32_t compared = 0, allowed = 0;
  for (const auto& rule : all_rules()) {
    Pair pair{rule};
    for (int code = 0; code < 256; ++code) {
      traffic::write_request(request, random, {static_cast<std::uint8_t>(code), -1}, 7, 1, 3, 2);
      ASSERT_NO_FATAL_FAILURE(pair.compare(request));
    }
    for (int type = 0; type < 256; ++type) {
      const std::uint8_t body[] = {static_cast<std::uint8_t>(type), 1, 0};
      traffic::write_raw(request, 7, 1, 43, body, sizeof body);
      ASSERT_NO_FATAL_FAILURE(pair.compare(request));
    }
    for (int sub = 0; sub < 64; ++sub) {
      const std::uint8_t body[] = {0, static_cast<std::uint8_t>(sub), 0, 0};
      traffic::write_raw(request, 7, 1, 8, body, sizeof body);
      ASSERT_NO_FATAL_FAILURE(pair.compare(request));
    }
    EXPECT_TRUE(pair.line_.conserved());
    compared += pair.compared;
    allowed += pair.allowed;
  }
  EXPECT_EQ(compared, all_rules().size() * 576);
  EXPECT_GT(allowed, 1000U);
  EXPECT_LT(allowed, compared / 5);
}

TEST(Exhaustive, E58_all_65536_sub_functions_of_diagnostics) {
  std::vector<Rule> rules(5);
  rules[0].by_number = {8};
  rules[1].functions = {{8, -1}};
  rules[2].functions = {{8, 3}};
  rules[3].access =
      1U << static_cast<unsigned>(Access::diagnose) | 1U << static_cast<unsigned>(Access::program);
  rules[4].access = 1U << static_cast<unsigned>(Access::control);
  const std::uint32_t expected[] = {65536, 65536, 1, 10, 5};
  Message request;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    Pair pair{rules[i]};
    for (std::uint32_t sub = 0; sub < 65536; ++sub) {
      const std::uint8_t body[] = {static_cast<std::uint8_t>(sub >> 8U), static_cast<std::uint8_t>(sub), 0,
                                   0};
      traffic::write_raw(request, 7, 1, 8, body, sizeof body);
      ASSERT_NO_FATAL_FAILURE(pair.compare(request));
    }
    EXPECT_EQ(pair.allowed, expected[i]) << i;
  }
}

Rule everything() {
  Rule rule;
  for (int code = 1; code < 128; ++code) {
    if (code != 90) rule.by_number.push_back(static_cast<std::uint8_t>(code));
  }
  return rule;
}

TEST(Exhaustive, E62_each_answer_to_each_request) {
  Pair pair{everything()};
  Random random{2};
  Message request, other, answer;
  std::uint32_t fitting = 0;
  for (int asked = 1; asked < 128; ++asked) {
    if (asked == 90) continue;
    for (int code = 1; code < 256; ++code) {
      traffic::write_request(request, random,
                             {static_cast<std::uint8_t>(asked), asked == 8    ? 2
                                                                : asked == 43 ? 14
                                                                              : -1},
                             7, 1, 3, 2);
      const auto function = static_cast<std::uint8_t>(code & 0x7f);
      if (function == 0 || function == 90) continue;
      traffic::write_request(other, random,
                             {function, function == 8    ? 2
                                        : function == 43 ? 14
                                                         : -1},
                             7, 1, 3, 2);
      if (function == asked) other = request;
      do traffic::write_answer(answer, random, other);
      while (code < 128 && (answer.bytes[7] & 0x80U) != 0);
      if (code >= 128) {
        const std::uint8_t exception = 2;
        traffic::write_raw(answer, 7, 1, static_cast<std::uint8_t>(code), &exception, 1);
      }
      auto talk = pair.talk();
      ASSERT_TRUE(talk.open());
      ASSERT_EQ(talk.say(0, request), Fate::passed);
      const bool fits = answers(await(request.bytes.data(), request.size), answer.bytes.data(), answer.size);
      ASSERT_EQ(fits, function == asked);
      const auto fate = talk.say(1, answer);
      ASSERT_EQ(fate == Fate::passed, fits) << Pair::describe(request) << "answered by "
                                            << Pair::describe(answer) << name_of(pair.line_.reason());
      fitting += fits ? 1U : 0U;
      if (!fits) continue;
      // Once more: nobody waits for it now.
      ASSERT_EQ(talk.say(1, answer), Fate::dropped);
    }
  }
  EXPECT_EQ(fitting, 2U * 126U);
  EXPECT_TRUE(pair.line_.conserved());
}

TEST(Exhaustive, E62_no_function_is_answered_before_it_was_asked_nor_asked_by_the_server) {
  Pair pair{everything()};
  Random random{3};
  Message request, answer;
  for (int code = 0; code < 256; ++code) {
    traffic::write_request(request, random, {static_cast<std::uint8_t>(code), -1}, 7, 1, 3, 2);
    traffic::write_answer(answer, random, request);
    for (const auto* message : {&request, &answer}) {
      auto talk = pair.talk();
      ASSERT_TRUE(talk.open());
      ASSERT_EQ(talk.say(1, *message), Fate::dropped) << Pair::describe(*message);
    }
  }
}

// Bodies that lie: the lengths, quantities and values of every function, varied byte by byte.
TEST(Exhaustive, E59_each_byte_of_each_request_with_each_of_its_values) {
  Pair pair{everything()};
  Random random{4};
  Message request;
  std::uint32_t fine = 0;
  for (const auto& row : named_functions()) {
    if (row.id.code == 90) continue;
    traffic::write_request(request, random, row.id, 7, 1, 3, 2);
    const auto whole = request;
    for (std::uint32_t at = 2; at < whole.size && at < 20; ++at) {
      for (int value = 0; value < 256; value += at < 8 || at > 16 ? 5 : 1) {
        request = whole;
        request.bytes[at] = static_cast<std::uint8_t>(value);
        // A length that promises more waits for more, and a code for something else may be that.
        if (at == 4 || at == 5) continue;
        ASSERT_NO_FATAL_FAILURE(pair.compare(request));
      }
    }
    for (std::uint32_t size = 8; size < whole.size + 8;
         ++size) {  // honest headers around bodies cut short or too long
      request = whole;
      for (std::uint32_t i = whole.size; i < size; ++i) request.bytes[i] = 0;
      request.size = size;
      traffic::put16(request.bytes.data() + 4, size - 6);
      ASSERT_NO_FATAL_FAILURE(pair.compare(request));
    }
    fine = pair.allowed;
  }
  EXPECT_GT(fine, 1000U);
  EXPECT_GT(pair.compared - fine, 1000U);
}

}  // namespace
}  // namespace sluice::model
