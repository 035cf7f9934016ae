// A made-up protocol over TCP: "PP", the length of what follows, a function, a cell, and for "set" a value;
// "carry" has a payload of another protocol instead. Answers repeat function and cell with bit 7 set.
// Function 9 is no request but a piece of one: a key, whether it is the last, and bytes; joined they are what
// follows the length of another message.
#pragma once

#include <array>

#include "rules/schema/schema.hpp"

namespace sluice::ping_pong {

enum class Name : std::uint16_t { function, cell, value };

inline constexpr std::array kFields = {
    Field{"ping_pong.function", FieldType::unsigned_integer, 8, Base::decimal, "what is asked for", "toy 1"},
    Field{"ping_pong.cell", FieldType::unsigned_integer, 16, Base::decimal, "cell", "toy 2"},
    Field{"ping_pong.value", FieldType::unsigned_integer, 16, Base::hexadecimal, "value to be set", "toy 3"},
};
inline constexpr std::array kFunctions = {
    Function{1, "ping", Access::diagnose, "toy 1.1"},
    Function{2, "get", Access::read, "toy 1.2"},
    Function{3, "set", Access::write, "toy 1.3"},
    Function{4, "carry", Access::control, "toy 1.4"},
};
inline constexpr std::array kSpaces = {
    SpanSpace{"cell", SpanKey::none, 65535, "what get and set touch", "toy 2"},
};
inline constexpr std::array<std::uint16_t, 1> kPorts = {4747};

inline constexpr Schema kSchema{
    .name = "ping_pong",
    .title = "Ping-pong",
    .standard = "made up",
    .transports = Transport::tcp,
    .ports = kPorts,
    .fields = kFields,
    .functions = kFunctions,
    .spaces = kSpaces,
    .max_items = 1,
    .max_pdu = 3 + 255,
    .max_whole = 600,
};

}  // namespace sluice::ping_pong
