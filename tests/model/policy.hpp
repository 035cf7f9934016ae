// A policy as plain data, and as the text that the compiler reads. This description is all that the model and
// the product share: what the rules mean the model works out by itself, from the design and the standards.
// Ports are numbers; the text calls them "p0", "p1" and so on.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::model {

using Ip = std::array<std::uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d
using Mac = std::array<std::uint8_t, 6>;

// The tags of a frame as one number: 0 for none, the VLAN of one, or both of two.
using Tags = std::uint32_t;
constexpr Tags two_tags(std::uint32_t outer, std::uint32_t inner) { return 1U << 24U | outer << 12U | inner; }

Ip ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
Ip ipv6(std::uint16_t subnet, std::uint16_t host);  // fd00:0:0:SUBNET::HOST
bool is_ipv4(const Ip& ip);
std::string text_of(const Ip& ip);
std::string text_of(const Mac& mac);

struct Network {
  Ip address{};
  unsigned bits = 128;  // of the 128
};

struct Zone {
  std::string name;
  std::vector<Network> networks;
};

struct Asset {
  std::string name;
  std::size_t zone = 0;
  std::vector<Ip> addresses;
  std::vector<Mac> macs;
  bool behind = false;  // a gateway's device: it has no address of its own
  std::size_t gateway = 0;
  std::uint8_t unit = 0;
  bool neutralise = false;
  bool whole_segments = false;
};

enum class EndKind : std::uint8_t { zone, asset, broadcast, network, mac };
struct End {
  EndKind kind = EndKind::zone;
  std::size_t index = 0;  // of the zone (groups too) or the asset
  Network network{};      // a multicast group
  Mac mac{};
};

enum class What : std::uint8_t { modbus, umas, tcp, udp, icmp, ethertype, llc };
enum class Access : std::uint8_t { read, write, control, program, diagnose };
enum class Space : std::uint8_t { coil, discrete, input, holding, file, object, opaque };

struct Target {
  Space space = Space::holding;
  std::uint32_t key = 0;  // a file's number
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

// A Modbus function, or one of its sub-functions (8) or interface types (43).
struct FunctionId {
  std::uint8_t code;
  std::int32_t sub;  // -1: the function as a whole
  bool operator==(const FunctionId&) const = default;
};

struct Rule {
  std::vector<End> from;
  std::vector<End> to;
  What what = What::modbus;
  std::vector<std::pair<std::uint32_t, std::uint32_t>>
      ports;                // or ICMP types, the EtherType, the LLC address
  std::uint8_t access = 0;  // bit by Access
  std::vector<FunctionId> functions;
  std::vector<std::uint8_t> by_number;  // codes written as numbers
  std::vector<Target> targets;
  std::bitset<256> units;  // none: any
  bool observed = false;   // mode = "monitor"
  bool opened_by_to = false;
};

enum class Midstream : std::uint8_t { resync, drop, pass };

struct Conduit {
  std::array<std::uint32_t, 2> ports{};
  std::array<std::vector<std::size_t>, 2> zones;
  std::vector<Tags> vlans;  // none: untagged
  unsigned ttl_floor = 1;
  std::vector<std::string> groundwork;
  bool enforce = true;
  Midstream midstream = Midstream::resync;

  bool has(const char* name) const;
};

struct Policy {
  std::vector<Zone> zones;
  std::vector<Asset> assets;
  std::vector<Conduit> conduits;
  std::vector<Rule> rules;
};

std::string toml(const Policy& policy);

}  // namespace sluice::model
