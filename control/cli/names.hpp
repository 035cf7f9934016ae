// Names that a person typed, looked up in the registry of schemas. Unknown ones become an Error with the
// nearest known name.
#pragma once

#include <string_view>
#include <vector>

#include "rules/base/result.hpp"
#include "rules/schema/schema.hpp"
#include "rules/schema/value.hpp"

namespace sluice::cli {

std::string_view name_of(FieldType type) noexcept;

// All fields of that name: several protocols may share one.
Result<std::vector<FieldRef>> find_field(Schemas schemas, std::string_view name);
Error unknown_protocol(Schemas schemas, std::string_view name);

}  // namespace sluice::cli
