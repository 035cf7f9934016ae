#include "rules/schema/schema.hpp"

namespace sluice {
namespace {

// FNV-1a, 64 bits (draft-eastlake-fnv): not secret, only has to change.
class Fingerprint {
 public:
  void add(std::string_view text) noexcept {
    add(text.size());
    for (const char c : text) byte(static_cast<std::uint8_t>(c));
  }
  void add(std::uint64_t number) noexcept {
    for (unsigned shift = 0; shift < 64; shift += 8) byte(static_cast<std::uint8_t>(number >> shift));
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return hash_; }

 private:
  void byte(std::uint8_t value) noexcept { hash_ = (hash_ ^ value) * 0x100000001b3U; }
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace

std::string_view name_of(Access access) noexcept {
  switch (access) {
    case Access::read:
      return "read";
    case Access::write:
      return "write";
    case Access::control:
      return "control";
    case Access::program:
      return "program";
    case Access::diagnose:
      return "diagnose";
  }
  return "?";
}

const Function* Schema::function(std::uint16_t id) const noexcept {
  for (const auto& row : functions) {
    if (row.id == id) return &row;
  }
  return nullptr;
}

const Function* Schema::function(std::string_view wanted) const noexcept {
  for (const auto& row : functions) {
    if (row.name == wanted) return &row;
  }
  return nullptr;
}

int Schema::field(std::string_view wanted) const noexcept {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == wanted) return static_cast<int>(i);
  }
  return -1;
}

int Schema::space(std::string_view wanted) const noexcept {
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    if (spaces[i].name == wanted) return static_cast<int>(i);
  }
  return -1;
}

std::uint64_t fingerprint(Schemas schemas) noexcept {
  Fingerprint print;
  for (const Schema* schema : schemas) {
    print.add(schema->name);
    print.add(schema->unit);
    print.add(schema->carrier.protocol);
    print.add(std::uint64_t{schema->carrier.function} << 32 | std::uint64_t{schema->codes} << 16 |
              schema->ids);
    print.add(schema->stand_ins ? 1U : 0U);
    for (const auto& field : schema->fields) {
      print.add(field.name);
      print.add(static_cast<std::uint64_t>(field.type) << 8 | field.bits);
    }
    for (const auto& function : schema->functions) {
      print.add(function.name);
      print.add(std::uint64_t{function.parent} << 32 | static_cast<std::uint64_t>(function.access) << 16 |
                function.id);
    }
    for (const auto& space : schema->spaces) {
      print.add(space.name);
      print.add(static_cast<std::uint64_t>(space.key));
      print.add(space.last);
    }
  }
  return print.value();
}

ProtocolId find_protocol(Schemas schemas, std::string_view name) noexcept {
  for (std::size_t i = 0; i < schemas.size(); ++i) {
    if (schemas[i]->name == name) return {static_cast<std::uint16_t>(i)};
  }
  return ProtocolId::none();
}

}  // namespace sluice
