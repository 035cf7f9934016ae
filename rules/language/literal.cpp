#include "rules/language/literal.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sluice::language {
namespace {

template <class Number>
std::optional<Number> whole(std::string_view word, int base) {
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (word.empty() || error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view word, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = word.find(separator);
    parts.push_back(word.substr(0, at));
    if (at == std::string_view::npos) return parts;
    word.remove_prefix(at + 1);
  }
}

// "/24" taken off `word`; nothing when there is a slash with a wrong number behind it.
std::optional<std::uint16_t> take_prefix(std::string_view& word, std::uint16_t most) {
  const auto slash = word.find('/');
  if (slash == std::string_view::npos) return most;
  const auto bits = whole<std::uint16_t>(word.substr(slash + 1), 10);
  word = word.substr(0, slash);
  if (!bits || *bits > most) return std::nullopt;
  return bits;
}

bool append_dotted(std::string_view word, Bytes& out) {
  const auto parts = split(word, '.');
  if (parts.size() != 4) return false;
  for (const auto part : parts) {
    const auto byte =
        part.size() > 3 || (part.size() > 1 && part[0] == '0') ? std::nullopt : whole<std::uint8_t>(part, 10);
    if (!byte) return false;
    out.push_back(*byte);
  }
  return true;
}

// Groups of up to four hex digits, the last of which may be a dotted IPv4 address.
bool append_groups(std::string_view word, Bytes& out) {
  if (word.empty()) return true;
  const auto parts = split(word, ':');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i + 1 == parts.size() && parts[i].find('.') != std::string_view::npos)
      return append_dotted(parts[i], out);
    const auto group = parts[i].size() > 4 ? std::nullopt : whole<std::uint16_t>(parts[i], 16);
    if (!group) return false;
    out.push_back(static_cast<std::uint8_t>(*group >> 8U));
    out.push_back(static_cast<std::uint8_t>(*group & 0xffU));
  }
  return true;
}

bool append_hex(std::string_view digits, Bytes& out) {
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const auto byte = whole<std::uint8_t>(digits.substr(i, 2), 16);
    if (!byte) return false;
    out.push_back(*byte);
  }
  return true;
}

}  // namespace

std::optional<std::uint64_t> unsigned_literal(std::string_view word) {
  if (word.size() > 1 && word[0] == '0') {
    if (word[1] == 'x' || word[1] == 'X') return whole<std::uint64_t>(word.substr(2), 16);
    if (word[1] == 'b' || word[1] == 'B') return whole<std::uint64_t>(word.substr(2), 2);
    return whole<std::uint64_t>(word.substr(1), 8);
  }
  return whole<std::uint64_t>(word, 10);
}

std::optional<double> real_literal(std::string_view word) {
  if (word.empty() || ((word[0] < '0' || word[0] > '9') && word[0] != '.')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<bool> boolean_literal(std::string_view word) {
  if (word == "true" || word == "True" || word == "TRUE") return true;
  if (word == "false" || word == "False" || word == "FALSE") return false;
  const auto number = unsigned_literal(word);
  if (!number) return std::nullopt;
  return *number != 0;
}

std::optional<Bytes> bytes_literal(std::string_view word) {
  Bytes out;
  if (word.size() == 4 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X')) {
    if (!append_hex(word.substr(2), out)) return std::nullopt;
    return out;
  }
  const auto separator = word.find_first_of(":.-");
  if (separator == std::string_view::npos) {
    if (word.empty() || (word.size() > 1 && word.size() % 2 != 0) || !append_hex(word, out))
      return std::nullopt;
    return out;
  }
  for (const auto part : split(word, word[separator])) {
    const bool fits = part.size() == 1 || part.size() == 2 || part.size() == 4;
    if (!fits || !append_hex(part, out)) return std::nullopt;
  }
  return out;
}

std::optional<Bytes> ether_literal(std::string_view word) {
  auto out = bytes_literal(word);
  if (!out || out->size() != 6) return std::nullopt;
  return out;
}

std::optional<Network> ipv4_literal(std::string_view word) {
  Network network;
  const auto bits = take_prefix(word, 32);
  if (!bits || !append_dotted(word, network.address)) return std::nullopt;
  network.bits = *bits;
  return network;
}

std::optional<Network> ipv6_literal(std::string_view word) {
  const auto bits = take_prefix(word, 128);
  if (!bits) return std::nullopt;
  Network network;
  network.bits = *bits;
  const auto gap = word.find("::");
  if (gap == std::string_view::npos) {
    if (!append_groups(word, network.address) || network.address.size() != 16) return std::nullopt;
    return network;
  }
  Bytes tail;
  if (word.substr(0, gap).find('.') != std::string_view::npos) return std::nullopt;
  if (!append_groups(word.substr(0, gap), network.address) || !append_groups(word.substr(gap + 2), tail)) {
    return std::nullopt;
  }
  if (network.address.size() % 2 != 0 || network.address.size() + tail.size() > 14) return std::nullopt;
  network.address.resize(16 - tail.size());
  network.address.insert(network.address.end(), tail.begin(), tail.end());
  return network;
}

}  // namespace sluice::language
