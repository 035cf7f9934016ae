// Values as people write them in an expression. All are pure; nothing means "not a value of this kind".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::language {

using Bytes = std::vector<std::uint8_t>;

// 10, 012, 0xa, 0b1010
std::optional<std::uint64_t> unsigned_literal(std::string_view word);
std::optional<double> real_literal(std::string_view word);
// true True TRUE false False FALSE, and numbers: all but 0 are true
std::optional<bool> boolean_literal(std::string_view word);
// ff:00, ff-00, ff.00, ff00, a single byte as ff or 0xff
std::optional<Bytes> bytes_literal(std::string_view word);
std::optional<Bytes> ether_literal(std::string_view word);

struct Network {
  Bytes address;
  std::uint16_t bits = 0;  // those that count
};
// 10.0.0.1, 10.0.0.0/8
std::optional<Network> ipv4_literal(std::string_view word);
// RFC 4291 2.2, also with a prefix length
std::optional<Network> ipv6_literal(std::string_view word);

}  // namespace sluice::language
