#include "dataplane/ruleset/ruleset.hpp"

#include <hs/hs_runtime.h>

#include <algorithm>
#include <array>

#include "rules/image/aligned.hpp"

namespace sluice {
namespace {

struct FreeDatabase {
  void operator()(hs_database* database) const noexcept { hs_free_database(database); }
};
struct FreeScratch {
  void operator()(hs_scratch* scratch) const noexcept { hs_free_scratch(scratch); }
};

constexpr std::size_t kVlans = 4096;

// By port: which conduit takes which VLAN. Index kVlans is for frames without a tag.
struct PortTable {
  std::array<Ruleset::Place, kVlans + 1> places{};
  Ruleset::Place observer{};
  bool all_observe = true;
};

}  // namespace

struct Ruleset::State {
  image::AlignedBytes bytes;
  image::ImageView image;
  std::vector<PortTable> ports;
  std::vector<std::unique_ptr<hs_database, FreeDatabase>> databases;
  std::vector<std::unique_ptr<hs_scratch, FreeScratch>> scratches;

  Result<void> connect(std::span<const std::string> names);
  Result<void> deserialise(std::uint32_t workers);
};

Ruleset::Ruleset() : state_{std::make_unique<State>()} {}
Ruleset::~Ruleset() = default;

Result<std::unique_ptr<const Ruleset>> Ruleset::load(std::vector<std::uint8_t> bytes,
                                                     const Registry& registry,
                                                     std::span<const std::string> port_names,
                                                     std::uint32_t workers) {
  std::unique_ptr<Ruleset> rules{new Ruleset};
  auto& state = *rules->state_;
  state.bytes = image::AlignedBytes::copy(bytes);
  if (state.bytes.view().size() != bytes.size()) return failure("no memory for an image of this size");
  auto view = image::ImageView::open(state.bytes.view(), registry.schemas);
  if (!view) return tl::unexpected{std::move(view.error())};
  state.image = *view;
  if (auto done = state.connect(port_names); !done) return tl::unexpected{std::move(done.error())};
  if (auto done = state.deserialise(workers); !done) return tl::unexpected{std::move(done.error())};
  return rules;
}

Result<void> Ruleset::State::connect(std::span<const std::string> names) {
  ports.resize(names.size());
  const auto conduits = image.conduits();
  for (std::uint32_t i = 0; i < conduits.size(); ++i) {
    const auto& conduit = conduits[i];
    std::array<PortId, 2> ends{};
    for (std::size_t side = 0; side < 2; ++side) {
      const auto name = image.text_of(conduit.sides[side].port);
      const auto found = std::find(names.begin(), names.end(), name);
      if (found == names.end()) {
        return failure("conduit \"" + std::string{image.text_of(conduit.name)} + "\" is on port \"" +
                           std::string{name} + "\", which this box does not have",
                       "name one of its ports, or start the dataplane with this one");
      }
      ends[side] = {static_cast<std::uint16_t>(found - names.begin())};
    }
    for (std::uint8_t side = 0; side < 2; ++side) {
      auto& table = ports[ends[side].value];
      const Place place{{i}, side, ends[1U - side]};
      for (const auto vlan : image::ImageView::slice(image.vlans(), conduit.vlans)) {
        table.places[vlan < kVlans ? vlan : kVlans] = place;
      }
      if (!table.observer.conduit.exists()) table.observer = place;
      table.all_observe &= conduit.mode != Mode::enforce;
    }
  }
  return {};
}

Result<void> Ruleset::State::deserialise(std::uint32_t workers) {
  const auto rows = image.databases();
  if (rows.empty()) return {};
  scratches.resize(workers);
  for (const auto& row : rows) {
    hs_database_t* database = nullptr;
    const auto blob = image.blobs().subspan(row.offset, row.size);
    const auto status =
        hs_deserialize_database(reinterpret_cast<const char*>(blob.data()), blob.size(), &database);
    if (status != HS_SUCCESS) {
      return failure("a pattern database can't be used on this CPU or by this Hyperscan (error " +
                         std::to_string(status) + ")",
                     "compile the configuration on this box");
    }
    databases.emplace_back(database);
    for (auto& scratch : scratches) {
      hs_scratch_t* grown = scratch.release();
      const auto allocated = hs_alloc_scratch(database, &grown);
      scratch.reset(grown);
      if (allocated != HS_SUCCESS) return failure("no memory for the scratch of a pattern database");
    }
  }
  return {};
}

const image::ImageView& Ruleset::image() const noexcept { return state_->image; }
Generation Ruleset::generation() const noexcept { return {state_->image.header().generation}; }

Ruleset::Place Ruleset::place(PortId port, std::uint16_t vlan) const noexcept {
  if (port.value >= state_->ports.size()) return {};
  return state_->ports[port.value].places[vlan < kVlans ? vlan : kVlans];
}

Ruleset::Place Ruleset::observer(PortId port) const noexcept {
  if (port.value >= state_->ports.size() || !state_->ports[port.value].all_observe) return {};
  return state_->ports[port.value].observer;
}

const hs_database* Ruleset::database(std::uint32_t index) const noexcept {
  return index < state_->databases.size() ? state_->databases[index].get() : nullptr;
}

hs_scratch* Ruleset::scratch(std::uint32_t worker) const noexcept {
  return worker < state_->scratches.size() ? state_->scratches[worker].get() : nullptr;
}

}  // namespace sluice
