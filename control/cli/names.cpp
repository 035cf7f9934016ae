#include "control/cli/names.hpp"

#include <string>

#include "rules/base/nearest.hpp"

namespace sluice::cli {

std::string_view name_of(FieldType type) noexcept {
  switch (type) {
    case FieldType::protocol:
      return "protocol";
    case FieldType::unsigned_integer:
      return "unsigned";
    case FieldType::signed_integer:
      return "signed";
    case FieldType::boolean:
      return "boolean";
    case FieldType::real:
      return "real";
    case FieldType::bytes:
      return "bytes";
    case FieldType::string:
      return "string";
    case FieldType::ipv4:
      return "ipv4";
    case FieldType::ipv6:
      return "ipv6";
    case FieldType::ether:
      return "ether";
  }
  return "?";
}

Result<std::vector<FieldRef>> find_field(Schemas schemas, std::string_view name) {
  std::vector<FieldRef> found;
  for (std::size_t protocol = 0; protocol < schemas.size(); ++protocol) {
    const auto& fields = schemas[protocol]->fields;
    for (std::size_t field = 0; field < fields.size(); ++field) {
      if (fields[field].name != name) continue;
      found.push_back({static_cast<std::uint16_t>(protocol), static_cast<std::uint16_t>(field)});
    }
  }
  if (found.empty()) {
    Nearest nearest{name};
    for (const auto* schema : schemas) {
      for (const auto& field : schema->fields) nearest.offer(field.name);
    }
    return failure("unknown field \"" + std::string{name} + "\"",
                   nearest.remedy("`sluice fields` lists all"));
  }
  return found;
}

Error unknown_protocol(Schemas schemas, std::string_view name) {
  Nearest nearest{name};
  std::string known;
  for (const Schema* schema : schemas) {
    nearest.offer(schema->name);
    known += known.empty() ? "" : ", ";
    known += schema->name;
  }
  return {{}, "unknown protocol \"" + std::string{name} + "\"", nearest.remedy("known are: " + known)};
}

}  // namespace sluice::cli
