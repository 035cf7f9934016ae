#include "dataplane/ruleset/ruleset.hpp"

#include <hs/hs_runtime.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "dataplane/flow/siphash.hpp"
#include "dataplane/packet/checks.hpp"
#include "rules/image/aligned.hpp"
#include "rules/image/platform.hpp"

namespace sluice {
namespace {

constexpr std::size_t kVlans = 4096;
constexpr std::size_t kSlots = kVlans + 1;  // the last is for frames without a tag

constexpr std::size_t slot_of(std::uint32_t vlan) noexcept { return vlan < kVlans ? vlan : kVlans; }

std::string quoted(std::string_view text) { return "\"" + std::string{text} + "\""; }

struct FreeDatabase {
  void operator()(hs_database* database) const noexcept { hs_free_database(database); }
};
struct FreeScratch {
  void operator()(hs_scratch* scratch) const noexcept { hs_free_scratch(scratch); }
};

std::string why(hs_error_t error) {
  switch (error) {
    case HS_NOMEM:
      return "there is not enough memory";
    case HS_DB_VERSION_ERROR:
      return "they were compiled by another version of Hyperscan";
    case HS_DB_PLATFORM_ERROR:
      return "they were compiled for another CPU";
    default:
      return "Hyperscan refuses them (" + std::to_string(error) + ")";
  }
}

}  // namespace

struct Ruleset::State {
  image::AlignedBytes bytes;
  image::ImageView view;
  std::vector<std::array<Place, kSlots>> places;       // by port
  std::vector<std::map<std::uint32_t, Place>> stacks;  // by port: frames with two tags
  std::vector<Place> observers;                        // by port
  std::vector<std::uint64_t> allowlisted;              // hash of the conduit's name
  std::vector<std::uint32_t> listed;                   // by conduit: place in allowlisted
  std::vector<std::uint64_t> program_fields;
  std::vector<std::uint32_t> patches;       // by asset, one after the other
  std::vector<std::uint32_t> patches_from;  // by asset: its first of `patches`; one more at the end
  std::vector<bool> with_mac;               // by asset
  std::vector<std::unique_ptr<hs_database, FreeDatabase>> databases;
  std::vector<std::unique_ptr<hs_scratch, FreeScratch>> scratches;  // by worker; none without databases

  Result<void> find_places(std::span<const std::string> port_names);
  void find_allowlisted();
  void find_patches();
  void find_program_fields();
  Result<void> load_databases(std::uint32_t workers);
};

Ruleset::Ruleset() : state_{std::make_unique<State>()} {}
Ruleset::~Ruleset() = default;

Result<std::unique_ptr<const Ruleset>> Ruleset::load(std::vector<std::uint8_t> bytes,
                                                     const Registry& registry,
                                                     std::span<const std::string> port_names,
                                                     std::uint32_t workers) {
  std::unique_ptr<Ruleset> ruleset{new Ruleset};
  auto& state = *ruleset->state_;
  state.bytes = image::AlignedBytes::copy(bytes);
  if (state.bytes.view().size() != bytes.size()) return failure("there is no memory for the image");
  auto view = image::ImageView::open(state.bytes.view(), registry.schemas);
  if (!view) return tl::unexpected{view.error()};
  state.view = *view;
  state.with_mac.resize(state.view.assets().size());
  for (const auto& row : state.view.asset_macs()) state.with_mac[row.asset] = true;
  if (auto placed = state.find_places(port_names); !placed) return tl::unexpected{placed.error()};
  state.find_allowlisted();
  state.find_patches();
  state.find_program_fields();
  if (auto loaded = state.load_databases(workers); !loaded) return tl::unexpected{loaded.error()};
  return ruleset;
}

Result<void> Ruleset::State::find_places(std::span<const std::string> port_names) {
  places.resize(port_names.size());
  stacks.resize(port_names.size());
  observers.resize(port_names.size());
  std::vector<bool> enforced(port_names.size());
  const auto conduits = view.conduits();
  for (std::uint32_t index = 0; index < conduits.size(); ++index) {
    const auto& conduit = conduits[index];
    std::array<PortId, 2> ports;
    for (std::size_t side = 0; side < ports.size(); ++side) {
      const auto name = view.text_of(conduit.sides[side].port);
      const auto found = std::ranges::find(port_names, name);
      if (found == port_names.end()) {
        return failure("the conduit " + quoted(view.text_of(conduit.name)) + " names the port " +
                           quoted(name) + ", and this box has no such port",
                       "start the dataplane with --port " + std::string{name} + ", or correct the conduit");
      }
      ports[side] = PortId{static_cast<std::uint16_t>(found - port_names.begin())};
    }
    if (ports[0] == ports[1]) {
      return failure("both sides of the conduit " + quoted(view.text_of(conduit.name)) +
                     " are the same port");
    }
    for (std::uint8_t side = 0; side < 2; ++side) {
      const Place place{ConduitId{index}, side, ports[1U - side]};
      const auto port = ports[side].value;
      if (!observers[port].conduit.exists()) observers[port] = place;
      if (conduit.mode == Mode::enforce) enforced[port] = true;
      for (const auto vlan : image::ImageView::slice(view.vlans(), conduit.vlans)) {
        auto& slot = vlan > image::kUntagged ? stacks[port][vlan] : places[port][slot_of(vlan)];
        if (slot.conduit.exists()) {
          return failure("the conduits " + quoted(view.text_of(conduits[slot.conduit.value].name)) + " and " +
                         quoted(view.text_of(conduit.name)) + " take the same VLAN of the port " +
                         quoted(port_names[port]));
        }
        slot = place;
      }
    }
  }
  for (std::size_t port = 0; port < observers.size(); ++port) {
    if (enforced[port]) observers[port] = {};
  }
  return {};
}

// A rule is about a conduit when its ends are zones of different sides, or lie in them.
void Ruleset::State::find_allowlisted() {
  const auto zone_of = [&](std::uint32_t endpoint) -> std::uint32_t {
    const auto index = image::index_of(endpoint);
    switch (image::kind_of(endpoint)) {
      case image::EndpointKind::zone:
        return index;
      case image::EndpointKind::asset:
        return view.assets()[index].zone;
      case image::EndpointKind::group:
        return view.groups()[index].zone;
    }
    return image::kNone;
  };
  const auto conduits = view.conduits();
  std::vector<std::vector<std::uint32_t>> by_zone[2];  // sides, zone: conduits that have it there, ascending
  for (std::size_t side = 0; side < 2; ++side) {
    by_zone[side].resize(view.zones().size());
    for (std::uint32_t i = 0; i < conduits.size(); ++i) {
      for (const auto zone : image::ImageView::slice(view.side_zones(), conduits[i].sides[side].zones))
        by_zone[side][zone].push_back(i);
    }
  }
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  std::vector<bool> ruled(conduits.size());
  for (const auto& pair : view.pairs()) {
    const auto from = zone_of(pair.from);
    const auto to = zone_of(pair.to);
    if (pair.cells.count == 0 || std::max(from, to) >= view.zones().size()) continue;
    if (!seen.insert({from, to}).second) continue;
    for (const auto& [near, far] : {std::pair{from, to}, std::pair{to, from}}) {
      const auto& there = by_zone[1][far];
      for (const auto conduit : by_zone[0][near]) {
        if (std::ranges::binary_search(there, conduit)) ruled[conduit] = true;
      }
    }
  }
  listed.assign(conduits.size(), kNotListed);
  for (std::uint32_t i = 0; i < conduits.size(); ++i) {
    if (!ruled[i]) continue;
    const auto name = view.text_of(conduits[i].name);
    listed[i] = static_cast<std::uint32_t>(allowlisted.size());
    allowlisted.push_back(siphash({}, {reinterpret_cast<const std::uint8_t*>(name.data()), name.size()}));
  }
}

// The image lists assets by patch; whoever judges asks the other way.
void Ruleset::State::find_patches() {
  const auto rows = view.patches();
  patches_from.assign(view.assets().size() + 1, 0);
  for (const auto& patch : rows) {
    for (const auto asset : image::ImageView::slice(view.patch_assets(), patch.assets))
      ++patches_from[asset + 1];
  }
  std::partial_sum(patches_from.begin(), patches_from.end(), patches_from.begin());
  patches.resize(patches_from.back());
  auto next = patches_from;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    for (const auto asset : image::ImageView::slice(view.patch_assets(), rows[i].assets))
      patches[next[asset]++] = i;
  }
}

void Ruleset::State::find_program_fields() {
  for (const auto& program : view.programs()) {
    std::uint64_t fields = 0;
    for (const auto& node : image::ImageView::slice(view.nodes(), program.nodes)) {
      const auto op = static_cast<language::Op>(node.op);
      if (op == language::Op::field || op == language::Op::count)
        fields |= ValueSet::bit_of({node.protocol, node.field});
    }
    program_fields.push_back(fields);
  }
}

Result<void> Ruleset::State::load_databases(std::uint32_t workers) {
  if (view.databases().empty()) return {};
  const std::string remedy = "compile the configuration again on this machine";
  if (const auto error = hs_valid_platform(); error != HS_SUCCESS) {
    return failure("this CPU can't run Hyperscan", "it needs SSSE3");
  }
  if (view.header().platform != image::platform(hs_version())) {
    return failure("the image's patterns were compiled for another CPU or another version of Hyperscan",
                   remedy);
  }
  hs_scratch* scratch = nullptr;
  auto failed = HS_SUCCESS;
  for (const auto& row : view.databases()) {
    const auto blob = view.blobs().subspan(row.offset, row.size);
    hs_database* database = nullptr;
    failed = hs_deserialize_database(reinterpret_cast<const char*>(blob.data()), blob.size(), &database);
    if (failed != HS_SUCCESS) break;
    databases.emplace_back(database);
    failed = hs_alloc_scratch(database, &scratch);  // grows it for each
    if (failed != HS_SUCCESS) break;
  }
  if (scratch != nullptr) scratches.emplace_back(scratch);
  while (failed == HS_SUCCESS && scratches.size() < workers) {
    hs_scratch* clone = nullptr;
    failed = hs_clone_scratch(scratch, &clone);
    if (clone != nullptr) scratches.emplace_back(clone);
  }
  if (failed != HS_SUCCESS) return failure("the image's patterns can't be loaded: " + why(failed), remedy);
  return {};
}

const image::ImageView& Ruleset::image() const noexcept { return state_->view; }

Generation Ruleset::generation() const noexcept { return {state_->view.header().generation}; }

std::uint32_t vlans_of(const Packet& packet) noexcept {
  switch (packet.vlan_count) {
    case 0:
      return image::kUntagged;
    case 1:
      return packet.vlans[0] == 0 ? image::kUntagged : packet.vlans[0];
    default:
      if (!runs(Check::tags)) return packet.vlans[0];
      return packet.vlans[0] == 0 ? image::kNone : image::stacked(packet.vlans[0], packet.vlans[1]);
  }
}

Ruleset::Place Ruleset::place(PortId port, std::uint32_t vlans) const noexcept {
  if (port.value >= state_->places.size()) return {};
  if (vlans <= image::kUntagged) return state_->places[port.value][slot_of(vlans)];
  const auto& stacks = state_->stacks[port.value];
  const auto found = stacks.find(vlans);
  return found != stacks.end() ? found->second : Place{};
}

Ruleset::Place Ruleset::observer(PortId port) const noexcept {
  return port.value < state_->observers.size() ? state_->observers[port.value] : Place{};
}

std::span<const std::uint64_t> Ruleset::allowlisted() const noexcept { return state_->allowlisted; }

std::uint32_t Ruleset::allowlisted(ConduitId conduit) const noexcept {
  return conduit.value < state_->listed.size() ? state_->listed[conduit.value] : kNotListed;
}

std::span<const std::uint64_t> Ruleset::program_fields() const noexcept { return state_->program_fields; }

std::span<const std::uint32_t> Ruleset::patches_for(std::uint32_t asset) const noexcept {
  if (asset + std::size_t{1} >= state_->patches_from.size()) return {};
  const auto first = state_->patches_from[asset];
  return std::span{state_->patches}.subspan(first, state_->patches_from[asset + 1] - first);
}

bool Ruleset::has_mac(std::uint32_t asset) const noexcept {
  return asset < state_->with_mac.size() && state_->with_mac[asset];
}

const hs_database* Ruleset::database(std::uint32_t index) const noexcept {
  return index < state_->databases.size() ? state_->databases[index].get() : nullptr;
}

hs_scratch* Ruleset::scratch(std::uint32_t worker) const noexcept {
  return worker < state_->scratches.size() ? state_->scratches[worker].get() : nullptr;
}

}  // namespace sluice
