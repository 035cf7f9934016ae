#include "dataplane/protocol/iec104/stand_in.hpp"

#include <algorithm>
#include <array>

#include "dataplane/protocol/iec104/message.hpp"

namespace sluice::iec104 {
namespace {

constexpr std::size_t kTypeAt = 6, kCauseAt = 8, kElementAt = 15;
constexpr std::uint8_t kCauseMask = 0x3f, kNegative = 0x40;

constexpr std::size_t kPairs = 26;

// Commands, system commands and parameters.
constexpr std::array<std::uint8_t, kPairs> kAssigned = {45,  46,  47,  48,  49,  50,  51,  58,  59,
                                                        60,  61,  62,  63,  64,  100, 101, 102, 103,
                                                        104, 105, 106, 107, 110, 111, 112, 113};

// 101 7.2.1.1: reserved for further compatible definitions.
constexpr std::array<std::uint8_t, kPairs> kUnassigned = {22, 23, 24, 25, 26, 27,  28,  29, 52,
                                                          53, 54, 55, 56, 57, 65,  66,  67, 68,
                                                          69, 71, 72, 73, 74, 108, 109, 114};

constexpr bool apart() {
  for (std::size_t i = 0; i < kPairs; ++i) {
    if (kTypeOf[kAssigned[i]].kind == Kind::unnamed || kTypeOf[kUnassigned[i]].kind != Kind::unnamed)
      return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (kAssigned[i] == kAssigned[j] || kUnassigned[i] == kUnassigned[j]) return false;
    }
  }
  return true;
}
static_assert(apart());

std::uint8_t other_of(const std::array<std::uint8_t, kPairs>& these,
                      const std::array<std::uint8_t, kPairs>& those, std::uint8_t type) noexcept {
  const auto found = std::find(these.begin(), these.end(), type);
  return found == these.end() ? std::uint8_t{0} : those[static_cast<std::size_t>(found - these.begin())];
}

struct Head {
  bool information = false;
  std::uint8_t type = 0;
  std::uint8_t count = 0;
  std::uint8_t cause = 0;
};

// Nothing of what is too short to have an object.
Head head_of(ByteView pdu) noexcept {
  Reader reader{pdu};
  reader.skip(2);
  Head head;
  const bool numbered = (reader.u8() & 1U) == 0;
  reader.skip(3);
  head.type = reader.u8();
  head.count = reader.u8();
  head.cause = reader.u8();
  reader.skip(kElementAt - kCauseAt - 1);
  head.information = numbered && reader.ok();
  return head;
}

}  // namespace

std::uint8_t stand_in_of(std::uint8_t type) noexcept { return other_of(kAssigned, kUnassigned, type); }
std::uint8_t stood_for(std::uint8_t type) noexcept { return other_of(kUnassigned, kAssigned, type); }

bool stand_in(ByteView pdu, std::span<std::uint8_t> out) noexcept {
  const auto head = head_of(pdu);
  const auto type = stand_in_of(head.type);
  const auto cause = head.cause & kCauseMask;
  const bool asks = cause == cause::kActivation || cause == cause::kDeactivation ||
                    (cause == cause::kRequest && kTypeOf[head.type].kind == Kind::read);
  if (!head.information || type == 0 || !asks || head.count != 1 || out.size() != pdu.size()) return false;
  std::copy(pdu.begin(), pdu.end(), out.begin());
  out[kTypeAt] = type;
  std::fill(out.begin() + kElementAt, out.end(), std::uint8_t{0});
  return true;
}

bool stand_in_answer(ByteView pdu, std::span<std::uint8_t> out) noexcept {
  const auto head = head_of(pdu);
  const auto type = stood_for(head.type);
  if (!head.information || type == 0 || (head.cause & kCauseMask) != cause::kUnknownType ||
      out.size() != pdu.size())
    return false;
  std::copy(pdu.begin(), pdu.end(), out.begin());
  out[kTypeAt] = type;
  out[kCauseAt] = static_cast<std::uint8_t>(head.cause | kNegative);
  return true;
}

}  // namespace sluice::iec104
