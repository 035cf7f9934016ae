#include <algorithm>
#include <array>

#include "rules/base/nearest.hpp"
#include "rules/compile/form.hpp"
#include "rules/compile/rows.hpp"
#include "rules/schema/groundwork.hpp"
#include "rules/schema/normalisation.hpp"
#include "rules/schema/tunnel.hpp"

namespace sluice::compile {
namespace {

constexpr std::array<std::string_view, 3> kModes = {"learn", "monitor", "enforce"};
constexpr std::array<std::string_view, 2> kFailModes = {"closed", "open"};
constexpr std::array<std::string_view, 3> kMidstream = {"resync", "drop", "pass"};
constexpr std::array<std::string_view, 2> kDeny = {"reset", "drop"};
constexpr std::size_t kMostPort = 31;

bool is_group(const image::Address& address) noexcept {
  return is_ipv4(address) ? address[12] >= 224 : address[0] == 0xff;
}

bool is_port(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kMostPort && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                  c == '.' || c == ':' || c == '-' || c == '@';
         });
}

void read_side(const TomlValue& value, ConduitRow& row, Notes& notes) {
  if (value.kind != ValueKind::table) {
    notes.error(value.spot, "a side is " + std::string{name_of(value.kind)},
                "write { port = \"…\", zones = [\"…\"] }");
    return;
  }
  Form form{value, "a side", notes};
  SideRow side;
  if (auto port = form.name("port", Need::must)) {
    if (is_port(port->text)) {
      side.port = std::move(*port);
    } else {
      notes.error(
          port->spot, quoted(port->text) + " is no name of a port",
          "write the interface's name or the device's address: letters, digits and -_.:@, at most 31");
    }
  }
  side.zones = form.names("zones", Need::must);
  if (const auto* zones = form.value("zones", Need::may);
      zones != nullptr && zones->kind == ValueKind::list && zones->items.empty()) {
    notes.error(zones->spot, "a side without zones", "name the zones behind this port");
  }
  form.close();
  row.sides.push_back(std::move(side));
}

// The names listed, as bits by their place among those known.
std::uint32_t read_set(Form& form, std::string_view key, std::string_view one,
                       std::span<const std::string_view> names, Notes& notes) {
  std::uint32_t set = 0;
  for (const auto& word : form.names(key, Need::may)) {
    const auto at = std::find(names.begin(), names.end(), word.text);
    if (at != names.end()) {
      set |= 1U << static_cast<unsigned>(at - names.begin());
      continue;
    }
    Nearest search{word.text};
    std::string all;
    for (const auto known : names) {
      search.offer(known);
      all += (all.empty() ? "it is one of " : ", ") + std::string{known};
    }
    notes.error(word.spot, "unknown " + std::string{one} + " " + quoted(word.text), search.remedy(all));
  }
  return set;
}

// One tag, or two.
void read_vlan(const TomlValue& value, ConduitRow& row, Notes& notes) {
  if (value.kind == ValueKind::table) {
    Form form{value, "a stack of VLANs", notes};
    const auto outer = form.number("outer", Need::must, 1, image::kMostVlan);
    const auto inner = form.number("inner", Need::must, 0, image::kMostVlan);
    form.close();
    if (outer && inner) {
      row.vlans.push_back(
          image::stacked(static_cast<std::uint32_t>(*outer), static_cast<std::uint32_t>(*inner)));
    }
  } else if (value.kind == ValueKind::integer && value.integer >= 1 && value.integer <= image::kMostVlan) {
    row.vlans.push_back(static_cast<std::uint32_t>(value.integer));
  } else {
    notes.error(
        value.spot, "not a VLAN",
        "write whole numbers from 1 to 4094, or { outer = 100, inner = 20 } for two tags; leave the list "
        "empty for frames without a tag");
  }
}

// What a row of the table of normalisation may be, in words.
std::string choices_of(const NormalisationRow& row) {
  std::string out;
  for (std::size_t i = 0; i < kTreatmentNames.size(); ++i) {
    if (!row.may(static_cast<Treatment>(i))) continue;
    out += (out.empty() ? "" : " or ") + quoted(kTreatmentNames[i]);
  }
  return out;
}

void read_treatment(const Entry& entry, ConduitRow& row, Notes& notes) {
  const auto found = normalisation_named(entry.key.text);
  if (!found) {
    Nearest search{entry.key.text};
    std::string all;
    for (const auto& known : kNormalisations) {
      search.offer(known.name);
      if (!known.fixed()) all += (all.empty() ? "what may be chosen is " : ", ") + std::string{known.name};
    }
    notes.error(entry.key.spot, "nothing to normalise is called " + quoted(entry.key.text),
                search.remedy(all));
    return;
  }
  const auto& known = row_of(*found);
  if (known.fixed()) {
    notes.error(entry.key.spot,
                entry.key.text + " leaves no choice: it is always " + quoted(name_of(known.usual)),
                "remove it; `sluice explain normalisation` lists what may be chosen");
    return;
  }
  const auto* const value = &entry.value;
  const auto at = value->kind == ValueKind::text
                      ? std::find(kTreatmentNames.begin(), kTreatmentNames.end(), value->text)
                      : kTreatmentNames.end();
  const auto treatment = static_cast<Treatment>(at - kTreatmentNames.begin());
  if (at == kTreatmentNames.end() || !known.may(treatment)) {
    notes.error(
        value->spot,
        entry.key.text + " is " +
            (value->kind == ValueKind::text ? quoted(value->text) : std::string{name_of(value->kind)}),
        "write " + choices_of(known));
    return;
  }
  row.treatments[static_cast<std::size_t>(*found)] = treatment;
}

}  // namespace

void read_zone(const TomlValue& table, Rows& rows, Notes& notes) {
  Form form{table, "a zone", notes};
  ZoneRow row;
  row.spot = table.spot;
  const auto name = form.name("name", Need::must);
  row.security_level = static_cast<std::uint8_t>(form.number("security_level", Need::may, 0, 4).value_or(0));
  for (const auto& word : form.names("networks", Need::must)) {
    const auto network = parse_prefix(word.text);
    if (!network) {
      notes.error(word.spot, quoted(word.text) + " is no network",
                  "write it as \"10.10.1.0/24\" or \"fd00:1::/64\"");
    } else if (network->masked() != network->address) {
      notes.error(word.spot, quoted(word.text) + " has bits behind its prefix",
                  "write \"" + text_of(Prefix{network->masked(), network->bits}) + "\"");
    } else if (is_ipv4(network->address) && word.text.find(':') != std::string::npos &&
               network->bits >= kMappedBits) {
      notes.error(word.spot, quoted(word.text) + " is IPv4 in an IPv6 coat",
                  "write \"" + text_of(*network) + "\"");
    } else if (network->bits >= 100 && is_group(network->address)) {
      notes.error(word.spot, quoted(word.text) + " is multicast", "name it as a group in a rule");
    } else {
      row.networks.emplace_back(*network, word.spot);
    }
  }
  form.close();
  if (!name) return;
  row.name = *name;
  rows.zones.push_back(std::move(row));
}

void read_asset(const TomlValue& table, Rows& rows, Notes& notes) {
  Form form{table, "an asset", notes};
  AssetRow row;
  row.spot = table.spot;
  const auto name = form.name("name", Need::must);
  if (auto zone = form.name("zone", Need::must)) row.zone = std::move(*zone);
  for (const auto& word : form.names("address", Need::may)) {
    const auto address = parse_address(word.text);
    if (!address) {
      notes.error(word.spot, quoted(word.text) + " is no address",
                  "write it as \"10.10.1.5\" or \"fd00:1::5\"");
    } else if (is_group(*address)) {
      notes.error(word.spot, quoted(word.text) + " is a group, not an asset", "name it as a group in a rule");
    } else {
      row.addresses.emplace_back(*address, word.spot);
    }
  }
  for (const auto& word : form.names("mac", Need::may)) {
    const auto mac = parse_mac(word.text);
    if (!mac) {
      notes.error(word.spot, quoted(word.text) + " is no MAC address", "write it as \"00:80:f4:01:02:03\"");
    } else if (((*mac)[0] & 1U) != 0) {
      notes.error(word.spot, quoted(word.text) + " is a group, not an asset", "name it as a group in a rule");
    } else {
      row.macs.emplace_back(*mac, word.spot);
    }
  }
  const auto* behind = form.value("behind", Need::may);
  if (behind != nullptr && behind->kind != ValueKind::table) {
    notes.error(behind->spot, "behind is " + std::string{name_of(behind->kind)},
                "write { asset = \"gw-1\", unit = 3 }");
  } else if (behind != nullptr) {
    Form gateway{*behind, "behind", notes};
    auto asset = gateway.name("asset", Need::must);
    const auto unit = gateway.number("unit", Need::must, 0, 65535);
    gateway.close();
    if (asset && unit)
      row.behind = BehindRow{std::move(*asset), static_cast<std::uint32_t>(*unit), behind->spot};
  }
  const bool addressed =
      form.value("address", Need::may) != nullptr || form.value("mac", Need::may) != nullptr;
  if (addressed && behind != nullptr) {
    notes.error(behind->spot, "behind a gateway, and with an address of its own", "keep one of the two");
  } else if (!addressed && behind == nullptr) {
    notes.error(table.spot, "an asset without address, mac or behind", "write how it is known on the wire");
  }
  row.vendor = form.text("vendor", Need::may);
  row.product = form.text("product", Need::may);
  row.firmware = form.text("firmware", Need::may);
  row.neutralise = form.yes("neutralise");
  row.whole_segments = form.yes("whole_segments");
  form.close();
  if (!name) return;
  row.name = *name;
  rows.assets.push_back(std::move(row));
}

void read_conduit(const TomlValue& table, Rows& rows, Notes& notes) {
  Form form{table, "a conduit", notes};
  ConduitRow row;
  row.spot = table.spot;
  const auto name = form.name("name", Need::must);
  const auto* sides = form.value("sides", Need::must);
  if (sides != nullptr && (sides->kind != ValueKind::list || sides->items.size() != 2)) {
    notes.error(sides->spot, "a conduit has two sides",
                "write sides = [{ port = \"…\", zones = [\"…\"] }, { port = \"…\", zones = [\"…\"] }]");
  } else if (sides != nullptr) {
    for (const auto& side : sides->items) read_side(side, row, notes);
  }
  for (const auto& item : form.list("vlans", Need::may)) read_vlan(item, row, notes);
  row.groundwork = read_set(form, "groundwork", "groundwork", kGroundworkNames, notes);
  row.tunnels = read_set(form, "tunnels", "tunnel", kTunnelNames, notes);
  const auto* normalisation = form.value("normalisation", Need::may);
  if (normalisation != nullptr && normalisation->kind != ValueKind::table) {
    notes.error(
        normalisation->spot, "normalisation is " + std::string{name_of(normalisation->kind)},
        "write { tcp_urgent = \"drop\", … }; `sluice explain normalisation` lists what may be chosen");
  } else if (normalisation != nullptr) {
    for (const auto& entry : normalisation->entries) read_treatment(entry, row, notes);
  }
  row.ttl_floor =
      static_cast<std::uint8_t>(form.number("ttl_floor", Need::may, 1, 255).value_or(kUsualTtlFloor));
  row.mode = static_cast<Mode>(form.choice("mode", Need::must, kModes).value_or(2));
  row.on_failure = static_cast<FailMode>(form.choice("on_failure", Need::must, kFailModes).value_or(0));
  row.midstream = static_cast<Midstream>(form.choice("midstream", Need::must, kMidstream).value_or(1));
  row.deny = form.choice("deny", Need::may, kDeny).value_or(0) == 0 ? Verdict::reset : Verdict::drop;
  if (const auto* deny = form.value("deny", Need::may)) row.deny_spot = deny->spot;
  form.close();
  if (!name) return;
  row.name = *name;
  rows.conduits.push_back(std::move(row));
}

}  // namespace sluice::compile
