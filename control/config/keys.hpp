// Keys: one TOML table, read key by key; what was not asked for is unknown and reported by finish(). A key of
// the wrong type is reported and reads as absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The headers only: Debian's library is built with exceptions.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include "rules/base/result.hpp"

namespace sluice::config {

Where where_of(const toml::node& node, const std::string& file);

class Keys {
 public:
  Keys(const toml::table& table, const std::string& file, Diagnostics& diagnostics)
      : table_{table}, file_{file}, diagnostics_{diagnostics} {}

  std::optional<std::string> text(std::string_view key);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::int64_t> number(std::string_view key, std::int64_t least, std::int64_t most);
  const toml::table* table(std::string_view key);
  const toml::array* tables(std::string_view key);  // [[key]]

  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  // Of the key's value, or of the table when it is absent.
  [[nodiscard]] Where where(std::string_view key) const;
  void finish();

 private:
  const toml::node* get(std::string_view key);
  void wrong_type(std::string_view key, std::string_view wanted);

  const toml::table& table_;
  const std::string& file_;
  Diagnostics& diagnostics_;
  std::vector<std::string_view> known_;
};

}  // namespace sluice::config
