// The stand-in of a denied request: the same transaction, unit and length, but a function code that the
// standard leaves unassigned and nothing behind it but zeros, so that the device itself answers "illegal
// function". Which code stands for which function is a fixed table without collisions: the answer can be
// turned back by looking at its bytes, with nothing remembered. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "rules/base/bytes.hpp"

namespace sluice::modbus {

// The code that stands for `function`; 0 for what has none: codes that the standard does not assign, where
// it would not be known that the device refuses them.
std::uint8_t stand_in_of(std::uint8_t function) noexcept;
// The function that `code` stands for, or 0.
std::uint8_t stood_for(std::uint8_t code) noexcept;

// Both write a message of pdu.size() bytes into `out`, which has as many; false, and `out` untouched, when
// there is none. `pdu` is one whole message.
bool stand_in(ByteView pdu, std::span<std::uint8_t> out) noexcept;
// The exception that answers a stand-in becomes "illegal function" of the function asked for.
bool stand_in_answer(ByteView pdu, std::span<std::uint8_t> out) noexcept;

}  // namespace sluice::modbus
