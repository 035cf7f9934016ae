#include "rules/compile/document.hpp"

// toml++ 3.3 asserts, and in optimised builds assumes, some things of its text that hostile text does not
// have ("[ä]"), though the code behind each assertion deals with them. So: neither assert nor assume.
#undef NDEBUG
#define TOML_ASSERT(expression) static_cast<void>(0)
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include <algorithm>
#include <tuple>

namespace sluice::compile {
namespace {

class Reading {
 public:
  Reading(std::string_view text, std::uint32_t file) : file_{file} {
    lines_.push_back(text);
    for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
      lines_.push_back(text.substr(at + 1));
    }
  }

  [[nodiscard]] Spot spot(const toml::source_position& position) const {
    return {file_, static_cast<std::uint32_t>(position.line), static_cast<std::uint32_t>(position.column)};
  }

  // Recursion is as deep as guard() let the text be.
  TomlValue value(const toml::node& node) const {  // NOLINT(misc-no-recursion)
    TomlValue out;
    out.spot = spot(node.source().begin);
    switch (node.type()) {
      case toml::node_type::string:
        out.kind = ValueKind::text;
        out.text = node.as_string()->get();
        out.inside = inside(out.spot);
        break;
      case toml::node_type::integer:
        out.kind = ValueKind::integer;
        out.integer = node.as_integer()->get();
        break;
      case toml::node_type::floating_point:
        out.kind = ValueKind::real;
        break;
      case toml::node_type::boolean:
        out.kind = ValueKind::boolean;
        out.boolean = node.as_boolean()->get();
        break;
      case toml::node_type::array:
        out.kind = ValueKind::list;
        for (const auto& item : *node.as_array()) out.items.push_back(value(item));
        break;
      case toml::node_type::table:
        for (const auto& [key, item] : *node.as_table()) {
          out.entries.push_back({{std::string{key.str()}, spot(key.source().begin)}, value(item)});
        }
        std::sort(out.entries.begin(), out.entries.end(), [](const Entry& a, const Entry& b) {
          return std::tie(a.key.spot.line, a.key.spot.column) < std::tie(b.key.spot.line, b.key.spot.column);
        });
        break;
      case toml::node_type::date:
      case toml::node_type::time:
      case toml::node_type::date_time:
      case toml::node_type::none:
        out.kind = ValueKind::date;
        break;
    }
    return out;
  }

 private:
  // Behind the opening quotes. Where escapes stand before a place in a text, its column is the column of the
  // text's value, not of the source.
  [[nodiscard]] Spot inside(Spot quote) const {
    if (quote.line == 0 || quote.line > lines_.size()) return quote;
    auto line = lines_[quote.line - 1];
    for (std::uint32_t column = 1; column < quote.column && !line.empty(); ++column) {
      do line.remove_prefix(1);
      while (!line.empty() && (static_cast<unsigned char>(line.front()) & 0xc0U) == 0x80U);
    }
    if (!line.starts_with("\"\"\"") && !line.starts_with("'''"))
      return {quote.file, quote.line, quote.column + 1};
    line.remove_prefix(3);
    if (line.starts_with("\n") || line.starts_with("\r\n")) return {quote.file, quote.line + 1, 1};
    return {quote.file, quote.line, quote.column + 3};
  }

  std::uint32_t file_;
  std::vector<std::string_view> lines_;  // each to the end of the text
};

}  // namespace

std::string_view name_of(ValueKind kind) noexcept {
  switch (kind) {
    case ValueKind::text:
      return "a text";
    case ValueKind::integer:
      return "a whole number";
    case ValueKind::real:
      return "a number with a fraction";
    case ValueKind::boolean:
      return "a boolean";
    case ValueKind::date:
      return "a date or time";
    case ValueKind::list:
      return "a list";
    case ValueKind::table:
      return "a table";
  }
  return "?";
}

std::optional<TomlValue> parse(std::string_view text, std::uint32_t file, Notes& notes) {
  const Reading reading{text, file};
  const auto result = toml::parse(text);
  if (!result) {
    std::string_view what = result.error().description();
    constexpr std::string_view kPrefix = "Error while parsing ";
    const bool prefixed = what.starts_with(kPrefix);
    if (prefixed) what.remove_prefix(kPrefix.size());
    notes.error(reading.spot(result.error().source().begin),
                (prefixed ? "not TOML: in a " : "not TOML: ") + std::string{what});
    return std::nullopt;
  }
  return reading.value(result.table());
}

}  // namespace sluice::compile
