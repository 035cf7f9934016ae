#include "rules/compile/compile.hpp"

#include <sodium.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "rules/compile/document.hpp"
#include "rules/compile/expressions.hpp"
#include "rules/compile/guard.hpp"
#include "rules/compile/notes.hpp"
#include "rules/compile/patches.hpp"
#include "rules/compile/patterns.hpp"
#include "rules/compile/places.hpp"
#include "rules/compile/rows.hpp"
#include "rules/compile/rules.hpp"
#include "rules/image/writer.hpp"

namespace sluice::compile {
namespace {

bool fits(std::span<const Source> sources, Notes& notes) {
  if (sources.empty() || sources.size() > kMostSources) {
    notes.found().add(
        {}, sources.empty() ? "no configuration" : "more than " + std::to_string(kMostSources) + " files",
        "name a .toml file, or a directory of them");
    return false;
  }
  std::size_t size = 0;
  for (const auto& source : sources) size += source.text.size();
  if (size > kMostText) {
    notes.found().add({}, "a configuration of " + std::to_string(size) + " bytes",
                      "the most is " + std::to_string(kMostText));
    return false;
  }
  return true;
}

std::optional<Rows> read_all(std::span<const Source> sources, Notes& notes) {
  Rows rows;
  std::vector<TomlValue> documents;
  for (std::uint32_t i = 0; i < sources.size(); ++i) {
    if (!guard(sources[i].text, i, notes)) continue;
    if (auto document = parse(sources[i].text, i, notes)) documents.push_back(std::move(*document));
  }
  // What is said about the rest would follow from what could not be read.
  if (!notes.clean()) return std::nullopt;
  for (const auto& document : documents) read(document, rows, notes);
  if (rows.conduits.empty() && notes.clean()) {
    notes.error({static_cast<std::uint32_t>(sources.size() - 1), 0, 0}, "a configuration without a conduit",
                "add one as [[conduit]]: without it nothing is forwarded");
  }
  return rows;
}

// In the order of the sources.
void hand_over(Notes& notes, Diagnostics& diagnostics) {
  std::unordered_map<std::string_view, std::size_t> order;
  for (const auto& source : notes.sources()) order.emplace(source.name, order.size());
  auto errors = notes.found().errors();
  std::stable_sort(errors.begin(), errors.end(), [&](const Error& a, const Error& b) {
    const auto place = [&](const Error& error) {
      const auto at = order.find(error.where.file);
      return std::tuple{at == order.end() ? 0 : at->second, error.where.line, error.where.column};
    };
    return place(a) < place(b);
  });
  for (auto& error : errors) diagnostics.add(std::move(error));
  for (std::size_t i = 0; i < notes.found().unlisted(); ++i) diagnostics.add({}, "and more");
}

std::optional<Output> build(std::span<const Source> sources, Schemas schemas, Notes& notes) {
  if (!fits(sources, notes)) return std::nullopt;
  const auto rows = read_all(sources, notes);
  if (!rows) return std::nullopt;
  Places places{*rows, notes};
  Expressions expressions{schemas, notes};
  Patterns patterns{notes};
  const Rules rules{places, expressions, schemas, notes};
  const Patches patches{places, expressions, patterns, schemas, notes};
  if (!notes.clean() || !patterns.compile()) return std::nullopt;

  image::Writer writer;
  places.write(writer);
  rules.write(writer);
  expressions.write(writer);
  patches.write(writer);
  patterns.write(writer);
  Output output;
  output.source_digest = source_digest(sources);
  output.image = writer.finish({.schemas = fingerprint(schemas),
                                .platform = patterns.empty() ? 0 : hyperscan_platform(),
                                .source = output.source_digest});
  if (output.image.empty()) {
    notes.found().add({}, "an image of " + std::to_string(writer.size()) + " bytes",
                      "the most is " + std::to_string(image::kMostBytes));
    return std::nullopt;
  }
  output.summary.zones = static_cast<std::uint32_t>(writer.zones.size());
  output.summary.assets = static_cast<std::uint32_t>(writer.assets.size());
  output.summary.conduits = static_cast<std::uint32_t>(writer.conduits.size());
  output.summary.rules = static_cast<std::uint32_t>(writer.rules.size());
  output.summary.pairs = static_cast<std::uint32_t>(writer.pairs.size());
  output.summary.grants = static_cast<std::uint32_t>(writer.grants.size());
  output.summary.patches = static_cast<std::uint32_t>(writer.patches.size());
  output.summary.patches_written = static_cast<std::uint32_t>(rows->patches.size());
  return output;
}

}  // namespace

std::optional<Output> compile(std::span<const Source> sources, Schemas schemas, Diagnostics& diagnostics) {
  Notes notes{sources};
  auto output = build(sources, schemas, notes);
  hand_over(notes, diagnostics);
  return output;
}

image::Digest source_digest(std::span<const Source> sources) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, image::Digest{}.size());
  const auto add = [&](std::string_view text) {
    const std::uint64_t size = text.size();
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  };
  for (const auto& source : sources) {
    add(std::string_view{source.name}.substr(source.name.find_last_of('/') + 1));
    add(source.text);
  }
  image::Digest digest{};
  crypto_generichash_final(&state, digest.data(), digest.size());
  return digest;
}

}  // namespace sluice::compile
