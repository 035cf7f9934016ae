#include "dataplane/channel/record.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace sluice::channel {
namespace {

constexpr std::array kFields = {
    Field{"toy.number", FieldType::unsigned_integer, 16, Base::decimal, "", ""},
    Field{"toy.bytes", FieldType::bytes, 0, Base::decimal, "", ""},
};
constexpr Schema kToy{.name = "toy", .title = "Toy", .standard = "none", .fields = kFields};
constexpr std::array<const Schema*, 1> kSchemas = {&kToy};

bool same(const Record& a, const Record& b) {
  return std::memcmp(&a.head, &b.head, sizeof a.head) == 0 &&
         std::memcmp(a.values.data(), b.values.data(), a.head.value_count * sizeof(RecordValue)) == 0 &&
         std::memcmp(a.spans.data(), b.spans.data(), a.head.span_count * sizeof(RecordSpan)) == 0 &&
         std::memcmp(a.names.data(), b.names.data(), a.head.name_bytes) == 0;
}

TEST(Record, CarriesWhatTheEventSays) {
  Packet packet;
  packet.source[15] = 1;
  packet.destination[15] = 2;
  packet.source_port = 1024;
  packet.destination_port = 502;
  packet.network = Network::ipv4;
  packet.transportation = Transportation::tcp;
  packet.vlans = {7, 0};
  packet.vlan_count = 1;
  packet.frame.port = {3};
  packet.frame.wire_length = 66;
  const std::uint8_t blob[] = {1, 2};
  const std::array header = {Value::of({0, 0}, 5), Value::of({0, 1}, ByteView{blob})};
  const std::array values = {Value::of({0, 0}, 0xffff)};
  const std::array spans = {Span{2, 9, bytes_of("Speed"), 10, 19}};
  Event event;
  event.time = {1000};
  event.generation = {12};
  event.flow = 77;
  event.packet = &packet;
  event.reason = Reason::no_rule;
  event.verdict = Verdict::reset;
  event.acted = true;
  event.conduit = {1};
  event.protocol = {0};
  event.function = 5;
  event.access = Access::write;
  event.header = header;
  event.values = values;
  event.spans = spans;

  Record filled;
  fill(filled, RecordKind::verdict, event, kSchemas);
  Cells cells;
  const auto count = encode(filled, cells);
  Record record;
  ASSERT_TRUE(decode(cells, count, record));
  EXPECT_EQ(record.head.destination_port, 502);
  EXPECT_EQ(record.head.vlans[0], 7);
  EXPECT_EQ(record.head.in_port, 3);
  EXPECT_EQ(record.head.reason, Reason::no_rule);
  EXPECT_EQ(record.head.function, 5);
  EXPECT_TRUE(record.is(record_flag::acted));
  ASSERT_EQ(record.head.value_count, 2) << "numbers only";
  EXPECT_EQ(record.values[0].number, 5U);
  EXPECT_EQ(record.values[1].number, 0xffffU);
  EXPECT_TRUE(record.is(record_flag::more_values)) << "the bytes were left out";
  ASSERT_EQ(record.head.span_count, 1);
  EXPECT_EQ(record.name(record.spans[0]), "Speed");
  EXPECT_EQ(record.spans[0].last, 19U);
}

TEST(Record, TooManyValuesSpansAndLongNamesAreCutAndSaidSo) {
  std::vector<Value> values(3000, Value::of({0, 0}, 1));
  const std::string name(100, 'n');
  const std::vector<Span> spans(8, Span{0, 0, bytes_of(name), 0, 1});
  Event event;
  event.values = values;
  event.spans = spans;
  Record filled;
  fill(filled, RecordKind::transaction, event, kSchemas);
  Cells cells;
  const auto count = encode(filled, cells);
  ASSERT_EQ(count, kMostCells);
  Record record;
  ASSERT_TRUE(decode(cells, count, record));
  EXPECT_TRUE(record.is(record_flag::more_values));
  EXPECT_TRUE(record.is(record_flag::more_spans));
  EXPECT_EQ(record.head.span_count, Record::kMostSpans);
  EXPECT_EQ(record.name(record.spans[0]).size(), Record::kMostNames);
  EXPECT_GE(record.head.value_count, 10);
}

TEST(Record, ComesBackAsItWasForEveryCountOfValuesAndSpans) {
  for (std::size_t values = 0; values <= Record::kMostValues; ++values) {
    for (std::size_t spans = 0; spans <= Record::kMostSpans; ++spans) {
      Record in;
      in.head.value_count = static_cast<std::uint8_t>(values);
      in.head.span_count = static_cast<std::uint8_t>(spans);
      for (std::size_t i = 0; i < values; ++i) in.values[i].number = i + 1;
      for (std::size_t i = 0; i < spans; ++i) in.spans[i].first = i + 1;
      Cells cells;
      const auto count = encode(in, cells);
      Record out;
      ASSERT_TRUE(decode(cells, count, out));
      in.head.cells = static_cast<std::uint8_t>(count);
      EXPECT_TRUE(same(in, out));
      EXPECT_FALSE(decode(cells, count - 1, out)) << "a record of another length is refused";
    }
  }
}

TEST(Record, AnyBytesAreRefusedOrStayInsideTheRecord) {
  std::mt19937_64 random{20240611};
  Record valid;
  valid.head.value_count = 3;
  valid.head.span_count = 2;
  valid.head.name_bytes = 8;
  valid.spans[1].name_count = 8;
  Cells cells;
  const auto count = encode(valid, cells);
  std::size_t accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    auto copy = cells;
    const auto flips = 1 + random() % 8;
    for (std::uint64_t i = 0; i < flips; ++i) {
      copy[random() % count].bytes[random() % kCellSize] = static_cast<std::uint8_t>(random());
    }
    Record out;
    if (!decode(copy, random() % (kMostCells + 2), out)) continue;
    ++accepted;
    ASSERT_LE(out.head.value_count, Record::kMostValues);
    ASSERT_LE(out.head.span_count, Record::kMostSpans);
    ASSERT_LT(out.head.reason, Reason::count_);
    for (std::size_t i = 0; i < out.head.span_count; ++i) {
      const auto name = out.name(out.spans[i]);
      ASSERT_LE(name.data() + name.size(), out.names.data() + out.names.size());
    }
  }
  EXPECT_GT(accepted, 0U);
}

}  // namespace
}  // namespace sluice::channel
