#include <cstring>

#include "rules/image/check.hpp"
#include "rules/image/digest.hpp"

namespace sluice::image {
namespace {

struct SectionFact {
  const char* name;
  std::size_t record;
};
constexpr std::array<SectionFact, kSectionCount> kSections = {{
#define X(name, record) {#name, sizeof(record)},
    SLUICE_IMAGE_SECTIONS(X)
#undef X
}};

}  // namespace

std::optional<std::string> check_frame(ByteView bytes, Schemas schemas) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlignment != 0) return "not aligned in memory";
  if (bytes.size() < sizeof(Header)) return "shorter than a header";
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kMagic) return "not an image";
  if (header.format != kFormat || header.header_size != sizeof(Header)) {
    return "of format " + std::to_string(header.format) + ", this program reads format " +
           std::to_string(kFormat);
  }
  if (header.size != bytes.size() || bytes.size() > kMostBytes) return "of another size than its header says";
  if (header.schemas != fingerprint(schemas)) return "compiled for other protocols than this program knows";
  std::uint64_t end = sizeof(Header);
  for (std::size_t i = 0; i < kSectionCount; ++i) {
    const auto& row = header.sections[i];
    if (row.offset % kAlignment != 0 || row.offset < end || row.offset > bytes.size() ||
        row.count > (bytes.size() - row.offset) / kSections[i].record) {
      return "section " + std::string{kSections[i].name} + " outside the image";
    }
    end = row.offset + row.count * kSections[i].record;
  }
  for (const auto section : {Section::zones, Section::assets, Section::groups}) {
    if (header.sections[static_cast<std::size_t>(section)].count > kMostEndpoints)
      return "too many endpoints";
  }
  if (digest_of(bytes) != header.digest) return "damaged: its digest is another";
  return std::nullopt;
}

}  // namespace sluice::image
