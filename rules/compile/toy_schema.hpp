// A made-up protocol for the tests of this folder, with one of everything that rules can name.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "rules/compile/compile.hpp"
#include "rules/schema/schema.hpp"

namespace sluice::compile::toy {

inline constexpr std::array kPacketFields = {
    Field{"tcp.dstport", FieldType::unsigned_integer, 16, Base::decimal, "destination port", ""},
};
inline constexpr Schema kPacket{
    .name = "packet", .title = "Packet", .standard = "", .fields = kPacketFields, .codes = 0, .ids = 0};

inline constexpr std::array kFields = {
    Field{"toy.unit", FieldType::unsigned_integer, 8, Base::decimal, "unit", "T 1"},
    Field{"toy.data", FieldType::bytes, 0, Base::decimal, "data", "T 2"},
    Field{"toy.note", FieldType::string, 0, Base::decimal, "note", "T 3"},
};
inline constexpr std::array kFunctions = {
    Function{1, "read_coils", Access::read, "T 4"},
    Function{3, "read_registers", Access::read, "T 4"},
    Function{5, "write_coil", Access::write, "T 4"},
    Function{8, "diagnostics", Access::diagnose, "T 5"},
    Function{256, "diagnostics/echo", Access::diagnose, "T 5", 8},
    Function{257, "diagnostics/restart", Access::control, "T 5", 8},
    Function{90, "stop", Access::control, "T 6"},
};
inline constexpr std::array kSpaces = {
    SpanSpace{"holding", SpanKey::none, 65535, "registers", "T 7"},
    SpanSpace{"coil", SpanKey::none, 65535, "coils", "T 7"},
    SpanSpace{"db", SpanKey::number, 1023, "data blocks", "T 8"},
    SpanSpace{"tag", SpanKey::name, 99, "tags", "T 9"},
    SpanSpace{"node", SpanKey::number_and_name, 0, "nodes", "T 10"},
};
inline constexpr Schema kToy{.name = "toy",
                             .title = "Toy",
                             .standard = "T",
                             .transports = Transport::tcp,
                             .fields = kFields,
                             .functions = kFunctions,
                             .spaces = kSpaces,
                             .unit = "toy.unit",
                             .codes = 256,
                             .ids = 258};

inline constexpr std::array kChildFunctions = {
    Function{1, "hello", Access::read, "C 1"},
    Function{65, "halt", Access::control, "C 1"},
};
inline constexpr std::array kChildFields = {
    Field{"child.func", FieldType::unsigned_integer, 8, Base::decimal, "function", "C 1"},
};
inline constexpr Schema kChild{.name = "child",
                               .title = "Child",
                               .standard = "C",
                               .fields = kChildFields,
                               .functions = kChildFunctions,
                               .carrier = {"toy", 90}};

inline constexpr std::array kDatagramFunctions = {Function{0, "poll", Access::read, "D 1"}};
inline constexpr Schema kDatagram{.name = "gram",
                                  .title = "Datagram",
                                  .standard = "D",
                                  .transports = Transport::udp,
                                  .functions = kDatagramFunctions};

inline constexpr std::array<const Schema*, 4> kSchemas = {&kPacket, &kToy, &kChild, &kDatagram};

// Two zones, one conduit between them.
inline constexpr auto kPlant = R"([[zone]]
name = "scada"
security_level = 2
networks = ["10.0.0.0/24"]

[[zone]]
name = "cell-1"
networks = ["10.0.1.0/24", "fd00:1::/64"]

[[asset]]
name = "hmi"
zone = "scada"
address = "10.0.0.10"

[[asset]]
name = "plc"
zone = "cell-1"
address = ["10.0.1.5", "fd00:1::5"]
mac = "00:80:f4:01:02:03"
vendor = "Acme"
product = "Press 340"
firmware = "2.70"
whole_segments = true

[[asset]]
name = "drive"
zone = "cell-1"
behind = { asset = "plc", unit = 3 }

[[conduit]]
name = "scada-cell1"
sides = [{ port = "eth1", zones = ["scada"] }, { port = "eth2", zones = ["cell-1"] }]
groundwork = ["arp", "lldp"]
mode = "enforce"
on_failure = "closed"
midstream = "resync"
)";

// What compiling this text as file `f` says.
inline std::vector<std::string> errors_of(std::string text) {
  Diagnostics diagnostics;
  const std::vector<Source> sources = {{"f", std::move(text)}};
  const auto output = compile::compile(sources, kSchemas, diagnostics);
  std::vector<std::string> out;
  if (output.has_value() != diagnostics.empty()) out.push_back("an image and errors, or neither");
  for (const auto& error : diagnostics.errors()) out.push_back(error.text());
  return out;
}

}  // namespace sluice::compile::toy
