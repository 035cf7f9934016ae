#include "dataplane/protocol/modbus/stand_in.hpp"

#include <algorithm>
#include <array>

#include "dataplane/protocol/modbus/schema.hpp"
#include "rules/base/reader.hpp"

namespace sluice::modbus {
namespace {

constexpr std::size_t kFunctionAt = 7;
constexpr std::size_t kExceptionSize = 9;
constexpr std::uint8_t kException = 0x80, kIllegalFunction = 1;  // AP 7

constexpr std::size_t kPairs = 39;

// AP 5.1 assigns 20 codes (90 by its vendor, Annex A); 65..72 and 100..110 are the user's (AP 5).
constexpr std::array<std::uint8_t, kPairs> kAssigned = {
    1,  2,  3,  4,  5,  6,  7,  8,  11,  12,  15,  16,  17,  20,  21,  22,  23,  24,  43, 90,
    65, 66, 67, 68, 69, 70, 71, 72, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110};

// AP 5: public, unassigned, not in Annex A.
constexpr std::array<std::uint8_t, kPairs> kUnassigned = {
    73, 74, 75, 76, 77, 78,  79,  80,  81,  82,  83,  84,  85,  86,  87,  88,  89,  92,  93, 94,
    95, 96, 97, 98, 99, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124};

constexpr bool apart() {
  for (std::size_t i = 0; i < kPairs; ++i) {
    for (std::size_t j = 0; j < kPairs; ++j) {
      if (kAssigned[i] == kUnassigned[j]) return false;
      if (i != j && (kAssigned[i] == kAssigned[j] || kUnassigned[i] == kUnassigned[j])) return false;
    }
  }
  return true;
}
static_assert(apart());

std::uint8_t other_of(const std::array<std::uint8_t, kPairs>& these,
                      const std::array<std::uint8_t, kPairs>& those, std::uint8_t code) noexcept {
  const auto found = std::find(these.begin(), these.end(), code);
  return found == these.end() ? std::uint8_t{0} : those[static_cast<std::size_t>(found - these.begin())];
}

std::uint8_t byte_at(ByteView pdu, std::size_t at) noexcept {
  Reader reader{pdu};
  reader.skip(at);
  return reader.u8();
}

}  // namespace

std::uint8_t stand_in_of(std::uint8_t function) noexcept {
  return other_of(kAssigned, kUnassigned, function);
}
std::uint8_t stood_for(std::uint8_t code) noexcept { return other_of(kUnassigned, kAssigned, code); }

bool stand_in(ByteView pdu, std::span<std::uint8_t> out) noexcept {
  // Beyond the standard's length only function 90 goes, and the stand-in is none.
  if (pdu.size() <= kFunctionAt || pdu.size() > std::size_t{6} + kMostLength || out.size() != pdu.size())
    return false;
  const auto code = stand_in_of(byte_at(pdu, kFunctionAt));
  if (code == 0) return false;
  std::copy_n(pdu.begin(), kFunctionAt, out.begin());
  out[kFunctionAt] = code;
  std::fill(out.begin() + kFunctionAt + 1, out.end(), std::uint8_t{0});
  return true;
}

bool stand_in_answer(ByteView pdu, std::span<std::uint8_t> out) noexcept {
  if (pdu.size() != kExceptionSize || out.size() != pdu.size()) return false;
  const auto code = byte_at(pdu, kFunctionAt);
  if ((code & kException) == 0) return false;
  const auto function = stood_for(static_cast<std::uint8_t>(code & ~kException));
  if (function == 0) return false;
  std::copy(pdu.begin(), pdu.end(), out.begin());
  out[kFunctionAt] = static_cast<std::uint8_t>(function | kException);
  out[kFunctionAt + 1] = kIllegalFunction;
  return true;
}

}  // namespace sluice::modbus
