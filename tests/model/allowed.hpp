// What the rules of a policy mean, worked out the slow way: who is at either end, which rules join them, and
// whether they cover each single address that a request touches. One thread; memory is made by the
// constructor only.
#pragma once

#include <bitset>
#include <memory>
#include <vector>

#include "tests/model/frame.hpp"
#include "tests/model/modbus.hpp"
#include "tests/model/policy.hpp"

namespace sluice::model {

// Rules by their number in the policy.
struct Some {
  static constexpr std::size_t kMost = 40;
  std::array<std::uint8_t, kMost> rule{};
  std::size_t count = 0;
  bool empty() const { return count == 0; }
};

class Allowed {
 public:
  explicit Allowed(const Policy& policy);

  const Policy& policy() const { return policy_; }

  // The conduit that takes frames with these tags at this port; its side there. Null: none.
  const Conduit* conduit(std::uint32_t port, Tags tags, std::size_t& side) const;

  // Is this address in a zone of that side?
  bool belongs(const Conduit& conduit, std::size_t side, const Ip& ip) const;
  bool belongs(const Conduit& conduit, std::size_t side, const Mac& mac) const;

  // An end as rules may name it. `group` ends are those of a broadcast or multicast destination.
  struct Party {
    bool link = false;      // known by its MAC, not by an address
    bool receives = false;  // a group, perhaps
    Ip ip{};
    Mac mac{};
    const Conduit* conduit = nullptr;
    std::size_t side = 0;
  };
  Some between(const Party& from, const Party& to, What what, bool opened_by_to) const;

  // Those among `rules` that take this number: port, ICMP type, EtherType, LLC address.
  bool takes(const Some& rules, std::uint32_t number) const;
  Some with_port(const Some& rules, std::uint32_t port) const;

  // All of the request is inside of what the rules allow. `why` says what is not.
  bool permits(const Some& rules, Bytes message, std::size_t size, const char*& why) const;
  // UMAS rules and a request with function 90: is the function inside named?
  bool permits_umas(const Some& rules, Bytes message, std::size_t size) const;

  const Asset* asset_of(const Ip& ip) const;

 private:
  struct Map {  // of one rule: every address that it names
    std::array<std::bitset<65536>, 4> space;
  };
  bool matches(const std::vector<End>& ends, const Party& party) const;
  bool names(const Rule& rule, const Wish& wish) const;
  bool covers(const Rule& rule, const Map& map, const Wish& wish, std::uint32_t address) const;
  std::size_t zone_of(const Ip& ip) const;

  Policy policy_;
  std::vector<std::unique_ptr<Map>> maps_;
};

}  // namespace sluice::model
