// ImageView: read access to an image after it was checked. open() trusts nothing: magic, format, fingerprint,
// digest, every section's bounds, every index and every program, so that no accessor can read outside the
// image whatever its bytes were. Views do not own; the bytes must stay unchanged while the view is used. Any
// thread may read.
#pragma once

#include <span>
#include <string_view>

#include "rules/base/bytes.hpp"
#include "rules/base/result.hpp"
#include "rules/image/format.hpp"
#include "rules/schema/schema.hpp"

namespace sluice::image {

class ImageView {
 public:
  ImageView() = default;

  // `bytes` must be aligned to kAlignment.
  static Result<ImageView> open(ByteView bytes, Schemas schemas);

  [[nodiscard]] const Header& header() const noexcept {
    return *reinterpret_cast<const Header*>(bytes_.data());
  }

#define X(name, record)                                                           \
  [[nodiscard]] std::span<const record> name() const noexcept {                   \
    const auto& row = header().sections[static_cast<std::size_t>(Section::name)]; \
    return {reinterpret_cast<const record*>(bytes_.data() + row.offset),          \
            static_cast<std::size_t>(row.count)};                                 \
  }
  SLUICE_IMAGE_SECTIONS(X)
#undef X

  [[nodiscard]] std::string_view text_of(Text run) const noexcept {
    return {text().data() + run.first, run.count};
  }
  template <class Record>
  [[nodiscard]] static std::span<const Record> slice(std::span<const Record> section, Range run) noexcept {
    return section.subspan(run.first, run.count);
  }

  // Of Section::programs, as the language reads it.
  [[nodiscard]] language::ProgramView program(std::uint32_t index) const noexcept {
    const auto& runs = programs()[index];
    return {slice(nodes(), runs.nodes), slice(program_constants(), runs.constants)};
  }

  // The network that has an address; null when none does.
  [[nodiscard]] const Network* network_of(const Address& address) const noexcept;
  // What an address belongs to. kNone when nothing does.
  [[nodiscard]] std::uint32_t zone_of(const Address& address) const noexcept;
  [[nodiscard]] std::uint32_t asset_of(const Address& address) const noexcept;
  [[nodiscard]] std::uint32_t asset_of(const Mac& mac) const noexcept;
  // The cells of an ordered pair of endpoints; empty when no rule is about it.
  [[nodiscard]] std::span<const Cell> cells(std::uint32_t from, std::uint32_t to) const noexcept;

 private:
  ByteView bytes_;
};

}  // namespace sluice::image
