#include "rules/image/check.hpp"

#include <algorithm>
#include <tuple>

#include "rules/base/utf8.hpp"
#include "rules/image/runs.hpp"
#include "rules/schema/groundwork.hpp"
#include "rules/schema/normalisation.hpp"
#include "rules/schema/tunnel.hpp"

namespace sluice::image {
namespace {

// The last address of a network, and whether its bits behind the prefix are zero.
Address last_of(const Network& network) noexcept {
  Address last = network.address;
  for (unsigned bit = network.prefix; bit < 128; ++bit) {
    last[bit / 8] = static_cast<std::uint8_t>(last[bit / 8] | 0x80U >> (bit % 8));
  }
  return last;
}
bool is_network(const Network& network) noexcept {
  if (network.prefix > 128) return false;
  for (unsigned bit = network.prefix; bit < 128; ++bit) {
    if ((network.address[bit / 8] & 0x80U >> (bit % 8)) != 0) return false;
  }
  return true;
}

class Records {
 public:
  Records(const ImageView& view, Schemas schemas) : view_{view}, schemas_{schemas} {}

  std::optional<std::string> check() {
    const bool fine =
        text() && zones() && assets() && conduits() && rules() && programs() && pairs() && patches();
    if (fine) return std::nullopt;
    return "section " + std::string{section_} + ", record " + std::to_string(record_) + ": " + what_;
  }

 private:
  bool bad(const char* section, std::size_t record, const char* what) {
    section_ = section;
    record_ = record;
    what_ = what;
    return false;
  }

  // A run of text starts and ends between characters, so that it is UTF-8 by itself.
  [[nodiscard]] bool is_text(Text run) const {
    const auto all = view_.text();
    if (!inside(run, all.size())) return false;
    const auto between = [&](std::size_t at) {
      return at == all.size() || (static_cast<std::uint8_t>(all[at]) & 0xc0U) != 0x80U;
    };
    return between(run.first) && between(std::size_t{run.first} + run.count);
  }
  [[nodiscard]] bool is_protocol(std::uint16_t protocol) const {
    return protocol > 0 && protocol < schemas_.size();
  }
  [[nodiscard]] bool is_endpoint(std::uint32_t which) const {
    const auto index = index_of(which);
    switch (static_cast<unsigned>(kind_of(which))) {
      case 0:
        return index < view_.zones().size();
      case 1:
        return index < view_.assets().size();
      case 2:
        return index < view_.groups().size();
    }
    return false;
  }

  bool text() {
    return is_utf8(bytes_of({view_.text().data(), view_.text().size()})) || bad("text", 0, "not UTF-8");
  }

  bool zones() {
    const auto zones = view_.zones();
    for (std::size_t i = 0; i < zones.size(); ++i) {
      if (!is_text(zones[i].name)) return bad("zones", i, "name outside the text");
    }
    const auto networks = view_.networks();
    for (std::size_t i = 0; i < networks.size(); ++i) {
      if (networks[i].zone >= zones.size()) return bad("networks", i, "no such zone");
      if (!is_network(networks[i])) return bad("networks", i, "not a network");
      if (i != 0 && networks[i].address <= last_of(networks[i - 1]))
        return bad("networks", i, "out of order");
    }
    const auto groups = view_.groups();
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (groups[i].zone >= zones.size()) return bad("groups", i, "no such zone");
      if (groups[i].kind > GroupKind::mac || groups[i].prefix > 128) return bad("groups", i, "not a group");
    }
    return true;
  }

  bool assets() {
    const auto assets = view_.assets();
    for (std::size_t i = 0; i < assets.size(); ++i) {
      const auto& asset = assets[i];
      if (!is_text(asset.name) || !is_text(asset.vendor) || !is_text(asset.product) ||
          !is_text(asset.firmware)) {
        return bad("assets", i, "words outside the text");
      }
      if (asset.zone >= view_.zones().size()) return bad("assets", i, "no such zone");
      if (asset.neutralise > 1 || asset.whole_segments > 1) return bad("assets", i, "neither yes nor no");
      if ((asset.gateway == kNone) != (asset.unit == kNone)) return bad("assets", i, "half a gateway");
      if (asset.gateway != kNone &&
          (asset.gateway >= assets.size() || assets[asset.gateway].gateway != kNone)) {
        return bad("assets", i, "no such gateway");
      }
    }
    const auto addresses = view_.asset_addresses();
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      if (addresses[i].asset >= assets.size()) return bad("asset_addresses", i, "no such asset");
      if (i != 0 && addresses[i].address <= addresses[i - 1].address)
        return bad("asset_addresses", i, "out of order");
    }
    const auto macs = view_.asset_macs();
    for (std::size_t i = 0; i < macs.size(); ++i) {
      if (macs[i].asset >= assets.size()) return bad("asset_macs", i, "no such asset");
      if (i != 0 && macs[i].mac <= macs[i - 1].mac) return bad("asset_macs", i, "out of order");
    }
    return true;
  }

  bool conduits() {
    const auto conduits = view_.conduits();
    Runs zones{view_.side_zones().size()};
    Runs vlans{view_.vlans().size()};
    for (std::size_t i = 0; i < conduits.size(); ++i) {
      const auto& conduit = conduits[i];
      if (!is_text(conduit.name)) return bad("conduits", i, "name outside the text");
      for (const auto& side : conduit.sides) {
        if (side.port.count == 0 || !is_text(side.port)) return bad("conduits", i, "no port");
        if (!zones.next(side.zones) || !ascends(ImageView::slice(view_.side_zones(), side.zones))) {
          return bad("conduits", i, "zones of a side out of order");
        }
        for (const auto zone : ImageView::slice(view_.side_zones(), side.zones)) {
          if (zone >= view_.zones().size()) return bad("conduits", i, "no such zone");
        }
      }
      if (!vlans.next(conduit.vlans) || !ascends(ImageView::slice(view_.vlans(), conduit.vlans))) {
        return bad("conduits", i, "VLANs out of order");
      }
      for (const auto vlan : ImageView::slice(view_.vlans(), conduit.vlans)) {
        if (!is_vlans(vlan)) return bad("conduits", i, "no such VLAN");
      }
      if (conduit.groundwork >> static_cast<unsigned>(Groundwork::count_) != 0 ||
          conduit.tunnels >> static_cast<unsigned>(Tunnel::count_) != 0 || conduit.mode > Mode::enforce ||
          conduit.on_failure > FailMode::open || conduit.midstream > Midstream::pass ||
          conduit.deny < Verdict::drop || conduit.deny > Verdict::reset) {
        return bad("conduits", i, "a choice that does not exist");
      }
      for (std::size_t reason = 0; reason < conduit.actions.size(); ++reason) {
        if (conduit.actions[reason] >
            (reason < kReasonCount ? static_cast<std::uint8_t>(Verdict::reset) : 0U)) {
          return bad("conduits", i, "an action that does not exist");
        }
      }
      for (std::size_t row = 0; row < conduit.treatments.size(); ++row) {
        const auto treatment = conduit.treatments[row];
        if (row < kNormalisationCount ? !kNormalisations[row].may(treatment) : treatment != Treatment{}) {
          return bad("conduits", i, "a treatment that is not possible");
        }
      }
      if (conduit.ttl_floor == 0) return bad("conduits", i, "no floor for the time to live");
    }
    return true;
  }

  bool rules() {
    const auto rules = view_.rules();
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const auto& rule = rules[i];
      if (!is_text(rule.name) || !is_text(rule.reason) || !is_text(rule.file)) {
        return bad("rules", i, "words outside the text");
      }
      if ((rule.from != kNone && !is_endpoint(rule.from)) || (rule.to != kNone && !is_endpoint(rule.to))) {
        return bad("rules", i, "no such endpoint");
      }
    }
    return true;
  }

  bool programs() {
    const auto programs = view_.programs();
    Runs nodes{view_.nodes().size()};
    Runs constants{view_.program_constants().size()};
    for (std::size_t i = 0; i < programs.size(); ++i) {
      if (!nodes.next(programs[i].nodes) || !constants.next(programs[i].constants)) {
        return bad("programs", i, "outside its sections");
      }
      if (!language::validate(view_.program(static_cast<std::uint32_t>(i)), schemas_)) {
        return bad("programs", i, "not a program");
      }
    }
    return true;
  }

  bool pairs() {
    const auto pairs = view_.pairs();
    Runs cells{view_.cells().size()};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const auto& pair = pairs[i];
      if (!is_endpoint(pair.from) || !is_endpoint(pair.to)) return bad("pairs", i, "no such endpoint");
      if (i != 0 && std::pair{pair.from, pair.to} <= std::pair{pairs[i - 1].from, pairs[i - 1].to}) {
        return bad("pairs", i, "out of order");
      }
      if (!cells.next(pair.cells)) return bad("pairs", i, "cells outside their section");
      const auto own = ImageView::slice(view_.cells(), pair.cells);
      for (std::size_t j = 1; j < own.size(); ++j) {
        if (std::pair{own[j].kind, own[j].protocol} <= std::pair{own[j - 1].kind, own[j - 1].protocol}) {
          return bad("pairs", i, "cells out of order");
        }
      }
    }
    return (cells.complete() || bad("cells", 0, "in no pair")) && all_cells();
  }

  bool all_cells() {
    const auto cells = view_.cells();
    Runs grants{view_.grants().size()};
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto& cell = cells[i];
      const bool decoded = cell.kind == CellKind::decoded;
      if (cell.kind > CellKind::llc || (decoded ? !is_protocol(cell.protocol) : cell.protocol != 0xffff)) {
        return bad("cells", i, "about no protocol");
      }
      if (cell.access >> kAccessCount != 0) return bad("cells", i, "an access that does not exist");
      if (!grants.next(cell.grants)) return bad("cells", i, "grants outside their section");
      for (std::size_t j = 0; j < cell.grants.count; ++j) {
        if (!grant(cell, cell.grants.first + j)) return false;
      }
    }
    return grants.complete() || bad("grants", 0, "in no cell");
  }

  bool grant(const Cell& cell, std::size_t index) {
    const auto& grant = view_.grants()[index];
    const Schema* schema = cell.kind == CellKind::decoded ? schemas_[cell.protocol] : nullptr;
    if (grant.rule >= view_.rules().size()) return bad("grants", index, "no such rule");
    if (grant.where != kNone && grant.where >= view_.programs().size())
      return bad("grants", index, "no such program");
    if (grant.access >> kAccessCount != 0 || grant.mode > Mode::enforce || grant.opened_by > OpenedBy::to) {
      return bad("grants", index, "a choice that does not exist");
    }
    const std::size_t words = schema == nullptr ? 0 : (std::size_t{schema->ids} + 63) / 64;
    if (words_.take(grant.functions, cell.protocol) == Runs::Taken::outside ||
        (grant.functions.count != 0 && grant.functions.count != words)) {
      return bad("grants", index, "functions outside their section");
    }
    switch (ports_.take(grant.ports, 0)) {
      case Runs::Taken::outside:
        return bad("grants", index, "ports outside their section");
      case Runs::Taken::again:
        break;
      case Runs::Taken::fresh:
        for (const auto& port : ImageView::slice(view_.ports(), grant.ports)) {
          if (port.first > port.last) return bad("grants", index, "an interval turned round");
        }
    }
    switch (targets_.take(grant.targets, cell.protocol)) {
      case Runs::Taken::outside:
        return bad("grants", index, "targets outside their section");
      case Runs::Taken::again:
        break;
      case Runs::Taken::fresh:
        return targets(schema, grant.targets);
    }
    return true;
  }

  bool targets(const Schema* schema, Range run) {
    for (std::size_t i = run.first; i < std::size_t{run.first} + run.count; ++i) {
      const auto& target = view_.targets()[i];
      if (schema == nullptr || target.space >= schema->spaces.size())
        return bad("targets", i, "no such space");
      if (!is_text(target.name)) return bad("targets", i, "name outside the text");
      if (target.any_key > 1 || target.any_name > 1 || (target.any_key != 0 && target.key != 0) ||
          (target.any_name != 0 && target.name.count != 0) || target.first > target.last) {
        return bad("targets", i, "not an interval");
      }
      if (i != run.first && !follows(view_.targets()[i - 1], target))
        return bad("targets", i, "out of order");
    }
    return true;
  }

  [[nodiscard]] bool follows(const Target& before, const Target& target) const {
    const auto place = [&](const Target& at) {
      return std::tuple{at.space, at.any_key, at.key, at.any_name, view_.text_of(at.name)};
    };
    const auto a = place(before);
    const auto b = place(target);
    return a < b || (a == b && before.last < target.first && target.first - before.last > 1);
  }

  bool patches() {
    const auto patches = view_.patches();
    Runs assets{view_.patch_assets().size()};
    for (std::size_t i = 0; i < patches.size(); ++i) {
      const auto& patch = patches[i];
      if (!is_text(patch.id) || !is_text(patch.name) || !is_text(patch.cve) || !is_text(patch.reference) ||
          !is_text(patch.file)) {
        return bad("patches", i, "words outside the text");
      }
      if (patch.match == kNone && patch.pattern == kNone) return bad("patches", i, "looks for nothing");
      if (patch.match != kNone && patch.match >= view_.programs().size())
        return bad("patches", i, "no such program");
      if (patch.pattern != kNone &&
          (patch.pattern >= view_.patterns().size() || view_.patterns()[patch.pattern].patch != i)) {
        return bad("patches", i, "no such pattern");
      }
      if (!is_protocol(patch.protocol)) return bad("patches", i, "no such protocol");
      if (patch.severity < 1 || patch.severity > 3 || patch.action < Verdict::drop ||
          patch.action > Verdict::reset) {
        return bad("patches", i, "a choice that does not exist");
      }
      if (!assets.next(patch.assets) || !ascends(ImageView::slice(view_.patch_assets(), patch.assets))) {
        return bad("patches", i, "assets out of order");
      }
      for (const auto asset : ImageView::slice(view_.patch_assets(), patch.assets)) {
        if (asset >= view_.assets().size()) return bad("patches", i, "no such asset");
      }
    }
    return databases() && patterns();
  }

  bool databases() {
    const auto databases = view_.databases();
    if (databases.empty() != (view_.header().platform == 0))
      return bad("databases", 0, "bound to no platform");
    std::uint64_t end = 0;
    for (std::size_t i = 0; i < databases.size(); ++i) {
      const auto& database = databases[i];
      const std::uint64_t blobs = view_.blobs().size();
      if (database.offset % kAlignment != 0 || database.offset < end || database.offset > blobs ||
          database.size == 0 || database.size > blobs - database.offset) {
        return bad("databases", i, "outside the blobs");
      }
      end = database.offset + database.size;
      if (!is_protocol(database.protocol) ||
          (database.field != 0xffff && database.field >= schemas_[database.protocol]->fields.size())) {
        return bad("databases", i, "about no field");
      }
      if (i != 0 && std::pair{database.protocol, database.field} <=
                        std::pair{databases[i - 1].protocol, databases[i - 1].field}) {
        return bad("databases", i, "out of order");
      }
    }
    return true;
  }

  bool patterns() {
    const auto patterns = view_.patterns();
    if (patterns.size() > kMostPatterns) return bad("patterns", kMostPatterns, "too many");
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      const auto& pattern = patterns[i];
      if (pattern.patch >= view_.patches().size() || view_.patches()[pattern.patch].pattern != i) {
        return bad("patterns", i, "no such patch");
      }
      if (pattern.database >= view_.databases().size()) return bad("patterns", i, "no such database");
      const auto& database = view_.databases()[pattern.database];
      if (pattern.protocol != database.protocol || pattern.field != database.field ||
          pattern.protocol != view_.patches()[pattern.patch].protocol) {
        return bad("patterns", i, "about another protocol than its database or patch");
      }
    }
    return true;
  }

  const ImageView& view_;
  Schemas schemas_;
  Runs words_{view_.words().size()};
  Runs ports_{view_.ports().size()};
  Runs targets_{view_.targets().size()};
  const char* section_ = "";
  std::size_t record_ = 0;
  const char* what_ = "";
};

}  // namespace

std::optional<std::string> check_records(const ImageView& view, Schemas schemas) {
  return Records{view, schemas}.check();
}

}  // namespace sluice::image
