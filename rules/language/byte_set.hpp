// Sets of bytes, and those that patterns have names for. ASCII, as the C locale has it.
#pragma once

#include <bitset>
#include <optional>
#include <string_view>

namespace sluice::language {

using ByteSet = std::bitset<256>;

ByteSet span_of(unsigned first, unsigned last);  // both inside
ByteSet each_of(std::string_view bytes);
std::optional<ByteSet> named_class(std::string_view name);  // "alpha" of [[:alpha:]]
std::optional<ByteSet> escaped_class(char c);               // 'd' of \d; nothing for other letters

}  // namespace sluice::language
