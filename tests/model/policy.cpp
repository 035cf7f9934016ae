#include "tests/model/policy.hpp"

#include <algorithm>
#include <cstdio>

#include "tests/model/modbus.hpp"

namespace sluice::model {
namespace {

template <class... Args>
std::string format(const char* pattern, Args... args) {
  char text[160];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

template <class List, class Text>
std::string list(const List& all, Text text) {
  std::string out = "[";
  for (const auto& one : all) out += (out.size() > 1 ? ", " : "") + text(one);
  return out + "]";
}

std::string network_text(const Network& network) {
  return text_of(network.address) + "/" + std::to_string(network.bits - (is_ipv4(network.address) ? 96 : 0));
}

std::string end_text(const Policy& policy, const End& end) {
  const auto group = [&](const std::string& name) {
    return "{ zone = " + quoted(policy.zones[end.index].name) + ", group = " + quoted(name) + " }";
  };
  switch (end.kind) {
    case EndKind::zone:
      return quoted(policy.zones[end.index].name);
    case EndKind::asset:
      return quoted(policy.assets[end.index].name);
    case EndKind::broadcast:
      return group("broadcast");
    case EndKind::network:
      return group(network_text(end.network));
    case EndKind::mac:
      return group(text_of(end.mac));
  }
  return {};
}

std::string target_text(const Target& target) {
  static constexpr const char* kNames[] = {"coil", "discrete", "input", "holding",
                                           "file", "object",   "opaque"};
  std::string text = kNames[static_cast<std::size_t>(target.space)];
  if (target.space == Space::file) text += " " + std::to_string(target.key);
  if (target.first == target.last) return quoted(text + " " + std::to_string(target.first));
  return quoted(text + " " + std::to_string(target.first) + ".." + std::to_string(target.last));
}

std::string rule_text(const Policy& policy, const Rule& rule) {
  std::string text = "[[allow]]\n";
  text += "from = " + list(rule.from, [&](const End& end) { return end_text(policy, end); }) + "\n";
  text += "to = " + list(rule.to, [&](const End& end) { return end_text(policy, end); }) + "\n";
  static constexpr const char* kWhat[] = {"modbus", "umas", "tcp", "udp", "icmp"};
  if (rule.what == What::ethertype) {
    text += "ethertype = " + std::to_string(rule.ports[0].first) + "\n";
  } else if (rule.what == What::llc) {
    text += "llc = " + std::to_string(rule.ports[0].first) + "\n";
  } else {
    text += "protocol = " + quoted(kWhat[static_cast<std::size_t>(rule.what)]) + "\n";
    if (!rule.ports.empty()) {
      text += "ports = " +
              list(rule.ports,
                   [](const auto& range) {
                     return range.first == range.second
                                ? std::to_string(range.first)
                                : quoted(std::to_string(range.first) + ".." + std::to_string(range.second));
                   }) +
              "\n";
    }
  }
  static constexpr const char* kAccess[] = {"read", "write", "control", "program", "diagnose"};
  std::vector<std::string> words;
  for (std::size_t i = 0; i < 5; ++i) {
    if ((rule.access >> i & 1U) != 0) words.push_back(quoted(kAccess[i]));
  }
  const auto same = [](const std::string& word) { return word; };
  if (!words.empty()) text += "access = " + list(words, same) + "\n";
  words.clear();
  for (const auto& function : rule.functions) words.push_back(quoted(name_of(function)));
  for (const auto code : rule.by_number) words.push_back(std::to_string(code));
  if (!words.empty()) text += "functions = " + list(words, same) + "\n";
  if (!rule.targets.empty()) text += "targets = " + list(rule.targets, target_text) + "\n";
  if (rule.units.any()) {
    std::string units;
    for (std::size_t i = 0; i < 256; ++i) {
      if (rule.units[i]) units += (units.empty() ? "" : ", ") + std::to_string(i);
    }
    text += "where = \"mbtcp.unit_id in {" + units + "}\"\n";
  }
  if (rule.observed) text += "mode = \"monitor\"\n";
  if (rule.opened_by_to) text += "opened_by = \"to\"\n";
  return text + "reason = \"made up\"\n";
}

}  // namespace

Ip ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
}

Ip ipv6(std::uint16_t subnet, std::uint16_t host) {
  Ip ip{};
  ip[0] = 0xfd;
  ip[6] = static_cast<std::uint8_t>(subnet >> 8U);
  ip[7] = static_cast<std::uint8_t>(subnet);
  ip[14] = static_cast<std::uint8_t>(host >> 8U);
  ip[15] = static_cast<std::uint8_t>(host);
  return ip;
}

bool is_ipv4(const Ip& ip) {
  return std::all_of(ip.begin(), ip.begin() + 10, [](std::uint8_t byte) { return byte == 0; }) &&
         ip[10] == 0xff && ip[11] == 0xff;
}

std::string text_of(const Ip& ip) {
  if (is_ipv4(ip)) return format("%d.%d.%d.%d", ip[12], ip[13], ip[14], ip[15]);
  std::string text;
  for (std::size_t i = 0; i < 16; i += 2) text += format(i == 0 ? "%x" : ":%x", ip[i] << 8 | ip[i + 1]);
  return text;
}

std::string text_of(const Mac& mac) {
  return format("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

bool Conduit::has(const char* name) const {
  return std::find(groundwork.begin(), groundwork.end(), name) != groundwork.end();
}

std::string toml(const Policy& policy) {
  std::string text;
  for (const auto& zone : policy.zones) {
    text += "[[zone]]\nname = " + quoted(zone.name) + "\nnetworks = " +
            list(zone.networks, [](const Network& network) { return quoted(network_text(network)); }) + "\n";
  }
  for (const auto& asset : policy.assets) {
    text += "[[asset]]\nname = " + quoted(asset.name) + "\nzone = " + quoted(policy.zones[asset.zone].name) +
            "\n";
    if (!asset.addresses.empty())
      text += "address = " + list(asset.addresses, [](const Ip& ip) { return quoted(text_of(ip)); }) + "\n";
    if (!asset.macs.empty())
      text += "mac = " + list(asset.macs, [](const Mac& mac) { return quoted(text_of(mac)); }) + "\n";
    if (asset.behind) {
      text += "behind = { asset = " + quoted(policy.assets[asset.gateway].name) +
              ", unit = " + std::to_string(asset.unit) + " }\n";
    }
    if (asset.neutralise) text += "neutralise = true\n";
    if (asset.whole_segments) text += "whole_segments = true\n";
  }
  for (std::size_t i = 0; i < policy.conduits.size(); ++i) {
    const auto& conduit = policy.conduits[i];
    const auto side = [&](std::size_t at) {
      return "{ port = \"p" + std::to_string(conduit.ports[at]) + "\", zones = " +
             list(conduit.zones[at], [&](std::size_t zone) { return quoted(policy.zones[zone].name); }) +
             " }";
    };
    static constexpr const char* kMidstream[] = {"resync", "drop", "pass"};
    text +=
        "[[conduit]]\nname = \"c" + std::to_string(i) + "\"\nsides = [" + side(0) + ", " + side(1) + "]\n";
    const auto vlan_text = [](Tags tags) {
      if (tags >> 24U == 0) return std::to_string(tags);
      return "{ outer = " + std::to_string(tags >> 12U & 0xfffU) +
             ", inner = " + std::to_string(tags & 0xfffU) + " }";
    };
    if (!conduit.vlans.empty()) text += "vlans = " + list(conduit.vlans, vlan_text) + "\n";
    if (conduit.ttl_floor != 1) text += "ttl_floor = " + std::to_string(conduit.ttl_floor) + "\n";
    text += "groundwork = " + list(conduit.groundwork, quoted) + "\n";
    text += std::string{"mode = "} + (conduit.enforce ? "\"enforce\"" : "\"monitor\"") +
            "\non_failure = \"closed\"\nmidstream = \"" +
            kMidstream[static_cast<std::size_t>(conduit.midstream)] + "\"\n";
  }
  for (const auto& rule : policy.rules) text += rule_text(policy, rule);
  return text;
}

}  // namespace sluice::model
