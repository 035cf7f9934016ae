#include "dataplane/engine/detect.hpp"

#include <hs/hs_runtime.h>

#include <algorithm>

namespace sluice {
namespace {

using image::ImageView;
using image::kNone;

bool shields(const ImageView& image, const image::Patch& patch, std::uint32_t asset) noexcept {
  const auto assets = ImageView::slice(image.patch_assets(), patch.assets);
  return std::binary_search(assets.begin(), assets.end(), asset);
}

// Only these values are bytes to scan; the image is not trusted to name one.
bool scannable(const Registry& registry, const image::Database& database) noexcept {
  if (database.protocol >= registry.schemas.size()) return false;
  const auto fields = registry.schemas[database.protocol]->fields;
  if (database.field >= fields.size()) return false;
  const auto type = fields[database.field].type;
  return type == FieldType::bytes || type == FieldType::string || type == FieldType::protocol;
}

}  // namespace

Detect::Detect(const Registry& registry, std::uint32_t worker)
    : registry_{registry}, worker_{worker}, found_(kMostPatterns / 64) {
  touched_.reserve(found_.size());
}

int Detect::on_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* self) noexcept {
  auto& detect = *static_cast<Detect*>(self);
  const std::uint32_t word = id / 64;
  if (word >= detect.found_.size()) return 0;
  if (detect.found_[word] == 0) detect.touched_.push_back(word);
  detect.found_[word] |= std::uint64_t{1} << (id % 64);
  return 0;
}

bool Detect::found(std::uint32_t pattern) const noexcept {
  return pattern / 64 < found_.size() && (found_[pattern / 64] >> (pattern % 64) & 1U) != 0;
}

void Detect::scan(const Ruleset& rules, std::uint32_t database, ByteView bytes) noexcept {
  const auto* compiled = rules.database(database);
  if (compiled == nullptr || bytes.empty()) return;
  const auto status =
      hs_scan(compiled, reinterpret_cast<const char*>(bytes.data()), static_cast<unsigned>(bytes.size()), 0,
              rules.scratch(worker_), &Detect::on_match, this);
  failed_ |= status != HS_SUCCESS;
}

void Detect::begin(const Ruleset& rules, ProtocolId protocol, std::uint32_t asset, ByteView pdu) noexcept {
  for (const auto word : touched_) found_[word] = 0;
  touched_.clear();
  failed_ = false;
  also(rules, protocol, asset, pdu);
}

void Detect::also(const Ruleset& rules, ProtocolId protocol, std::uint32_t asset, ByteView pdu) noexcept {
  if (asset == kNone) return;
  const auto databases = rules.image().databases();
  for (std::uint32_t i = 0; i < databases.size(); ++i) {
    if (databases[i].protocol == protocol.value && databases[i].field == 0xffff) scan(rules, i, pdu);
  }
}

PatchId Detect::item(const Ruleset& rules, std::uint32_t asset, const Context& context,
                     const Item& item) noexcept {
  if (asset == kNone) return PatchId::none();
  const auto& image = rules.image();
  const auto databases = image.databases();
  for (std::uint32_t i = 0; i < databases.size(); ++i) {
    if (databases[i].protocol != context.protocol.value || !scannable(registry_, databases[i])) continue;
    for (const auto values : {context.header, item.values}) {
      for (const auto& value : values) {
        if (value.field == FieldRef{databases[i].protocol, databases[i].field}) scan(rules, i, value.bytes());
      }
    }
  }
  PatchId gravest;
  const auto patches = image.patches();
  for (std::uint32_t i = 0; i < patches.size(); ++i) {
    const auto& patch = patches[i];
    if (patch.protocol != context.protocol.value || (patch.match == kNone && patch.pattern == kNone))
      continue;
    if (patch.pattern != kNone && !found(patch.pattern)) continue;
    if (!shields(image, patch, asset)) continue;
    if (patch.match != kNone) {
      if (!language::evaluate(program_of(image, patch.match),
                              {{context.packet, context.carrier, context.header, item.values}},
                              registry_.schemas)) {
        continue;
      }
    }
    if (!gravest.exists() || patch.action > patches[gravest.value].action) gravest = {i};
  }
  return gravest;
}

PatchId Detect::message(const Ruleset& rules, ProtocolId protocol, std::uint32_t asset) const noexcept {
  if (asset == kNone || touched_.empty()) return PatchId::none();
  const auto patches = rules.image().patches();
  for (std::uint32_t i = 0; i < patches.size(); ++i) {
    const auto& patch = patches[i];
    if (patch.protocol == protocol.value && patch.match == kNone && patch.pattern != kNone &&
        found(patch.pattern) && shields(rules.image(), patch, asset)) {
      return {i};
    }
  }
  return PatchId::none();
}

}  // namespace sluice
