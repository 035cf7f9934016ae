// Patches: virtual patches resolved against the assets that they shield. All are checked; those that shield
// an asset on some conduit are compiled in; for a device behind a gateway the gateway is shielded. An asset
// without a firmware counts as affected; one without vendor or product does not. One per compile.
#pragma once

#include <cstdint>
#include <vector>

#include "rules/compile/expressions.hpp"
#include "rules/compile/notes.hpp"
#include "rules/compile/patterns.hpp"
#include "rules/compile/places.hpp"
#include "rules/compile/rows.hpp"
#include "rules/image/writer.hpp"

namespace sluice::compile {

class Patches {
 public:
  Patches(const Places& places, Expressions& expressions, Patterns& patterns, Schemas schemas, Notes& notes);

  void write(image::Writer& writer) const;

 private:
  struct Resolved {
    const PatchRow* row = nullptr;
    std::uint16_t protocol = 0xffff;
    std::uint32_t match = image::kNone;
    std::uint32_t pattern = image::kNone;
    std::vector<std::uint32_t> assets;
  };

  void resolve(const PatchRow& row);
  [[nodiscard]] std::uint16_t protocol_of(const PatchRow& row);
  [[nodiscard]] std::uint16_t field_of(const PatternRow& row, std::uint16_t protocol);
  [[nodiscard]] std::vector<std::uint32_t> shielded(const PatchRow& row) const;

  const Places& places_;
  Expressions& expressions_;
  Patterns& patterns_;
  Schemas schemas_;
  Notes& notes_;
  std::vector<Resolved> patches_;
};

}  // namespace sluice::compile
