#include "dataplane/protocol/modbus/decoder.hpp"

#include <gtest/gtest.h>

#include "dataplane/protocol/cases.hpp"
#include "dataplane/protocol/modbus/schema.hpp"
#include "dataplane/protocol/properties.hpp"

namespace sluice::modbus {
namespace {

const std::string kFolder = SLUICE_SOURCE_DIR "/dataplane/protocol/modbus/cases/";

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const auto* file : {"functions.txt", "pairing.txt", "malformed.txt"}) {
    for (auto& one : read_cases(kFolder + file)) all.push_back(std::move(one));
  }
  return all;
}

class ModbusCases : public testing::TestWithParam<const char*> {};

TEST_P(ModbusCases, mean_what_their_table_says) {
  const auto cases = read_cases(kFolder + GetParam());
  ASSERT_GT(cases.size(), 20U);
  for (const auto& one : cases) {
    Recorder recorder{protocol};
    ASSERT_FALSE(one.messages.empty()) << one.name;
    for (const auto& message : one.messages) {
      EXPECT_EQ(describe(recorder, message), message.expected) << one.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, ModbusCases,
                         testing::Values("functions.txt", "pairing.txt", "malformed.txt"));

TEST(ModbusSchema, is_sound) { expect_sound(protocol); }

TEST(ModbusSchema, has_every_public_function_in_the_functions_table) {
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

TEST(ModbusSchema, keeps_the_order_of_its_names) {
  EXPECT_EQ(kFields[static_cast<std::size_t>(Name::unit_id)].name, "mbtcp.unit_id");
  EXPECT_EQ(kFields[static_cast<std::size_t>(Name::padding)].name, "modbus.padding");
  EXPECT_EQ(kFields[static_cast<std::size_t>(Name::diagnostic_code)].name, "modbus.diagnostic_code");
  EXPECT_EQ(kFields[static_cast<std::size_t>(Name::mei)].name, "modbus.mei");
  EXPECT_EQ(kFields[static_cast<std::size_t>(Name::write_value)].name, "modbus.write_value");
}

TEST(ModbusFrame, E55_finds_the_same_boundary_at_every_cut) {
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

TEST(ModbusFrame, E54_cuts_pipelined_messages_one_by_one) {
  std::vector<std::uint8_t> pipeline;
  for (int i = 0; i < 64; ++i) {
    const auto one = bytes_of_hex("0001 0000 0006 01 03 0000 0001");
    pipeline.insert(pipeline.end(), one.begin(), one.end());
  }
  ByteView rest{pipeline};
  int found = 0;
  for (; !rest.empty(); ++found) {
    const auto framing = protocol.frame({}, Role::client, rest);
    ASSERT_EQ(framing.kind, Framing::Kind::pdu);
    rest = rest.subspan(framing.length);
  }
  EXPECT_EQ(found, 64);
}

struct Bound {
  const char* what;
  const char* bytes;
  Framing::Kind kind;
};

TEST(ModbusFrame, keeps_to_the_bounds_of_the_header) {
  constexpr auto kMore = Framing::Kind::need_more;
  constexpr auto kBad = Framing::Kind::bad;
  constexpr auto kPdu = Framing::Kind::pdu;
  for (const auto& bound : {
           Bound{"nothing", "", kMore},
           Bound{"any transaction identifier", "ffff", kMore},
           Bound{"E56 protocol identifier 0100, before the header is whole", "0001 01", kMore},
           Bound{"E56 protocol identifier 0100", "0001 0100 0006", kBad},
           Bound{"E56 protocol identifier 0001", "0001 0001 0006", kBad},
           Bound{"E57 a length of 65,280", "0001 0000 ff00", kBad},
           Bound{"E57 a length of 0", "0001 0000 0000", kBad},
           Bound{"E57 a length of 1", "0001 0000 0001", kBad},
           Bound{"E57 a length of 2, the shortest", "0001 0000 0002 01 07", kPdu},
           Bound{"E57 a length of 254, the longest", "0001 0000 00fe", kMore},
           Bound{"E57 a length of 255, before the function is known", "0001 0000 00ff 01", kMore},
           Bound{"E57 a length of 255", "0001 0000 00ff 01 03", kBad},
           Bound{"E57 a length of 255, and function 90", "0001 0000 00ff 01 5a", kMore},
           Bound{"E57 a length of 255, and an exception of function 90", "0001 0000 00ff 01 da", kMore},
           Bound{"E57 a length of 1,024, and function 90", "0001 0000 0400 01 5a", kMore},
           Bound{"E57 a length of 1,025, and function 90", "0001 0000 0401 01 5a", kBad},
           Bound{"E63 TLS on port 502", "16 03 01 02 00 01", kBad},
           Bound{"E63 HTTP on port 502", "474554202f20", kBad},
           Bound{"E63 TPKT on port 502", "03 00 00 16 11 e0", kBad},
           Bound{"E61 Modbus RTU on port 502", "01 03 00 00 00 0a c5 cd", kMore},
       }) {
    for (const auto role : {Role::client, Role::server}) {
      EXPECT_EQ(protocol.frame({}, role, bytes_of_hex(bound.bytes)).kind, bound.kind) << bound.what;
    }
  }
}

TEST(ModbusFrame, says_how_many_bytes_it_waits_for) {
  EXPECT_EQ(protocol.frame({}, Role::client, bytes_of_hex("0001")).length, 6U);
  EXPECT_EQ(protocol.frame({}, Role::client, bytes_of_hex("0001 0000 0006")).length, 12U);
  EXPECT_EQ(protocol.frame({}, Role::client, bytes_of_hex("0001 0000 0100")).length, 8U);
}

TEST(ModbusProbe, says_yes_to_whole_messages_of_the_standard_only) {
  for (const auto& one : read_cases(kFolder + "functions.txt")) {
    for (const auto& message : one.messages) {
      const auto code = message.bytes[7] & 0x7fU;
      const auto likely = code == 90 || code == 100 ? Likeness::prefix : Likeness::yes;
      EXPECT_EQ(protocol.probe(message.role, message.bytes), likely) << one.name;
      for (std::size_t size = 0; size < message.bytes.size(); ++size) {
        EXPECT_EQ(protocol.probe(message.role, ByteView{message.bytes}.first(size)), Likeness::prefix);
      }
    }
  }
}

TEST(ModbusProbe, E63_says_no_to_other_protocols) {
  for (const auto* other :
       {"16 03 01 02 00 01 00", "474554202f20485454502f312e31", "03 00 00 16 11 e0 00 00 00 01",
        "05 64 05 c0 01 00 00 04", "65 00 04 00 00 00 00 00", "68 04 07 00 00 00", "16 03 01", "0001 0001",
        "0001 0000 ff"}) {
    EXPECT_EQ(protocol.probe(Role::client, bytes_of_hex(other)), Likeness::no) << other;
  }
}

TEST(ModbusProbe, E50_knows_that_a_client_sends_no_exceptions) {
  const auto exception = bytes_of_hex("0001 0000 0003 01 83 02");
  EXPECT_EQ(protocol.probe(Role::client, exception), Likeness::no);
  EXPECT_EQ(protocol.probe(Role::server, exception), Likeness::yes);
}

TEST(ModbusEarly, E55_foretells_the_function_of_every_request) {
  auto sink = std::make_unique<Sink>();
  for (const auto& one : all_cases()) {
    for (const auto& message : one.messages) {
      if (message.role != Role::client) continue;
      ContractListener listener{kSchema, message.bytes};
      sink->begin({1}, listener);
      ProtocolState state{};
      (void)protocol.decode(state, message.role, message.bytes, *sink);
      for (std::size_t size = 0; size <= message.bytes.size(); ++size) {
        const auto function = protocol.early(Role::client, ByteView{message.bytes}.first(size));
        EXPECT_TRUE(function == kNoFunction || function == listener.first_function)
            << one.name << ", " << size;
        EXPECT_TRUE(size >= 8 || function == kNoFunction) << one.name << ", " << size;
        EXPECT_TRUE(size < 10 || function != kNoFunction) << one.name << ", " << size;
      }
    }
  }
}

TEST(ModbusEarly, knows_nothing_of_answers) {
  EXPECT_EQ(protocol.early(Role::server, bytes_of_hex("0001 0000 0003 01 83 02")), kNoFunction);
}

TEST(ModbusDecoder, keeps_its_contract_near_every_case) {
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

TEST(ModbusSeeds, are_whole_messages_that_mean_something) {
  const auto seeds = read_seeds(SLUICE_SOURCE_DIR "/dataplane/protocol/modbus/seeds");
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

// The greatest messages of all: a header for `size` bytes of PDU that begin with `start`, the rest of them
// `fill`.
std::vector<std::uint8_t> greatest(const char* start, std::size_t size, std::uint8_t fill) {
  auto pdu = bytes_of_hex(start);
  pdu.resize(size, fill);
  const auto length = size + 1;
  std::vector<std::uint8_t> adu{
      0, 1, 0, 0, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length), 1};
  adu.insert(adu.end(), pdu.begin(), pdu.end());
  return adu;
}

TEST(ModbusDecoder, holds_the_greatest_messages_without_overflow) {
  Recorder recorder{protocol};
  struct Greatest {
    Role role;
    std::vector<std::uint8_t> bytes;
    std::size_t items;
  };
  auto files = greatest("14 f5", 2 + 245, 0);
  for (std::size_t at = 9; at < files.size(); at += 7) {
    const auto record = bytes_of_hex("06 0001 0000 0001");
    std::copy(record.begin(), record.end(), files.begin() + static_cast<std::ptrdiff_t>(at));
  }
  for (const auto& [role, bytes, items] : {
           Greatest{Role::client, greatest("0f 0000 07b0 f6", 6 + 246, 0xff), 1},
           Greatest{Role::client, greatest("10 0000 007b f6", 6 + 246, 0xff), 1},
           Greatest{Role::client, greatest("17 0000 007d 0000 0079 f2", 10 + 242, 0xff), 2},
           Greatest{Role::server, greatest("01 fa", 2 + 250, 0xff), 1},
           Greatest{Role::server, greatest("03 fa", 2 + 250, 0xff), 1},
           Greatest{Role::client, greatest("5a 00 0a", 1023, 0x54), 1},
           Greatest{Role::client, files, 35},
       }) {
    EXPECT_EQ(recorder.decode(role, bytes), Malformed::fine);
    EXPECT_FALSE(recorder.sink().overflow());
    EXPECT_EQ(recorder.items.size(), items);
    EXPECT_LE(items, kSchema.max_items);
    EXPECT_EQ(protocol.frame({}, role, bytes).length, bytes.size());
  }
}

TEST(ModbusDecoder, E58_no_code_but_the_named_ones_has_a_named_item) {
  for (unsigned code = 0; code < 256; ++code) {
    auto request = bytes_of_hex("0001 0000 0006 01 00 0000 0000");
    request[7] = static_cast<std::uint8_t>(code);
    Recorder recorder{protocol};
    const auto malformed = recorder.decode(Role::client, request);
    ASSERT_FALSE(recorder.items.empty()) << code;
    const auto* row = kSchema.function(static_cast<std::uint16_t>(code));
    const auto number = std::to_string(code) + " ";
    EXPECT_EQ(recorder.items[0].starts_with(number), row == nullptr) << recorder.items[0];
    EXPECT_EQ(code == 0 || code >= 0x80, malformed == Malformed::bad_value) << code;
  }
}

}  // namespace
}  // namespace sluice::modbus
