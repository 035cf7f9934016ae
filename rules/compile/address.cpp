#include "rules/compile/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sluice::compile {
namespace {

constexpr image::Address kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

int hex(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

image::Address Prefix::masked() const noexcept {
  image::Address out = address;
  for (unsigned bit = bits; bit < 128; ++bit) {
    out[bit / 8] = static_cast<std::uint8_t>(out[bit / 8] & ~(0x80U >> (bit % 8)));
  }
  return out;
}

bool Prefix::contains(const image::Address& inner) const noexcept {
  return Prefix{inner, bits}.masked() == masked();
}

std::optional<image::Address> parse_address(std::string_view text) {
  if (text.size() > 45 || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string word{text};
  image::Address address = kMapped;
  if (inet_pton(AF_INET, word.c_str(), address.data() + 12) == 1) return address;
  if (inet_pton(AF_INET6, word.c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  // ::ffff:a.b.c.d is the same address as a.b.c.d, but its prefix counts 128 bits.
  const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  if (slash == std::string_view::npos) return Prefix{*address, 128};
  const auto digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc{} || end != digits.data() + digits.size() || bits > (v4 ? 32U : 128U))
    return std::nullopt;
  return Prefix{*address, static_cast<std::uint8_t>(v4 ? bits + kMappedBits : bits)};
}

std::optional<image::Mac> parse_mac(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  image::Mac mac{};
  for (std::size_t i = 0; i < 6; ++i) {
    const int high = hex(text[i * 3]);
    const int low = hex(text[i * 3 + 1]);
    if (high < 0 || low < 0 ||
        (i < 5 && (text[i * 3 + 2] != text[2] || (text[2] != ':' && text[2] != '-')))) {
      return std::nullopt;
    }
    mac[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return mac;
}

bool is_ipv4(const image::Address& address) noexcept {
  return std::equal(kMapped.begin(), kMapped.begin() + 12, address.begin());
}

std::string text_of(const image::Address& address) {
  char out[INET6_ADDRSTRLEN] = "";
  if (is_ipv4(address)) {
    inet_ntop(AF_INET, address.data() + 12, out, sizeof out);
  } else {
    inet_ntop(AF_INET6, address.data(), out, sizeof out);
  }
  return out;
}

std::string text_of(const Prefix& prefix) {
  const bool v4 = is_ipv4(prefix.address) && prefix.bits >= kMappedBits;
  return text_of(prefix.address) + "/" + std::to_string(prefix.bits - (v4 ? kMappedBits : 0));
}

std::vector<Prefix> without_mapped(const Prefix& prefix) {
  if (prefix.bits >= kMappedBits || !prefix.contains(kMapped)) return {prefix};
  std::vector<Prefix> out;
  // On the way down from the network to ::ffff:0:0/96, the half that is left aside at each bit.
  for (unsigned bit = prefix.bits; bit < kMappedBits; ++bit) {
    Prefix aside{kMapped, static_cast<std::uint8_t>(bit + 1)};
    aside.address[bit / 8] = static_cast<std::uint8_t>(aside.address[bit / 8] ^ 0x80U >> (bit % 8));
    aside.address = aside.masked();
    out.push_back(aside);
  }
  return out;
}

}  // namespace sluice::compile
