// Policy: the compiled rules as the engine asks them. Ends tells who is talking to whom; Cells are the rules
// between them; permits() judges one item by containment. Pure reads of one image; no state, no allocation.
// Work is bounded by the rules of the pairs and the values of the item.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

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
    bool found = false;
    each(image,
         [&](const image::Cell& cell) noexcept { found |= cell.kind == kind && cell.protocol == protocol; });
    return found;
  }

  template <class Visit>  // void(const image::Cell&)
  void each(const image::ImageView& image, Visit visit) const noexcept {
    for (std::uint8_t i = 0; i < count_; ++i) {
      for (const auto& cell : image.cells().subspan(runs_[i].first, runs_[i].count)) visit(cell);
    }
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
  std::span<const Value> packet{};
  std::span<const Value> carrier{};  // header of the protocol that carries this one
  std::span<const Value> header{};
  std::uint16_t port = 0;  // destination port of the asking side's packets
};

// A program of the image, ready to evaluate.
language::ProgramView program_of(const image::ImageView& image, std::uint32_t index) noexcept;

class Policy {
 public:
  explicit Policy(const Registry& registry);

  // Does some rule permit the whole item?
  [[nodiscard]] Permit permits(const image::ImageView& image, const Cells& cells, image::OpenedBy opened_by,
                               const Context& context, const Item& item) const noexcept;

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

  const Registry& registry_;
  std::vector<std::vector<bool>> named_;  // by protocol, function id
};

}  // namespace sluice
