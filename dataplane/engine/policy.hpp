// Policy: the compiled rules as the engine asks them. Ends tells who is talking to whom; Cells are the rules
// between them; permits() judges one item by containment. Reads of one image, and scratch for one item: one
// worker's. No allocation after the constructor. Work is linear in the rules of the pairs and in what they
// look at, is charged in Steps, and ends when they do.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/engine/coverage.hpp"
#include "dataplane/packet/packet.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "dataplane/protocol/sink.hpp"
#include "dataplane/ruleset/ruleset.hpp"
#include "rules/image/view.hpp"
#include "rules/language/program.hpp"
#include "rules/schema/reason.hpp"

namespace sluice {

// One end of a conversation as rules may name it: the asset, its zone, or groups. `main` names it in events.
struct End {
  static constexpr std::size_t kMost = 8;
  std::array<std::uint32_t, kMost> endpoints{};
  std::uint8_t count = 0;
  std::uint32_t main = image::kNone;
  std::uint32_t asset = image::kNone;

  void add(std::uint32_t endpoint) noexcept {
    if (count < kMost) endpoints[count++] = endpoint;
  }
};

struct Ends {
  Reason reason = Reason::none;  // spoofed, or no_policy when the far end is in no zone of the conduit
  End source;
  End destination;
};

// Is the zone on that side of its conduit?
bool lists(const image::ImageView& image, const image::Side& side, std::uint32_t zone) noexcept;

// Who a packet is from and to, by the conduit and the side where it came in.
Ends ends_of(const image::ImageView& image, const Ruleset::Place& place, const Packet& packet) noexcept;

// The rules from one end to another: one run of cells for each pair of endpoints that has any.
class Cells {
 public:
  static constexpr std::size_t kMost = 16;

  void gather(const image::ImageView& image, const End& from, const End& to) noexcept;
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] bool has(const image::ImageView& image, image::CellKind kind,
                         std::uint16_t protocol) const noexcept {
    return any(image, [&](const image::Cell& cell) noexcept {
      return cell.kind == kind && cell.protocol == protocol;
    });
  }

  // Visits cells until `visit` says so; whether it did.
  template <class Visit>  // bool(const image::Cell&)
  bool any(const image::ImageView& image, Visit visit) const noexcept {
    for (std::uint8_t i = 0; i < count_; ++i) {
      for (const auto& cell : image.cells().subspan(runs_[i].first, runs_[i].count)) {
        if (visit(cell)) return true;
      }
    }
    return false;
  }
  // The same for the grants of the cells of this kind and protocol.
  template <class Visit>  // bool(const image::Grant&)
  bool any_grant(const image::ImageView& image, image::CellKind kind, std::uint16_t protocol,
                 Visit visit) const noexcept {
    return any(image, [&](const image::Cell& cell) noexcept {
      if (cell.kind != kind || cell.protocol != protocol) return false;
      for (const auto& grant : image::ImageView::slice(image.grants(), cell.grants)) {
        if (visit(grant)) return true;
      }
      return false;
    });
  }

 private:
  std::array<image::Range, kMost> runs_{};
  std::uint8_t count_ = 0;
};

struct Permit {
  bool permitted = false;
  bool observed = false;  // only rules in monitor mode permit it
  RuleId rule;            // the first that had a part in it
};

// What an item is judged with besides itself.
struct Context {
  ProtocolId protocol;
  ValueSet values{};       // of the packet, the header of the protocol that carries this one, header, item
  std::uint16_t port = 0;  // destination port of the asking side's packets
  // Ruleset::program_fields(); empty: nothing is remembered from item to item.
  std::span<const std::uint64_t> program_fields{};
  std::uint64_t circumstances = 0;  // the same for items that differ in their own values only
};

// A program of the image, ready to evaluate.
language::ProgramView program_of(const image::ImageView& image, std::uint32_t index) noexcept;

class Policy {
 public:
  explicit Policy(const Registry& registry);

  // Does some rule permit the whole item? No when the steps do not suffice to tell.
  [[nodiscard]] Permit permits(const image::ImageView& image, const Cells& cells, image::OpenedBy opened_by,
                               const Context& context, const Item& item, Steps& steps) const noexcept;

  // Could any rule permit an item of this function at all? Cheap, and never false when permits() could be
  // true.
  [[nodiscard]] bool may_permit(const image::ImageView& image, const Cells& cells, image::OpenedBy opened_by,
                                ProtocolId protocol, std::uint16_t function) const noexcept;

  // Is any grant of `protocol` there for a flow opened by that end, to that port?
  [[nodiscard]] bool has_protocol(const image::ImageView& image, const Cells& cells,
                                  image::OpenedBy opened_by, ProtocolId protocol,
                                  std::uint16_t port) const noexcept;

  // Rules that look at numbers only: opaque TCP and UDP by port, ICMP by type, frames by EtherType or LLC.
  [[nodiscard]] Permit permits(const image::ImageView& image, const Cells& cells, image::OpenedBy opened_by,
                               image::CellKind kind, std::uint32_t number) const noexcept;

 private:
  [[nodiscard]] bool function_granted(const image::ImageView& image, const image::Grant& grant,
                                      const Item& item, ProtocolId protocol) const noexcept;
  [[nodiscard]] bool named(ProtocolId protocol, std::uint16_t function) const noexcept;
  [[nodiscard]] bool holds(const image::ImageView& image, std::uint32_t program, const Context& context,
                           Steps& steps) const noexcept;

  const Registry& registry_;
  std::vector<std::vector<bool>> named_;  // by protocol, function id
  // What a condition came to that does not ask for values of the item: the next item need not ask again.
  struct Known {
    std::uint64_t circumstances = 0;
    std::uint32_t program = image::kNone;
    bool truth = false;
  };
  static constexpr std::size_t kKnown = 1024;
  mutable std::vector<Known> known_;
  mutable Coverage coverage_;
};

}  // namespace sluice
