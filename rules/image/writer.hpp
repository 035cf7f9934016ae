// Writer: puts an image together. Fill the vectors, one per section and named as it, in the order that
// format.hpp asks of each; finish() lays them out and signs for the bytes. It does not check: ImageView::open
// does. Same content, same bytes. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/image/digest.hpp"
#include "rules/image/format.hpp"

namespace sluice::image {

// What an image is bound to.
struct Binding {
  std::uint64_t schemas = 0;   // fingerprint() of the registry
  std::uint64_t platform = 0;  // of the Hyperscan databases; 0 without any
  Digest source{};
};

class Writer {
 public:
#define X(name, record) std::vector<record> name;
  SLUICE_IMAGE_SECTIONS(X)
#undef X

  // The run of Section::text that holds `run`; equal texts share one.
  Text intern(std::string_view run);

  // Appends a run to a section and says where it lies.
  template <class Record>
  static Range append(std::vector<Record>& section, std::span<const Record> run) {
    const Range range{static_cast<std::uint32_t>(section.size()), static_cast<std::uint32_t>(run.size())};
    section.insert(section.end(), run.begin(), run.end());
    return range;
  }

  // Of the image that finish() would make.
  [[nodiscard]] std::size_t size() const noexcept;

  // The image. Empty when it would have more than kMostBytes.
  [[nodiscard]] std::vector<std::uint8_t> finish(const Binding& binding) const;

 private:
  std::unordered_map<std::string, Text> interned_;
};

}  // namespace sluice::image
