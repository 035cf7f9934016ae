// Sides: where the frames of a capture would have come in, if the box had been there. A capture does not say
// it; the zones do: a host is on the side that has its zone. What has no zone (a frame without an address, an
// unknown source) comes from where its sender was seen before, or away from where its receiver was; else from
// the first side of the first conduit. One thread; remembers at most kMostMacs senders.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "dataplane/packet/packet.hpp"
#include "rules/image/view.hpp"

namespace sluice::cli {

// The ports that the image names, each once, in the order of its conduits: the box that the configuration is
// for.
std::vector<std::string> ports_of(const image::ImageView& image);

class Sides {
 public:
  static constexpr std::size_t kMostMacs = 65536;

  // `ports` as ports_of() gives them; PortId is the index. The image must have a conduit.
  Sides(const image::ImageView& image, std::span<const std::string> ports);

  PortId port_of(ByteView frame, std::uint32_t wire_length);

 private:
  struct Side {
    PortId port;
    PortId other;
    std::vector<std::uint32_t> zones;
    std::vector<std::uint32_t> other_zones;
    std::vector<std::uint32_t> vlans;
  };

  [[nodiscard]] std::uint32_t zone(const Address& address, const Mac& mac, Network network) const;
  [[nodiscard]] PortId by_macs(const Packet& packet, std::uint32_t vlan) const;

  const image::ImageView& image_;
  std::vector<Side> sides_;
  std::map<Mac, PortId> seen_;
};

}  // namespace sluice::cli
