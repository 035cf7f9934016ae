// Addresses as people write them. IPv4 is kept as ::ffff:a.b.c.d, so a prefix counts bits of 128.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/image/format.hpp"

namespace sluice::compile {

struct Prefix {
  image::Address address{};
  std::uint8_t bits = 0;
  auto operator<=>(const Prefix&) const = default;

  [[nodiscard]] bool contains(const image::Address& inner) const noexcept;
  [[nodiscard]] image::Address masked() const noexcept;  // the address with zero behind the prefix
};

inline constexpr std::uint8_t kMappedBits = 96;  // of ::ffff:0:0/96, where IPv4 lives

std::optional<image::Address> parse_address(std::string_view text);
// "10.0.0.0/8", "fd00::/8", or an address alone. Bits behind the prefix may be set.
std::optional<Prefix> parse_prefix(std::string_view text);
// "01:0e:cf:00:00:00", with : or - between.
std::optional<image::Mac> parse_mac(std::string_view text);

bool is_ipv4(const image::Address& address) noexcept;
std::string text_of(const image::Address& address);
std::string text_of(const Prefix& prefix);

// The same IPv6 addresses without ::ffff:0:0/96: itself when it has none of them, else up to 96 networks.
std::vector<Prefix> without_mapped(const Prefix& prefix);

}  // namespace sluice::compile
