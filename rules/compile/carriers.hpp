// A protocol and what carries it.
#pragma once

#include <cstdint>

#include "rules/schema/schema.hpp"

namespace sluice::compile {

// Of the protocol at the bottom: what carries a carried one.
inline Transport transports_of(std::uint16_t protocol, Schemas schemas) noexcept {
  for (std::size_t steps = 0; steps < schemas.size() && protocol < schemas.size(); ++steps) {
    const auto& schema = *schemas[protocol];
    if (schema.carrier.protocol.empty()) return schema.transports;
    protocol = find_protocol(schemas, schema.carrier.protocol).value;
  }
  return Transport::none;
}

// Has it, or what carries it, requests that a device refuses itself?
inline bool stand_ins_of(std::uint16_t protocol, Schemas schemas) noexcept {
  for (std::size_t steps = 0; steps < schemas.size() && protocol < schemas.size(); ++steps) {
    const auto& schema = *schemas[protocol];
    if (schema.stand_ins) return true;
    if (schema.carrier.protocol.empty()) return false;
    protocol = find_protocol(schemas, schema.carrier.protocol).value;
  }
  return false;
}

// The field that tells devices behind a gateway apart: the protocol's own, or that of what carries it. Empty:
// none does.
inline std::string_view unit_of(std::uint16_t protocol, Schemas schemas) noexcept {
  for (std::size_t steps = 0; steps < schemas.size() && protocol < schemas.size(); ++steps) {
    const auto& schema = *schemas[protocol];
    if (!schema.unit.empty() || schema.carrier.protocol.empty()) return schema.unit;
    protocol = find_protocol(schemas, schema.carrier.protocol).value;
  }
  return {};
}

}  // namespace sluice::compile
