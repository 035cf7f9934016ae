#include "dataplane/protocol/s7comm/decoder.hpp"

#include <gtest/gtest.h>

#include "dataplane/protocol/cases.hpp"
#include "dataplane/protocol/properties.hpp"
#include "dataplane/protocol/s7comm/message.hpp"

namespace sluice::s7comm {
namespace {

const std::string kFolder = SLUICE_SOURCE_DIR "/dataplane/protocol/s7comm/cases/";
constexpr std::size_t kDataHeader = 7;  // TPKT and a data TPDU

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const auto* file : {"functions.txt", "pairing.txt", "malformed.txt"}) {
    for (auto& one : read_cases(kFolder + file)) all.push_back(std::move(one));
  }
  return all;
}

// One whole message in as many data TPDUs as it has parts.
using Bytes = std::vector<std::uint8_t>;

Bytes data_tpdu(ByteView data, bool last) {
  Bytes out{3, 0, 0, 0, 2, 0xf0, static_cast<std::uint8_t>(last ? 0x80 : 0)};
  out.insert(out.end(), data.begin(), data.end());
  out[2] = static_cast<std::uint8_t>(out.size() >> 8U);
  out[3] = static_cast<std::uint8_t>(out.size());
  return out;
}

class S7commCases : public testing::TestWithParam<const char*> {};

TEST_P(S7commCases, mean_what_their_table_says) {
  const auto cases = read_cases(kFolder + GetParam());
  ASSERT_GT(cases.size(), 10U);
  for (const auto& one : cases) {
    Recorder recorder{protocol};
    ASSERT_FALSE(one.messages.empty()) << one.name;
    for (const auto& message : one.messages) {
      EXPECT_EQ(describe(recorder, message), message.expected) << one.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, S7commCases,
                         testing::Values("functions.txt", "pairing.txt", "malformed.txt"));

TEST(S7commSchema, is_sound) { expect_sound(protocol); }

TEST(S7commSchema, has_every_function_and_group_in_the_functions_table_E70) {
  std::string table;
  for (const auto& one : read_cases(kFolder + "functions.txt")) {
    for (const auto& message : one.messages) table += message.expected;
  }
  for (const auto& function : kFunctions) {
    EXPECT_NE(table.find("\n" + std::string{function.name} + " " + std::string{name_of(function.access)}),
              std::string::npos)
        << function.name;
  }
}

TEST(S7commSchema, keeps_the_order_of_its_names) {
  const auto name = [](Name field) { return kFields[static_cast<std::size_t>(field)].name; };
  EXPECT_EQ(name(Name::s7comm), "s7comm");
  EXPECT_EQ(name(Name::func), "s7comm.param.func");
  EXPECT_EQ(name(Name::address_number), "s7comm.param.item.address.number");
  EXPECT_EQ(name(Name::returncode), "s7comm.data.returncode");
  EXPECT_EQ(name(Name::servicename), "s7comm.param.pistart.servicename");
  EXPECT_EQ(name(Name::subfunc), "s7comm.param.userdata.subfunc");
  EXPECT_EQ(name(Name::szl_index), "s7comm.data.userdata.szl_index");
}

TEST(S7commFrame, finds_the_same_boundary_at_every_cut_E65) {
  std::size_t whole = 0;
  for (const auto& one : all_cases()) {
    for (const auto& message : one.messages) {
      const auto framing = protocol.frame({}, message.role, message.bytes);
      if (framing.kind != Framing::Kind::pdu || framing.length != message.bytes.size()) continue;
      expect_same_boundary(protocol, message.role, message.bytes);
      ++whole;
    }
  }
  EXPECT_GT(whole, 200U);
}

TEST(S7commFrame, cuts_pipelined_messages_one_by_one_E65) {
  Bytes pipeline;
  for (int i = 0; i < 64; ++i) {
    const auto one = bytes_of_hex("0300 0019 02f080 32 01 0000 0000 0008 0000 f0 00 0001 0001 01e0");
    pipeline.insert(pipeline.end(), one.begin(), one.end());
  }
  int found = 0;
  for (ByteView rest{pipeline}; !rest.empty(); ++found) {
    const auto framing = protocol.frame({}, Role::client, rest);
    ASSERT_EQ(framing.kind, Framing::Kind::pdu);
    rest = rest.subspan(framing.length);
  }
  EXPECT_EQ(found, 64);
}

TEST(S7commMessage, means_the_same_however_it_is_cut_into_TPDUs_E66) {
  for (const auto& one : read_cases(kFolder + "functions.txt")) {
    if (one.messages.size() != 1 || one.messages[0].bytes.size() <= kDataHeader + 10) continue;
    const auto& message = one.messages[0];
    const auto pdu = ByteView{message.bytes}.subspan(kDataHeader);
    Recorder alone{protocol};
    (void)alone.decode(message.role, message.bytes);
    for (std::size_t cut = 1; cut < pdu.size(); ++cut) {
      Recorder parts{protocol};
      EXPECT_EQ(parts.decode(message.role, data_tpdu(pdu.first(cut), false)), Malformed::fine) << one.name;
      EXPECT_TRUE(parts.items.empty());
      EXPECT_EQ(parts.exchange(), "part");
      EXPECT_EQ(parts.decode(message.role, data_tpdu({}, false)), Malformed::fine) << "an empty one between";
      EXPECT_EQ(parts.decode(message.role, data_tpdu(pdu.subspan(cut), true)), Malformed::fine) << one.name;
      EXPECT_EQ(parts.items, alone.items) << one.name << ", cut at " << cut;
      EXPECT_EQ(parts.exchange(), alone.exchange());
    }
  }
}

TEST(S7commMessage, an_endless_one_in_parts_ends_at_the_greatest_length_E66) {
  Recorder recorder{protocol};
  auto part = bytes_of_hex("32 01 0000 0001 ffff 0000 77");
  part.resize(512);
  std::uint32_t fine = 0;
  for (int i = 0; i < 100; ++i) {
    if (recorder.decode(Role::client, data_tpdu(part, false)) == Malformed::fine) ++fine;
  }
  EXPECT_EQ(fine, kMostPdu / 512);
  EXPECT_NE(recorder.decode(Role::client, data_tpdu(part, true)), Malformed::fine);
  EXPECT_EQ(recorder.decode(Role::client,
                            bytes_of_hex("0300 0019 02f080 32 01 0000 0000 0008 0000 f0 00 0001 0001 01e0")),
            Malformed::fine);
}

TEST(S7commMessage, both_ends_may_be_in_the_midst_of_one_E66) {
  const auto asked = bytes_of_hex("32 01 0000 0001 0008 0000 f0 00 0001 0001 01e0");
  const auto told = bytes_of_hex("32 07 0000 0000 0008 0000 010010 10 00 00 02 00");
  Recorder recorder{protocol};
  (void)recorder.decode(Role::client, data_tpdu(ByteView{asked}.first(4), false));
  (void)recorder.decode(Role::server, data_tpdu(ByteView{told}.first(9), false));
  EXPECT_EQ(recorder.decode(Role::client, data_tpdu(ByteView{asked}.subspan(4), true)), Malformed::fine);
  EXPECT_EQ(recorder.exchange(), "request 240");
  EXPECT_EQ(recorder.decode(Role::server, data_tpdu(ByteView{told}.subspan(9), true)), Malformed::fine);
  EXPECT_EQ(recorder.items.size(), 1U);
}

TEST(S7commMessage, whose_lengths_do_not_add_up_is_malformed_E68) {
  const auto good = bytes_of_hex(
      "0300 0027 02f080 32 01 0000 0200 000e 0008 05 01 12 0a 10 02 0004 0001 84 000000 00 04 0020 09090909");
  Recorder recorder{protocol};
  EXPECT_EQ(recorder.decode(Role::client, good), Malformed::fine);
  for (const std::size_t at : {13U, 14U, 15U, 16U}) {  // parameter and data length
    for (const int delta : {-1, 1, 0x80}) {
      auto bad = good;
      bad[at] = static_cast<std::uint8_t>(bad[at] + delta);
      Recorder other{protocol};
      EXPECT_NE(other.decode(Role::client, bad), Malformed::fine) << at << " by " << delta;
      EXPECT_TRUE(other.items.empty());
    }
  }
}

TEST(S7commMessage, has_an_item_for_each_of_255_that_it_asks_for_E69) {
  Bytes pdu = bytes_of_hex("32 01 0000 0001 0bf6 0000 04 ff");
  for (int i = 0; i < 255; ++i) {
    auto item = bytes_of_hex("12 0a 10 02 0001 0001 84 000000");
    item[6] = static_cast<std::uint8_t>(i);
    item[7] = static_cast<std::uint8_t>(i == 200 ? 9 : 1);
    pdu.insert(pdu.end(), item.begin(), item.end());
  }
  Recorder recorder{protocol};
  EXPECT_EQ(recorder.decode(Role::client, data_tpdu(pdu, true)), Malformed::fine);
  ASSERT_EQ(recorder.items.size(), 255U);
  EXPECT_EQ(recorder.items[200].find("read_var read [db "), 0U);
  EXPECT_FALSE(recorder.sink().overflow());
}

TEST(S7commMessage, holds_as_many_parts_of_data_blocks_as_fit_E69) {
  Bytes pdu = bytes_of_hex("32 01 0000 0001 0000 0000 04 00");
  std::size_t items = 0;
  while (pdu.size() + 4 + 50 * 5 <= kMostPdu) {
    const auto head = bytes_of_hex("12 fc b0 32");
    pdu.insert(pdu.end(), head.begin(), head.end());
    for (int i = 0; i < 50; ++i, ++items) {
      const auto part = bytes_of_hex("01 0001 0000");
      pdu.insert(pdu.end(), part.begin(), part.end());
    }
    ++pdu[11];
  }
  pdu[6] = static_cast<std::uint8_t>((pdu.size() - 10) >> 8U);
  pdu[7] = static_cast<std::uint8_t>(pdu.size() - 10);
  Recorder recorder{protocol};
  EXPECT_EQ(recorder.decode(Role::client, data_tpdu(pdu, true)), Malformed::fine);
  EXPECT_EQ(recorder.items.size(), items);
  EXPECT_LE(items, kSchema.max_items);
}

TEST(S7commMessage, no_code_but_the_named_ones_has_a_named_item_E70) {
  for (unsigned code = 0; code < 256; ++code) {
    auto request = bytes_of_hex("0300 0014 02f080 32 01 0000 0018 0003 0000 00 01 02");
    request[17] = static_cast<std::uint8_t>(code);
    Recorder recorder{protocol};
    (void)recorder.decode(Role::client, request);
    ASSERT_FALSE(recorder.items.empty()) << code;
    const auto* row = kSchema.function(static_cast<std::uint16_t>(code));
    EXPECT_EQ(recorder.items[0].starts_with(std::to_string(code) + " "), row == nullptr) << recorder.items[0];
  }
}

TEST(S7commMessage, no_sub_function_without_a_name_is_more_than_its_group_E70) {
  for (unsigned group = 0; group < 16; ++group) {
    for (unsigned subfunction = 0; subfunction < 256; ++subfunction) {
      const auto id = userdata_id(static_cast<std::uint8_t>(group), static_cast<std::uint8_t>(subfunction));
      const auto* row = kSchema.function(id);
      const bool child = row != nullptr && row->parent != kNoFunction;
      EXPECT_EQ(id, child ? sub(static_cast<std::uint16_t>(group), static_cast<std::uint16_t>(subfunction))
                          : kGroups + group);
      if (!child) {
        EXPECT_EQ(access_of(id), Access::program);
      }
    }
  }
}

TEST(S7commMessage, a_reference_in_use_pairs_with_the_function_that_was_asked_first_E70) {
  Recorder recorder{protocol};
  const auto read =
      bytes_of_hex("0300 001f 02f080 32 01 0000 0001 000e 0000 04 01 12 0a 10 02 0001 0001 84 000000");
  const auto stop =
      bytes_of_hex("0300 0021 02f080 32 01 0000 0001 0010 0000 29 0000000000 09 505f50524f4752414d");
  const auto stopped = bytes_of_hex("0300 0014 02f080 32 03 0000 0001 0001 0000 0000 29");
  EXPECT_EQ(recorder.decode(Role::client, read), Malformed::fine);
  EXPECT_EQ(recorder.decode(Role::client, stop), Malformed::fine);
  EXPECT_EQ(recorder.decode(Role::server, stopped), Malformed::bad_value);
}

TEST(S7commEarly, foretells_the_function_of_every_request_E65) {
  auto sink = std::make_unique<Sink>();
  std::size_t told = 0;
  for (const auto& one : all_cases()) {
    for (const auto& message : one.messages) {
      if (message.role != Role::client) continue;
      ContractListener listener{kSchema, message.bytes};
      sink->begin({1}, listener);
      ProtocolState state{};
      (void)protocol.decode(state, message.role, message.bytes, *sink);
      std::uint16_t function = kNoFunction;
      for (std::size_t size = 0; size <= message.bytes.size(); ++size) {
        function = protocol.early(Role::client, ByteView{message.bytes}.first(size));
        EXPECT_TRUE(function == kNoFunction || function == listener.first_function)
            << one.name << ", " << size;
        EXPECT_TRUE(size >= kDataHeader + 11 || function == kNoFunction) << one.name << ", " << size;
      }
      told += function != kNoFunction ? 1 : 0;
    }
  }
  EXPECT_GT(told, 80U);
}

TEST(S7commEarly, knows_nothing_of_answers) {
  EXPECT_EQ(protocol.early(Role::server,
                           bytes_of_hex("0300 0019 02f080 32 01 0000 0000 0008 0000 f0 00 0001 0001 01e0")),
            kNoFunction);
}

TEST(S7commDecoder, keeps_its_contract_near_every_case) {
  auto sink = std::make_unique<Sink>();
  for (const auto& one : all_cases()) {
    for (const auto& message : one.messages) {
      for (const auto role : {Role::client, Role::server}) {
        expect_contract_nearby(protocol, role, message.bytes, *sink);
      }
      if (HasFailure()) FAIL() << one.name;
    }
  }
}

TEST(S7commSeeds, are_whole_messages_that_mean_something) {
  const auto seeds = read_seeds(SLUICE_SOURCE_DIR "/dataplane/protocol/s7comm/seeds");
  EXPECT_GT(seeds.size(), 20U);
  for (const auto& seed : seeds) {
    Recorder recorder{protocol};
    for (ByteView rest{seed.bytes}; !rest.empty();) {
      const auto framing = protocol.frame({}, seed.role, rest);
      ASSERT_EQ(framing.kind, Framing::Kind::pdu) << seed.name;
      EXPECT_EQ(recorder.decode(seed.role, rest.first(framing.length)), Malformed::fine) << seed.name;
      rest = rest.subspan(framing.length);
    }
  }
}

}  // namespace
}  // namespace sluice::s7comm
