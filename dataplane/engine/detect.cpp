#include "dataplane/engine/detect.hpp"

#include <hs/hs_runtime.h>

#include <algorithm>

namespace sluice {
namespace {

using image::ImageView;
using image::kNone;

constexpr std::uint64_t kByteSteps = 2;  // of a scan
constexpr std::uint64_t kMatchSteps = 10;
constexpr std::uint64_t kPatchSteps = 3;

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
  if (!detect.steps_->spend(kMatchSteps)) return 1;
  const std::uint32_t word = id / 64;
  if (word >= detect.found_.size()) return 0;
  if (detect.found_[word] == 0) detect.touched_.push_back(word);
  detect.found_[word] |= std::uint64_t{1} << (id % 64);
  return 0;
}

bool Detect::found(std::uint32_t pattern) const noexcept {
  return pattern / 64 < found_.size() && (found_[pattern / 64] >> (pattern % 64) & 1U) != 0;
}

void Detect::scan(const Ruleset& rules, std::uint32_t database, ByteView bytes, Steps& steps) noexcept {
  const auto* compiled = rules.database(database);
  if (compiled == nullptr || bytes.empty() || !steps.spend(bytes.size() * kByteSteps)) return;
  steps_ = &steps;
  const auto status =
      hs_scan(compiled, reinterpret_cast<const char*>(bytes.data()), static_cast<unsigned>(bytes.size()), 0,
              rules.scratch(worker_), &Detect::on_match, this);
  failed_ |= status != HS_SUCCESS && status != HS_SCAN_TERMINATED;
}

void Detect::begin(const Ruleset& rules, ProtocolId protocol, std::uint32_t asset, ByteView pdu,
                   Steps& steps) noexcept {
  for (const auto word : touched_) found_[word] = 0;
  touched_.clear();
  failed_ = false;
  also(rules, protocol, asset, pdu, steps);
}

void Detect::also(const Ruleset& rules, ProtocolId protocol, std::uint32_t asset, ByteView pdu,
                  Steps& steps) noexcept {
  if (asset == kNone) return;
  const auto databases = rules.image().databases();
  for (std::uint32_t i = 0; i < databases.size(); ++i) {
    if (databases[i].protocol == protocol.value && databases[i].field == 0xffff) scan(rules, i, pdu, steps);
  }
}

PatchId Detect::item(const Ruleset& rules, std::uint32_t asset, const Context& context,
                     Steps& steps) noexcept {
  if (asset == kNone) return PatchId::none();
  const auto& image = rules.image();
  const auto databases = image.databases();
  for (std::uint32_t i = 0; i < databases.size(); ++i) {
    if (databases[i].protocol != context.protocol.value || !scannable(registry_, databases[i])) continue;
    const FieldRef wanted{databases[i].protocol, databases[i].field};
    for (const std::size_t run : {2U, 3U}) {  // header and item
      if ((context.values.fields[run] & ValueSet::bit_of(wanted)) == 0) continue;
      if (!steps.spend(context.values.runs[run].size())) return PatchId::none();
      for (const auto& value : context.values.runs[run]) {
        if (value.field == wanted) scan(rules, i, value.bytes(), steps);
      }
    }
  }
  PatchId gravest;
  const auto patches = image.patches();
  for (const auto i : rules.patches_for(asset)) {
    const auto& patch = patches[i];
    if (!steps.spend(kPatchSteps)) break;
    if (patch.protocol != context.protocol.value || (patch.match == kNone && patch.pattern == kNone))
      continue;
    if (patch.pattern != kNone && !found(patch.pattern)) continue;
    if (patch.match != kNone &&
        !language::evaluate(program_of(image, patch.match), context.values, registry_.schemas, steps)) {
      continue;
    }
    if (!gravest.exists() || patch.action > patches[gravest.value].action) gravest = {i};
  }
  return gravest;
}

PatchId Detect::message(const Ruleset& rules, ProtocolId protocol, std::uint32_t asset) const noexcept {
  if (asset == kNone || touched_.empty()) return PatchId::none();
  const auto patches = rules.image().patches();
  for (const auto i : rules.patches_for(asset)) {
    const auto& patch = patches[i];
    if (patch.protocol == protocol.value && patch.match == kNone && patch.pattern != kNone &&
        found(patch.pattern)) {
      return {i};
    }
  }
  return PatchId::none();
}

}  // namespace sluice
