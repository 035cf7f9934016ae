// Rules: allow rules lowered to pairs, cells and grants. Each pair of ends that a rule names becomes one
// grant; grants of one pair and protocol are one cell, in the order of the rules. One per compile.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rules/compile/expressions.hpp"
#include "rules/compile/notes.hpp"
#include "rules/compile/places.hpp"
#include "rules/compile/rows.hpp"
#include "rules/compile/targets.hpp"
#include "rules/image/writer.hpp"
#include "rules/schema/schema.hpp"

namespace sluice::compile {

class Rules {
 public:
  Rules(Places& places, Expressions& expressions, Schemas schemas, Notes& notes);

  void write(image::Writer& writer) const;

 private:
  // What all grants of a rule share.
  struct Lowered {
    const AllowRow* row = nullptr;
    std::uint16_t protocol = 0xffff;
    std::vector<std::uint64_t> words;
    std::vector<Target> targets;
    std::vector<image::Interval> ports;
    std::uint32_t where = image::kNone;
    std::array<std::uint64_t, 4> functions{};
    std::uint32_t from = image::kNone;  // when it is one
    std::uint32_t to = image::kNone;
  };
  struct Granted {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    image::CellKind kind = image::CellKind::decoded;
    std::uint16_t protocol = 0xffff;
    std::uint32_t rule = 0;
    std::uint32_t where = image::kNone;
  };

  void lower(const AllowRow& row);
  bool find_protocol_of(const AllowRow& row, Lowered& lowered);
  void join(const AllowRow& row, std::uint32_t rule);
  std::uint32_t endpoint_of(const EndRow& end);
  std::uint32_t zone_of(std::uint32_t endpoint) const;
  void check_asset(const AllowRow& row, std::uint16_t protocol, const EndRow& end, std::uint32_t endpoint);
  void reach_behind(Granted& granted);
  [[nodiscard]] bool is_tcp(const AllowRow& row, std::uint16_t protocol) const;
  void check_deny();

  Places& places_;
  Expressions& expressions_;
  Schemas schemas_;
  Notes& notes_;
  std::vector<Lowered> lowered_;
  std::vector<Granted> grants_;
  std::vector<image::Group> groups_;
  std::map<std::tuple<image::Address, image::Mac, image::GroupKind, std::uint8_t, std::uint32_t>,
           std::uint32_t>
      group_index_;
  std::map<std::uint32_t, Spot> tcp_conduits_;  // with the first rule that has TCP there
  bool too_many_ = false;
};

}  // namespace sluice::compile
