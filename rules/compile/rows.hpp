// The configuration as written: each table of TOML as a row, its words and numbers checked one by one, its
// names not yet looked up. Filled by read(), resolved by places.hpp, rules.hpp and patches.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/compile/address.hpp"
#include "rules/compile/document.hpp"
#include "rules/compile/notes.hpp"
#include "rules/image/format.hpp"

namespace sluice::compile {

struct ZoneRow {
  Spot spot;
  Word name;
  std::uint8_t security_level = 0;
  std::vector<std::pair<Prefix, Spot>> networks;
};

struct BehindRow {
  Word asset;
  std::uint32_t unit = 0;
  Spot spot;
};

struct AssetRow {
  Spot spot;
  Word name;
  Word zone;
  std::vector<std::pair<image::Address, Spot>> addresses;
  std::vector<std::pair<image::Mac, Spot>> macs;
  std::optional<BehindRow> behind;
  std::string vendor;
  std::string product;
  std::string firmware;
  bool neutralise = false;
  bool whole_segments = false;
};

struct SideRow {
  Word port;
  std::vector<Word> zones;
};

struct ConduitRow {
  Spot spot;
  Word name;
  std::vector<SideRow> sides;        // two, unless reported
  std::vector<std::uint32_t> vlans;  // as image::Conduit has them
  std::uint32_t groundwork = 0;
  std::uint32_t tunnels = 0;
  Mode mode = Mode::enforce;
  FailMode on_failure = FailMode::closed;
  Midstream midstream = Midstream::drop;
  Verdict deny = Verdict::reset;
  Spot deny_spot;
  Treatments treatments = usual_treatments();
  std::uint8_t ttl_floor = kUsualTtlFloor;
};

// One end of a rule: a zone or an asset by name, or a group of a zone.
struct GroupRow {
  image::GroupKind kind = image::GroupKind::broadcast;
  Prefix network;
  image::Mac mac{};
};
struct EndRow {
  Word name;  // of the zone, for a group
  std::optional<GroupRow> group;
};

struct FunctionRow {
  Spot spot;
  std::string name;  // empty: the code counts
  std::int64_t code = 0;
};

struct AllowRow {
  Spot spot;
  std::vector<EndRow> from;
  std::vector<EndRow> to;
  image::CellKind kind = image::CellKind::decoded;
  Word protocol;                       // decoded: the decoder's name
  std::vector<image::Interval> ports;  // or the EtherType, the LLC address
  std::uint8_t access = 0;
  std::vector<FunctionRow> functions;
  std::vector<Word> targets;
  std::optional<Word> where;  // spot: of its first character
  std::string reason;
  Mode mode = Mode::enforce;
  image::OpenedBy opened_by = image::OpenedBy::from;
};

struct AffectedRow {
  std::string vendor;
  std::string product;
  std::optional<Word> firmware;
};

struct PatternRow {
  Spot spot;
  std::optional<Word> field;
  Word regex;  // spot: of its first character
};

struct PatchRow {
  Spot spot;
  Word id;
  std::string name;
  std::string cve;  // separated by spaces
  std::string reference;
  std::vector<AffectedRow> affects;
  Word protocol;
  std::optional<Word> match;  // spot: of its first character
  std::optional<PatternRow> pattern;
  std::uint8_t severity = 2;
  Verdict action = Verdict::reset;
  Spot action_spot;
};

struct Rows {
  std::vector<ZoneRow> zones;
  std::vector<AssetRow> assets;
  std::vector<ConduitRow> conduits;
  std::vector<AllowRow> allows;
  std::vector<PatchRow> patches;
};

// Adds the rows of one source. What is wrong with a row is reported; what is left of it is kept when it has a
// name, so that nobody complains about the name as well.
void read(const TomlValue& document, Rows& rows, Notes& notes);

// Parts of read(), by table.
void read_zone(const TomlValue& table, Rows& rows, Notes& notes);
void read_asset(const TomlValue& table, Rows& rows, Notes& notes);
void read_conduit(const TomlValue& table, Rows& rows, Notes& notes);
void read_allow(const TomlValue& table, Rows& rows, Notes& notes);
void read_patch(const TomlValue& table, Rows& rows, Notes& notes);

}  // namespace sluice::compile
