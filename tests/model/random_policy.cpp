#include "tests/model/random_policy.hpp"

#include "tests/model/modbus.hpp"

namespace sluice::model {
namespace {

class Maker {
 public:
  Maker(Random& random, bool rules) : random_{random}, rules_{rules} {}

  Plant make() {
    const auto conduits = random_.between(1, 3);
    for (std::size_t i = 0; i < conduits; ++i) conduit(i);
    if (rules_) {
      const auto count = random_.between(2, 14);
      for (std::size_t i = 0; i < count; ++i) rule(i == 0);
    }
    return std::move(plant_);
  }

 private:
  Policy& policy() { return plant_.policy; }

  Mac mac() {
    const auto number = next_mac_++;
    return {0x02, 0, 0x5e, 0, static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)};
  }

  // The first conduit of a pair is untagged or has VLANs; those behind it have others.
  void conduit(std::size_t index) {
    Conduit conduit;
    const std::uint32_t pair = index == 2 ? 1 : 0;
    conduit.ports = {2 * pair, 2 * pair + 1};
    if (index == 1 || random_.percent(30)) {
      const auto vlans = random_.between(1, 2);
      for (std::uint32_t i = 0; i < vlans; ++i)
        conduit.vlans.push_back(static_cast<Tags>(10 * (index + 1) + i));
      if (random_.percent(30))
        conduit.vlans.push_back(two_tags(static_cast<Tags>(10 * (index + 1)), random_.below(30)));
    }
    if (random_.percent(20)) conduit.ttl_floor = random_.between(2, 4);
    static const std::vector<std::string> kGroundwork = {"arp",  "nd",       "icmp-errors", "stp", "lldp",
                                                         "dhcp", "igmp-mld", "mrp",         "ptp", "lacp"};
    if (rules_) {
      for (const auto& name : kGroundwork) {
        if (random_.percent(40)) conduit.groundwork.push_back(name);
      }
    }
    conduit.midstream = random_.percent(60)   ? Midstream::resync
                        : random_.percent(50) ? Midstream::drop
                                              : Midstream::pass;
    for (std::size_t side = 0; side < 2; ++side) {
      const auto zones = random_.between(1, 2);
      for (std::size_t i = 0; i < zones; ++i) {
        conduit.zones[side].push_back(policy().zones.size());
        zone(index, side);
      }
    }
    policy().conduits.push_back(std::move(conduit));
  }

  void zone(std::size_t conduit, std::size_t side) {
    const auto number = policy().zones.size();
    const auto subnet = static_cast<std::uint8_t>(number + 1);
    Zone zone{"z" + std::to_string(number), {}};
    zone.networks.push_back({ipv4(10, 0, subnet, 0), 96 + 24});
    zone.networks.push_back({ipv6(subnet, 0), 64});
    policy().zones.push_back(zone);
    const auto hosts = random_.between(2, 4);
    for (std::size_t i = 0; i < hosts; ++i) {
      const auto last = static_cast<std::uint8_t>(i + 1);
      const Mac own = mac();
      const Ip four = ipv4(10, 0, subnet, last), six = ipv6(subnet, last);
      if (i + 1 < hosts || i == 0) {  // the last one is nobody's asset
        Asset asset;
        asset.name = "a" + std::to_string(policy().assets.size());
        asset.zone = number;
        asset.addresses = {four, six};
        asset.macs = {own};
        asset.neutralise = random_.percent(15);
        asset.whole_segments = random_.percent(10);
        policy().assets.push_back(asset);
      }
      plant_.hosts.push_back({four, own, conduit, side, number});
      plant_.hosts.push_back({six, own, conduit, side, number});
    }
    if (random_.percent(25)) {
      Asset device;
      device.name = "a" + std::to_string(policy().assets.size());
      device.zone = number;
      device.behind = true;
      device.gateway = policy().assets.size() - 1;
      device.unit = static_cast<std::uint8_t>(random_.between(2, 5));
      policy().assets.push_back(device);
    }
  }

  End end_of(const Conduit& conduit, std::size_t side, bool asked, bool modbus) {
    const auto zone = random_.one_of(conduit.zones[side]);
    End end{.kind = EndKind::zone, .index = zone};
    if (random_.percent(40)) return end;
    std::vector<std::size_t> assets;
    for (std::size_t i = 0; i < policy().assets.size(); ++i) {
      if (policy().assets[i].zone == zone && (!policy().assets[i].behind || (asked && modbus)))
        assets.push_back(i);
    }
    if (assets.empty()) return end;
    return {.kind = EndKind::asset, .index = random_.one_of(assets)};
  }

  void functions(Rule& rule) {
    const auto how = random_.below(10);
    if (how < 4) rule.access = static_cast<std::uint8_t>(random_.percent(50) ? 1 : random_.between(1, 31));
    if (how >= 3 && how < 8) {
      for (std::uint32_t i = 0; i <= random_.below(4); ++i) {
        auto id = random_.one_of(named_functions()).id;
        if (random_.percent(50)) id = {static_cast<std::uint8_t>(random_.between(1, 6)), -1};
        rule.functions.push_back(id);
      }
    }
    if (how >= 7) {
      for (std::uint32_t i = 0; i <= random_.below(3); ++i) {
        const bool common = random_.percent(70);
        rule.by_number.push_back(
            static_cast<std::uint8_t>(common ? random_.between(1, 24) : random_.between(1, 127)));
      }
    }
  }

  void targets(Rule& rule) {
    for (std::uint32_t i = 0; i <= random_.below(4); ++i) {
      Target target;
      target.space = static_cast<Space>(random_.percent(80) ? random_.below(4) : random_.below(7));
      target.first = random_.percent(60) ? random_.below(200) : random_.below(65000);
      target.last = target.first + random_.below(random_.percent(50) ? 130 : 500);
      if (target.space == Space::file) {
        target.key = random_.between(1, 4);
        target.first %= 9000;
        target.last = target.first + random_.below(900);
      }
      if (target.space == Space::object) target.last = std::max(target.first %= 200, 255U);
      if (target.space == Space::opaque) target.first = target.last = 0;
      rule.targets.push_back(target);
    }
  }

  void rule(bool modbus) {
    const auto& conduit = random_.one_of(policy().conduits);
    const auto chance = modbus ? 0 : random_.below(100);
    Rule rule;
    rule.what = chance < 60   ? What::modbus
                : chance < 65 ? What::umas
                : chance < 77 ? What::tcp
                : chance < 87 ? What::udp
                : chance < 93 ? What::icmp
                : chance < 98 ? What::ethertype
                              : What::llc;
    const bool decoded = rule.what == What::modbus || rule.what == What::umas;
    const std::size_t side = random_.below(2);
    rule.from.push_back(end_of(conduit, side, false, false));
    // The first is for whole zones, so that it is also for those who are no asset.
    if (modbus) rule.from[0] = {.kind = EndKind::zone, .index = conduit.zones[side][0]};
    rule.to.push_back(end_of(conduit, 1 - side, true, rule.what == What::modbus));
    // A device behind a gateway stands alone: its unit is a condition.
    const bool alone = rule.to[0].kind == EndKind::asset && policy().assets[rule.to[0].index].behind;
    if (random_.percent(20)) rule.from.push_back(end_of(conduit, side, false, false));
    if (!alone && random_.percent(20)) rule.to.push_back(end_of(conduit, 1 - side, true, false));
    switch (rule.what) {
      case What::modbus:
        functions(rule);
        if (random_.percent(50)) targets(rule);
        if (random_.percent(25)) {
          for (std::uint32_t i = 0; i <= random_.below(3); ++i) rule.units[random_.below(6)] = true;
        }
        if (random_.percent(15)) rule.ports.emplace_back(502, 510);
        break;
      case What::umas:
        rule.by_number = {2, 4, 0x58};
        break;
      case What::tcp:
      case What::udp: {
        const auto port = random_.percent(30) ? 502 : random_.between(2000, 2010);
        rule.ports.emplace_back(port, port + random_.below(3));
        if (rule.what == What::udp && random_.percent(30)) {
          rule.to = {{.kind = EndKind::broadcast, .index = conduit.zones[1 - side][0]}};
          if (random_.percent(50)) {
            rule.to[0].kind = EndKind::network;
            rule.to[0].network = {ipv4(239, 192, 0, 0), 96 + 14};
          }
        }
        break;
      }
      case What::icmp:
        rule.ports.emplace_back(random_.percent(70) ? 8 : 13, random_.percent(70) ? 13 : 128);
        break;
      case What::ethertype:
        rule.ports.emplace_back(random_.percent(50) ? 0x88b8 : 0x8892, 0);
        if (random_.percent(40)) {
          rule.to = {{.kind = EndKind::mac, .index = conduit.zones[1 - side][0]}};
          rule.to[0].mac = {0x01, 0x0c, 0xcd, 0x01, 0, static_cast<std::uint8_t>(random_.below(4))};
        }
        rule.ports[0].second = rule.ports[0].first;
        break;
      case What::llc:
        rule.ports.emplace_back(0xf0, 0xf0);
        break;
    }
    rule.observed = random_.percent(8);
    rule.opened_by_to = (decoded || rule.what == What::tcp) && random_.percent(12);
    policy().rules.push_back(std::move(rule));
  }

  Random& random_;
  bool rules_;
  Plant plant_;
  std::uint16_t next_mac_ = 1;
};

}  // namespace

Plant random_plant(Random& random, bool rules) { return Maker{random, rules}.make(); }

}  // namespace sluice::model
