// Stand-ins: a command whose type identification is one that the standards leave unassigned, so that the
// station answers with a copy of it, cause 44 and P/N = 1 (101 7.2.3), and the copy turned back to the type
// that was asked. Each type that can be commanded has an unassigned one of its own, so the answer tells by
// itself what it answers. Sequence numbers stay: both are information messages. Pure functions of the bytes.
#pragma once

#include <cstdint>
#include <span>

#include "rules/base/bytes.hpp"

namespace sluice::iec104 {

// 0: there is none.
std::uint8_t stand_in_of(std::uint8_t type) noexcept;
std::uint8_t stood_for(std::uint8_t type) noexcept;

bool stand_in(ByteView pdu, std::span<std::uint8_t> out) noexcept;
bool stand_in_answer(ByteView pdu, std::span<std::uint8_t> out) noexcept;

}  // namespace sluice::iec104
