#include "rules/compile/functions.hpp"

#include "rules/base/nearest.hpp"

namespace sluice::compile {
namespace {

void set(std::span<std::uint64_t> words, std::uint16_t id) {
  if (id / 64U < words.size()) words[id / 64U] |= std::uint64_t{1} << (id % 64U);
}

}  // namespace

std::vector<std::uint64_t> function_words(std::span<const FunctionRow> rows, const Schema& schema,
                                          Notes& notes) {
  if (rows.empty()) return {};
  std::vector<std::uint64_t> words((std::size_t{schema.ids} + 63) / 64);
  for (const auto& row : rows) {
    std::uint16_t id = kNoFunction;
    if (row.name.empty()) {
      if (row.code < 0 || row.code >= schema.codes) {
        notes.error(row.spot,
                    std::to_string(row.code) + " is no function code of " + std::string{schema.name},
                    "codes are 0 to " + std::to_string(schema.codes - 1));
        continue;
      }
      id = static_cast<std::uint16_t>(row.code);
    } else {
      const auto* function = schema.function(row.name);
      if (function == nullptr) {
        Nearest search{row.name};
        for (const auto& known : schema.functions) {
          if (notes.suggests()) search.offer(known.name);
        }
        notes.error(row.spot, std::string{schema.name} + " has no function " + quoted(row.name),
                    search.remedy("`sluice fields " + std::string{schema.name} +
                                  "` lists them; a code without a name is a number"));
        continue;
      }
      id = function->id;
    }
    set(words, id);
    for (const auto& function : schema.functions) {
      if (function.parent == id) set(words, function.id);
    }
  }
  return words;
}

std::array<std::uint64_t, 4> functions_of(std::uint8_t access, const Schema& schema) {
  std::array<std::uint64_t, 4> words{};
  for (const auto& function : schema.functions) {
    if ((access >> static_cast<unsigned>(function.access) & 1U) != 0) set(words, function.id);
  }
  return words;
}

}  // namespace sluice::compile
