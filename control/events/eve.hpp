// EVE: one event as one line of JSON, as Suricata's readers know it, for the daemon's event file and for
// `sluice inspect -o json`. What is ours alone stands in one object, `sluice`; what a protocol says, in one
// named as its schema. README.md lists the keys. A pure function; the record is not trusted: indices that the
// image does not have are left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/channel/record.hpp"
#include "rules/image/view.hpp"

namespace sluice::events {

struct EveContext {
  Schemas schemas;
  const image::ImageView* image = nullptr;  // of the record's generation; null: names are left out
  std::string_view in_iface{};              // name of the record's port; empty: left out
  std::string_view host{};                  // name of this box; empty: left out
  // Added to the record's times to get ns since 1970; 0 for captures.
  std::uint64_t wall_offset_ns = 0;
};

// Appends the line without its end.
void append_eve(std::string& out, const channel::Record& record, const EveContext& context);

// The words that people read: "denied", "would deny", "patched", "would patch", "allowed", "seen".
std::string_view outcome_of(const channel::Record& record) noexcept;

// 2024-06-11T08:15:30.123456+0000
std::string timestamp(std::uint64_t ns_since_1970);

}  // namespace sluice::events
