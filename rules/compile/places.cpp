#include "rules/compile/places.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "rules/base/nearest.hpp"

namespace sluice::compile {

using image::EndpointKind;
using image::kNone;

Places::Places(const Rows& rows, Notes& notes) : rows_{rows}, notes_{notes} {
  number_names();
  order_networks();
  place_assets();
  place_conduits();
}

void Places::number_names() {
  std::unordered_map<std::string_view, Spot> first;
  const auto add = [&](const Word& name, std::uint32_t endpoint) {
    const auto [at, added] = first.try_emplace(name.text, name.spot);
    if (added) {
      endpoints_.emplace(name.text, endpoint);
    } else {
      notes_.error(name.spot, "a second zone or asset named " + quoted(name.text),
                   "the first is at " + notes_.at(at->second) + ": choose another name");
    }
  };
  for (std::uint32_t i = 0; i < rows_.zones.size(); ++i)
    add(rows_.zones[i].name, image::endpoint(EndpointKind::zone, i));
  for (std::uint32_t i = 0; i < rows_.assets.size(); ++i)
    add(rows_.assets[i].name, image::endpoint(EndpointKind::asset, i));
}

void Places::offer(Nearest& search, std::string_view known) const {
  if (notes_.suggests()) search.offer(known);
}

std::optional<std::uint32_t> Places::endpoint(const Word& name) {
  if (const auto at = endpoints_.find(name.text); at != endpoints_.end()) return at->second;
  Nearest search{name.text};
  for (const auto& zone : rows_.zones) offer(search, zone.name.text);
  for (const auto& asset : rows_.assets) offer(search, asset.name.text);
  notes_.error(name.spot, "no asset or zone is named " + quoted(name.text),
               search.remedy("add it as [[asset]] or [[zone]]"));
  return std::nullopt;
}

std::optional<std::uint32_t> Places::zone(const Word& name) {
  if (const auto at = endpoints_.find(name.text);
      at != endpoints_.end() && image::kind_of(at->second) == EndpointKind::zone) {
    return image::index_of(at->second);
  }
  if (endpoints_.contains(name.text)) {
    notes_.error(name.spot, quoted(name.text) + " is an asset, not a zone", "name the zone");
    return std::nullopt;
  }
  Nearest search{name.text};
  for (const auto& zone : rows_.zones) offer(search, zone.name.text);
  notes_.error(name.spot, "no zone is named " + quoted(name.text), search.remedy("add it as [[zone]]"));
  return std::nullopt;
}

std::optional<std::uint32_t> Places::asset(const Word& name) {
  if (const auto at = endpoints_.find(name.text);
      at != endpoints_.end() && image::kind_of(at->second) == EndpointKind::asset) {
    return image::index_of(at->second);
  }
  if (endpoints_.contains(name.text)) {
    notes_.error(name.spot, quoted(name.text) + " is a zone, not an asset", "name the asset");
    return std::nullopt;
  }
  Nearest search{name.text};
  for (const auto& asset : rows_.assets) offer(search, asset.name.text);
  notes_.error(name.spot, "no asset is named " + quoted(name.text), search.remedy("add it as [[asset]]"));
  return std::nullopt;
}

// Networks contain each other or are disjoint; so in order of address, wider first, those around one are a
// stack.
void Places::order_networks() {
  std::vector<Net> all;
  for (std::uint32_t i = 0; i < rows_.zones.size(); ++i) {
    for (const auto& [prefix, spot] : rows_.zones[i].networks) {
      for (const auto& part : without_mapped(prefix)) all.push_back({part, i, spot});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Net& a, const Net& b) {
    return std::tie(a.prefix.address, a.prefix.bits) < std::tie(b.prefix.address, b.prefix.bits);
  });
  const auto order = [](const Spot& spot) { return std::tuple{spot.file, spot.line, spot.column}; };
  std::set<std::pair<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>,
                     std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>>>
      told;
  std::vector<const Net*> around;
  for (const auto& net : all) {
    while (!around.empty() && !around.back()->prefix.contains(net.prefix.address)) around.pop_back();
    const auto other = std::find_if(around.rbegin(), around.rend(),
                                    [&](const Net* outer) { return outer->zone != net.zone; });
    if (other != around.rend()) {
      networks_agree_ = false;
      // Told where the later of the two is written.
      const Net* later = order((*other)->spot) < order(net.spot) ? &net : *other;
      const Net* earlier = later == &net ? *other : &net;
      if (told.emplace(order(earlier->spot), order(later->spot)).second) {
        notes_.error(later->spot,
                     "the networks of zone " + quoted(rows_.zones[later->zone].name.text) + " and zone " +
                         quoted(rows_.zones[earlier->zone].name.text) + " overlap",
                     "the other is at " + notes_.at(earlier->spot) + ": an address belongs to one zone");
      }
    } else if (around.empty()) {
      networks_.push_back(net);
    }
    around.push_back(&net);
  }
}

std::uint32_t Places::zone_of(const image::Address& address) const {
  const auto behind =
      std::upper_bound(networks_.begin(), networks_.end(), address,
                       [](const image::Address& a, const Net& net) { return a < net.prefix.address; });
  if (behind == networks_.begin()) return kNone;
  const auto& net = *(behind - 1);
  return net.prefix.contains(address) ? net.zone : kNone;
}

void Places::place_assets() {
  std::map<image::Address, Spot> addresses;
  std::map<image::Mac, Spot> macs;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Spot> units;
  const auto once = [&](const auto& added, const Spot& spot, std::string what) {
    if (!added.second) {
      notes_.error(spot, std::move(what) + " a second time",
                   "it is at " + notes_.at(added.first->second) + " already");
    }
  };
  asset_zones_.assign(rows_.assets.size(), kNone);
  gateways_.assign(rows_.assets.size(), kNone);
  for (std::uint32_t i = 0; i < rows_.assets.size(); ++i) {
    const auto& row = rows_.assets[i];
    if (!row.zone.text.empty()) asset_zones_[i] = zone(row.zone).value_or(kNone);
    for (const auto& [address, spot] : row.addresses) {
      once(addresses.try_emplace(address, spot), spot, "the address " + text_of(address));
      if (networks_agree_ && asset_zones_[i] != kNone && zone_of(address) != asset_zones_[i]) {
        notes_.error(spot, text_of(address) + " is outside the networks of zone " + quoted(row.zone.text),
                     "widen the zone's networks, or mend the address or the zone");
      }
    }
    for (const auto& [mac, spot] : row.macs) once(macs.try_emplace(mac, spot), spot, "this MAC address");
  }
  for (std::uint32_t i = 0; i < rows_.assets.size(); ++i) {
    const auto& behind = rows_.assets[i].behind;
    if (!behind) continue;
    const auto gateway = asset(behind->asset);
    if (!gateway) continue;
    if (rows_.assets[*gateway].behind) {
      notes_.error(behind->asset.spot, quoted(behind->asset.text) + " is behind a gateway itself",
                   "name the gateway that has an address");
    } else if (asset_zones_[*gateway] != asset_zones_[i] && asset_zones_[*gateway] != kNone &&
               asset_zones_[i] != kNone) {
      notes_.error(behind->asset.spot, "the gateway " + quoted(behind->asset.text) + " is in another zone",
                   "what is behind a gateway is in the gateway's zone");
    } else {
      gateways_[i] = *gateway;
      once(units.try_emplace({*gateway, behind->unit}, behind->spot), behind->spot,
           "unit " + std::to_string(behind->unit) + " of " + quoted(behind->asset.text));
    }
  }
}

void Places::place_conduits() {
  zone_sides_.resize(rows_.zones.size());
  side_zones_.resize(rows_.conduits.size());
  for (std::uint32_t i = 0; i < rows_.conduits.size(); ++i) {
    const auto& row = rows_.conduits[i];
    const auto [at, added] = conduits_.try_emplace(row.name.text, i);
    if (!added) {
      notes_.error(
          row.name.spot, "a second conduit named " + quoted(row.name.text),
          "the first is at " + notes_.at(rows_.conduits[at->second].name.spot) + ": choose another name");
    }
    if (row.sides.size() != 2) continue;
    number_side(i, 0);
    number_side(i, 1);
    if (!row.sides[0].port.text.empty() && row.sides[0].port.text == row.sides[1].port.text) {
      notes_.error(
          row.sides[1].port.spot,
          "both sides of conduit " + quoted(row.name.text) + " are port " + quoted(row.sides[1].port.text),
          "a conduit joins two ports");
    }
  }
  spread_vlans();
}

void Places::number_side(std::uint32_t conduit, std::uint32_t side) {
  const auto& row = rows_.conduits[conduit];
  auto& own = side_zones_[conduit][side];
  std::set<std::uint32_t> here;
  for (const auto& name : row.sides[side].zones) {
    const auto index = zone(name);
    if (!index) continue;
    const auto& other = side_zones_[conduit][0];  // sorted when it is the turn of the second
    if (!here.insert(*index).second) {
      notes_.error(name.spot, "zone " + quoted(name.text) + " twice on one side", "remove one");
    } else if (side == 1 && std::binary_search(other.begin(), other.end(), *index)) {
      notes_.error(name.spot,
                   "zone " + quoted(name.text) + " on both sides of conduit " + quoted(row.name.text),
                   "a zone is on one side of a conduit");
    } else {
      own.push_back(*index);
      zone_sides_[*index].push_back({conduit, side});
    }
  }
  std::sort(own.begin(), own.end());
}

namespace {

std::string words_of_vlans(std::uint32_t vlans) {
  if (vlans == image::kUntagged) return "frames without a tag";
  if (vlans <= image::kMostVlan) return "VLAN " + std::to_string(vlans);
  return "VLAN " + std::to_string(vlans >> 16U) + " with " + std::to_string(vlans & 0xffffU) + " inside";
}

}  // namespace

// A frame's port and VLAN say which conduit it is in.
void Places::spread_vlans() {
  std::map<std::pair<std::string_view, std::uint32_t>, std::uint32_t> taken;
  std::set<std::pair<std::uint32_t, std::uint32_t>> told;
  for (std::uint32_t i = 0; i < rows_.conduits.size(); ++i) {
    const auto& row = rows_.conduits[i];
    auto vlans = row.vlans;
    if (vlans.empty()) vlans.push_back(image::kUntagged);
    for (const auto& side : row.sides) {
      if (side.port.text.empty()) continue;
      for (const auto vlan : vlans) {
        const auto [at, added] = taken.try_emplace({side.port.text, vlan}, i);
        if (added || at->second == i || !told.emplace(at->second, i).second) continue;
        notes_.error(side.port.spot,
                     "conduits " + quoted(rows_.conduits[at->second].name.text) + " and " +
                         quoted(row.name.text) + " share port " + quoted(side.port.text) + " and " +
                         words_of_vlans(vlan),
                     "give each its own VLANs");
      }
    }
  }
}

const std::vector<std::uint32_t>& Places::between(std::uint32_t a, std::uint32_t b) {
  const auto [at, added] = between_.try_emplace(std::minmax(a, b));
  if (added) {
    for (const auto& one : zone_sides_[a]) {
      const OnSide wanted{one.conduit, 1 - one.side};
      const auto& others = zone_sides_[b];
      if (std::find(others.begin(), others.end(), wanted) != others.end()) at->second.push_back(one.conduit);
    }
  }
  return at->second;
}

}  // namespace sluice::compile
