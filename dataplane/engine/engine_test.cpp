#include "dataplane/engine/engine_test.hpp"

#include <gmock/gmock.h>

namespace sluice::test {
namespace {

using ::testing::ElementsAre;

const Bytes kRead = modbus(1, 1, {3, 0, 0, 0, 10});
const Bytes kWriteCoil = modbus(2, 1, {5, 0, 7, 0xff, 0});
Bytes answer_to_read(std::uint16_t transaction) {
  Bytes pdu = {3, 20};
  pdu.resize(22);
  return modbus(transaction, 1, pdu);
}

TEST(Engine, an_allowed_request_and_its_answer_pass_unchanged) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
  EXPECT_EQ(payload_to(talk.say(Role::server, answer_to_read(1)), kIt), answer_to_read(1));
  EXPECT_TRUE(box.log.verdicts.empty());
  ASSERT_EQ(box.log.transactions.size(), 2U);
  EXPECT_EQ(box.log.transactions[0].function, 3);
  EXPECT_EQ(box.log.transactions[0].rule.value, 0U);
  box.expect_conserved();
}

TEST(Engine, a_function_that_no_rule_names_is_denied_and_both_ends_are_reset) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  const auto left = talk.say(Role::client, kWriteCoil);
  EXPECT_TRUE(payload_to(left, kOt).empty());
  EXPECT_TRUE(has_reset(left, kOt));
  EXPECT_TRUE(has_reset(left, kIt));
  ASSERT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.log.verdicts[0].reason, Reason::no_rule);
  EXPECT_EQ(box.log.verdicts[0].verdict, Verdict::reset);
  EXPECT_EQ(box.log.verdicts[0].function, 5);
  EXPECT_TRUE(box.log.verdicts[0].acted);
  // And nothing of the session passes any more, the allowed included.
  EXPECT_TRUE(talk.say(Role::client, kRead).empty());
  box.expect_conserved();
}

TEST(Engine, a_new_session_may_follow_a_denied_one_on_the_same_ports) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, kWriteCoil);
  Talk again{box};
  again.next[0] = 500'000;
  again.next[1] = 900'000;
  again.open();
  EXPECT_EQ(payload_to(again.say(Role::client, kRead), kOt), kRead);
}

TEST(Engine, E48_a_broken_syn_does_not_make_a_denial_forgotten) {
  Box box{enforce("normalisation = { tcp_syn_data = \"drop\" }")};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, kWriteCoil);
  talk.next[0] += 100;
  EXPECT_TRUE(
      talk.put(Role::client, talk.segment(Role::client, talk.next[0]++, tcp_flag::syn, kRead)).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::bad_flags);
  EXPECT_TRUE(payload_to(talk.say(Role::client, kRead), kOt).empty());
  box.expect_conserved();
}

TEST(Engine, E50_a_syn_with_a_push_opens_as_any_other) {
  Box box{enforce()};
  Talk talk{box};
  const auto flags = static_cast<std::uint8_t>(tcp_flag::syn | tcp_flag::psh);
  EXPECT_TRUE(talk.put(Role::server, talk.segment(Role::server, 7000, flags, {})).empty() ||
              !has_reset(box.wires.left, kIt));
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::no_policy);
  box.expect_conserved();
}

struct Denied {
  const char* name;
  Bytes request;
  Reason reason;
};

TEST(Engine, only_what_lies_wholly_inside_the_rules_passes) {
  const std::vector<Denied> cases = {
      {"inside", modbus(1, 1, {3, 0, 0, 0, 100}), Reason::none},
      {"one register beyond", modbus(1, 1, {3, 0, 0, 0, 101}), Reason::no_rule},
      {"begins before the end and runs over it", modbus(1, 1, {3, 0, 99, 0, 2}), Reason::no_rule},
      {"another unit", modbus(1, 2, {3, 0, 0, 0, 1}), Reason::no_rule},
      {"input registers are not holding registers", modbus(1, 1, {4, 0, 0, 0, 1}), Reason::no_rule},
      {"a write inside", modbus(1, 1, {6, 0, 99, 1, 2}), Reason::none},
      {"a write beside", modbus(1, 1, {6, 0, 100, 1, 2}), Reason::no_rule},
      {"quantity zero contradicts the standard", modbus(1, 1, {3, 0, 0, 0, 0}), Reason::malformed},
      {"a code without a name", modbus(1, 1, {100, 0}), Reason::no_rule},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    Box box{enforce()};
    Talk talk{box};
    talk.open();
    const auto left = talk.say(Role::client, one.request);
    if (one.reason == Reason::none) {
      EXPECT_EQ(payload_to(left, kOt), one.request);
      EXPECT_TRUE(box.log.verdicts.empty());
    } else {
      EXPECT_TRUE(payload_to(left, kOt).empty());
      ASSERT_EQ(box.log.verdicts.size(), 1U);
      EXPECT_EQ(box.log.verdicts[0].reason, one.reason);
    }
    box.expect_conserved();
  }
}

TEST(Engine, E55_a_denied_request_split_at_every_byte_never_arrives_whole) {
  for (std::size_t cut = 1; cut < kWriteCoil.size(); ++cut) {
    Box box{enforce()};
    Talk talk{box};
    talk.open();
    Bytes arrived = payload_to(
        talk.say(Role::client, {kWriteCoil.begin(), kWriteCoil.begin() + static_cast<std::ptrdiff_t>(cut)}),
        kOt);
    const auto rest = payload_to(
        talk.say(Role::client, {kWriteCoil.begin() + static_cast<std::ptrdiff_t>(cut), kWriteCoil.end()}),
        kOt);
    arrived.insert(arrived.end(), rest.begin(), rest.end());
    EXPECT_LT(arrived.size(), kWriteCoil.size()) << "cut at " << cut;
    EXPECT_EQ(box.log.verdicts.size(), 1U);
    box.expect_conserved();
  }
}

TEST(Engine, E55_an_allowed_request_split_at_every_byte_passes_at_once) {
  for (std::size_t cut = 1; cut < kRead.size(); ++cut) {
    Box box{enforce()};
    Talk talk{box};
    talk.open();
    const Bytes first{kRead.begin(), kRead.begin() + static_cast<std::ptrdiff_t>(cut)};
    const Bytes second{kRead.begin() + static_cast<std::ptrdiff_t>(cut), kRead.end()};
    EXPECT_EQ(payload_to(talk.say(Role::client, first), kOt), first);
    EXPECT_EQ(payload_to(talk.say(Role::client, second), kOt), second);
    EXPECT_TRUE(box.log.verdicts.empty()) << "cut at " << cut;
  }
}

TEST(Engine, E54_one_denied_request_among_pipelined_ones_denies_the_segment) {
  for (int place = 0; place < 8; ++place) {
    Box box{enforce()};
    Talk talk{box};
    talk.open();
    Bytes all;
    for (int i = 0; i < 8; ++i) {
      const auto one =
          i == place ? kWriteCoil : modbus(static_cast<std::uint16_t>(i + 10), 1, {3, 0, 0, 0, 1});
      all.insert(all.end(), one.begin(), one.end());
    }
    EXPECT_TRUE(payload_to(talk.say(Role::client, all), kOt).empty());
    EXPECT_EQ(box.engine->counters().reasons[static_cast<std::size_t>(Reason::collateral)],
              static_cast<std::uint64_t>(place));
    box.expect_conserved();
  }
}

TEST(Engine, E62_an_answer_that_nobody_asked_for_is_denied) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, kRead);
  EXPECT_EQ(payload_to(talk.say(Role::server, answer_to_read(1)), kIt), answer_to_read(1));
  EXPECT_TRUE(payload_to(talk.say(Role::server, answer_to_read(1)), kIt).empty());
  ASSERT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.log.verdicts[0].reason, Reason::unsolicited);
}

TEST(Engine, E64_unanswered_requests_are_bounded) {
  EngineOptions options;
  options.limits.outstanding_per_flow = 16;
  Box box{enforce(), options};
  Talk talk{box};
  talk.open();
  for (std::uint16_t i = 0; i < 16; ++i)
    EXPECT_FALSE(payload_to(talk.say(Role::client, modbus(i, 1, {3, 0, 0, 0, 1})), kOt).empty());
  EXPECT_TRUE(payload_to(talk.say(Role::client, modbus(16, 1, {3, 0, 0, 0, 1})), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::too_many_requests);
}

TEST(Engine, E63_another_protocol_on_the_port_is_denied) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  EXPECT_TRUE(payload_to(talk.say(Role::client, build::bytes("GET / HTTP/1.1\r\n\r\n")), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::wrong_protocol);
}

TEST(Engine, content_decides_so_modbus_on_another_port_is_judged_all_the_same) {
  Box box{enforce()};
  Talk talk{box, "10.0.0.1", "10.0.1.2", 40000, 1502};
  talk.open();
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
  EXPECT_TRUE(payload_to(talk.say(Role::client, kWriteCoil), kOt).empty());
}

TEST(Engine, a_connection_between_ends_without_a_rule_is_refused_at_its_first_segment) {
  Box box{enforce()};
  Talk talk{box, "10.0.0.9"};
  const auto left = talk.put(Role::client, talk.segment(Role::client, 1, tcp_flag::syn, {}));
  EXPECT_FALSE(has_reset(left, kOt));
  EXPECT_TRUE(has_reset(left, kIt));
  ASSERT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.log.verdicts[0].reason, Reason::no_policy);
  EXPECT_EQ(box.engine->counters().flows, 0U);
  box.expect_conserved();
}

TEST(Engine, E02_a_zone_on_the_wrong_port_is_spoofed) {
  Box box{enforce()};
  Talk talk{box};
  const auto syn = talk.segment(Role::client, 1, tcp_flag::syn, {});
  EXPECT_TRUE(box.send(syn, kOt).empty());
  ASSERT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.log.verdicts[0].reason, Reason::spoofed);
}

TEST(Engine, E02_a_segment_of_a_live_session_from_the_other_port_is_spoofed_and_harms_nothing) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  EXPECT_TRUE(box.send(talk.segment(Role::client, talk.next[0], tcp_flag::ack, kRead), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::spoofed);
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
}

TEST(Engine, E02_a_vlan_that_no_conduit_takes_is_dropped) {
  Box box{enforce()};
  build::Link link;
  link.source = "10.0.0.1";
  link.destination = "10.0.1.2";
  link.tags = {{.id = 7}};
  EXPECT_TRUE(box.send(build::tcp(link, {.flags = tcp_flag::syn}), kIt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::no_conduit);
}

TEST(Engine, E01_a_second_tag_is_refused_where_only_the_first_one_is_listed) {
  Box box{enforce("vlans = [7]")};
  build::Link link;
  link.source = "10.0.0.1";
  link.destination = "10.0.1.2";
  link.tags = {{.id = 7}};
  EXPECT_EQ(box.send(build::tcp(link, {.flags = tcp_flag::syn}), kIt).size(), 1U);
  for (const auto& tags : {std::vector<build::Tag>{{.id = 7}, {.id = 99}},
                           {{.id = 7}, {.id = 0}},
                           {{.id = 0}, {.id = 7}},
                           {{.id = 7}, {.id = 7}},
                           {{.id = 0}}}) {
    link.tags = tags;
    EXPECT_TRUE(box.send(build::tcp(link, {.source_port = 41000, .flags = tcp_flag::syn}), kIt).empty());
    EXPECT_EQ(box.log.verdicts.back().reason, Reason::no_conduit);
  }
  box.expect_conserved();
}

const std::string kStacks = "vlans = [{ outer = 100, inner = 20 }, { outer = 100, inner = 0 }, 100]";

TEST(Engine, E01_two_tags_pass_where_the_pair_is_listed_whatever_their_types) {
  for (const auto mode : {Mode::enforce, Mode::monitor}) {
    Box box{mode == Mode::enforce ? enforce(kStacks) : monitor(kStacks)};
    build::Link link;
    link.source = "10.0.0.1";
    link.destination = "10.0.1.2";
    std::uint16_t port = 40000;
    constexpr std::array<std::uint16_t, 3> kTypes = {0x8100, 0x88a8, 0x9100};
    for (const auto outer : kTypes) {
      for (const auto inner : kTypes) {
        link.tags = {{.id = 100, .type = outer}, {.id = 20, .type = inner}};
        const auto syn = build::tcp(link, {.source_port = ++port, .flags = tcp_flag::syn});
        const auto left = box.send(syn, kIt);
        ASSERT_EQ(left.size(), 1U);
        EXPECT_EQ(left[0].bytes, syn);
      }
    }
    EXPECT_TRUE(box.log.verdicts.empty());
    const std::vector<std::pair<std::vector<build::Tag>, Reason>> others = {
        {{{.id = 20}, {.id = 100}}, Reason::no_conduit},
        {{{.id = 100}, {.id = 21}}, Reason::no_conduit},
        {{{.id = 101}, {.id = 20}}, Reason::no_conduit},
        {{{.id = 20}}, Reason::no_conduit},
        {{}, Reason::no_conduit},
        {{{.id = 0}, {.id = 100}}, Reason::no_conduit},
        {{{.id = 100}, {.id = 20}, {.id = 20}}, Reason::bad_ethernet},
        {{{.id = 100}, {.id = 20}, {.id = 0}, {.id = 20}}, Reason::bad_ethernet}};
    for (const auto& [tags, reason] : others) {
      link.tags = tags;
      const auto syn = build::tcp(link, {.source_port = ++port, .flags = tcp_flag::syn});
      const auto left = box.send(syn, kIt);
      EXPECT_EQ(box.log.verdicts.back().reason, reason);
      ASSERT_EQ(left.size(), mode == Mode::enforce ? 0U : 1U);
      for (const auto& one : left) EXPECT_EQ(one.bytes, syn);
    }
    box.expect_conserved();
  }
}

TEST(Engine, E01_E02_the_same_session_in_another_stack_is_another_session) {
  Box box{enforce("vlans = [100, { outer = 100, inner = 20 }, { outer = 100, inner = 0 }]")};
  build::Link link;
  link.source = "10.0.0.1";
  link.destination = "10.0.1.2";
  for (const auto& tags :
       {std::vector<build::Tag>{{.id = 100}}, {{.id = 100}, {.id = 20}}, {{.id = 100}, {.id = 0}}}) {
    link.tags = tags;
    EXPECT_EQ(box.send(build::tcp(link, {.flags = tcp_flag::syn}), kIt).size(), 1U);
  }
  EXPECT_EQ(box.engine->counters().flows, 3U);
  EXPECT_TRUE(box.log.verdicts.empty());
}

TEST(Engine, E01_a_reset_has_both_tags_of_the_session_that_it_ends) {
  Box box{enforce(kStacks)};
  build::Link link;
  link.source = "10.0.0.9";  // no rule
  link.destination = "10.0.1.2";
  link.tags = {{.id = 100, .priority = 3, .type = 0x88a8}, {.id = 20}};
  const auto syn = build::tcp(link, {.flags = tcp_flag::syn});
  const auto left = box.send(syn, kIt);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].to, kIt);
  EXPECT_TRUE(std::equal(left[0].bytes.begin() + 12, left[0].bytes.begin() + 22, syn.begin() + 12));
}

TEST(Engine, a_priority_tag_is_no_vlan) {
  Box box{enforce()};
  build::Link link;
  link.source = "10.0.0.1";
  link.destination = "10.0.1.2";
  link.tags = {{.id = 0, .priority = 6}};
  EXPECT_EQ(box.send(build::tcp(link, {.flags = tcp_flag::syn}), kIt).size(), 1U);
}

TEST(Engine, monitor_forwards_what_it_would_deny_and_says_so) {
  Box box{monitor()};
  Talk talk{box};
  talk.open();
  EXPECT_EQ(payload_to(talk.say(Role::client, kWriteCoil), kOt), kWriteCoil);
  ASSERT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.log.verdicts[0].reason, Reason::no_rule);
  EXPECT_FALSE(box.log.verdicts[0].acted);
  EXPECT_EQ(box.log.verdicts[0].verdict, Verdict::reset);
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
  EXPECT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_EQ(box.engine->counters().dropped, 0U);
  EXPECT_EQ(box.engine->counters().made, 0U);
}

TEST(Engine, a_swap_to_enforce_keeps_the_session_and_judges_what_comes_next) {
  Box box{monitor()};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, kRead);
  talk.say(Role::server, answer_to_read(1));
  box.swap(enforce());
  EXPECT_EQ(payload_to(talk.say(Role::client, modbus(3, 1, {3, 0, 0, 0, 10})), kOt).size(), kRead.size());
  EXPECT_EQ(payload_to(talk.say(Role::server, answer_to_read(3)), kIt), answer_to_read(3));
  EXPECT_EQ(box.log.transactions.back().generation, 2U);
  EXPECT_TRUE(payload_to(talk.say(Role::client, kWriteCoil), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().generation, 2U);
}

TEST(Engine, a_swap_in_the_middle_of_a_request_judges_it_by_the_new_policy) {
  Box box{monitor()};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, {kWriteCoil.begin(), kWriteCoil.begin() + 9});
  box.swap(enforce());
  EXPECT_TRUE(payload_to(talk.say(Role::client, {kWriteCoil.begin() + 9, kWriteCoil.end()}), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::no_rule);
}

TEST(Engine, monitor_finds_the_next_request_behind_one_that_a_loss_cut_short) {
  Box box{monitor()};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, modbus(1, 1, {3, 0, 0, 0, 1}));
  talk.say(Role::client, {kRead.begin(), kRead.begin() + 8});
  talk.next[0] += 3;  // lost: one byte of the request is still to come
  Bytes rest = {kRead.back()};
  rest.insert(rest.end(), kWriteCoil.begin(), kWriteCoil.end());
  box.log.verdicts.clear();
  EXPECT_EQ(payload_to(talk.say(Role::client, rest), kOt), rest);
  ASSERT_FALSE(box.log.verdicts.empty());
  EXPECT_EQ(box.log.verdicts.back().function, 5);
}

TEST(Engine, what_monitor_would_pass_over_is_judged_once_enforcement_begins) {
  for (std::uint32_t lost = 1; lost < 200; ++lost) {
    Box box{monitor()};
    Talk talk{box};
    talk.open();
    talk.say(Role::client, modbus(1, 1, {3, 0, 0, 0, 1}));
    Bytes begun = modbus(2, 1, Bytes(250, 16));
    begun.resize(8);
    talk.say(Role::client, begun);
    talk.next[0] += lost;
    talk.say(Role::client, {1});  // most of the unfinished message is still expected
    box.swap(enforce());
    EXPECT_TRUE(payload_to(talk.say(Role::client, kWriteCoil), kOt).empty()) << lost;
  }
}

TEST(Engine, E37_a_retransmission_with_other_bytes_is_never_forwarded) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  talk.say(Role::client, kRead);
  const auto changed = modbus(1, 1, {3, 0, 0, 0, 11});
  const auto left = talk.put(
      Role::client, talk.segment(Role::client, talk.next[0] - static_cast<std::uint32_t>(kRead.size()),
                                 tcp_flag::ack, changed));
  EXPECT_TRUE(payload_to(left, kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::conflict);
  box.expect_conserved();
}

TEST(Engine, E45_segments_out_of_order_are_held_and_leave_in_order) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  const auto at = talk.next[0];
  const Bytes first{kRead.begin(), kRead.begin() + 5};
  const Bytes second{kRead.begin() + 5, kRead.end()};
  EXPECT_TRUE(talk.put(Role::client, talk.segment(Role::client, at + 5, tcp_flag::ack, second)).empty());
  box.expect_conserved();
  EXPECT_EQ(payload_to(talk.put(Role::client, talk.segment(Role::client, at, tcp_flag::ack, first)), kOt),
            kRead);
  box.expect_conserved();
}

TEST(Engine, a_hole_that_is_never_filled_gives_its_frames_back) {
  Box box{enforce()};
  Talk talk{box};
  talk.open();
  talk.put(Role::client, talk.segment(Role::client, talk.next[0] + 5, tcp_flag::ack, {1, 2, 3}));
  EXPECT_EQ(box.engine->counters().held, 1U);
  box.engine->tick(box.now + seconds(5), *box.rules);
  EXPECT_EQ(box.engine->counters().held, 0U);
  box.expect_conserved();
}

TEST(Engine, midstream_resync_passes_whole_allowed_requests_and_drops_the_rest) {
  Box box{enforce()};
  Talk talk{box};
  EXPECT_TRUE(payload_to(talk.say(Role::client, {kRead.begin(), kRead.begin() + 9}), kOt).empty());
  talk.next[0] -= 9;  // the sender repeats what was not acknowledged
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
  EXPECT_EQ(payload_to(talk.say(Role::server, answer_to_read(1)), kIt), answer_to_read(1));
  // In step now: a split request passes as on any session.
  EXPECT_EQ(payload_to(talk.say(Role::client, {kRead.begin(), kRead.begin() + 9}), kOt).size(), 9U);
  EXPECT_EQ(payload_to(talk.say(Role::client, {kRead.begin() + 9, kRead.end()}), kOt).size(),
            kRead.size() - 9);
}

TEST(Engine, midstream_denies_what_the_rules_deny) {
  Box box{enforce()};
  Talk talk{box};
  EXPECT_TRUE(payload_to(talk.say(Role::client, kWriteCoil), kOt).empty());
}

const std::string kUnity = R"(
[[allow]]
from = "hmi"
to = "plc"
protocol = "umas"
access = ["read", "diagnose"]
reason = "the engineering station looks"
)";

TEST(Engine, a_rule_for_a_carried_protocol_implies_its_carrier_for_that_payload_only) {
  Box box{kZones + conduit("enforce") + kUnity};
  Talk talk{box};
  talk.open();
  const auto read = modbus(1, 0, {90, 0, 0x02});
  EXPECT_EQ(payload_to(talk.say(Role::client, read), kOt), read);
  EXPECT_TRUE(payload_to(talk.say(Role::client, modbus(2, 0, {90, 0, 0x41, 0xff, 0})), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().protocol, "umas");
  EXPECT_EQ(box.log.verdicts.back().function, 0x41);
}

TEST(Engine, a_rule_for_the_carrier_never_implies_what_it_carries) {
  Box box{
      kZones + conduit("enforce") +
      "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\nfunctions = [90]\nreason = \"x\"\n"};
  Talk talk{box};
  talk.open();
  EXPECT_TRUE(payload_to(talk.say(Role::client, modbus(1, 0, {90, 0, 0x02})), kOt).empty());
}

const std::string kDatabase = R"(
[[allow]]
from = "it"
to = "ot"
protocol = "tcp"
ports = [1433]
reason = "history"
)";

TEST(Engine, an_opaque_rule_passes_its_port_both_ways_and_no_other) {
  Box box{kZones + conduit("enforce") + kDatabase};
  Talk talk{box, "10.0.0.7", "10.0.1.7", 40000, 1433};
  talk.open();
  const auto query = build::bytes("\x12\x01 select 1");
  EXPECT_EQ(payload_to(talk.say(Role::client, query), kOt), query);
  EXPECT_EQ(payload_to(talk.say(Role::server, query), kIt), query);
  EXPECT_GT(box.engine->counters().not_inspected, 0U);
  Talk other{box, "10.0.0.7", "10.0.1.7", 40001, 1434};
  EXPECT_TRUE(
      payload_to(other.put(Role::client, other.segment(Role::client, 1, tcp_flag::syn, {})), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::no_policy);
}

TEST(Engine, an_opaque_rule_never_covers_what_a_decoder_recognises) {
  Box box{kZones + conduit("enforce") + kDatabase};
  Talk talk{box, "10.0.0.7", "10.0.1.7", 40000, 1433};
  talk.open();
  EXPECT_TRUE(payload_to(talk.say(Role::client, kWriteCoil), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::wrong_protocol);
  EXPECT_EQ(box.log.verdicts.back().protocol, "modbus");
}

TEST(Engine, E63_half_a_message_does_not_cover_a_whole_one_where_the_connection_may_yet_be_opaque) {
  Box box{
      enforce() +
      "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"tcp\"\nports = [2009]\nreason = \"history\"\n"};
  Talk talk{box, "10.0.0.1", "10.0.1.2", 40000, 2009};
  talk.open();
  const Bytes head = {0, 2, 0, 0, 0, 0x86, 1, 3, 0, 0, 0, 1};  // of 140 bytes
  EXPECT_EQ(payload_to(talk.say(Role::client, head), kOt), head);
  EXPECT_TRUE(payload_to(talk.say(Role::client, kWriteCoil), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::wrong_protocol);
  box.expect_conserved();
}

TEST(Engine, E37_what_comes_again_in_an_opaque_connection_is_looked_at_again) {
  Box box{kZones + conduit("enforce") + kDatabase};
  Talk talk{box, "10.0.0.7", "10.0.1.7", 40000, 1433};
  talk.open();
  const auto noise = build::bytes("\x12\x01 select 1");
  EXPECT_EQ(payload_to(talk.say(Role::client, noise), kOt), noise);
  talk.next[0] -= static_cast<std::uint32_t>(noise.size());
  EXPECT_EQ(payload_to(talk.say(Role::client, noise), kOt), noise);
  talk.next[0] -= static_cast<std::uint32_t>(noise.size());
  EXPECT_TRUE(payload_to(talk.say(Role::client, kWriteCoil), kOt).empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::wrong_protocol);
  box.expect_conserved();
}

TEST(Engine, E55_an_opaque_connection_waits_until_it_is_surely_nothing_that_a_decoder_recognises) {
  for (std::size_t cut = 1; cut < kWriteCoil.size(); ++cut) {
    Box box{kZones + conduit("enforce") + kDatabase};
    Talk talk{box, "10.0.0.7", "10.0.1.7", 40000, 1433};
    talk.open();
    const Bytes first{kWriteCoil.begin(), kWriteCoil.begin() + static_cast<std::ptrdiff_t>(cut)};
    const Bytes last{kWriteCoil.begin() + static_cast<std::ptrdiff_t>(cut), kWriteCoil.end()};
    EXPECT_EQ(payload_to(talk.say(Role::client, first), kOt), first);
    EXPECT_TRUE(payload_to(talk.say(Role::client, last), kOt).empty());
    EXPECT_EQ(box.log.verdicts.back().reason, Reason::wrong_protocol);
  }
  // It doesn't help when the other end speaks first.
  {
    Box box{kZones + conduit("enforce") + kDatabase};
    Talk talk{box, "10.0.0.7", "10.0.1.7", 40000, 1433};
    talk.open();
    const auto greeting = build::bytes("welcome");
    EXPECT_EQ(payload_to(talk.say(Role::server, greeting), kIt), greeting);
    talk.say(Role::client, {kWriteCoil.begin(), kWriteCoil.begin() + 5});
    EXPECT_TRUE(payload_to(talk.say(Role::client, {kWriteCoil.begin() + 5, kWriteCoil.end()}), kOt).empty());
    EXPECT_EQ(box.log.verdicts.back().reason, Reason::wrong_protocol);
  }
  // Nor to say its first byte beforehand, behind what is half a message of something else.
  {
    Box box{kZones + conduit("enforce") + kDatabase};
    Talk talk{box, "10.0.0.7", "10.0.1.7", 40000, 1433};
    talk.open();
    talk.say(Role::client, build::hex("0103 0000 000a c5cd"));
    talk.say(Role::client, {kWriteCoil[0]});
    talk.next[0] -= 1;
    EXPECT_TRUE(payload_to(talk.say(Role::client, kWriteCoil), kOt).empty());
    EXPECT_EQ(box.log.verdicts.back().reason, Reason::wrong_protocol);
  }
  // Nor to say something else first and this in its place.
  {
    Box box{kZones + conduit("enforce") + kDatabase +
            "[[allow]]\nfrom = \"ot\"\nto = \"it\"\nprotocol = \"modbus\"\nfunctions = [8]\n"
            "opened_by = \"to\"\nreason = \"the other way\"\n"};
    Talk talk{box, "10.0.0.7", "10.0.1.7", 40000, 1433};
    talk.open();
    const auto message = modbus(1, 1, {8, 0x29, 0x81, 0, 0, 0, 0});
    talk.say(Role::client, Bytes(15, 0xaa));
    talk.next[0] -= 15;
    talk.say(Role::client, {message[0]});
    talk.next[0] -= 1;
    EXPECT_TRUE(payload_to(talk.say(Role::client, message), kOt).empty());
    EXPECT_EQ(box.log.verdicts.back().reason, Reason::wrong_protocol);
  }
  // What could still be the start of a message is neither late nor too long for it.
  Box box{kZones + conduit("enforce") + kDatabase};
  Talk talk{box, "10.0.0.7", "10.0.1.7", 40000, 1433};
  talk.open();
  const Bytes zeros(6, 0);
  EXPECT_EQ(payload_to(talk.say(Role::client, {0, 1}), kOt), Bytes({0, 1}));
  box.now = box.now + seconds(100);
  box.engine->tick(box.now, *box.rules);
  EXPECT_EQ(payload_to(talk.say(Role::client, zeros), kOt), zeros);
  EXPECT_TRUE(box.log.verdicts.empty());
  box.expect_conserved();
}

TEST(Engine, E50_who_asks_is_told_by_what_is_certain_before_what_is_possible) {
  // Either end may be asked, and the one that was dialled asks first.
  Box box{kZones + conduit("enforce") + kReads +
          "[[allow]]\nfrom = \"plc\"\nto = \"hmi\"\nprotocol = \"modbus\"\naccess = [\"read\"]\n"
          "opened_by = \"to\"\nreason = \"the PLC reads set points\"\n"};
  Talk talk{box};
  talk.open();
  EXPECT_EQ(payload_to(talk.say(Role::server, kRead), kIt), kRead);
  EXPECT_TRUE(box.log.verdicts.empty());
  // Some requests look as their answers do.
  Box mirrored{kZones + conduit("enforce") +
               "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = [\"diagnose\"]\n"
               "reason = \"one way\"\n"
               "[[allow]]\nfrom = \"plc\"\nto = \"hmi\"\nprotocol = \"modbus\"\naccess = [\"diagnose\"]\n"
               "opened_by = \"to\"\nreason = \"the other way\"\n"};
  const auto count = modbus(1, 1, {8, 0, 18, 0, 0});
  Talk other{mirrored};
  other.open();
  EXPECT_EQ(payload_to(other.say(Role::server, count), kIt), count);
  EXPECT_EQ(payload_to(other.say(Role::client, count), kOt), count);
  EXPECT_TRUE(mirrored.log.verdicts.empty());
}

TEST(Engine, what_a_rule_in_monitor_lets_pass_is_answered_as_well) {
  auto rule = kReads;
  rule += "mode = \"monitor\"\n";
  Box box{kZones + conduit("enforce") + rule};
  Talk talk{box};
  talk.open();
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
  ASSERT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_FALSE(box.log.verdicts[0].acted);
  EXPECT_EQ(payload_to(talk.say(Role::server, answer_to_read(1)), kIt), answer_to_read(1));
  EXPECT_EQ(box.log.verdicts.size(), 1U);
  EXPECT_TRUE(payload_to(talk.say(Role::server, answer_to_read(1)), kIt).empty());
}

TEST(Engine, a_denied_datagram_lets_no_answer_in) {
  Box box{kZones + conduit("enforce") +
          "[[allow]]\nfrom = \"it\"\nto = \"ot\"\nprotocol = \"udp\"\nports = [2000]\nreason = \"time\"\n"};
  build::Link there;
  there.source = "10.0.0.7";
  there.destination = "10.0.1.7";
  build::Link back;
  back.source = there.destination;
  back.destination = there.source;
  const auto answer = build::udp(back, {2000, 40000, build::bytes("12:00")});
  EXPECT_TRUE(box.send(build::udp(there, {40000, 2000, kWriteCoil}), kIt).empty());
  EXPECT_TRUE(box.send(answer, kOt).empty());
  EXPECT_EQ(box.send(build::udp(there, {40000, 2000, build::bytes("time?")}), kIt).size(), 1U);
  EXPECT_EQ(box.send(answer, kOt).size(), 1U);
  box.expect_conserved();
}

Bytes arp_from(const std::string& source, const std::string& target) {
  build::Link link;
  link.source = source;
  link.destination = target;
  link.destination_mac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  return build::arp(link, {});
}

TEST(Engine, E05_arp_passes_only_as_groundwork_and_only_for_its_own_zone) {
  Box with{enforce("groundwork = [\"arp\"]")};
  EXPECT_EQ(with.send(arp_from("10.0.0.1", "10.0.1.2"), kIt).size(), 1U);
  EXPECT_TRUE(with.send(arp_from("10.0.1.2", "10.0.0.1"), kIt).empty());
  EXPECT_EQ(with.log.verdicts.back().reason, Reason::spoofed);
  Box without{enforce()};
  EXPECT_TRUE(without.send(arp_from("10.0.0.1", "10.0.1.2"), kIt).empty());
  EXPECT_EQ(without.log.verdicts.back().reason, Reason::groundwork);
}

Bytes ping(const std::string& from, const std::string& to, std::uint8_t type) {
  build::Link link;
  link.source = from;
  link.destination = to;
  return build::icmp(link, {.type = type});
}

TEST(Engine, ping_passes_only_where_a_rule_names_it_and_its_answer_only_the_other_way) {
  Box box{
      enforce() +
      "[[allow]]\nfrom = \"it\"\nto = \"ot\"\nprotocol = \"icmp\"\nports = [8]\nreason = \"is it there\"\n"};
  EXPECT_EQ(box.send(ping("10.0.0.1", "10.0.1.2", 8), kIt).size(), 1U);
  EXPECT_EQ(box.send(ping("10.0.1.2", "10.0.0.1", 0), kOt).size(), 1U);
  EXPECT_TRUE(box.send(ping("10.0.1.2", "10.0.0.1", 8), kOt).empty());
  Box without{enforce()};
  EXPECT_TRUE(without.send(ping("10.0.0.1", "10.0.1.2", 8), kIt).empty());
}

TEST(Engine, E06_an_ethertype_passes_only_where_a_rule_names_it) {
  const std::string rule =
      "[[allow]]\nfrom = \"it\"\nto = { zone = \"ot\", group = \"01:0c:cd:01:00:00\" }\nethertype = "
      "0x88b8\nreason = \"GOOSE\"\n";
  build::Link link;
  link.destination_mac = {0x01, 0x0c, 0xcd, 0x01, 0x00, 0x00};
  const auto goose = build::ethernet(link, 0x88b8, {0, 1, 0, 8, 0, 0, 0, 0});
  Box box{enforce() + rule};
  EXPECT_EQ(box.send(goose, kIt).size(), 1U);
  EXPECT_TRUE(box.send(goose, kOt).empty());
  EXPECT_TRUE(box.send(build::ethernet(link, 0x88ba, {0, 1, 0, 8, 0, 0, 0, 0}), kIt).empty());
  Box without{enforce()};
  EXPECT_TRUE(without.send(goose, kIt).empty());
}

TEST(Engine, a_udp_rule_passes_the_datagram_and_its_answer) {
  Box box{enforce() +
          "[[allow]]\nfrom = \"hmi\"\nto = \"plc\"\nprotocol = \"udp\"\nports = [123]\nreason = \"time\"\n"};
  build::Link there;
  there.source = "10.0.0.1";
  there.destination = "10.0.1.2";
  build::Link back;
  back.source = "10.0.1.2";
  back.destination = "10.0.0.1";
  EXPECT_TRUE(box.send(build::udp(back, {.source_port = 123, .destination_port = 5000, .payload = {1}}), kOt)
                  .empty());
  EXPECT_EQ(
      box.send(build::udp(there, {.source_port = 5000, .destination_port = 123, .payload = {1}}), kIt).size(),
      1U);
  EXPECT_EQ(
      box.send(build::udp(back, {.source_port = 123, .destination_port = 5000, .payload = {1}}), kOt).size(),
      1U);
  EXPECT_TRUE(box.send(build::udp(there, {.source_port = 5000, .destination_port = 124, .payload = {1}}), kIt)
                  .empty());
}

TEST(Engine, a_cut_frame_is_never_forwarded_not_even_in_monitor) {
  Box box{monitor()};
  auto bytes = build::tcp({.source = "10.0.0.1", .destination = "10.0.1.2"}, {.payload = kRead});
  Frame frame = box.wires.copy(bytes, kIt);
  frame.wire_length = frame.length + 100;
  box.engine->burst({&frame, 1}, box.now, *box.rules);
  EXPECT_TRUE(box.wires.left.empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::cut);
}

TEST(Engine, a_cut_frame_that_no_conduit_takes_is_not_forwarded_where_all_only_observe) {
  Box box{monitor()};
  const build::Link foreign{.tags = {{.id = 10}}, .source = "10.0.0.1", .destination = "10.0.1.2"};
  const auto bytes = build::tcp(foreign, {.payload = kRead});
  EXPECT_EQ(box.send(bytes, kIt).size(), 1U);
  Frame frame = box.wires.copy(bytes, kIt);
  frame.wire_length = frame.length + 100;
  box.wires.left.clear();
  box.engine->burst({&frame, 1}, box.now, *box.rules);
  EXPECT_TRUE(box.wires.left.empty());
  EXPECT_EQ(box.log.verdicts.back().reason, Reason::cut);
  box.expect_conserved();
}

// RFC 9293 3.10.7.1. Two boxes in a row whose policies differ would answer each other for ever.
TEST(Engine, a_reset_that_no_rule_is_for_is_dropped_and_not_answered) {
  Box box{enforce()};
  for (const auto& source : {"10.0.0.1", "10.0.0.9", "172.16.0.1"}) {
    const build::Link link{.source = source, .destination = "10.0.1.77"};
    for (const unsigned flags : {4U, 20U}) {  // RST, RST and ACK
      EXPECT_TRUE(box.send(build::tcp(link, {.flags = static_cast<std::uint8_t>(flags)}), kIt).empty())
          << source;
    }
  }
  EXPECT_EQ(box.engine->counters().made, 0U);
  box.expect_conserved();
}

TEST(Engine, a_full_flow_table_is_a_reason_and_harms_no_one_inside) {
  EngineOptions options;
  options.limits.flows = 4;
  Box box{enforce(), options};
  Talk inside{box};
  inside.open();
  for (std::uint16_t i = 0; i < 200; ++i) {
    Talk more{box, "10.0.0.1", "10.0.1.2", static_cast<std::uint16_t>(41000 + i)};
    more.open();
  }
  EXPECT_GT(box.engine->counters().reasons[static_cast<std::size_t>(Reason::flows_full)], 0U);
  EXPECT_EQ(payload_to(inside.say(Role::client, kRead), kOt), kRead);
  box.expect_conserved();
}

TEST(Engine, a_session_that_the_asked_end_opens_needs_a_rule_that_says_so) {
  const std::string dials = R"(
[[allow]]
from = "hmi"
to = "plc"
protocol = "modbus"
access = ["read"]
opened_by = "to"
reason = "the outstation dials its master"
)";
  Box box{kZones + conduit("enforce") + dials};
  Talk talk{box, "10.0.1.2", "10.0.0.1", 40000, 1502};
  // The PLC (on the OT port) opens; the HMI asks.
  const auto put = [&](Role role, const Bytes& frame) {
    return box.send(frame, role == Role::client ? kOt : kIt);
  };
  put(Role::client, talk.segment(Role::client, talk.next[0]++, tcp_flag::syn, {}));
  put(Role::server, talk.segment(Role::server, talk.next[1]++, tcp_flag::syn | tcp_flag::ack, {}));
  put(Role::client, talk.segment(Role::client, talk.next[0], tcp_flag::ack, {}));
  const auto asked =
      put(Role::server, talk.segment(Role::server, talk.next[1], tcp_flag::ack | tcp_flag::psh, kRead));
  EXPECT_EQ(payload_to(asked, kOt), kRead);
  Box strict{enforce()};
  Talk wrong{strict, "10.0.1.2", "10.0.0.1", 40000, 1502};
  EXPECT_TRUE(strict.send(wrong.segment(Role::client, 1, tcp_flag::syn, {}), kOt).size() <= 1);
  EXPECT_EQ(strict.log.verdicts.back().reason, Reason::no_policy);
}

TEST(Engine, IPv6_is_judged_as_IPv4_is) {
  const auto rules =
      kZones + conduit("enforce") +
      "[[allow]]\nfrom = \"it\"\nto = \"ot\"\nprotocol = \"modbus\"\naccess = [\"read\"]\nreason = \"x\"\n";
  Box box{rules};
  Talk talk{box, "fd00::1", "fd00:0:0:1::2"};
  talk.open();
  EXPECT_EQ(payload_to(talk.say(Role::client, kRead), kOt), kRead);
  EXPECT_TRUE(payload_to(talk.say(Role::client, kWriteCoil), kOt).empty());
}

}  // namespace
}  // namespace sluice::test
