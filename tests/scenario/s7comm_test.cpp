// S7comm through the engine: what a policy allows arrives, what it denies never does, however its message is
// cut into segments and TPDUs, and what else runs on port 102 is not taken for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "dataplane/engine/engine_test.hpp"
#include "dataplane/protocol/cases.hpp"

namespace sluice::test {
namespace {

const std::string kVariables = R"(
[[allow]]
from = "hmi"
to = "plc"
protocol = "s7comm"
functions = ["setup_communication", "read_var"]
targets = ["db 1 0..99", "merker 0..9"]
reason = "the HMI polls"
)";

const std::string kDownloads = R"(
[[allow]]
from = "hmi"
to = "plc"
protocol = "s7comm"
functions = ["setup_communication", "request_download", "download_block", "download_ended"]
targets = ["block_fc 23"]
reason = "one function is replaced"
)";

const char* const kConnect = "0300 0016 11 e0 0000 0001 00 c0 01 0a c1 02 0100 c2 02 0102";
const char* const kConfirm = "0300 0016 11 d0 0001 0002 00 c0 01 0a c1 02 0100 c2 02 0102";
const char* const kSetup = "0300 0019 02f080 32 01 0000 0000 0008 0000 f0 00 0001 0001 01e0";
const char* const kAgreed = "0300 001b 02f080 32 03 0000 0000 0008 0000 0000 f0 00 0001 0001 00f0";
const char* const kRead = "0300 001f 02f080 32 01 0000 0001 000e 0000 04 01 12 0a 10 02 0004 0001 84 000050";
const char* const kAnswer = "0300 001d 02f080 32 03 0000 0001 0002 0008 0000 04 01 ff 04 0020 00010002";
const char* const kStop = "0300 0021 02f080 32 01 0000 0002 0010 0000 29 0000000000 09 505f50524f4752414d";

// A session that has agreed on its PDUs.
class Session {
 public:
  explicit Session(const std::string& rules, const std::string& mode = "enforce")
      : box{kZones + conduit(mode) + rules}, talk{box, "10.0.0.1", "10.0.1.2", 40000, 102} {
    talk.open();
  }
  void agree() {
    EXPECT_TRUE(arrives(Role::client, kConnect));
    EXPECT_TRUE(arrives(Role::server, kConfirm));
    EXPECT_TRUE(arrives(Role::client, kSetup));
    EXPECT_TRUE(arrives(Role::server, kAgreed));
  }
  bool arrives(Role role, const Bytes& bytes) {
    return payload_to(talk.say(role, bytes), role == Role::client ? kOt : kIt) == bytes;
  }
  bool arrives(Role role, const char* hex) { return arrives(role, bytes_of_hex(hex)); }
  [[nodiscard]] bool told(Reason reason) const {
    return std::any_of(box.log.verdicts.begin(), box.log.verdicts.end(),
                       [&](const Told& one) { return one.reason == reason; });
  }

  Box box;
  Talk talk;
};

Bytes data_tpdu(const Bytes& data, bool last) {
  Bytes out{3,
            0,
            0,
            static_cast<std::uint8_t>(data.size() + 7),
            2,
            0xf0,
            static_cast<std::uint8_t>(last ? 0x80 : 0)};
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

TEST(S7comm, what_is_allowed_arrives_and_is_answered) {
  Session session{kVariables};
  session.agree();
  EXPECT_TRUE(session.arrives(Role::client, kRead));
  EXPECT_TRUE(session.arrives(Role::server, kAnswer));
  EXPECT_TRUE(session.box.log.verdicts.empty());
}

TEST(S7comm, a_stop_does_not_arrive_and_its_function_is_told_E70) {
  Session session{kVariables};
  session.agree();
  EXPECT_FALSE(session.arrives(Role::client, kStop));
  ASSERT_FALSE(session.box.log.verdicts.empty());
  EXPECT_EQ(session.box.log.verdicts.back().reason, Reason::no_rule);
  EXPECT_EQ(session.box.log.verdicts.back().function, 0x29);
}

TEST(S7comm, one_item_of_many_outside_of_what_is_allowed_denies_all_E69) {
  struct Asked {
    const char* items;
    bool allowed;
  };
  for (const auto& asked : {
           Asked{"02 12 0a 10 02 0004 0001 84 000050 12 0a 10 02 0002 0000 83 000000", true},
           Asked{"02 12 0a 10 02 0004 0001 84 000050 12 0a 10 02 0002 0000 83 000048", false},
           Asked{"02 12 0a 10 02 0004 0001 84 000050 12 0a 10 02 0001 0002 84 000000", false},
           Asked{"02 12 0a 10 02 0004 0001 84 000050 12 0a 10 02 0001 0001 84 800000", false},
           Asked{"02 12 0a 10 02 0004 0001 84 000050 12 0a 10 04 0033 0001 84 000000", false},
           Asked{"02 12 0a 10 04 0032 0001 84 000000 12 0a 10 08 0019 0001 84 000000", true},
           Asked{"02 12 0a 10 02 0004 0001 84 000050 12 0a 10 02 0001 0001 85 000000", false},
       }) {
    const auto items = bytes_of_hex(asked.items);
    Bytes pdu = bytes_of_hex("32 01 0000 0001 0000 0000 04");
    pdu[7] = static_cast<std::uint8_t>(items.size() + 1);
    pdu.insert(pdu.end(), items.begin(), items.end());
    Session session{kVariables};
    session.agree();
    EXPECT_EQ(session.arrives(Role::client, data_tpdu(pdu, true)), asked.allowed) << asked.items;
  }
}

TEST(S7comm, a_denied_message_in_TPDUs_never_has_its_last_one_arrive_E66) {
  const auto stop = bytes_of_hex(kStop);
  const Bytes pdu{stop.begin() + 7, stop.end()};
  for (std::size_t cut = 1; cut < pdu.size(); ++cut) {
    Session session{kVariables};
    session.agree();
    const Bytes first{pdu.begin(), pdu.begin() + static_cast<std::ptrdiff_t>(cut)};
    const Bytes rest{pdu.begin() + static_cast<std::ptrdiff_t>(cut), pdu.end()};
    (void)session.talk.say(Role::client, data_tpdu(first, false));
    EXPECT_FALSE(session.arrives(Role::client, data_tpdu(rest, true))) << cut;
    EXPECT_TRUE(session.told(Reason::no_rule)) << cut;
    session.box.expect_conserved();
  }
}

TEST(S7comm, an_allowed_message_in_TPDUs_arrives_E66) {
  const auto read = bytes_of_hex(kRead);
  const Bytes pdu{read.begin() + 7, read.end()};
  Session session{kVariables};
  session.agree();
  EXPECT_TRUE(session.arrives(Role::client, data_tpdu({pdu.begin(), pdu.begin() + 9}, false)));
  EXPECT_TRUE(session.arrives(Role::client, data_tpdu({}, false)));
  EXPECT_TRUE(session.arrives(Role::client, data_tpdu({pdu.begin() + 9, pdu.end()}, true)));
  EXPECT_TRUE(session.arrives(Role::server, kAnswer));
  EXPECT_TRUE(session.box.log.verdicts.empty());
}

TEST(S7comm, an_endless_message_is_ended_at_the_length_that_was_agreed_on_E66) {
  Session session{kVariables};
  session.agree();
  auto part = bytes_of_hex("32 01 0000 0001 00e6 0000 04");
  part.resize(60);
  int arrived = 0;
  while (arrived < 100 && session.arrives(Role::client, data_tpdu(part, false))) ++arrived;
  EXPECT_EQ(arrived, 240 / 60);
  EXPECT_TRUE(session.told(Reason::malformed));
}

TEST(S7comm, a_stop_in_segments_of_any_size_never_has_its_last_byte_arrive_E65) {
  const auto stop = bytes_of_hex(kStop);
  for (std::size_t size = 1; size < stop.size(); ++size) {
    Session session{kVariables};
    session.agree();
    std::size_t arrived = 0;
    for (std::size_t at = 0; at < stop.size(); at += size) {
      const Bytes piece{stop.begin() + static_cast<std::ptrdiff_t>(at),
                        stop.begin() + static_cast<std::ptrdiff_t>(std::min(at + size, stop.size()))};
      arrived += payload_to(session.talk.say(Role::client, piece), kOt).size();
    }
    EXPECT_LT(arrived, stop.size()) << size;
  }
}

TEST(S7comm, many_messages_in_one_segment_are_judged_one_by_one_E65) {
  Session session{kVariables};
  session.agree();
  Bytes segment;
  for (const auto* one : {kRead, kRead, kStop}) {
    const auto bytes = bytes_of_hex(one);
    segment.insert(segment.end(), bytes.begin(), bytes.end());
  }
  EXPECT_TRUE(payload_to(session.talk.say(Role::client, segment), kOt).empty());
  EXPECT_TRUE(session.told(Reason::no_rule));
}

TEST(S7comm, whoever_connects_twice_or_in_another_class_is_cut_off_E67) {
  for (const auto* odd : {kConnect, "0300 000b 06 e0 0000 0001 40", "0300 0008 02 10 80 00"}) {
    Session session{kVariables};
    session.agree();
    EXPECT_FALSE(session.arrives(Role::client, odd)) << odd;
    EXPECT_TRUE(session.told(Reason::malformed)) << odd;
  }
}

TEST(S7comm, lengths_that_do_not_add_up_do_not_arrive_E68) {
  for (const auto* bad :
       {"0300 001f 02f080 32 01 0000 0001 000d 0000 04 01 12 0a 10 02 0004 0001 84 000050",
        "0300 001f 02f080 32 01 0000 0001 000e 0004 04 01 12 0a 10 02 0004 0001 84 000050",
        "0300 0023 02f080 32 01 0000 0001 000e 0000 04 01 12 0a 10 02 0004 0001 84 000050 00000000"}) {
    Session session{kVariables};
    session.agree();
    EXPECT_FALSE(session.arrives(Role::client, bad)) << bad;
    EXPECT_TRUE(session.told(Reason::malformed)) << bad;
  }
}

TEST(S7comm, what_else_runs_on_its_port_does_not_arrive_E71) {
  for (const auto* other :
       {"0300 0018 02f080 72 01 000a 31 0000 04ca 0000 0001 0000 0000",
        "0300 0010 02f000 72 01 000a 31 0000 04ca", "0300 0012 02f080 0d 09 05 06 13 01 00 16 01 02 14"}) {
    Session after{kVariables};
    after.agree();
    EXPECT_FALSE(after.arrives(Role::client, other)) << other;
    Session instead{kVariables};
    EXPECT_TRUE(instead.arrives(Role::client, kConnect));
    EXPECT_TRUE(instead.arrives(Role::server, kConfirm));
    EXPECT_FALSE(instead.arrives(Role::client, other)) << other;
  }
}

TEST(S7comm, a_block_is_taken_only_where_it_may_go_though_the_CPU_fetches_it) {
  Session session{kDownloads};
  session.agree();
  EXPECT_TRUE(
      session.arrives(Role::client,
                      "0300 0031 02f080 32 01 0000 000b 0020 0000 1a 00 0100 00000000 09 5f30433030303233"
                      "50 0d 31 303030353030 303030343030"));
  EXPECT_TRUE(session.arrives(Role::server, "0300 0014 02f080 32 03 0000 000b 0001 0000 0000 1a"));
  EXPECT_TRUE(session.arrives(
      Role::server, "0300 0023 02f080 32 01 0000 1200 0012 0000 1b 00 0000 00000000 09 5f3043303030323350"));
  EXPECT_TRUE(session.arrives(Role::client,
                              "0300 001d 02f080 32 03 0000 1200 0002 0008 0000 1b 00 0004 00fb 70700101"));
  // Nobody has asked for that one.
  EXPECT_FALSE(session.arrives(Role::client,
                               "0300 001d 02f080 32 03 0000 1200 0002 0008 0000 1b 00 0004 00fb 70700101"));
  EXPECT_TRUE(session.told(Reason::no_rule));
}

TEST(S7comm, in_monitor_all_of_it_leaves_as_it_came) {
  Session session{kVariables, "monitor"};
  session.agree();
  for (const auto* one :
       {kRead, kStop, kConnect, "0300 0018 02f080 72 01 000a 31 0000 04ca 0000 0001 0000 0000",
        "0300 000a 02f000 32 01 00", "0300 000b 02f080 00 00 01 00"}) {
    EXPECT_TRUE(session.arrives(Role::client, one)) << one;
  }
  EXPECT_TRUE(session.told(Reason::no_rule));
  EXPECT_TRUE(session.told(Reason::malformed));
}

}  // namespace
}  // namespace sluice::test
