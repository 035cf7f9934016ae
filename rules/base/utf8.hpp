// UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>

#include "rules/base/bytes.hpp"

namespace sluice {

// Bytes of the character at the start of `bytes`; 0 when there is none or it is not valid.
std::size_t utf8_length(ByteView bytes) noexcept;

bool is_utf8(ByteView bytes) noexcept;

}  // namespace sluice
