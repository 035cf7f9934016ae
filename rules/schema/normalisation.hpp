// Normalisation: what the box does about headers that receivers read in different ways, or that hide
// something. One row for each such thing: dropped, made ordinary, or passed; and which of these a conduit may
// choose. The engine reads a conduit's choices from the image; rows with one possible treatment are enforced
// by the parser, the stream or the engine itself, and are here so that one table tells everything. Constant
// data. Row numbers are part of the image format: add at the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "rules/schema/reason.hpp"

namespace sluice {

enum class Normalisation : std::uint8_t {
  vlan_stack,
  llc_ip,
  trailer,
  link_structure,
  link_protocol,
  ip_header,
  ip_checksum,
  ip_options,
  ip_forbidden,
  ip_extensions,
  address,
  ttl_floor,
  fragment,
  fragment_overlap,
  tunnel,
  arp_claim,
  arp_gratuitous,
  neighbour_rate,
  icmp_odd,
  icmp_error,
  icmp_rate,
  udp_header,
  checksum,
  tcp_header,
  tcp_flags,
  tcp_reserved,
  tcp_syn_data,
  tcp_options,
  tcp_urgent,
  tcp_handshake,
  tcp_window,
  tcp_reset,
  tcp_overlap,
  tcp_repeated,
  tcp_timestamp,
  count_,
};
inline constexpr std::size_t kNormalisationCount = static_cast<std::size_t>(Normalisation::count_);

enum class Treatment : std::uint8_t { drop, normalise, pass };
inline constexpr std::array<std::string_view, 3> kTreatmentNames = {"drop", "normalise", "pass"};
constexpr std::string_view name_of(Treatment treatment) noexcept {
  const auto index = static_cast<std::size_t>(treatment);
  return index < kTreatmentNames.size() ? kTreatmentNames[index] : "?";
}

// A set of treatments.
constexpr std::uint8_t bit(Treatment treatment) noexcept {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(treatment));
}

struct NormalisationRow {
  std::string_view name;
  std::string_view seen;
  std::string_view made;         // what it is made into when it is normalised
  std::string_view cases;        // of the catalogue of evasions, separated by spaces
  Reason reason = Reason::none;  // when it is dropped or told
  Treatment usual = Treatment::drop;
  std::uint8_t possible = bit(Treatment::drop);

  [[nodiscard]] constexpr bool may(Treatment treatment) const noexcept {
    return static_cast<unsigned>(treatment) < kTreatmentNames.size() && (possible & bit(treatment)) != 0;
  }
  [[nodiscard]] constexpr bool fixed() const noexcept { return possible == bit(usual); }
};

extern const std::array<NormalisationRow, kNormalisationCount> kNormalisations;  // by Normalisation

const NormalisationRow& row_of(Normalisation normalisation) noexcept;
std::optional<Normalisation> normalisation_named(std::string_view name) noexcept;

// A conduit's choices, as its image has them.
inline constexpr std::size_t kMostNormalisations = 48;
static_assert(kNormalisationCount <= kMostNormalisations);
using Treatments = std::array<Treatment, kMostNormalisations>;
Treatments usual_treatments() noexcept;

inline constexpr std::uint8_t kUsualTtlFloor = 1;  // only what has no hop left is dropped

}  // namespace sluice
