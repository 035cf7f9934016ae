#include "dataplane/protocol/iec104/decoder.hpp"

#include <gtest/gtest.h>

#include "dataplane/protocol/cases.hpp"
#include "dataplane/protocol/iec104/schema.hpp"
#include "dataplane/protocol/properties.hpp"

namespace sluice::iec104 {
namespace {

const std::string kFolder = SLUICE_SOURCE_DIR "/dataplane/protocol/iec104/";

std::vector<Case> cases_of(std::initializer_list<const char*> files) {
  std::vector<Case> all;
  for (const auto* file : files) {
    for (auto& one : read_cases(kFolder + "cases/" + file)) all.push_back(std::move(one));
  }
  return all;
}
std::vector<Case> good_cases() { return cases_of({"reports.txt", "commands.txt", "station.txt"}); }
std::vector<Case> all_cases() {
  return cases_of({"reports.txt", "commands.txt", "station.txt", "malformed.txt", "order.txt"});
}

class Iec104Cases : public testing::TestWithParam<const char*> {};

// Only the table of the order is about whole connections.
TEST_P(Iec104Cases, mean_what_their_table_says_E93) {
  const auto cases = cases_of({GetParam()});
  ASSERT_GT(cases.size(), 15U);
  for (const auto& one : cases) {
    Recorder recorder{protocol};
    recorder.follows = GetParam() == std::string_view{"order.txt"};
    ASSERT_FALSE(one.messages.empty()) << one.name;
    for (const auto& message : one.messages) {
      EXPECT_EQ(describe(recorder, message), message.expected) << one.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, Iec104Cases,
                         testing::Values("reports.txt", "commands.txt", "station.txt", "malformed.txt",
                                         "order.txt"));

TEST(Iec104Schema, is_sound) { expect_sound(protocol); }

TEST(Iec104Schema, has_every_type_in_the_tables_of_what_is_good) {
  std::string tables;
  for (const auto& one : good_cases()) {
    for (const auto& message : one.messages) tables += message.expected;
  }
  for (const auto& function : kFunctions) {
    EXPECT_NE(tables.find("\n" + std::string{function.name} + " " + std::string{name_of(function.access)}),
              std::string::npos)
        << function.name;
  }
}

TEST(Iec104Schema, keeps_the_order_of_its_names) {
  const auto name = [](Name of) { return kFields[static_cast<std::size_t>(of)].name; };
  EXPECT_EQ(name(Name::rx), "iec60870_104.rx");
  EXPECT_EQ(name(Name::ioa), "iec60870_asdu.ioa");
  EXPECT_EQ(name(Name::qds_iv), "iec60870_asdu.qds.iv");
  EXPECT_EQ(name(Name::short_float), "iec60870_asdu.float");
  EXPECT_EQ(name(Name::cp56_year), "iec60870_asdu.cp56time.year");
  EXPECT_EQ(name(Name::rco_se), "iec60870_asdu.rco.se");
  EXPECT_EQ(name(Name::qrp), "iec60870_asdu.qrp");
  EXPECT_EQ(name(Name::sof), "iec60870_asdu.sof");
}

TEST(Iec104Frame, finds_the_same_boundary_at_every_cut) {
  std::size_t whole = 0;
  for (const auto& one : all_cases()) {
    for (const auto& message : one.messages) {
      expect_same_boundary(protocol, message.role, message.bytes);
      ++whole;
    }
  }
  EXPECT_GT(whole, 300U);
}

TEST(Iec104Frame, keeps_to_the_start_and_the_bounds_of_the_length_E93) {
  constexpr auto kMore = Framing::Kind::need_more;
  constexpr auto kBad = Framing::Kind::bad;
  constexpr auto kPdu = Framing::Kind::pdu;
  const struct {
    const char* what;
    const char* bytes;
    Framing::Kind kind;
  } bounds[] = {
      {"nothing", "", kMore},
      {"the start", "68", kMore},
      {"another start", "67", kBad},
      {"another start, and a good length", "10 04 07 00 00 00", kBad},
      {"a length of 0", "68 00", kBad},
      {"a length of 3", "68 03 07 00 00", kBad},
      {"a length of 4, the shortest", "68 04 07 00 00 00", kPdu},
      {"a length of 253, the longest", "68 fd", kMore},
      {"a length of 254", "68 fe", kBad},
      {"a length of 255", "68 ff", kBad},
      {"TLS on port 2404", "16 03 01 02 00 01", kBad},
      {"IEC 60870-5-101 with a variable length", "68 09 09 68 53 01 00", kMore},
  };
  for (const auto& bound : bounds) {
    for (const auto role : {Role::client, Role::server})
      EXPECT_EQ(protocol.frame({}, role, bytes_of_hex(bound.bytes)).kind, bound.kind) << bound.what;
  }
  EXPECT_EQ(protocol.frame({}, Role::client, bytes_of_hex("68")).length, 2U);
  EXPECT_EQ(protocol.frame({}, Role::client, bytes_of_hex("68 fd")).length, 255U);
}

TEST(Iec104Frame, cuts_several_messages_of_a_segment_one_by_one_E93) {
  std::vector<std::uint8_t> segment;
  for (int i = 0; i < 40; ++i) {
    const auto one = bytes_of_hex(i % 2 == 0 ? "6804 4300 0000" : "680e 0000 0000 2d01 0600 0300 090000 01");
    segment.insert(segment.end(), one.begin(), one.end());
  }
  ByteView rest{segment};
  int found = 0;
  for (; !rest.empty(); ++found) {
    const auto framing = protocol.frame({}, Role::client, rest);
    ASSERT_EQ(framing.kind, Framing::Kind::pdu);
    EXPECT_EQ(framing.length, found % 2 == 0 ? 6U : 16U);
    rest = rest.subspan(framing.length);
  }
  EXPECT_EQ(found, 40);
}

TEST(Iec104Probe, says_yes_to_whole_good_messages_with_a_known_layout) {
  for (const auto& one : good_cases()) {
    for (const auto& message : one.messages) {
      const auto kind = message.bytes.size() > 6 ? kTypeOf[message.bytes[6]].kind : Kind::command;
      const bool reports = kind == Kind::monitored || kind == Kind::sequence || kind == Kind::directory;
      const bool opaque = kind == Kind::unnamed || kind == Kind::security;
      const bool rather = opaque || (reports && message.role == Role::client);
      EXPECT_EQ(protocol.probe(message.role, message.bytes), rather ? Likeness::prefix : Likeness::yes)
          << one.name;
      for (std::size_t size = 0; size < message.bytes.size(); ++size)
        EXPECT_EQ(protocol.probe(message.role, ByteView{message.bytes}.first(size)), Likeness::prefix);
    }
  }
}

TEST(Iec104Probe, knows_who_starts_commands_and_confirms) {
  for (const auto* client : {"6804 0700 0000", "6804 1300 0000", "680e 0000 0000 2d01 0600 0300 090000 01"}) {
    EXPECT_EQ(protocol.probe(Role::client, bytes_of_hex(client)), Likeness::yes) << client;
    EXPECT_EQ(protocol.probe(Role::server, bytes_of_hex(client)), Likeness::no) << client;
  }
  for (const auto* server : {"6804 0b00 0000", "6804 2300 0000", "680e 0000 0000 2d01 0700 0300 090000 01"}) {
    EXPECT_EQ(protocol.probe(Role::server, bytes_of_hex(server)), Likeness::yes) << server;
    EXPECT_EQ(protocol.probe(Role::client, bytes_of_hex(server)), Likeness::no) << server;
  }
}

TEST(Iec104Probe, says_no_to_other_protocols) {
  for (const auto* other : {"16 03 01 02 00 01 00", "474554202f20", "03 00 00 16 11 e0", "05 64 05 c0",
                            "0001 0000 0006 01 03", "10 49 01 4a 16", "68 02"}) {
    EXPECT_EQ(protocol.probe(Role::client, bytes_of_hex(other)), Likeness::no) << other;
  }
}

TEST(Iec104Early, foretells_the_function_of_every_request) {
  auto sink = std::make_unique<Sink>();
  for (const auto& one : all_cases()) {
    for (const auto& message : one.messages) {
      ContractListener listener{kSchema, message.bytes};
      sink->begin({1}, listener);
      ProtocolState state{};
      (void)protocol.decode(state, message.role, message.bytes, *sink);
      for (std::size_t size = 0; size <= message.bytes.size(); ++size) {
        const auto function = protocol.early(message.role, ByteView{message.bytes}.first(size));
        EXPECT_TRUE(function == kNoFunction || listener.items == 0 || function == listener.first_function)
            << one.name << ", " << size;
        const bool asks = message.role == Role::client && listener.items != 0;
        EXPECT_EQ(function != kNoFunction && listener.items != 0, asks && size >= 7)
            << one.name << ", " << size;
      }
    }
  }
}

TEST(Iec104Decoder, keeps_its_contract_near_every_case) {
  auto sink = std::make_unique<Sink>();
  for (const auto& one : all_cases()) {
    for (const auto& message : one.messages) {
      for (const auto role : {Role::client, Role::server})
        expect_contract_nearby(protocol, role, message.bytes, *sink);
      if (HasFailure()) FAIL() << one.name;
    }
  }
}

// The application data of each good message, one byte shorter or longer, or with another number of objects.
TEST(Iec104Decoder, takes_no_type_of_another_size_or_number_E93) {
  std::size_t tried = 0;
  for (const auto& one : good_cases()) {
    for (const auto& message : one.messages) {
      if (message.bytes.size() < 7) continue;
      const auto kind = kTypeOf[message.bytes[6]].kind;
      if (kind == Kind::unnamed || kind == Kind::security) continue;
      const auto changed = [&](int bytes, int number) {
        auto other = message.bytes;
        other.resize(static_cast<std::size_t>(static_cast<int>(other.size()) + bytes));
        other[1] = static_cast<std::uint8_t>(other[1] + bytes);
        other[7] = static_cast<std::uint8_t>(other[7] + number);
        Recorder recorder{protocol};
        recorder.follows = false;
        return recorder.decode(message.role, other);
      };
      EXPECT_EQ(changed(0, 0), Malformed::fine) << one.name;
      EXPECT_EQ(changed(-1, 0), Malformed::truncated) << one.name;
      EXPECT_EQ(changed(1, 0), Malformed::trailing) << one.name;
      EXPECT_NE(changed(0, 1), Malformed::fine) << one.name;
      EXPECT_NE(changed(0, -1), Malformed::fine) << one.name;
      ++tried;
    }
  }
  EXPECT_GT(tried, 150U);
}

TEST(Iec104Decoder, no_type_but_the_named_ones_has_a_named_item_E93) {
  for (unsigned type = 0; type < 256; ++type) {
    auto request = bytes_of_hex("680e 0000 0000 0001 0600 0300 090000 01");
    request[6] = static_cast<std::uint8_t>(type);
    Recorder recorder{protocol};
    recorder.follows = false;
    const auto malformed = recorder.decode(Role::client, request);
    ASSERT_FALSE(recorder.items.empty()) << type;
    const bool named = kSchema.function(static_cast<std::uint16_t>(type)) != nullptr;
    EXPECT_EQ(recorder.items[0].starts_with(std::to_string(type) + " program [opaque 0..0]"), !named)
        << recorder.items[0];
    EXPECT_TRUE(type != 0 || malformed == Malformed::bad_value);
    // Who is asked reports nothing of a type that is reserved.
    request[8] = 3;
    const auto reported = recorder.decode(Role::server, request);
    EXPECT_TRUE(named || type >= 128 || reported == Malformed::bad_value) << type;
  }
}

TEST(Iec104Decoder, holds_the_greatest_messages_without_overflow) {
  Recorder recorder{protocol};
  recorder.follows = false;
  const struct {
    const char* start;
    std::size_t size;
    std::size_t items;
  } greatest[] = {
      {"68fd 0000 0000 01ff 1400 0300 000000", 15 + 127, 127},     // single points, a sequence
      {"68fd 0000 0000 013c 1400 0300", 12 + 60 * 4, 60},          // single points, an address each
      {"68fd 0000 0000 1e16 0300 0300", 12 + 22 * 11, 22},         // with their times
      {"68fd 0000 0000 7e92 0500 0300 000000", 15 + 18 * 13, 18},  // a directory
      {"68fd 0000 0000 7d01 0d00 0300 000000 0100 01 ec", 255, 1}  // a segment of a file
  };
  for (const auto& [start, size, items] : greatest) {
    auto bytes = bytes_of_hex(start);
    bytes.resize(size);
    bytes[1] = static_cast<std::uint8_t>(size - 2);
    EXPECT_EQ(recorder.decode(Role::server, bytes), Malformed::fine) << start;
    EXPECT_FALSE(recorder.sink().overflow());
    EXPECT_EQ(recorder.items.size(), items);
    EXPECT_LE(items, kSchema.max_items);
  }
}

TEST(Iec104Seeds, are_whole_messages_that_mean_something) {
  const auto seeds = read_seeds(kFolder + "seeds");
  EXPECT_GT(seeds.size(), 15U);
  for (const auto& seed : seeds) {
    Recorder recorder{protocol};
    recorder.follows = false;
    for (ByteView rest{seed.bytes}; !rest.empty();) {
      const auto framing = protocol.frame({}, seed.role, rest);
      ASSERT_EQ(framing.kind, Framing::Kind::pdu) << seed.name;
      EXPECT_EQ(recorder.decode(seed.role, rest.first(framing.length)), Malformed::fine) << seed.name;
      rest = rest.subspan(framing.length);
    }
  }
}

}  // namespace
}  // namespace sluice::iec104
