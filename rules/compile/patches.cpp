#include "rules/compile/patches.hpp"

#include <algorithm>
#include <map>

#include "rules/base/nearest.hpp"
#include "rules/compile/carriers.hpp"
#include "rules/compile/product.hpp"

namespace sluice::compile {
namespace {

constexpr std::uint16_t kNoProtocol = 0xffff;
constexpr std::uint16_t kWholePdu = 0xffff;

bool affects(const AffectedRow& affected, const AssetRow& asset) {
  if (asset.vendor.empty() || asset.product.empty()) return false;
  if (!matches_glob(affected.vendor, asset.vendor) || !matches_glob(affected.product, asset.product))
    return false;
  return !affected.firmware || asset.firmware.empty() ||
         in_firmware_range(affected.firmware->text, asset.firmware);
}

}  // namespace

Patches::Patches(const Places& places, Expressions& expressions, Patterns& patterns, Schemas schemas,
                 Notes& notes)
    : places_{places}, expressions_{expressions}, patterns_{patterns}, schemas_{schemas}, notes_{notes} {
  std::map<std::string_view, Spot> ids;
  for (const auto& row : places_.rows().patches) {
    if (!row.id.text.empty()) {
      const auto [at, added] = ids.try_emplace(row.id.text, row.id.spot);
      if (!added) {
        notes_.error(row.id.spot, "a second patch with the id " + quoted(row.id.text),
                     "the first is at " + notes_.at(at->second) + ": remove one");
      }
    }
    resolve(row);
  }
}

std::uint16_t Patches::protocol_of(const PatchRow& row) {
  if (row.protocol.text.empty()) return kNoProtocol;  // reported
  Nearest search{row.protocol.text};
  std::string all;
  for (std::size_t i = 1; i < schemas_.size(); ++i) {
    if (schemas_[i]->name == row.protocol.text) return static_cast<std::uint16_t>(i);
    search.offer(schemas_[i]->name);
    all += (all.empty() ? "it is one of " : ", ") + std::string{schemas_[i]->name};
  }
  notes_.error(row.protocol.spot, "no decoder for protocol " + quoted(row.protocol.text), search.remedy(all));
  return kNoProtocol;
}

std::uint16_t Patches::field_of(const PatternRow& row, std::uint16_t protocol) {
  if (!row.field) return kWholePdu;
  const Schema& schema = *schemas_[protocol];
  const int index = schema.field(row.field->text);
  if (index < 0) {
    if (row.field->text != "payload") {
      Nearest search{row.field->text};
      search.offer("payload");
      for (const auto& field : schema.fields) search.offer(field.name);
      notes_.error(row.field->spot, std::string{schema.name} + " has no field " + quoted(row.field->text),
                   search.remedy("leave it out to look at the whole message"));
    }
    return kWholePdu;
  }
  const auto type = schema.fields[static_cast<std::size_t>(index)].type;
  if (type != FieldType::bytes && type != FieldType::string && type != FieldType::protocol) {
    notes_.error(row.field->spot, quoted(row.field->text) + " is a number or an address, not bytes",
                 "compare it in match, or look at another field");
  }
  return static_cast<std::uint16_t>(index);
}

std::vector<std::uint32_t> Patches::shielded(const PatchRow& row) const {
  std::vector<std::uint32_t> out;
  const auto& assets = places_.rows().assets;
  for (std::uint32_t i = 0; i < assets.size(); ++i) {
    const auto zone = places_.zone_of_asset(i);
    if (zone == image::kNone || !places_.on_conduit(zone)) continue;
    if (std::any_of(row.affects.begin(), row.affects.end(),
                    [&](const auto& affected) { return affects(affected, assets[i]); })) {
      const auto gateway = places_.gateway_of(i);
      out.push_back(gateway == image::kNone ? i : gateway);
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void Patches::resolve(const PatchRow& row) {
  Resolved resolved;
  resolved.row = &row;
  resolved.protocol = protocol_of(row);
  const bool fine = !row.pattern || patterns_.check(row.pattern->regex);
  if (resolved.protocol == kNoProtocol) return;
  if (row.action == Verdict::drop && has(transports_of(resolved.protocol, schemas_), Transport::tcp)) {
    notes_.error(row.action_spot, "action = \"drop\" for " + row.protocol.text + ", which runs over TCP",
                 "write \"reset\": a dropped segment only comes again");
  }
  if (row.action == Verdict::neutralise && !stand_ins_of(resolved.protocol, schemas_)) {
    notes_.error(row.action_spot,
                 "action = \"neutralise\" for " + row.protocol.text +
                     ", which has no request that a device refuses itself",
                 "write \"reset\"");
  }
  const auto field = row.pattern ? field_of(*row.pattern, resolved.protocol) : kWholePdu;
  resolved.assets = shielded(row);
  if (resolved.assets.empty() || !fine) {
    if (row.match) expressions_.check(*row.match, resolved.protocol);
    return;
  }
  if (row.match) resolved.match = expressions_.compile(*row.match, resolved.protocol);
  if (row.pattern) {
    resolved.pattern = patterns_.add(row.pattern->regex, static_cast<std::uint32_t>(patches_.size()),
                                     resolved.protocol, field);
  }
  patches_.push_back(std::move(resolved));
}

void Patches::write(image::Writer& writer) const {
  for (const auto& resolved : patches_) {
    const auto where = notes_.where(resolved.row->spot);
    image::Patch patch;
    patch.id = writer.intern(resolved.row->id.text);
    patch.name = writer.intern(resolved.row->name);
    patch.cve = writer.intern(resolved.row->cve);
    patch.reference = writer.intern(resolved.row->reference);
    patch.file = writer.intern(where.file);
    patch.line = where.line;
    patch.match = resolved.match;
    patch.pattern = resolved.pattern;
    patch.assets =
        image::Writer::append(writer.patch_assets, std::span<const std::uint32_t>{resolved.assets});
    patch.protocol = resolved.protocol;
    patch.severity = resolved.row->severity;
    patch.action = resolved.row->action;
    writer.patches.push_back(patch);
  }
}

}  // namespace sluice::compile
