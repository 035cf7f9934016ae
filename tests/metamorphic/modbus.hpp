// Modbus/TCP messages for conversations, written out. Pure.
#pragma once

#include "tests/metamorphic/conversation.hpp"

namespace sluice::metamorphic {

// A right header around function and body.
Bytes modbus(std::uint16_t transaction, std::uint8_t unit, const Bytes& pdu);

// The function, an address, a number: requests 1 to 6, and answers that repeat them.
Bytes asks(std::uint16_t transaction, std::uint8_t function, std::uint16_t address, std::uint16_t number,
           std::uint8_t unit = 1);
// The answer to a read: `bytes` bytes.
Bytes tells(std::uint16_t transaction, std::uint8_t function, std::uint8_t bytes, std::uint8_t unit = 1);
Bytes refuses(std::uint16_t transaction, std::uint8_t function, std::uint8_t exception,
              std::uint8_t unit = 1);
// UMAS inside of function 90.
Bytes umas(std::uint16_t transaction, const Bytes& payload);

}  // namespace sluice::metamorphic
