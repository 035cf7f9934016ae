#include "rules/image/writer.hpp"

#include <cstring>
#include <type_traits>

namespace sluice::image {
namespace {

// Padding between fields would put chance bytes into the image.
#define X(name, record) static_assert(std::has_unique_object_representations_v<record>);
SLUICE_IMAGE_SECTIONS(X)
#undef X
static_assert(std::has_unique_object_representations_v<Header>);

constexpr std::size_t aligned(std::size_t size) noexcept {
  return (size + kAlignment - 1) & ~(kAlignment - 1);
}

}  // namespace

Text Writer::intern(std::string_view run) {
  if (run.empty()) return {};
  const auto [at, added] = interned_.try_emplace(std::string{run});
  if (added) at->second = append(text, std::span<const char>{run});
  return at->second;
}

std::size_t Writer::size() const noexcept {
  std::size_t size = aligned(sizeof(Header));
#define X(name, record) size += aligned(name.size() * sizeof(record));
  SLUICE_IMAGE_SECTIONS(X)
#undef X
  return size;
}

std::vector<std::uint8_t> Writer::finish(const Binding& binding) const {
  std::vector<std::uint8_t> image;
  if (size() > kMostBytes) return image;
  image.resize(size());
  Header header;
  header.header_size = sizeof(Header);
  header.size = image.size();
  header.schemas = binding.schemas;
  header.platform = binding.platform;
  header.source_digest = binding.source;
  std::size_t at = aligned(sizeof(Header));
#define X(name, record)                                                                         \
  header.sections[static_cast<std::size_t>(Section::name)] = {at, name.size()};                 \
  if (!name.empty()) std::memcpy(image.data() + at, name.data(), name.size() * sizeof(record)); \
  at += aligned(name.size() * sizeof(record));
  SLUICE_IMAGE_SECTIONS(X)
#undef X
  std::memcpy(image.data(), &header, sizeof header);
  header.digest = digest_of(image);
  std::memcpy(image.data(), &header, sizeof header);
  return image;
}

}  // namespace sluice::image
