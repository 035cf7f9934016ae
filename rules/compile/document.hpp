// A TOML document as values that know where they stand. Only document.cpp includes the TOML library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/compile/notes.hpp"

namespace sluice::compile {

enum class ValueKind : std::uint8_t { text, integer, real, boolean, date, list, table };
std::string_view name_of(ValueKind kind) noexcept;  // with its article: "a list"

struct Entry;

struct TomlValue {
  ValueKind kind = ValueKind::table;
  Spot spot;
  Spot inside;  // of a text: its first character
  std::string text;
  std::int64_t integer = 0;
  bool boolean = false;
  std::vector<TomlValue> items;
  std::vector<Entry> entries;  // in the order written
};

struct Entry {
  Word key;
  TomlValue value;
};

// Nothing when something was reported. The text has passed guard().
std::optional<TomlValue> parse(std::string_view text, std::uint32_t file, Notes& notes);

}  // namespace sluice::compile
