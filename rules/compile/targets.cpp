#include "rules/compile/targets.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "rules/base/nearest.hpp"
#include "rules/compile/interval.hpp"

namespace sluice::compile {
namespace {

constexpr bool blank(char c) noexcept { return c == ' ' || c == '\t'; }

class TargetText {
 public:
  TargetText(const Word& word, const Schema& schema, Notes& notes)
      : word_{word}, schema_{schema}, notes_{notes}, rest_{word.text} {}

  std::optional<Target> parse() {
    trim();
    const auto* space = take_space();
    if (space == nullptr) return std::nullopt;
    Target target;
    target.space = static_cast<std::uint16_t>(space - schema_.spaces.data());
    target.last = space->last;
    const bool fine = [&] {
      switch (space->key) {
        case SpanKey::none:
          return true;
        case SpanKey::number:
          return take_key(target);
        case SpanKey::name:
          return take_name(target);
        case SpanKey::number_and_name:
          return take_key_and_name(target);
      }
      return false;
    }();
    if (!fine || !take_interval(*space, target)) return std::nullopt;
    return target;
  }

 private:
  bool bad(std::string what, std::string remedy) {
    notes_.error(word_.spot, quoted(word_.text) + ": " + std::move(what), std::move(remedy));
    return false;
  }

  void trim() {
    while (!rest_.empty() && blank(rest_.front())) rest_.remove_prefix(1);
  }

  // Up to the next blank.
  std::string_view take_word() {
    std::size_t end = 0;
    while (end < rest_.size() && !blank(rest_[end])) ++end;
    const auto word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    trim();
    return word;
  }

  // The longest name of a space that the text starts with.
  const SpanSpace* take_space() {
    const SpanSpace* found = nullptr;
    for (const auto& space : schema_.spaces) {
      const bool fits = rest_.starts_with(space.name) &&
                        (rest_.size() == space.name.size() || blank(rest_[space.name.size()]));
      if (fits && (found == nullptr || space.name.size() > found->name.size())) found = &space;
    }
    if (found != nullptr) {
      rest_.remove_prefix(found->name.size());
      trim();
      return found;
    }
    const auto wanted = take_word();
    Nearest search{wanted};
    std::string all;
    for (const auto& space : schema_.spaces) {
      search.offer(space.name);
      all += (all.empty() ? "it has " : ", ") + std::string{space.name};
    }
    bad("no space " + quoted(wanted) + " in " + std::string{schema_.name}, search.remedy(all));
    return nullptr;
  }

  bool take_key(Target& target) {
    if (rest_.empty() || rest_ == "*" || rest_.starts_with("* ")) {
      target.any_key = true;
      if (!rest_.empty()) take_word();
      return true;
    }
    const auto word = take_word();
    const auto key = parse_number(word);
    if (!key)
      return bad(quoted(word) + " is no number",
                 "write it as \"" + space_name(target) + " 5 0..9\", or * for any");
    target.key = *key;
    return true;
  }

  // In quotes (with \" and \\ inside), or up to the next blank.
  bool take_quoted(std::string& name) {
    if (!rest_.starts_with('"')) {
      name = take_word();
      return true;
    }
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty()) break;
      name += rest_.front();
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return bad("a quote that is not closed", "close it");
    rest_.remove_prefix(1);
    if (!rest_.empty() && !blank(rest_.front()))
      return bad("text behind the closing quote", "put a blank between");
    trim();
    if (name.empty()) return bad("an empty name", "write the name, or * for any");
    return true;
  }

  bool take_name(Target& target) {
    if (rest_.empty() || rest_ == "*" || rest_.starts_with("* ")) {
      target.any_name = true;
      if (!rest_.empty()) take_word();
      return true;
    }
    return take_quoted(target.name);
  }

  // 2;s=Pump
  bool take_key_and_name(Target& target) {
    if (rest_.empty()) {
      target.any_key = target.any_name = true;
      return true;
    }
    const auto end = rest_.find_first_of("; \t");
    const auto word = rest_.substr(0, end);
    if (word == "*") {
      target.any_key = true;
    } else if (const auto key = parse_number(word)) {
      target.key = *key;
    } else {
      return bad(quoted(word) + " is no number", "write it as \"" + space_name(target) + " 2;name\"");
    }
    rest_.remove_prefix(word.size());
    if (!rest_.starts_with(';')) {
      target.any_name = true;
      trim();
      return true;
    }
    rest_.remove_prefix(1);
    if (rest_.empty() || blank(rest_.front()))
      return bad("no name behind the semicolon", "write it, or leave the semicolon out for any");
    return take_quoted(target.name);
  }

  bool take_interval(const SpanSpace& space, Target& target) {
    if (rest_.empty()) return true;
    const auto word = take_word();
    const auto interval = parse_interval(word);
    if (!interval || !rest_.empty()) {
      return bad(quoted(std::string{word} + (rest_.empty() ? "" : " ") + std::string{rest_}) +
                     " is no range of addresses",
                 "write a number or a range as \"0..99\"");
    }
    if (interval->first > interval->last)
      return bad("the range is turned round", "write the smaller number first");
    if (interval->last > space.last) {
      return bad("beyond the last address of " + std::string{space.name},
                 "it ends at " + std::to_string(space.last));
    }
    target.first = interval->first;
    target.last = interval->last;
    return true;
  }

  [[nodiscard]] std::string space_name(const Target& target) const {
    return std::string{schema_.spaces[target.space].name};
  }

  const Word& word_;
  const Schema& schema_;
  Notes& notes_;
  std::string_view rest_;
};

}  // namespace

void parse_target(const Word& word, const Schema& schema, std::vector<Target>& targets, Notes& notes) {
  if (auto target = TargetText{word, schema, notes}.parse()) targets.push_back(std::move(*target));
}

void merge(std::vector<Target>& targets) {
  std::sort(targets.begin(), targets.end());
  std::size_t kept = 0;
  for (std::size_t i = 1; i < targets.size(); ++i) {
    auto& last = targets[kept];
    auto& next = targets[i];
    const bool same = last.space == next.space && last.any_key == next.any_key && last.key == next.key &&
                      last.any_name == next.any_name && last.name == next.name;
    const bool joins =
        same && (last.last == std::numeric_limits<std::uint64_t>::max() || next.first <= last.last + 1);
    if (joins) {
      last.last = std::max(last.last, next.last);
    } else if (++kept != i) {
      targets[kept] = std::move(next);
    }
  }
  if (!targets.empty()) targets.resize(kept + 1);
}

}  // namespace sluice::compile
