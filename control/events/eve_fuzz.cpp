// An event whose every byte the wire, or a dataplane that lies, has chosen becomes one line of JSON, whose
// texts are the event's own, and one line for a person that can't drive a terminal. The input is: names of
// port and host, and a record.
#include <cstring>
#include <nlohmann/json.hpp>

#include "control/cli/event_line.hpp"
#include "control/events/eve.hpp"
#include "dataplane/engine/engine_fuzz.hpp"
#include "rules/base/utf8.hpp"
#include "rules/image/aligned.hpp"

namespace sluice::events {
namespace {

using channel::Record;
using fuzz::expect;

// Spaces with names, which the protocols at hand don't have.
constexpr std::array kSpaces = {
    SpanSpace{"holding", SpanKey::none, 65535, "", ""},
    SpanSpace{"db", SpanKey::number, 65535, "", ""},
    SpanSpace{"tag", SpanKey::name, 65535, "", ""},
    SpanSpace{"node", SpanKey::number_and_name, 65535, "", ""},
};
constexpr std::array kFields = {
    Field{"toy.u", FieldType::unsigned_integer, 64, Base::decimal, "", ""},
    Field{"toy.i", FieldType::signed_integer, 64, Base::decimal, "", ""},
    Field{"toy.b", FieldType::boolean, 1, Base::decimal, "", ""},
    Field{"toy.r", FieldType::real, 64, Base::decimal, "", ""},
    Field{"toy.t", FieldType::string, 0, Base::decimal, "", ""},
};
constexpr std::array kFunctions = {Function{1, "read", Access::read, ""}};
constexpr Schema kToy{.name = "toy",
                      .title = "Toy",
                      .standard = "none",
                      .fields = kFields,
                      .functions = kFunctions,
                      .spaces = kSpaces};

Schemas schemas() {
  static const std::array kSchemas = {registry().schemas[0], registry().schemas[1], registry().schemas[2],
                                      &kToy};
  return kSchemas;
}

// Whose names hold what operators may write and nobody should see raw.
const image::ImageView& names() {
  static const auto kBytes =
      image::AlignedBytes::copy(fuzz::image_of(fuzz::kPlaces + fuzz::conduit("enforce") +
                                               "[[allow]]\nfrom = "
                                               "\"hmi\"\nto = \"plc\"\nprotocol = \"modbus\"\naccess = "
                                               "[\"read\"]\nreason = \"x\"\n[[patch]]\nid = \"A\"\nname = "
                                               "\"n\\\"\"\ncve = \"CVE-2020-1\"\naffects = [{ vendor = "
                                               "\"Schneider Electric\", product = \"*\" }]\nprotocol = "
                                               "\"modbus\"\nmatch = \"modbus.func_code == 8\"\n"));
  static const auto kView = image::ImageView::open(kBytes.view(), registry().schemas);
  expect(kView.has_value(), "the target's own image opens");
  return *kView;
}

// What append_json makes of bytes that are no UTF-8.
std::string repaired(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto length = utf8_length(bytes_of(text));
    out += length == 0 ? "\xef\xbf\xbd" : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

void check_line(std::string_view line) {
  expect(is_utf8(bytes_of(line)), "a line is UTF-8");
  for (const char c : line)
    expect(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a line has no control character");
}

void check(const Record& record, const EveContext& context) {
  std::string line;
  append_eve(line, record, context);
  check_line(line);
  const auto json = nlohmann::json::parse(line, nullptr, false);
  expect(json.is_object(), "an event is one object");
  if (!context.host.empty()) expect(json["host"] == repaired(context.host), "the host is named as it is");
  if (!context.in_iface.empty())
    expect(json["in_iface"] == repaired(context.in_iface), "the port is named as it is");
  expect(json["sluice"]["outcome"] == outcome_of(record), "the outcome is the event's own");
  if (record.head.protocol != 0 && record.head.protocol < context.schemas.size() &&
      record.head.span_count != 0) {
    const auto& schema = *context.schemas[record.head.protocol];
    const auto& spans = json[std::string{schema.name}]["spans"];
    expect(spans.is_array() && spans.size() == record.head.span_count, "each span is told");
    for (std::size_t i = 0; i < spans.size(); ++i) {
      expect(spans[i]["first"] == record.spans[i].first && spans[i]["last"] == record.spans[i].last,
             "spans are told as they are");
      if (spans[i].contains("name"))
        expect(spans[i]["name"] == repaired(record.name(record.spans[i])),
               "what the wire names stays one text");
    }
  }
  for (const auto colour : {cli::Colour::off, cli::Colour::on}) {
    auto shown = cli::event_line(json, colour);
    // The two marks of our own colour.
    for (auto at = shown.find('\x1b'); colour == cli::Colour::on && at != std::string::npos;
         at = shown.find('\x1b'))
      shown.erase(at, shown.find('m', at) - at + 1);
    check_line(shown);
    expect(shown.find("\xc2\x9b") == std::string::npos, "no C1 control reaches a terminal");
  }
}

}  // namespace
}  // namespace sluice::events

sluice::fuzz::Start sluice::fuzz::start() {
  using namespace sluice;
  using namespace sluice::channel;
  Start start;
  const std::string_view texts[] = {"Speed",
                                    "a\",\"x\":\"",
                                    "line\nline",
                                    "\x1b[2J\x07",
                                    "\xff\xfe\xc3",
                                    "\xc2\x9b"
                                    "31m",
                                    "\\u0000\\"};
  unsigned number = 0;
  for (const auto text : texts) {
    Record record;
    auto& head = record.head;
    head.kind = number % 3 == 2 ? RecordKind::transaction : RecordKind::verdict;
    head.protocol = static_cast<std::uint16_t>(number % 4);
    head.function = static_cast<std::uint16_t>(number);
    head.reason = static_cast<Reason>(number);
    head.verdict = static_cast<Verdict>(number % 4);
    head.flags = static_cast<std::uint8_t>(number);
    head.conduit = head.rule = head.patch = head.from = 0;
    head.network = static_cast<Network>(number % 4);
    head.transportation = static_cast<Transportation>(number % 6);
    head.span_count = 2;
    head.value_count = 4;
    head.name_bytes = static_cast<std::uint16_t>(text.size());
    for (std::uint16_t i = 0; i < 4; ++i) record.values[i] = {{3, i}, 0, ~std::uint64_t{0}};
    record.spans[0] = {2, 0, head.name_bytes, 0, 9, 1, 2};
    record.spans[1] = {3, 0, head.name_bytes, 0, 9, 1, 2};
    std::memcpy(record.names.data(), text.data(), text.size());
    Cells cells;
    const auto count = encode(record, cells);
    start.seeds.push_back(Script{}
                              .byte(static_cast<unsigned>(text.size()))
                              .text(text)
                              .byte(3)
                              .text("box")
                              .byte(number)
                              .word(number)
                              .bytes({cells[0].bytes.data(), count * kCellSize})
                              .done());
    ++number;
  }
  return start;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  fuzz::Choices choices{{data, size}};
  events::EveContext context{.schemas = events::schemas()};
  context.in_iface = text_of(choices.bytes(choices.byte() % 64U));
  context.host = text_of(choices.bytes(choices.byte() % 64U));
  if (choices.byte() % 2 == 0) context.image = &events::names();
  context.wall_offset_ns = static_cast<std::uint64_t>(choices.word()) << 32U;
  const auto bytes = choices.rest();
  channel::Cells cells;
  if (!bytes.empty()) std::memcpy(cells.data(), bytes.data(), std::min(bytes.size(), sizeof cells));
  const auto count = std::clamp<std::size_t>(cells[0].bytes[0], 3, channel::kMostCells);
  cells[0].bytes[0] = static_cast<std::uint8_t>(count);
  channel::Record record;
  if (channel::decode(cells, count, record)) events::check(record, context);
  return 0;
}
