// A made-up protocol that rides in the payload of ping_pong's "carry": one byte says how often to knock.
#pragma once

#include <array>

#include "rules/schema/schema.hpp"

namespace sluice::knock_knock {

inline constexpr std::array kFields = {
    Field{"knock_knock.times", FieldType::unsigned_integer, 8, Base::decimal, "how often", "toy 1"},
};
inline constexpr std::array kFunctions = {
    Function{0, "knock", Access::control, "toy 1"},
};

inline constexpr Schema kSchema{
    .name = "knock_knock",
    .title = "Knock",
    .standard = "made up",
    .fields = kFields,
    .functions = kFunctions,
    .carrier = {"ping_pong", 4},
    .max_items = 1,
    .max_pdu = 1,
};

}  // namespace sluice::knock_knock
