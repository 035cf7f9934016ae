// Places: zones, assets and conduits with their names resolved and their contradictions reported. Indices are
// those of the image. One per compile.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/base/nearest.hpp"
#include "rules/compile/notes.hpp"
#include "rules/compile/rows.hpp"
#include "rules/image/writer.hpp"

namespace sluice::compile {

class Places {
 public:
  Places(const Rows& rows, Notes& notes);

  // The zone's or asset's endpoint; reported when nothing has that name.
  std::optional<std::uint32_t> endpoint(const Word& name);
  std::optional<std::uint32_t> zone(const Word& name);
  std::optional<std::uint32_t> asset(const Word& name);

  // kNone when the asset's zone is not known (which was reported).
  [[nodiscard]] std::uint32_t zone_of_asset(std::uint32_t asset) const { return asset_zones_[asset]; }
  // What the asset is behind; kNone when it is on the wire itself.
  [[nodiscard]] std::uint32_t gateway_of(std::uint32_t asset) const { return gateways_[asset]; }
  // The zone with that address; kNone when there is none.
  [[nodiscard]] std::uint32_t zone_of(const image::Address& address) const;
  // Conduits that have one zone on one side and the other on the other.
  [[nodiscard]] const std::vector<std::uint32_t>& between(std::uint32_t a, std::uint32_t b);
  [[nodiscard]] bool on_conduit(std::uint32_t zone) const { return !zone_sides_[zone].empty(); }

  [[nodiscard]] const Rows& rows() const noexcept { return rows_; }

  void write(image::Writer& writer) const;

 private:
  struct Net {
    Prefix prefix;
    std::uint32_t zone = 0;
    Spot spot;
  };
  struct OnSide {
    std::uint32_t conduit = 0;
    std::uint32_t side = 0;
    auto operator<=>(const OnSide&) const = default;
  };

  void offer(Nearest& search, std::string_view known) const;
  void number_names();
  void order_networks();
  void place_assets();
  void place_conduits();
  void number_side(std::uint32_t conduit, std::uint32_t side);
  void spread_vlans();

  const Rows& rows_;
  Notes& notes_;
  std::unordered_map<std::string_view, std::uint32_t> endpoints_;  // by name, zones and assets
  std::map<std::string_view, std::uint32_t> conduits_;
  std::vector<Net> networks_;   // disjoint, sorted
  bool networks_agree_ = true;  // no two zones have a part in common
  std::vector<std::uint32_t> asset_zones_;
  std::vector<std::uint32_t> gateways_;                                // by asset; kNone
  std::vector<std::array<std::vector<std::uint32_t>, 2>> side_zones_;  // by conduit
  std::vector<std::vector<OnSide>> zone_sides_;                        // by zone
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::uint32_t>> between_;
};

}  // namespace sluice::compile
