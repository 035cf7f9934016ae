// walk(): reads all of an opened image, in all the ways that the engine, events and explain do. For tests and
// fuzzing: what ImageView::open accepted must survive it, whatever the bytes.
#pragma once

#include "rules/image/view.hpp"
#include "rules/schema/value.hpp"

namespace sluice::image {

class Walk {
 public:
  Walk(const ImageView& view, Schemas schemas) : view_{view}, schemas_{schemas} {}

  // A sum of all that was read, so that the reading is not left out.
  std::uint64_t all() {
    places();
    conduits();
    for (const auto& pair : view_.pairs()) {
      endpoint(pair.from);
      endpoint(pair.to);
      for (const auto& cell : view_.cells(pair.from, pair.to)) this->cell(cell);
    }
    for (const auto& rule : view_.rules()) {
      words(rule.name, rule.reason, rule.file);
      if (rule.from != kNone) endpoint(rule.from);
      if (rule.to != kNone) endpoint(rule.to);
    }
    for (std::uint32_t i = 0; i < view_.programs().size(); ++i) program(i);
    patches();
    return sum_;
  }

 private:
  void bytes(ByteView run) {
    for (const auto byte : run) sum_ += byte;
  }
  template <class... Texts>
  void words(Texts... texts) {
    (bytes(bytes_of(view_.text_of(texts))), ...);
  }

  void endpoint(std::uint32_t which) {
    const auto index = index_of(which);
    switch (kind_of(which)) {
      case EndpointKind::zone:
        words(view_.zones()[index].name);
        break;
      case EndpointKind::asset:
        words(view_.assets()[index].name);
        break;
      case EndpointKind::group:
        words(view_.zones()[view_.groups()[index].zone].name);
        break;
    }
  }

  void places() {
    for (const auto& zone : view_.zones()) words(zone.name);
    for (const auto& network : view_.networks()) {
      sum_ += view_.zone_of(network.address);
      auto beside = network.address;
      ++beside[15];
      sum_ += view_.zone_of(beside);
      words(view_.zones()[network.zone].name);
    }
    for (const auto& asset : view_.assets()) {
      words(asset.name, asset.vendor, asset.product, asset.firmware, view_.zones()[asset.zone].name);
      if (asset.gateway != kNone) words(view_.assets()[asset.gateway].name);
    }
    for (const auto& row : view_.asset_addresses()) {
      sum_ += view_.asset_of(row.address);
      words(view_.assets()[row.asset].name);
    }
    for (const auto& row : view_.asset_macs()) {
      sum_ += view_.asset_of(row.mac);
      words(view_.assets()[row.asset].name);
    }
    for (const auto& group : view_.groups()) words(view_.zones()[group.zone].name);
  }

  void conduits() {
    for (const auto& conduit : view_.conduits()) {
      words(conduit.name);
      for (const auto& side : conduit.sides) {
        words(side.port);
        for (const auto zone : ImageView::slice(view_.side_zones(), side.zones))
          words(view_.zones()[zone].name);
      }
      for (const auto vlan : ImageView::slice(view_.vlans(), conduit.vlans)) sum_ += vlan;
      bytes(bytes_of(name_of(conduit.mode)));
      for (const auto action : conduit.actions) bytes(bytes_of(name_of(static_cast<Verdict>(action))));
      for (const auto treatment : conduit.treatments) bytes(bytes_of(name_of(treatment)));
    }
  }

  void cell(const Cell& cell) {
    for (const auto& grant : ImageView::slice(view_.grants(), cell.grants)) {
      words(view_.rules()[grant.rule].reason);
      for (const auto word : ImageView::slice(view_.words(), grant.functions)) sum_ += word;
      if (cell.kind == CellKind::decoded && grant.functions.count != 0) {
        for (std::uint32_t id = 0; id < schemas_[cell.protocol]->ids; ++id) {
          sum_ += ImageView::slice(view_.words(), grant.functions)[id / 64];
        }
      }
      for (const auto& target : ImageView::slice(view_.targets(), grant.targets)) {
        words(target.name);
        bytes(bytes_of(schemas_[cell.protocol]->spaces[target.space].name));
      }
      for (const auto& port : ImageView::slice(view_.ports(), grant.ports)) sum_ += port.last - port.first;
      if (grant.where != kNone) program(grant.where);
    }
  }

  // Over values of every field of every schema.
  void program(std::uint32_t index) {
    static constexpr std::uint8_t kBytes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (std::uint16_t protocol = 0; protocol < schemas_.size(); ++protocol) {
      for (std::uint16_t field = 0; field < schemas_[protocol]->fields.size() && count_ < kMostValues;
           ++field) {
        switch (schemas_[protocol]->fields[field].type) {
          case FieldType::unsigned_integer:
          case FieldType::signed_integer:
          case FieldType::boolean:
          case FieldType::real:
            values_[count_++] = Value::of({protocol, field}, 1);
            break;
          case FieldType::ipv4:
            values_[count_++] = Value::of({protocol, field}, ByteView{kBytes, 4});
            break;
          case FieldType::ether:
            values_[count_++] = Value::of({protocol, field}, ByteView{kBytes, 6});
            break;
          case FieldType::protocol:
          case FieldType::bytes:
          case FieldType::string:
          case FieldType::ipv6:
            values_[count_++] = Value::of({protocol, field}, ByteView{kBytes, 16});
            break;
        }
      }
    }
    const std::span<const Value> values{values_.data(), count_};
    sum_ += language::evaluate(view_.program(index), {{values}}, schemas_) ? 1U : 0U;
    sum_ += language::evaluate(view_.program(index), {}, schemas_) ? 1U : 0U;
    count_ = 0;
  }

  void patches() {
    for (const auto& patch : view_.patches()) {
      words(patch.id, patch.name, patch.cve, patch.reference, patch.file);
      bytes(bytes_of(schemas_[patch.protocol]->name));
      for (const auto asset : ImageView::slice(view_.patch_assets(), patch.assets))
        words(view_.assets()[asset].name);
      if (patch.match != kNone) program(patch.match);
      if (patch.pattern != kNone) sum_ += view_.patterns()[patch.pattern].database;
    }
    for (const auto& pattern : view_.patterns()) {
      words(view_.patches()[pattern.patch].id);
      sum_ += view_.databases()[pattern.database].size;
    }
    for (const auto& database : view_.databases()) {
      bytes(view_.blobs().subspan(database.offset, database.size));
      bytes(bytes_of(schemas_[database.protocol]->name));
      if (database.field != 0xffff) bytes(bytes_of(schemas_[database.protocol]->fields[database.field].name));
    }
  }

  static constexpr std::size_t kMostValues = 256;
  const ImageView& view_;
  Schemas schemas_;
  std::uint64_t sum_ = 0;
  std::size_t count_ = 0;
  std::array<Value, kMostValues> values_{};
};

}  // namespace sluice::image
