// What serialised Hyperscan databases are bound to: the library's version and the features of this CPU that
// its compiler makes use of. Both who compiles and who loads put the number into, or compare it with,
// Header::platform.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::image {

// `library` is what hs_version() says. Never 0, which stands for "no databases".
inline std::uint64_t platform(std::string_view library) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char letter : library) hash = (hash ^ static_cast<std::uint8_t>(letter)) * 0x100000001b3;
#if defined(__x86_64__)
  const std::uint64_t features = (__builtin_cpu_supports("ssse3") != 0 ? 1U : 0U) |
                                 (__builtin_cpu_supports("avx2") != 0 ? 2U : 0U) |
                                 (__builtin_cpu_supports("avx512bw") != 0 ? 4U : 0U) |
                                 (__builtin_cpu_supports("avx512vbmi") != 0 ? 8U : 0U);
#else
  const std::uint64_t features = 0;
#endif
  return hash << 8U | 0x80U | features;
}

}  // namespace sluice::image
