// An image that was changed in any way and signed anew is refused, or harmless to all that use it: whoever
// reads all of it, and an engine that judges with it. The input is a list of changes to the image of a policy
// that has something in every section: each names a section, a record, a place in it and a value; or a place
// of the header.
#include <algorithm>
#include <array>
#include <cstring>

#include "dataplane/engine/engine_fuzz.hpp"
#include "dataplane/packet/builder.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/walk.hpp"

namespace sluice {
namespace image {
namespace {

constexpr std::array kSizes = {
#define X(name, record) sizeof(record),
    SLUICE_IMAGE_SECTIONS(X)
#undef X
};

}  // namespace
}  // namespace image

namespace {

using fuzz::expect;
using image::AlignedBytes;

constexpr std::size_t kMostChanges = 24;

constexpr const char* kRules = R"(
[[allow]]
from = ["hmi", "it"]
to = ["plc", "drive"]
protocol = "modbus"
access = ["read", "diagnose"]
functions = ["write_single_register", "diagnostics/return_query_data", 100]
targets = ["holding 0..99", "coil 7", "discrete"]
where = "mbtcp.unit_id in {1, 3..5} and not modbus.reference_num == 77 and tcp.dstport == 502"
reason = "ä"
[[allow]]
from = "hmi"
to = "plc"
protocol = "umas"
access = ["read"]
where = "umas.func == 2 or modbus.data[0:2] matches \"^a+b\""
mode = "monitor"
reason = "r"
[[allow]]
from = "plc"
to = "hmi"
protocol = "tcp"
ports = [80, "1000..1010"]
opened_by = "to"
reason = "r"
[[allow]]
from = "hmi"
to = [{ zone = "ot", group = "broadcast" }, { zone = "ot", group = "239.192.0.0/14" }, "plc"]
protocol = "udp"
ports = [5000]
reason = "r"
[[allow]]
from = "it"
to = "plc"
ethertype = 0x88b8
reason = "r"
[[asset]]
name = "drive"
zone = "ot"
behind = { asset = "plc", unit = 3 }
[[patch]]
id = "A"
name = "n"
cve = "CVE-2020-1"
affects = [{ vendor = "Schneider Electric", product = "*" }]
protocol = "umas"
match = "umas.func == 0x41"
[[patch]]
id = "B"
affects = [{ vendor = "Schneider Electric", product = "*" }]
protocol = "modbus"
match = "modbus.func_code == 8 and modbus.data contains 01"
)";

const fuzz::Bytes& base() {
  static const auto kBase = fuzz::image_of(
      fuzz::kPlaces +
      fuzz::conduit("enforce", "vlans = []\ngroundwork = [\"arp\", \"icmp-errors\", \"lldp\"]") +
      "[[conduit]]\nname = \"d\"\nsides = [{ port = \"it\", zones = [\"it\"] }, { port = \"ot\", zones = "
      "[\"ot\"] }]\n"
      "mode = \"monitor\"\non_failure = \"open\"\nmidstream = \"pass\"\nvlans = [7, 9]\n" +
      kRules);
  return kBase;
}

struct Sent {
  fuzz::Bytes bytes;
  PortId port;
};

// A conversation that touches all that a policy can say.
std::vector<Sent> make_traffic() {
  using build::hex;
  std::vector<Sent> all;
  for (const bool tagged : {false, true}) {
    std::uint32_t next[2] = {100, 900};
    const auto say = [&](unsigned who, std::uint8_t flags, const fuzz::Bytes& payload, bool six = false) {
      build::Link link{.source = who == 0 ? "10.0.0.1" : "10.0.1.2",
                       .destination = who == 0 ? "10.0.1.2" : "10.0.0.1"};
      if (six) {
        link.source = "fd00::1";
        link.destination = "fd00:0:0:1::2";
      }
      if (tagged) link.tags = {{.id = 7}};
      build::Segment segment{.source_port = static_cast<std::uint16_t>(who == 0 ? 40000 : 502),
                             .destination_port = static_cast<std::uint16_t>(who == 0 ? 502 : 40000),
                             .sequence = next[who],
                             .acknowledgement = (flags & tcp_flag::ack) != 0 ? next[1 - who] : 0,
                             .flags = flags,
                             .payload = payload};
      next[who] += static_cast<std::uint32_t>(payload.size()) + ((flags & tcp_flag::syn) != 0 ? 1U : 0U);
      all.push_back({build::tcp(link, segment), PortId{static_cast<std::uint16_t>(who)}});
    };
    say(0, tcp_flag::syn, {}, true);
    next[0] = 100;
    say(0, tcp_flag::syn, {});
    say(1, tcp_flag::syn | tcp_flag::ack, {});
    say(0, tcp_flag::ack, {});
    say(0, tcp_flag::ack, hex("0001 0000 0006 01 03 0000 0002"));
    say(1, tcp_flag::ack, hex("0001 0000 0007 01 03 04 00000000"));
    say(0, tcp_flag::ack, hex("0002 0000 0006 01 08 0000 0102"));
    say(0, tcp_flag::ack, hex("0003 0000 0004 01 5a 00 02"));
    say(0, tcp_flag::ack, hex("0004 0000 0006 01 06 0005 0001"));
    say(0, tcp_flag::ack, hex("0005 0000 0006 03 05 0007 ff00"));
    build::Link out{.source = "10.0.0.1", .destination = "10.0.1.2"};
    if (tagged) out.tags = {{.id = 9}};
    all.push_back({build::udp(out, {.destination_port = 5000, .payload = hex("0102")}), PortId{0}});
    out.destination = "239.192.0.9";
    out.destination_mac = {1, 0, 0x5e, 0x40, 0, 9};
    all.push_back({build::udp(out, {.destination_port = 5000}), PortId{0}});
    all.push_back({build::ethernet(out, 0x88b8, fuzz::Bytes(50)), PortId{0}});
    all.push_back({build::arp({.source = "10.0.0.1", .destination = "10.0.1.2"}, {}), PortId{0}});
    all.push_back({build::icmp(out, {}), PortId{0}});
  }
  return all;
}

void judge(const image::ImageView& view, const fuzz::Bytes& bytes) {
  const auto rules = Ruleset::load(bytes, registry(), fuzz::ports());
  if (!rules) {
    expect(!rules.error().what.empty(), "an error says what");
    return;
  }
  expect((*rules)->generation().value == view.header().generation, "an image knows its generation");
  static const auto kTraffic = make_traffic();
  fuzz::Wires wires;
  fuzz::Reader reader;
  {
    Engine engine{fuzz::small(), registry(), wires, reader};
    Time now{1'000'000'000};
    for (const auto& sent : kTraffic) {
      const auto frame = wires.copy(sent.bytes, sent.port);
      now = now + milliseconds(3);
      engine.burst({&frame, 1}, now, **rules);
      fuzz::expect_conserved(engine.counters());
    }
    engine.tick(now + seconds(600), **rules);
    engine.drain();
    fuzz::expect_conserved(engine.counters());
  }
  expect(wires.out == 0, "every buffer is given back");
}

// Where a change takes place.
std::size_t place(fuzz::Choices& choices, ByteView bytes) {
  const auto section = choices.byte();
  const auto record = choices.half();
  const auto offset = choices.byte();
  if (section >= image::kSectionCount) return (section * 31U + record * 4U + offset) % sizeof(image::Header);
  image::SectionRow row;
  std::memcpy(&row, base().data() + offsetof(image::Header, sections) + section * sizeof row, sizeof row);
  const auto size = image::kSizes[section];
  const auto count = std::max<std::uint64_t>(row.count, 1);
  return static_cast<std::size_t>(row.offset + record % count * size + offset % size) % bytes.size();
}

void change(fuzz::Choices& choices, fuzz::Bytes& bytes) {
  const auto kind = choices.byte() % 8U;
  const auto at = place(choices, bytes);
  const auto put = [&](std::uint64_t value, std::size_t size) {
    std::memcpy(bytes.data() + at, &value, std::min(size, bytes.size() - at));
  };
  switch (kind) {
    case 0:
      put(choices.byte(), 1);
      break;
    case 1:
      put(choices.half(), 2);
      break;
    case 2:
      put(choices.word(), 4);
      break;
    case 3: {
      const auto low = choices.word();
      put(low | static_cast<std::uint64_t>(choices.word()) << 32U, 8);
      break;
    }
    case 4:
      bytes[at] ^= static_cast<std::uint8_t>(1U << choices.below(8));
      break;
    case 5: {
      // Another place's bytes.
      const auto from = place(choices, bytes);
      const auto size = std::min<std::size_t>({1U + choices.byte(), bytes.size() - at, bytes.size() - from});
      std::memmove(bytes.data() + at, bytes.data() + from, size);
      break;
    }
    case 6: {
      static constexpr std::uint32_t kEnds[] = {
          0, 1, 63, 64, 0xff, 0xffff, 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
      put(kEnds[choices.below(std::size(kEnds))], 4);
      break;
    }
    default: {
      // Cut, with the header's agreement.
      const std::uint64_t size = std::max<std::size_t>(
          sizeof(image::Header), bytes.size() - std::min<std::size_t>(choices.half(), bytes.size()));
      bytes.resize(static_cast<std::size_t>(size));
      std::memcpy(bytes.data() + offsetof(image::Header, size), &size, sizeof size);
      break;
    }
  }
}

}  // namespace

fuzz::Start fuzz::start() {
  Start start;
  start.seeds.push_back({0});
  // Every section touched once in each way, where it does no harm or much.
  for (unsigned kind = 0; kind < 8; ++kind) {
    for (unsigned section = 0; section <= image::kSectionCount; ++section) {
      start.seeds.push_back(Script{}
                                .byte(kind)
                                .byte(section)
                                .half(section * 3)
                                .byte(kind * 4)
                                .byte(section)
                                .half(1)
                                .byte(4)
                                .byte(7)
                                .word(1)
                                .done());
    }
  }
  return start;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  fuzz::Choices choices{{data, size}};
  auto bytes = base();
  for (std::size_t i = 0; i < kMostChanges && !choices.done(); ++i) change(choices, bytes);
  const auto digest = image::digest_of(bytes);
  std::memcpy(bytes.data() + offsetof(image::Header, digest), digest.data(), digest.size());
  const auto aligned = AlignedBytes::copy(bytes);
  const auto view = image::ImageView::open(aligned.view(), registry().schemas);
  if (!view) {
    fuzz::expect(!view.error().what.empty(), "an error says what");
    return 0;
  }
  image::Walk{*view, registry().schemas}.all();
  judge(*view, bytes);
  return 0;
}
