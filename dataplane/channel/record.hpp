// Record: what an Event becomes when it leaves its worker: plain data without pointers, of bounded size. In a
// ring it is a RecordHead and a tail (values, spans, names) in 3 to 8 cells of 64 bytes. encode() and
// decode() are the only code that knows the tail. decode() trusts nothing: every count, size and enum is
// checked. No allocation, any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "dataplane/engine/event.hpp"

namespace sluice::channel {

inline constexpr std::size_t kCellSize = 64;
inline constexpr std::size_t kMostCells = 8;

struct alignas(8) Cell {
  std::array<std::uint8_t, kCellSize> bytes{};
};
using Cells = std::array<Cell, kMostCells>;

enum class RecordKind : std::uint8_t { verdict, transaction };

namespace record_flag {
inline constexpr std::uint8_t acted = 1;           // the frame did meet the verdict
inline constexpr std::uint8_t from_is_source = 2;  // the packet was sent by `from`
inline constexpr std::uint8_t response = 4;
inline constexpr std::uint8_t more_values = 8;  // not all of them, or of the spans, found room
inline constexpr std::uint8_t more_spans = 16;
}  // namespace record_flag

// Numbers as in Event; addresses and ports as in Packet (source is the sender's).
struct RecordHead {
  std::uint8_t cells = 0;  // set by encode()
  RecordKind kind = RecordKind::verdict;
  std::uint8_t value_count = 0;
  std::uint8_t span_count = 0;
  std::uint16_t name_bytes = 0;
  Reason reason = Reason::none;
  Verdict verdict = Verdict::forward;
  std::uint64_t time = 0;        // ns of the dataplane's clock: CLOCK_MONOTONIC, or the capture's
  std::uint64_t first_time = 0;  // of the first event that this record stands for
  std::uint64_t count = 1;       // events that this record stands for
  std::uint64_t generation = 0;
  std::uint64_t flow = 0;
  std::uint64_t frame = 0;  // number in the capture, from 1; 0 on a wire
  Address source{};
  Address destination{};
  Mac source_mac{};
  Mac destination_mac{};
  std::array<std::uint16_t, 2> vlans{};
  std::uint32_t conduit = 0xffffffff;
  std::uint32_t rule = 0xffffffff;
  std::uint32_t patch = 0xffffffff;
  std::uint32_t from = 0xffffffff;
  std::uint32_t to = 0xffffffff;
  std::uint32_t item = 0;
  std::uint16_t protocol = 0xffff;
  std::uint16_t function = kNoFunction;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint16_t ethertype = 0;
  std::uint16_t in_port = 0xffff;  // PortId
  std::uint32_t frame_length = 0;
  Mode mode = Mode::enforce;
  Access access = Access::read;
  Network network = Network::none;
  Transportation transportation = Transportation::none;
  std::uint8_t ip_protocol = 0;
  std::uint8_t vlan_count = 0;
  std::uint8_t flags = 0;
  std::uint8_t malformed = 0;
  std::array<std::uint8_t, 8> pad{};
};
static_assert(sizeof(RecordHead) == 160 && std::is_trivially_copyable_v<RecordHead>);
static_assert(std::has_unique_object_representations_v<RecordHead>,
              "no padding: nothing unwritten leaves the worker");

struct RecordValue {
  FieldRef field;
  std::uint32_t pad = 0;
  std::uint64_t number = 0;  // as Value::number
};
static_assert(sizeof(RecordValue) == 16 && std::has_unique_object_representations_v<RecordValue>);

struct RecordSpan {
  std::uint16_t space = 0;
  std::uint16_t name_first = 0;  // in Record::names
  std::uint16_t name_count = 0;
  std::uint16_t pad = 0;
  std::uint64_t key = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
static_assert(sizeof(RecordSpan) == 32 && std::has_unique_object_representations_v<RecordSpan>);

struct Record {
  static constexpr std::size_t kMostValues = 12;
  static constexpr std::size_t kMostSpans = 4;
  static constexpr std::size_t kMostNames = 64;

  RecordHead head{};
  std::array<RecordValue, kMostValues> values{};
  std::array<RecordSpan, kMostSpans> spans{};
  std::array<char, kMostNames> names{};

  [[nodiscard]] bool is(std::uint8_t flag) const noexcept { return (head.flags & flag) != 0; }
  [[nodiscard]] std::string_view name(const RecordSpan& span) const noexcept {
    return {names.data() + span.name_first, span.name_count};
  }
};

// Copies what an event points to. Values that are numbers are kept: the header's first, then the item's.
void fill(Record& record, RecordKind kind, const Event& event, Schemas schemas) noexcept;

// Cells used, 3 to kMostCells. Values that do not fit are left out, and the flag says so. The unused bytes
// are zero.
std::size_t encode(const Record& record, Cells& cells) noexcept;

// False when the cells contradict themselves; the record is then not to be used. Reads `count` cells.
bool decode(const Cells& cells, std::size_t count, Record& record) noexcept;

}  // namespace sluice::channel
