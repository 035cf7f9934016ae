// Ten checks of the pipeline that a test may switch off one by one, to show that its search would find what
// then gets through. The switches exist only where SLUICE_CHECK_SWITCHES is defined, which is a second build
// of the engine for that test; in what is shipped runs() is true at compile time, and the question leaves no
// code and no symbol behind. The switches are of the whole program: set them before any engine runs.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice {

enum class Check : std::uint8_t {
  tags,         // a conduit takes no more tags than it names
  ends,         // port, side and addresses agree
  fragments,    // only whole datagrams leave
  checksum,     // IP, TCP, UDP and ICMP
  order,        // what lies beyond a hole waits
  overlap,      // what is repeated is the same
  framing,      // every byte belongs to a message
  functions,    // a rule names the function
  containment,  // all that is touched lies inside of the targets
  pairing,      // an answer needs its request
};

inline constexpr std::array<std::string_view, 10> kCheckNames = {
    "tags",    "ends",    "fragments", "checksum",    "order",
    "overlap", "framing", "functions", "containment", "pairing",
};

#ifdef SLUICE_CHECK_SWITCHES
namespace switched {
inline std::uint32_t off = 0;  // bit by Check
}
inline bool runs(Check check) noexcept { return (switched::off >> static_cast<unsigned>(check) & 1U) == 0; }
#else
consteval bool runs(Check) noexcept { return true; }
#endif

}  // namespace sluice
