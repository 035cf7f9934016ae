#include "dataplane/protocol/protocol.hpp"

namespace sluice {

std::string_view name_of(Malformed malformed) noexcept {
  switch (malformed) {
    case Malformed::fine:
      return "fine";
    case Malformed::truncated:
      return "truncated";
    case Malformed::trailing:
      return "trailing";
    case Malformed::bad_length:
      return "bad_length";
    case Malformed::bad_value:
      return "bad_value";
    case Malformed::bad_address:
      return "bad_address";
    case Malformed::bad_direction:
      return "bad_direction";
  }
  return "?";
}

ProtocolId Registry::carried_by(ProtocolId parent, std::uint16_t function) const noexcept {
  for (std::size_t i = 0; i < schemas.size(); ++i) {
    const auto& carrier = schemas[i]->carrier;
    if (!carrier.protocol.empty() && carrier.function == function &&
        carrier.protocol == schemas[parent.value]->name) {
      return {static_cast<std::uint16_t>(i)};
    }
  }
  return ProtocolId::none();
}

}  // namespace sluice
