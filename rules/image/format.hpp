// The image: a policy compiled for this box, one block of memory without pointers, written by the compiler
// and read by the dataplane through ImageView after every bound in it was checked. A header, then sections of
// fixed-size records, each on 64 bytes. Integers are the machine's (the header binds the image to program and
// CPU). Records name each other by index; Range is a run of another section. The format is a contract: it
// changes with kFormat only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "rules/language/program.hpp"
#include "rules/schema/normalisation.hpp"
#include "rules/schema/reason.hpp"

namespace sluice::image {

inline constexpr std::array<char, 8> kMagic = {'S', 'L', 'U', 'I', 'C', 'E', 'I', 'M'};
inline constexpr std::uint32_t kFormat = 4;
inline constexpr std::size_t kAlignment = 64;
inline constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of a whole image
inline constexpr std::uint32_t kNone = 0xffffffff;               // an index that points nowhere
inline constexpr std::uint32_t kMostEndpoints = 0x3fffffff;      // zones, assets, groups: of each
inline constexpr std::uint32_t kMostPatterns = 65536;

struct Range {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};
using Text = Range;  // a run of Section::text, UTF-8, no terminator

using Address = std::array<std::uint8_t, 16>;  // IPv6; IPv4 as ::ffff:a.b.c.d
using Mac = std::array<std::uint8_t, 6>;

// Endpoints are what rules are between. One number names any of them.
enum class EndpointKind : std::uint8_t { zone = 0, asset = 1, group = 2 };
constexpr std::uint32_t endpoint(EndpointKind kind, std::uint32_t index) noexcept {
  return static_cast<std::uint32_t>(kind) << 30U | index;
}
constexpr EndpointKind kind_of(std::uint32_t endpoint) noexcept {
  return static_cast<EndpointKind>(endpoint >> 30U);
}
constexpr std::uint32_t index_of(std::uint32_t endpoint) noexcept { return endpoint & 0x3fffffffU; }

struct Zone {
  Text name;
  std::uint8_t security_level = 0;
  std::array<std::uint8_t, 7> pad{};
};

// Sorted by address. No two overlap: what lies inside another network of its own zone is left out, and an
// IPv6 network around ::ffff:0:0/96 is written without it.
struct Network {
  Address address{};
  std::uint32_t zone = kNone;
  std::uint8_t prefix = 0;  // bits of the 128
  std::array<std::uint8_t, 3> pad{};
};

struct Asset {
  Text name;
  Text vendor;
  Text product;
  Text firmware;
  std::uint32_t zone = kNone;
  std::uint32_t gateway = kNone;  // `behind = { asset, unit }`: rules about it are grants of the gateway
  std::uint32_t unit = kNone;
  std::uint8_t neutralise = 0;
  std::uint8_t whole_segments = 0;
  std::array<std::uint8_t, 2> pad{};
};

// Sorted by address, each once.
struct AssetAddress {
  Address address{};
  std::uint32_t asset = kNone;
};

// Sorted by mac, each once.
struct AssetMac {
  Mac mac{};
  std::array<std::uint8_t, 2> pad{};
  std::uint32_t asset = kNone;
};

// A group destination: broadcast, a multicast network, a multicast MAC; it belongs to a zone.
enum class GroupKind : std::uint8_t { broadcast, network, mac };
struct Group {
  Address address{};  // of `network`
  Mac mac{};
  GroupKind kind = GroupKind::broadcast;
  std::uint8_t prefix = 0;
  std::uint32_t zone = kNone;
};

struct Side {
  Text port;
  Range zones;  // Section::side_zones
};

struct Conduit {
  Text name;
  std::array<Side, 2> sides{};
  Range vlans;                   // Section::vlans, sorted: kUntagged, one VLAN, or stacked()
  std::uint32_t groundwork = 0;  // bits by Groundwork
  std::uint32_t tunnels = 0;     // bits by Tunnel: those that are looked into
  Mode mode = Mode::enforce;
  FailMode on_failure = FailMode::closed;
  Midstream midstream = Midstream::resync;
  Verdict deny = Verdict::reset;               // for TCP; drop otherwise
  std::array<std::uint8_t, 64> actions{};      // by Reason: a Verdict; what enforce mode does
  Treatments treatments = usual_treatments();  // by Normalisation
  std::uint8_t ttl_floor = kUsualTtlFloor;     // a unicast datagram below it is dropped; at least 1
  std::array<std::uint8_t, 3> pad{};
};
static_assert(kReasonCount <= 64);
inline constexpr std::uint32_t kUntagged = 0xffff;  // frames without a tag
inline constexpr std::uint32_t kMostVlan = 4094;    // 4095 is reserved (IEEE 802.1Q 9.6)
// A frame with two tags. Above every single one; an inner 0 is a priority tag.
constexpr std::uint32_t stacked(std::uint32_t outer, std::uint32_t inner) noexcept {
  return outer << 16U | inner;
}
constexpr bool is_vlans(std::uint32_t vlans) noexcept {
  const std::uint32_t outer = vlans >> 16U;
  const std::uint32_t inner = vlans & 0xffffU;
  if (outer == 0) return inner == kUntagged || (inner != 0 && inner <= kMostVlan);
  return outer <= kMostVlan && inner <= kMostVlan;
}

// What a cell is about.
enum class CellKind : std::uint8_t { decoded, tcp, udp, icmp, ethertype, llc };

// All cells of one ordered pair of endpoints. Sorted by (from, to). A flow is judged by the cells of up to
// four pairs: asset and zone of either end.
struct Pair {
  std::uint32_t from = kNone;
  std::uint32_t to = kNone;
  Range cells;
};

// The compiled policy of one source, destination and protocol. Within a pair sorted by (kind, protocol), each
// once.
struct Cell {
  Range grants;
  std::uint16_t protocol = 0xffff;  // index in the registry, for CellKind::decoded
  CellKind kind = CellKind::decoded;
  std::uint8_t access = 0;  // union of the grants' access bits
  std::uint32_t pad = 0;
  std::array<std::uint64_t, 4> functions{};  // union of the grants' functions, ids 0..255
};

// One allow rule, lowered. An item is permitted when its function is named by `access` (bit by Access; covers
// functions that the schema names) or by `functions`, `where` holds, and every address it touches lies in the
// union of the targets of all grants for which that is so.
enum class OpenedBy : std::uint8_t { from, to };
struct Grant {
  std::uint32_t rule = kNone;
  Range functions;              // Section::words, bit by function id; the schema's length, or empty
  std::uint32_t where = kNone;  // Section::programs
  Range targets;                // Section::targets, sorted and merged; empty: any
  Range ports;                  // Section::ports: destination ports, ICMP types, EtherTypes; empty: any
  std::uint8_t access = 0;
  Mode mode = Mode::enforce;  // monitor: permits, and reports that it did
  OpenedBy opened_by = OpenedBy::from;
  std::uint8_t pad = 0;
  std::uint32_t gate = kNone;
};

struct Interval {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

// Sorted by (space, any_key, key, any_name, name, first); intervals that agree in all but `first` neither
// overlap nor touch. Key and name are zero and empty where any is meant.
struct Target {
  Text name;
  std::uint64_t key = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint16_t space = 0;
  std::uint8_t any_key = 0;   // every key of the space
  std::uint8_t any_name = 0;  // every name of the space
  std::uint32_t pad = 0;
};

// Where a rule was written and what for: events and explain quote it.
struct Rule {
  Text name;
  Text reason;
  Text file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t from = kNone;
  std::uint32_t to = kNone;
};

// A program is the run of Section::nodes that language/program.hpp describes; its root is the last node. What
// its nodes say about constants counts from the first of its own run of Section::program_constants.
struct Program {
  Range nodes;
  Range constants;
};

struct Patch {
  Text id;
  Text name;
  Text cve;  // separated by spaces
  Text reference;
  Text file;
  std::uint32_t line = 0;
  std::uint32_t match = kNone;    // Section::programs
  std::uint32_t pattern = kNone;  // Section::patterns
  Range assets;                   // Section::patch_assets, sorted
  std::uint16_t protocol = 0xffff;
  std::uint8_t severity = 0;  // 1 worst … 3
  Verdict action = Verdict::reset;
};

// Bytes that Hyperscan looks for. An expression of `database` whose id is the pattern's index.
struct Pattern {
  std::uint32_t patch = kNone;
  std::uint32_t database = kNone;
  std::uint16_t protocol = 0xffff;
  std::uint16_t field = 0xffff;  // 0xffff: the PDU
};

// One serialised Hyperscan database: the patterns of one protocol and buffer.
struct Database {
  std::uint64_t offset = 0;  // in Section::blobs, a multiple of 64
  std::uint64_t size = 0;
  std::uint16_t protocol = 0xffff;
  std::uint16_t field = 0xffff;
  std::uint32_t pad = 0;
};

// The order is the format. One row each: name, record.
#define SLUICE_IMAGE_SECTIONS(X)     \
  X(text, char)                      \
  X(zones, Zone)                     \
  X(networks, Network)               \
  X(assets, Asset)                   \
  X(asset_addresses, AssetAddress)   \
  X(asset_macs, AssetMac)            \
  X(groups, Group)                   \
  X(conduits, Conduit)               \
  X(side_zones, std::uint32_t)       \
  X(vlans, std::uint32_t)            \
  X(pairs, Pair)                     \
  X(cells, Cell)                     \
  X(grants, Grant)                   \
  X(words, std::uint64_t)            \
  X(ports, Interval)                 \
  X(targets, Target)                 \
  X(rules, Rule)                     \
  X(programs, Program)               \
  X(nodes, language::Node)           \
  X(program_constants, std::uint8_t) \
  X(patches, Patch)                  \
  X(patch_assets, std::uint32_t)     \
  X(patterns, Pattern)               \
  X(databases, Database)             \
  X(blobs, std::uint8_t)

enum class Section : std::uint32_t {
#define X(name, record) name,
  SLUICE_IMAGE_SECTIONS(X)
#undef X
      count_,
};
inline constexpr std::size_t kSectionCount = static_cast<std::size_t>(Section::count_);

struct SectionRow {
  std::uint64_t offset = 0;  // from the start of the image, a multiple of 64
  std::uint64_t count = 0;   // records
};

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t format = kFormat;
  std::uint32_t header_size = 0;
  std::uint64_t size = 0;                        // bytes of the whole image
  std::uint64_t schemas = 0;                     // fingerprint() of the registry it was compiled for
  std::uint64_t platform = 0;                    // Hyperscan version and CPU features; 0 without databases
  std::uint64_t generation = 0;                  // set by the daemon at commit; not covered by the digest
  std::array<std::uint8_t, 32> digest{};         // BLAKE2b-256 of the image with digest and generation zero
  std::array<std::uint8_t, 32> source_digest{};  // of the canonical source: names the generation's content
  std::array<SectionRow, kSectionCount> sections{};
};
static_assert(std::is_trivially_copyable_v<Header>);

#define X(name, record) static_assert(std::is_trivially_copyable_v<record>);
SLUICE_IMAGE_SECTIONS(X)
#undef X

}  // namespace sluice::image
