#include "rules/compile/form.hpp"

#include <algorithm>

#include "rules/base/nearest.hpp"

namespace sluice::compile {
namespace {

std::string listed(std::span<const std::string_view> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    out += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + quoted(words[i]);
  }
  return out;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

}  // namespace

std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 60;
  std::string out = "\"";
  std::size_t end = std::min(text.size(), kMost);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  for (const char c : text.substr(0, end)) out += has_control({&c, 1}) ? '?' : c;
  return out + (end < text.size() ? "…\"" : "\"");
}

std::optional<Word> word_of(const TomlValue& value, std::string_view what, std::size_t most, Notes& notes) {
  if (value.kind != ValueKind::text) {
    notes.error(value.spot, std::string{what} + " is " + std::string{name_of(value.kind)},
                "write a text in quotes");
    return std::nullopt;
  }
  if (value.text.empty()) {
    notes.error(value.spot, std::string{what} + " is empty", "write it or leave the key out");
    return std::nullopt;
  }
  if (value.text.size() > most) {
    notes.error(value.spot, std::string{what} + " is longer than " + std::to_string(most) + " bytes",
                "shorten it");
    return std::nullopt;
  }
  if (has_control(value.text)) {
    notes.error(value.spot, std::string{what} + " has a control character",
                "write it on one line of plain text");
    return std::nullopt;
  }
  return Word{value.text, value.spot};
}

const TomlValue* Form::value(std::string_view key, Need need) {
  known_.push_back(key);
  for (const auto& entry : table_.entries) {
    if (entry.key.text == key) return &entry.value;
  }
  if (need == Need::must)
    notes_.error(table_.spot, std::string{what_} + " without " + quoted(key), "it must be written");
  return nullptr;
}

std::optional<Word> Form::name(std::string_view key, Need need) {
  const auto* found = value(key, need);
  return found == nullptr ? std::nullopt : word_of(*found, key, kMostName, notes_);
}

std::string Form::text(std::string_view key, Need need) {
  const auto* found = value(key, need);
  if (found == nullptr) return {};
  const auto word = word_of(*found, key, kMostWords, notes_);
  return word ? word->text : std::string{};
}

std::optional<std::int64_t> Form::number(std::string_view key, Need need, std::int64_t least,
                                         std::int64_t most) {
  const auto* found = value(key, need);
  if (found == nullptr) return std::nullopt;
  if (found->kind == ValueKind::integer && found->integer >= least && found->integer <= most)
    return found->integer;
  notes_.error(found->spot,
               std::string{key} + " is " +
                   (found->kind == ValueKind::integer ? std::to_string(found->integer)
                                                      : std::string{name_of(found->kind)}),
               "write a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

bool Form::yes(std::string_view key) {
  const auto* found = value(key, Need::may);
  if (found == nullptr) return false;
  if (found->kind == ValueKind::boolean) return found->boolean;
  notes_.error(found->spot, std::string{key} + " is " + std::string{name_of(found->kind)},
               "write true or false");
  return false;
}

std::optional<std::size_t> Form::choice(std::string_view key, Need need,
                                        std::span<const std::string_view> words) {
  const auto* found = value(key, Need::may);
  if (found == nullptr) {
    if (need == Need::must) {
      notes_.error(table_.spot, std::string{what_} + " without " + quoted(key), "write " + listed(words));
    }
    return std::nullopt;
  }
  if (found->kind == ValueKind::text) {
    const auto at = std::find(words.begin(), words.end(), found->text);
    if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
  }
  notes_.error(found->spot,
               std::string{key} + " is " +
                   (found->kind == ValueKind::text ? quoted(found->text) : std::string{name_of(found->kind)}),
               "write " + listed(words));
  return std::nullopt;
}

std::vector<Word> Form::names(std::string_view key, Need need) {
  std::vector<Word> out;
  const auto* found = value(key, need);
  if (found == nullptr) return out;
  if (found->kind == ValueKind::text) {
    if (auto word = word_of(*found, key, kMostWords, notes_)) out.push_back(std::move(*word));
  } else if (found->kind == ValueKind::list) {
    for (const auto& item : found->items) {
      if (auto word = word_of(item, key, kMostWords, notes_)) out.push_back(std::move(*word));
    }
  } else {
    notes_.error(found->spot, std::string{key} + " is " + std::string{name_of(found->kind)},
                 "write a text in quotes or a list of them");
  }
  return out;
}

std::span<const TomlValue> Form::list(std::string_view key, Need need) {
  const auto* found = value(key, need);
  if (found == nullptr) return {};
  if (found->kind == ValueKind::list) return found->items;
  notes_.error(found->spot, std::string{key} + " is " + std::string{name_of(found->kind)},
               "write a list: [ … ]");
  return {};
}

std::optional<Word> expression_of(Form& form, std::string_view key, Need need, Notes& notes) {
  const auto* value = form.value(key, need);
  if (value == nullptr) return std::nullopt;
  if (value->kind != ValueKind::text) {
    notes.error(value->spot, std::string{key} + " is " + std::string{name_of(value->kind)},
                "write an expression in quotes");
    return std::nullopt;
  }
  return Word{value->text, value->inside};
}

void Form::close() {
  for (const auto& entry : table_.entries) {
    if (std::find(known_.begin(), known_.end(), entry.key.text) != known_.end()) continue;
    Nearest search{entry.key.text};
    for (const auto key : known_) {
      if (notes_.suggests()) search.offer(key);
    }
    notes_.error(entry.key.spot, "unknown key " + quoted(entry.key.text) + " in " + std::string{what_},
                 search.remedy("remove it"));
  }
}

}  // namespace sluice::compile
