// Modbus/TCP messages at random: requests of every function, and the answers to them.
#pragma once

#include <array>
#include <cstdint>

#include "tests/model/modbus.hpp"
#include "tests/model/random.hpp"

namespace sluice::traffic {

using model::Random;

struct Message {
  std::uint32_t size = 0;
  std::array<std::uint8_t, 1100> bytes;
};

// A request as the standard has it, for this function, from `first` on; `count` as far as the function lets
// it.
void write_request(Message& message, Random& random, const model::FunctionId& function,
                   std::uint16_t transaction, std::uint8_t unit, std::uint32_t first, std::uint32_t count);

// The answer of a server that grants it, or now and then refuses.
void write_answer(Message& message, Random& random, const Message& request);

// Anything behind a right header: function and payload as given.
void write_raw(Message& message, std::uint16_t transaction, std::uint8_t unit, std::uint8_t function,
               const std::uint8_t* payload, std::uint32_t size);

}  // namespace sluice::traffic
