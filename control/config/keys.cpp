#include "control/config/keys.hpp"

#include <algorithm>

namespace sluice::config {

Where where_of(const toml::node& node, const std::string& file) {
  return {file, node.source().begin.line, node.source().begin.column};
}

const toml::node* Keys::get(std::string_view key) {
  known_.push_back(key);
  return table_.get(key);
}

Where Keys::where(std::string_view key) const {
  const auto* const node = table_.get(key);
  return where_of(node != nullptr ? *node : table_, file_);
}

void Keys::wrong_type(std::string_view key, std::string_view wanted) {
  diagnostics_.add(where(key), '`' + std::string{key} + "` must be " + std::string{wanted});
}

std::optional<std::string> Keys::text(std::string_view key) {
  const auto* const node = get(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* const text = node->as_string()) return text->get();
  wrong_type(key, "a string");
  return std::nullopt;
}

std::optional<bool> Keys::boolean(std::string_view key) {
  const auto* const node = get(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* const value = node->as_boolean()) return value->get();
  wrong_type(key, "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Keys::number(std::string_view key, std::int64_t least, std::int64_t most) {
  const auto* const node = get(key);
  if (node == nullptr) return std::nullopt;
  const auto* const value = node->as_integer();
  if (value != nullptr && value->get() >= least && value->get() <= most) return value->get();
  wrong_type(key, "a number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

const toml::table* Keys::table(std::string_view key) {
  const auto* const node = get(key);
  if (node == nullptr) return nullptr;
  if (node->as_table() == nullptr) wrong_type(key, "a table: [" + std::string{key} + "]");
  return node->as_table();
}

const toml::array* Keys::tables(std::string_view key) {
  const auto* const node = get(key);
  if (node == nullptr) return nullptr;
  const auto* const all = node->as_array();
  if (all == nullptr || std::ranges::any_of(*all, [](const toml::node& one) { return !one.is_table(); })) {
    wrong_type(key, "tables: [[" + std::string{key} + "]]");
    return nullptr;
  }
  return all;
}

void Keys::finish() {
  for (const auto& [key, node] : table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    std::string known;
    for (const auto name : known_) {
      if (!known.empty()) known += ", ";
      known += name;
    }
    diagnostics_.add(where_of(node, file_), "unknown key `" + std::string{key.str()} + '`',
                     "known here: " + known);
  }
}

}  // namespace sluice::config
