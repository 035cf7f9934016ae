// Ruleset: one image made ready to judge: its bytes (owned), the checked view, the deserialised Hyperscan
// databases, and the tables that a box adds (port names to numbers). Immutable after load(); shared by all
// workers; made and freed by a thread that is not a worker, freed only after quiescence.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/packet/packet.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "rules/base/ids.hpp"
#include "rules/base/result.hpp"
#include "rules/image/view.hpp"

struct hs_database;
struct hs_scratch;

namespace sluice {

// A packet's tags in the way that image::Conduit lists them, whatever their types; image::kNone for what no
// conduit can list. A priority tag alone (VID 0) belongs to no VLAN (IEEE 802.1Q 9.6). In front of another
// tag it is read in two ways, so it belongs nowhere.
std::uint32_t vlans_of(const Packet& packet) noexcept;

class Ruleset {
 public:
  // Checks every bound of `bytes` and their digest, finds the conduits' ports in `port_names` (PortId is the
  // index), and deserialises the databases. A port that the image names and the box does not have is an
  // error.
  static Result<std::unique_ptr<const Ruleset>> load(std::vector<std::uint8_t> bytes,
                                                     const Registry& registry,
                                                     std::span<const std::string> port_names,
                                                     std::uint32_t workers = 1);
  ~Ruleset();
  Ruleset(const Ruleset&) = delete;
  Ruleset& operator=(const Ruleset&) = delete;

  [[nodiscard]] const image::ImageView& image() const noexcept;
  [[nodiscard]] Generation generation() const noexcept;

  // The conduit that takes frames of this port with these tags, as vlans_of() tells them.
  struct Place {
    ConduitId conduit;
    std::uint8_t side = 0;  // index in Conduit::sides: where the frame came in
    PortId other;           // the port of the other side
  };
  [[nodiscard]] Place place(PortId port, std::uint32_t vlans) const noexcept;

  // Where a frame belongs that no conduit takes: the first conduit of its port if all conduits there only
  // observe, so that monitor mode drops nothing; otherwise none.
  [[nodiscard]] Place observer(PortId port) const noexcept;

  // Conduits that some allow rule is about, each by a hash of its name: those that have a part of every
  // capacity. The place of one in that list; kNotListed when no rule is about it.
  static constexpr std::uint32_t kNotListed = 0xffffffff;
  [[nodiscard]] std::span<const std::uint64_t> allowlisted() const noexcept;
  [[nodiscard]] std::uint32_t allowlisted(ConduitId conduit) const noexcept;

  // The patches that shield an asset, ascending; indices of image().patches().
  [[nodiscard]] std::span<const std::uint32_t> patches_for(std::uint32_t asset) const noexcept;

  // By program: a bit of ValueSet::bit_of for each field that it asks for.
  [[nodiscard]] std::span<const std::uint64_t> program_fields() const noexcept;

  // Does the configuration name a MAC address of the asset?
  [[nodiscard]] bool has_mac(std::uint32_t asset) const noexcept;

  // Index as image().databases(); null when the image has none.
  [[nodiscard]] const hs_database* database(std::uint32_t index) const noexcept;
  // One per worker, allocated at load for `workers` of them.
  [[nodiscard]] hs_scratch* scratch(std::uint32_t worker) const noexcept;

 private:
  Ruleset();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice
