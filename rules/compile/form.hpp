// Form: one table of the configuration as its reader expects it. Each question names a key and thereby makes
// it known; close() reports the keys that nobody asked for. Wrong and missing values are reported where they
// stand, and the answer then is empty, so that the reader can go on and find what else is wrong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/compile/document.hpp"
#include "rules/compile/notes.hpp"

namespace sluice::compile {

enum class Need : std::uint8_t { must, may };

inline constexpr std::size_t kMostName = 128;    // bytes of a name
inline constexpr std::size_t kMostWords = 4096;  // bytes of any other text

class Form {
 public:
  // `what` names the table in sentences: "a zone".
  Form(const TomlValue& table, std::string_view what, Notes& notes)
      : table_{table}, what_{what}, notes_{notes} {}

  // The value as it is; null when it is not there (reported if it must).
  const TomlValue* value(std::string_view key, Need need);

  // A word without control characters, not empty.
  std::optional<Word> name(std::string_view key, Need need);
  std::string text(std::string_view key, Need need);
  std::optional<std::int64_t> number(std::string_view key, Need need, std::int64_t least, std::int64_t most);
  bool yes(std::string_view key);
  // Index of the word in `words`.
  std::optional<std::size_t> choice(std::string_view key, Need need, std::span<const std::string_view> words);
  // A text or a list of texts.
  std::vector<Word> names(std::string_view key, Need need);
  // The items of a list; reported when it is something else.
  std::span<const TomlValue> list(std::string_view key, Need need);

  void close();

  [[nodiscard]] const Spot& spot() const noexcept { return table_.spot; }

 private:
  const TomlValue& table_;
  std::string_view what_;
  Notes& notes_;
  std::vector<std::string_view> known_;
};

// An expression: any text, with the spot of its first character.
std::optional<Word> expression_of(Form& form, std::string_view key, Need need, Notes& notes);

// One text of any kind of place; reported and empty when it is not a text, is empty, too long, or has control
// characters.
std::optional<Word> word_of(const TomlValue& value, std::string_view what, std::size_t most, Notes& notes);

}  // namespace sluice::compile
