// The one check that an image passes before anything reads it. Trusts nothing; linear in the bytes, whatever
// they say: runs of shared sections lie one behind the other, so no record can make another be walked twice.
#pragma once

#include <optional>
#include <string>

#include "rules/image/view.hpp"

namespace sluice::image {

// What is wrong with magic, format, size, registry, layout or digest. Nothing when sections may be read as
// spans.
std::optional<std::string> check_frame(ByteView bytes, Schemas schemas);

// What is wrong with a record of a section. `view` has passed check_frame.
std::optional<std::string> check_records(const ImageView& view, Schemas schemas);

}  // namespace sluice::image
