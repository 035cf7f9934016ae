#include "tests/model/allowed.hpp"

#include <algorithm>

namespace sluice::model {
namespace {

constexpr std::size_t kNowhere = ~std::size_t{0};

bool inside(const Ip& ip, const Network& network) {
  for (unsigned bit = 0; bit < network.bits; ++bit) {
    const unsigned at = bit / 8, different = (ip[at] ^ network.address[at]) & 0xffU;
    if (bit % 8 == 0 && network.bits - bit >= 8) {
      if (different != 0) return false;
      bit += 7;
    } else if ((different >> (7 - bit % 8) & 1U) != 0) {
      return false;
    }
  }
  return true;
}

bool group_address(const Mac& mac) { return (mac[0] & 1U) != 0; }

}  // namespace

Allowed::Allowed(const Policy& policy) : policy_{policy} {
  // A device behind a gateway is the gateway, asked for that unit.
  for (auto& rule : policy_.rules) {
    for (const auto& end : rule.to) {
      if (end.kind != EndKind::asset || !policy_.assets[end.index].behind) continue;
      const auto unit = policy_.assets[end.index].unit;
      const bool meant = rule.units.none() || rule.units[unit];
      rule.units.reset();
      rule.units[unit] = true;
      if (!meant) {  // conditions that exclude each other: it joins the two, and permits nothing
        rule.access = 0;
        rule.functions.clear();
        rule.by_number.clear();
      }
    }
  }
  for (const auto& rule : policy_.rules) {
    auto map = std::make_unique<Map>();
    for (const auto& target : rule.targets) {
      const auto space = static_cast<std::size_t>(target.space);
      if (space >= map->space.size()) continue;
      for (auto at = target.first; at <= target.last && at < 65536; ++at) map->space[space][at] = true;
    }
    maps_.push_back(std::move(map));
  }
}

const Conduit* Allowed::conduit(std::uint32_t port, Tags tags, std::size_t& side) const {
  for (const auto& conduit : policy_.conduits) {
    const bool tagged = std::find(conduit.vlans.begin(), conduit.vlans.end(), tags) != conduit.vlans.end();
    if (tags == 0 ? !conduit.vlans.empty() : !tagged) continue;
    for (side = 0; side < 2; ++side) {
      if (conduit.ports[side] == port) return &conduit;
    }
  }
  return nullptr;
}

std::size_t Allowed::zone_of(const Ip& ip) const {
  for (std::size_t i = 0; i < policy_.zones.size(); ++i) {
    for (const auto& network : policy_.zones[i].networks) {
      if (inside(ip, network)) return i;
    }
  }
  return kNowhere;
}

const Asset* Allowed::asset_of(const Ip& ip) const {
  for (const auto& asset : policy_.assets) {
    if (std::find(asset.addresses.begin(), asset.addresses.end(), ip) != asset.addresses.end()) return &asset;
  }
  return nullptr;
}

bool Allowed::belongs(const Conduit& conduit, std::size_t side, const Ip& ip) const {
  const auto zone = zone_of(ip);
  const auto& zones = conduit.zones[side];
  return zone != kNowhere && std::find(zones.begin(), zones.end(), zone) != zones.end();
}

// A MAC that no asset has may be anybody's.
bool Allowed::belongs(const Conduit& conduit, std::size_t side, const Mac& mac) const {
  const auto& zones = conduit.zones[side];
  for (const auto& asset : policy_.assets) {
    if (std::find(asset.macs.begin(), asset.macs.end(), mac) != asset.macs.end())
      return std::find(zones.begin(), zones.end(), asset.zone) != zones.end();
  }
  return true;
}

bool Allowed::matches(const std::vector<End>& ends, const Party& party) const {
  const bool group = party.receives && group_address(party.mac);
  const auto zone = party.link || group ? kNowhere : zone_of(party.ip);
  const auto& zones = party.conduit->zones[party.side];
  const auto here = [&](std::size_t one) {
    return std::find(zones.begin(), zones.end(), one) != zones.end();
  };
  const auto is = [&](std::size_t index) {
    const auto& asset = policy_.assets[index];
    if (party.link) return std::find(asset.macs.begin(), asset.macs.end(), party.mac) != asset.macs.end();
    return std::find(asset.addresses.begin(), asset.addresses.end(), party.ip) != asset.addresses.end();
  };
  for (const auto& end : ends) {
    switch (end.kind) {
      case EndKind::zone: {
        if (group || !here(end.index)) break;
        if (!party.link) {
          if (zone == end.index) return true;
          break;
        }
        // Known by MAC: the zone of the asset with it, or any zone of the side.
        bool known = false, of_zone = false;
        for (std::size_t i = 0; i < policy_.assets.size(); ++i) {
          if (!is(i)) continue;
          known = true;
          of_zone |= policy_.assets[i].zone == end.index;
        }
        if (!known || of_zone) return true;
        break;
      }
      case EndKind::asset: {
        const auto& asset = policy_.assets[end.index];
        const auto index = asset.behind ? asset.gateway : end.index;
        if (!group && here(asset.zone) && is(index)) return true;
        break;
      }
      case EndKind::broadcast:
        if (here(end.index) &&
            std::all_of(party.mac.begin(), party.mac.end(), [](auto byte) { return byte == 0xff; }))
          return true;
        break;
      case EndKind::network:
        if (group && !party.link && here(end.index) && inside(party.ip, end.network)) return true;
        break;
      case EndKind::mac:
        if (here(end.index) && party.mac == end.mac) return true;
        break;
    }
  }
  return false;
}

Some Allowed::between(const Party& from, const Party& to, What what, bool opened_by_to) const {
  Some some;
  for (std::size_t i = 0; i < policy_.rules.size() && some.count < Some::kMost; ++i) {
    const auto& rule = policy_.rules[i];
    if (rule.what == what && rule.opened_by_to == opened_by_to && matches(rule.from, from) &&
        matches(rule.to, to))
      some.rule[some.count++] = static_cast<std::uint8_t>(i);
  }
  return some;
}

Some Allowed::with_port(const Some& rules, std::uint32_t port) const {
  Some some;
  for (std::size_t i = 0; i < rules.count; ++i) {
    const auto& ports = policy_.rules[rules.rule[i]].ports;
    const bool named = std::any_of(ports.begin(), ports.end(), [&](const auto& range) {
      return range.first <= port && port <= range.second;
    });
    if (ports.empty() || named) some.rule[some.count++] = rules.rule[i];
  }
  return some;
}

bool Allowed::takes(const Some& rules, std::uint32_t number) const {
  return !with_port(rules, number).empty();
}

// A class names what the standard names, never what it reserves; a function stands for its sub-functions.
bool Allowed::names(const Rule& rule, const Wish& wish) const {
  const bool reserved = wish.function == FunctionId{8, -1} || wish.function == FunctionId{43, -1};
  const bool of_class = (rule.access >> static_cast<unsigned>(wish.access) & 1U) != 0;
  const bool by_class = of_class && !reserved && named(wish.function) != nullptr;
  const FunctionId whole{wish.function.code, -1};
  const auto listed = [&](const FunctionId& id) {
    return std::find(rule.functions.begin(), rule.functions.end(), id) != rule.functions.end();
  };
  const bool by_number =
      std::find(rule.by_number.begin(), rule.by_number.end(), wish.function.code) != rule.by_number.end();
  return by_class || listed(wish.function) || listed(whole) || by_number;
}

bool Allowed::covers(const Rule& rule, const Map& map, const Wish& wish, std::uint32_t address) const {
  if (rule.targets.empty()) return true;
  const auto space = static_cast<std::size_t>(wish.space);
  if (space < map.space.size()) return address < 65536 && map.space[space][address];
  return std::any_of(rule.targets.begin(), rule.targets.end(), [&](const Target& target) {
    return target.space == wish.space && target.key == wish.key && target.first <= address &&
           address <= target.last;
  });
}

bool Allowed::permits(const Some& rules, Bytes message, std::size_t size, const char*& why) const {
  // What function 90 carries has rules of its own, and none of its carrier's covers it.
  why = "function 90 without a rule for what it carries";
  if (size > 7 && message[7] == 90) return false;
  const auto request = read_request(message, size);
  why = "a request that contradicts the standard";
  if (!request.fine) return false;
  const std::uint8_t unit = message[6];
  for (std::size_t i = 0; i < request.wishes; ++i) {
    const auto& wish = request.wish[i];
    std::array<std::size_t, Some::kMost> fit{};
    std::size_t fits = 0;
    for (std::size_t j = 0; j < rules.count; ++j) {
      const auto& rule = policy_.rules[rules.rule[j]];
      const bool device = rule.units.none() || rule.units[unit];
      if (device && names(rule, wish)) fit[fits++] = rules.rule[j];
    }
    why = "a request whose function or unit no rule names";
    if (fits == 0) return false;
    why = "a request that reaches beyond its targets";
    for (std::uint32_t at = 0; wish.touches && at < wish.count; ++at) {
      const auto inside = [&](std::size_t index) {
        return covers(policy_.rules[index], *maps_[index], wish, wish.first + at);
      };
      if (std::none_of(fit.begin(), fit.begin() + fits, inside)) return false;
    }
  }
  return true;
}

bool Allowed::permits_umas(const Some& rules, Bytes message, std::size_t size) const {
  if (size < 10 || message[7] != 90) return false;
  for (std::size_t i = 0; i < rules.count; ++i) {
    const auto& rule = policy_.rules[rules.rule[i]];
    if (std::find(rule.by_number.begin(), rule.by_number.end(), message[9]) != rule.by_number.end())
      return true;
  }
  return false;
}

}  // namespace sluice::model
