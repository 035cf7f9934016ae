#include "rules/language/names.hpp"

#include <algorithm>
#include <vector>

namespace sluice::language {

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two(b.size() + 1);
  std::vector<std::size_t> one(b.size() + 1);
  std::vector<std::size_t> now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) one[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({one[j] + 1, now[j - 1] + 1, one[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], two[j - 2] + 1);
    }
    two.swap(one);
    one.swap(now);
  }
  return one[b.size()];
}

template <class Visit>
void Names::visit(Visit visit) const {
  for (std::size_t i = 0; i < schemas_.size(); ++i) {
    const ProtocolId id{static_cast<std::uint16_t>(i)};
    if (!about_.empty() && std::find(about_.begin(), about_.end(), id) == about_.end()) continue;
    for (std::size_t j = 0; j < schemas_[i]->fields.size(); ++j) {
      visit(schemas_[i]->fields[j], FieldRef{id.value, static_cast<std::uint16_t>(j)});
    }
  }
}

std::optional<FieldRef> Names::find(std::string_view name) const {
  std::optional<FieldRef> found;
  visit([&](const Field& field, FieldRef ref) {
    if (!found && field.name == name) found = ref;
  });
  return found;
}

std::string Names::remedy(std::string_view name) const {
  if (!about_.empty()) {
    for (const auto* schema : schemas_) {
      if (schema->field(name) >= 0)
        return "it belongs to " + std::string{schema->name} + ", which this rule is not about";
    }
  }
  const auto cut = name.substr(0, 100);
  std::string_view nearest;
  auto least = std::max<std::size_t>(2, cut.size() / 3) + 1;
  visit([&](const Field& field, FieldRef) {
    if (const auto far = distance(cut, field.name); far < least) {
      least = far;
      nearest = field.name;
    }
  });
  if (!nearest.empty()) return "did you mean '" + std::string{nearest} + "'?";
  return "'sluice fields' lists all fields";
}

}  // namespace sluice::language
