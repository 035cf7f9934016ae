#include "rules/compile/product.hpp"

#include <algorithm>
#include <optional>

namespace sluice::compile {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool letter(char c) noexcept { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool blank(char c) noexcept { return c == ' ' || c == '\t'; }

void trim(std::string_view& text) noexcept {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
}

// The next run of digits or letters; empty at the end.
std::string_view next_part(std::string_view& text) noexcept {
  while (!text.empty() && !digit(text.front()) && !letter(text.front())) text.remove_prefix(1);
  std::size_t end = 0;
  if (!text.empty()) {
    const bool number = digit(text.front());
    while (end < text.size() && (number ? digit(text[end]) : letter(text[end]))) ++end;
  }
  const auto part = text.substr(0, end);
  text.remove_prefix(end);
  return part;
}

std::strong_ordering compare_parts(std::string_view a, std::string_view b) noexcept {
  const bool a_word = !a.empty() && letter(a.front());
  const bool b_word = !b.empty() && letter(b.front());
  if (a_word != b_word) return a_word ? std::strong_ordering::greater : std::strong_ordering::less;
  if (a_word) {
    return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end(),
                                                  [](char x, char y) { return lower(x) <=> lower(y); });
  }
  while (a.starts_with('0')) a.remove_prefix(1);
  while (b.starts_with('0')) b.remove_prefix(1);
  return a.size() != b.size() ? a.size() <=> b.size() : a <=> b;
}

struct Comparison {
  bool less = false;
  bool equal = false;
  bool greater = false;
  std::string_view version;
};

std::optional<Comparison> comparison_of(std::string_view text) noexcept {
  trim(text);
  Comparison out;
  if (text.starts_with('<')) out.less = true;
  if (text.starts_with('>')) out.greater = true;
  if (out.less || out.greater) text.remove_prefix(1);
  if (text.starts_with('=')) {
    out.equal = true;
    text.remove_prefix(1);
  }
  if (!out.less && !out.greater && !out.equal) return std::nullopt;
  trim(text);
  out.version = text;
  if (text.empty() || std::none_of(text.begin(), text.end(), digit) ||
      text.find_first_of("<>=*") != std::string_view::npos) {
    return std::nullopt;
  }
  return out;
}

bool compares(std::string_view range) noexcept {
  return range.find_first_of("<>=") != std::string_view::npos;
}

template <class Visit>  // bool(std::string_view); false ends
bool each(std::string_view range, Visit visit) noexcept {
  for (;;) {
    const auto comma = range.find(',');
    if (!visit(range.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    range.remove_prefix(comma + 1);
  }
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t behind = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      behind = t;
    } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++behind;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::strong_ordering compare_versions(std::string_view a, std::string_view b) noexcept {
  for (auto* text : {&a, &b}) {
    trim(*text);
    if (text->size() > 1 && lower(text->front()) == 'v' && digit((*text)[1])) text->remove_prefix(1);
  }
  for (;;) {
    const auto x = next_part(a);
    const auto y = next_part(b);
    if (x.empty() && y.empty()) return std::strong_ordering::equal;
    if (const auto order = compare_parts(x, y); order != 0) return order;
  }
}

bool is_firmware_range(std::string_view range) noexcept {
  return !compares(range) ||
         each(range, [](std::string_view part) { return comparison_of(part).has_value(); });
}

bool in_firmware_range(std::string_view range, std::string_view firmware) noexcept {
  if (!compares(range)) return matches_glob(range, firmware);
  return each(range, [&](std::string_view part) {
    const auto wanted = comparison_of(part);
    if (!wanted) return false;
    const auto order = compare_versions(firmware, wanted->version);
    return (order < 0 && wanted->less) || (order == 0 && wanted->equal) || (order > 0 && wanted->greater);
  });
}

}  // namespace sluice::compile
