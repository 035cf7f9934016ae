// The names of IEC 60870-5-104: a type identification is a function. Fields are in fields.hpp, types in
// types.hpp. Constant data.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/protocol/iec104/fields.hpp"
#include "dataplane/protocol/iec104/types.hpp"
#include "rules/schema/schema.hpp"

namespace sluice::iec104 {

// 104 5.1: start, length, four octets of control; the length counts what follows it.
inline constexpr std::uint8_t kStart = 0x68;
inline constexpr std::uint32_t kBeforeLength = 2;
inline constexpr std::uint8_t kLeastLength = 4;
inline constexpr std::uint8_t kMostLength = 253;
inline constexpr std::uint32_t kControlSize = 6;  // start and length included

inline constexpr std::uint32_t kMostAddress = 0xffffff;  // 104 7: three octets
inline constexpr std::uint16_t kEveryStation = 0xffff;   // 101 7.2.4

// Indices into kSpaces, in its order.
enum class Space : std::uint16_t { ioa, opaque };

inline constexpr std::array kSpaces = {
    SpanSpace{"ioa", SpanKey::number, kMostAddress,
              "information objects of one common address; ioa 65535 for what is sent to every station",
              "101 7.2.5"},
    // A payload that nobody can read lies inside `targets` only where these name it.
    SpanSpace{"opaque", SpanKey::none, 0, "whatever an unreadable payload touches", "101 7.2.1"},
};
static_assert(kSpaces.size() == static_cast<std::size_t>(Space::opaque) + 1);

inline constexpr auto kFunctions = [] {
  std::array<Function, kAllTypes.size()> functions{};
  for (std::size_t i = 0; i < functions.size(); ++i)
    functions[i] = {kAllTypes[i].id, kAllTypes[i].name, kAllTypes[i].access, kAllTypes[i].clause};
  return functions;
}();

inline constexpr std::array<std::uint16_t, 1> kPorts = {2404};  // 104 7.2

inline constexpr Schema kSchema{
    .name = "iec104",
    .title = "IEC 60870-5-104",
    .standard = "IEC 60870-5-104:2006 (104), IEC 60870-5-101:2003 (101)",
    .transports = Transport::tcp,
    .ports = kPorts,
    .fields = kFields,
    .functions = kFunctions,
    .spaces = kSpaces,
    .unit = "iec60870_asdu.addr",
    .codes = kTypes,
    .ids = kTypes,
    .max_items = 127,  // 101 7.2.2: seven bits count them
    .max_pdu = kBeforeLength + kMostLength,
    .stand_ins = true,
};

}  // namespace sluice::iec104
