// Field names of some schemas: what a name means, and what an unknown one may have meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/schema/schema.hpp"
#include "rules/schema/value.hpp"

namespace sluice::language {

class Names {
 public:
  // `about` empty: all of `schemas`.
  Names(Schemas schemas, std::span<const ProtocolId> about) : schemas_{schemas}, about_{about} {}

  [[nodiscard]] std::optional<FieldRef> find(std::string_view name) const;
  [[nodiscard]] const Field& field(FieldRef ref) const { return schemas_[ref.protocol]->fields[ref.field]; }

  // What would mend the unknown `name`: the nearest known one, or the protocol to which it belongs.
  [[nodiscard]] std::string remedy(std::string_view name) const;

 private:
  template <class Visit>
  void visit(Visit visit) const;

  Schemas schemas_;
  std::span<const ProtocolId> about_;
};

// Insertions, removals, exchanges and swaps of neighbours that make `b` of `a`.
std::size_t distance(std::string_view a, std::string_view b);

}  // namespace sluice::language
