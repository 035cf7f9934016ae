// compile(): the text that people write (TOML: zones, assets, conduits, allow rules, patches) to an image.
// Knows no protocol: the schemas are an argument. Reads nothing but its arguments; the same sources and
// schemas on the same CPU give the same bytes. Everything wrong is reported at once, in the order of the
// sources, unless a source is not TOML at all: then only that is. One thread. Bounded: kMostSources,
// kMostText of all of them; run it in a limited process all the same (control/ruleset/compile_child.hpp), for
// the regular expressions of patches take their time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rules/base/result.hpp"
#include "rules/image/digest.hpp"
#include "rules/schema/schema.hpp"

namespace sluice::compile {

inline constexpr std::size_t kMostSources = 1000;
inline constexpr std::size_t kMostText = 32U << 20;    // bytes of all sources
inline constexpr std::size_t kMostDepth = 32;          // nested brackets, dotted keys
inline constexpr std::size_t kMostGrants = 1'000'000;  // allow rules times their pairs of ends

// One file. Its name is what errors and events show.
struct Source {
  std::string name;
  std::string text;
};

struct Summary {
  std::uint32_t zones = 0;
  std::uint32_t assets = 0;
  std::uint32_t conduits = 0;
  std::uint32_t rules = 0;
  std::uint32_t pairs = 0;
  std::uint32_t grants = 0;
  std::uint32_t patches = 0;          // compiled in
  std::uint32_t patches_written = 0;  // of those in the sources
};

struct Output {
  std::vector<std::uint8_t> image;  // generation 0; see image::set_generation
  image::Digest source_digest{};
  Summary summary;
};

// Nothing when anything was reported.
std::optional<Output> compile(std::span<const Source> sources, Schemas schemas, Diagnostics& diagnostics);

// Names the content of the sources: file names without their directories, and bytes, in order.
image::Digest source_digest(std::span<const Source> sources);

}  // namespace sluice::compile
