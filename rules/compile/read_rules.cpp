#include <algorithm>
#include <array>
#include <charconv>

#include "rules/base/nearest.hpp"
#include "rules/compile/form.hpp"
#include "rules/compile/interval.hpp"
#include "rules/compile/rows.hpp"

namespace sluice::compile {
namespace {

using image::CellKind;

constexpr std::array<std::string_view, 2> kRuleModes = {"monitor", "enforce"};
constexpr std::array<std::string_view, 2> kOpeners = {"from", "to"};
constexpr auto kEndRemedy = "write the name of an asset or a zone, or { zone = \"…\", group = \"…\" }";

std::optional<GroupRow> group_of(const Word& word, Notes& notes) {
  GroupRow group;
  if (word.text == "broadcast") return group;
  if (const auto mac = parse_mac(word.text)) {
    if (((*mac)[0] & 1U) == 0) {
      notes.error(word.spot, quoted(word.text) + " is the MAC address of one station",
                  "write a group's, or name an asset");
      return std::nullopt;
    }
    group.kind = image::GroupKind::mac;
    group.mac = *mac;
    return group;
  }
  const auto network = parse_prefix(word.text);
  if (!network) {
    notes.error(
        word.spot, quoted(word.text) + " is no group",
        "write \"broadcast\", a multicast network as \"239.192.0.0/14\", or a MAC as \"01:0e:cf:00:00:00\"");
    return std::nullopt;
  }
  const bool v4 = is_ipv4(network->address);
  const bool multicast = v4 ? network->bits >= 100 && network->address[12] >> 4U == 14
                            : network->bits >= 8 && network->address[0] == 0xff;
  if (!multicast || network->masked() != network->address) {
    notes.error(word.spot, quoted(word.text) + " is no multicast network",
                "write one inside 224.0.0.0/4 or ff00::/8, without bits behind its prefix");
    return std::nullopt;
  }
  group.kind = image::GroupKind::network;
  group.network = *network;
  return group;
}

void read_end(const TomlValue& value, std::string_view key, std::vector<EndRow>& ends, Notes& notes) {
  if (value.kind == ValueKind::text) {
    if (auto word = word_of(value, key, kMostName, notes)) ends.push_back({std::move(*word), std::nullopt});
    return;
  }
  if (value.kind != ValueKind::table) {
    notes.error(value.spot, std::string{key} + " is " + std::string{name_of(value.kind)}, kEndRemedy);
    return;
  }
  Form form{value, key, notes};
  auto zone = form.name("zone", Need::must);
  const auto word = form.name("group", Need::must);
  form.close();
  if (key == "from") {
    notes.error(value.spot, "from is a group",
                "a group is asked, it does not ask: name the zone or the asset");
    return;
  }
  auto group = word ? group_of(*word, notes) : std::nullopt;
  if (zone && group) ends.push_back({std::move(*zone), group});
}

std::vector<EndRow> read_ends(Form& form, std::string_view key, Notes& notes) {
  std::vector<EndRow> ends;
  const auto* value = form.value(key, Need::must);
  if (value == nullptr) return ends;
  if (value->kind != ValueKind::list) {
    read_end(*value, key, ends, notes);
    return ends;
  }
  if (value->items.empty()) notes.error(value->spot, std::string{key} + " is an empty list", kEndRemedy);
  for (const auto& item : value->items) read_end(item, key, ends, notes);
  return ends;
}

// protocol, ethertype or llc: exactly one.
void read_protocol(Form& form, AllowRow& row, Notes& notes) {
  auto protocol = form.name("protocol", Need::may);
  const auto ethertype = form.number("ethertype", Need::may, 0x0600, 0xffff);
  const auto llc = form.number("llc", Need::may, 0, 0xff);
  const bool has_ethertype = form.value("ethertype", Need::may) != nullptr;
  const bool has_llc = form.value("llc", Need::may) != nullptr;
  const int written =
      (form.value("protocol", Need::may) != nullptr ? 1 : 0) + (has_ethertype ? 1 : 0) + (has_llc ? 1 : 0);
  if (written != 1) {
    notes.error(form.spot(),
                written == 0 ? "an allow rule without protocol" : "an allow rule with more than one protocol",
                "write one of protocol = \"…\", ethertype = 0x…, llc = 0x…");
    return;
  }
  const auto number = [](std::int64_t value) {
    return image::Interval{static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value)};
  };
  if (has_ethertype) {
    row.kind = CellKind::ethertype;
    if (ethertype) row.ports = {number(*ethertype)};
  } else if (has_llc) {
    row.kind = CellKind::llc;
    if (llc) row.ports = {number(*llc)};
  } else if (protocol) {
    row.kind = protocol->text == "tcp"    ? CellKind::tcp
               : protocol->text == "udp"  ? CellKind::udp
               : protocol->text == "icmp" ? CellKind::icmp
                                          : CellKind::decoded;
    row.protocol = std::move(*protocol);
  }
}

void read_ports(Form& form, AllowRow& row, Notes& notes) {
  const auto* value = form.value("ports", Need::may);
  const bool link = row.kind == CellKind::ethertype || row.kind == CellKind::llc;
  if (value == nullptr) {
    if (row.kind == CellKind::tcp || row.kind == CellKind::udp) {
      notes.error(form.spot(), "a rule for " + row.protocol.text + " without ports",
                  "write ports = [ … ]; every port is \"0..65535\"");
    }
    return;
  }
  if (link) {
    notes.error(value->spot, "ports in a rule for frames without ports", "remove them");
    return;
  }
  if (value->kind == ValueKind::list && value->items.empty())
    notes.error(value->spot, "ports is an empty list", "write the ports");
  const std::uint32_t last = row.kind == CellKind::icmp ? 255 : 65535;
  const auto remedy = "write numbers from 0 to " + std::to_string(last) + " or ranges as \"10..19\"";
  for (const auto& item : form.list("ports", Need::may)) {
    if (item.kind == ValueKind::integer && item.integer >= 0 && item.integer <= last) {
      row.ports.push_back(
          {static_cast<std::uint32_t>(item.integer), static_cast<std::uint32_t>(item.integer)});
      continue;
    }
    const auto range = item.kind == ValueKind::text ? parse_interval(item.text) : std::nullopt;
    if (!range || range->last > last) {
      notes.error(item.spot,
                  item.kind == ValueKind::text ? quoted(item.text) + " is no range of ports" : "not a port",
                  remedy);
    } else if (range->first > range->last) {
      notes.error(item.spot, quoted(item.text) + " is turned round", "write the smaller number first");
    } else {
      row.ports.push_back(
          {static_cast<std::uint32_t>(range->first), static_cast<std::uint32_t>(range->last)});
    }
  }
}

void read_access(Form& form, AllowRow& row, Notes& notes) {
  for (const auto& word : form.names("access", Need::may)) {
    Nearest search{word.text};
    bool found = false;
    for (std::size_t i = 0; i < kAccessCount; ++i) {
      const auto name = name_of(static_cast<Access>(i));
      search.offer(name);
      if (name != word.text) continue;
      row.access = static_cast<std::uint8_t>(row.access | 1U << i);
      found = true;
    }
    if (!found) {
      notes.error(word.spot, "unknown access " + quoted(word.text),
                  search.remedy("it is one of read, write, control, program, diagnose"));
    }
  }
}

void read_functions(Form& form, AllowRow& row, Notes& notes) {
  const auto* value = form.value("functions", Need::may);
  if (value == nullptr) return;
  for (const auto& item : form.list("functions", Need::may)) {
    if (item.kind == ValueKind::integer) {
      row.functions.push_back({item.spot, {}, item.integer});
    } else if (auto word = word_of(item, "a function", kMostName, notes)) {
      row.functions.push_back({item.spot, std::move(word->text), 0});
    }
  }
}

}  // namespace

void read_allow(const TomlValue& table, Rows& rows, Notes& notes) {
  Form form{table, "an allow rule", notes};
  AllowRow row;
  row.spot = table.spot;
  row.from = read_ends(form, "from", notes);
  row.to = read_ends(form, "to", notes);
  read_protocol(form, row, notes);
  read_ports(form, row, notes);
  read_access(form, row, notes);
  read_functions(form, row, notes);
  row.targets = form.names("targets", Need::may);
  row.where = expression_of(form, "where", Need::may, notes);
  row.reason = form.text("reason", Need::must);
  row.mode = form.choice("mode", Need::may, kRuleModes).value_or(1) == 0 ? Mode::monitor : Mode::enforce;
  row.opened_by = form.choice("opened_by", Need::may, kOpeners).value_or(0) == 0 ? image::OpenedBy::from
                                                                                 : image::OpenedBy::to;
  if (row.kind == CellKind::decoded) {
    if (!row.protocol.text.empty() && form.value("access", Need::may) == nullptr &&
        form.value("functions", Need::may) == nullptr) {
      notes.error(table.spot, "an allow rule for " + row.protocol.text + " without access or functions",
                  "write access = [\"read\"] or the functions by name");
    }
    if (const auto* targets = form.value("targets", Need::may);
        targets != nullptr && targets->kind == ValueKind::list && targets->items.empty()) {
      notes.error(targets->spot, "targets is an empty list",
                  "name what may be touched, or leave the key out for everything");
    }
  } else {
    for (const auto key : {"access", "functions", "targets", "where"}) {
      if (const auto* value = form.value(key, Need::may)) {
        notes.error(value->spot, std::string{key} + " in a rule that no decoder reads",
                    "name a decoder as protocol, or remove it");
      }
    }
  }
  form.close();
  rows.allows.push_back(std::move(row));
}

}  // namespace sluice::compile
