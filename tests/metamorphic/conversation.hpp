// Conversation: what applications say to each other, written once and without frames: connections, each with
// turns, each turn some messages that one end writes in a row. How that becomes segments, fragments, tags and
// addresses is a Rendering's matter. Hosts are numbers; an end that never hears what it waits for says
// nothing more. Values only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/packet/builder.hpp"
#include "rules/schema/schema.hpp"

namespace sluice::metamorphic {

using build::Bytes;

inline constexpr std::uint16_t kFirstClientPort = 10000;  // servers have lower ones

enum class Place : std::uint8_t { it, ot, fleet };  // the policy's zones; fleet lies on the OT side

struct Host {
  Place place = Place::it;
  std::uint8_t number = 1;
};

struct Message {
  Bytes bytes;
  // Never cut: a stand-in takes the place of whole messages only.
  bool whole = false;
};

struct Turn {
  Role from = Role::client;
  std::vector<Message> messages;
};

// Over UDP each message is a datagram.
struct Connection {
  std::string name;
  Host client;
  Host server;
  std::uint16_t port = 502;
  Transport transport = Transport::tcp;
  std::vector<Turn> turns;
};

// Connection i has the client port kFirstClientPort + i. All of them go on beside each other, turn by turn.
struct Conversation {
  std::vector<Connection> connections;
};

// Only the connections in which something can still be cut behind `size` bytes: a message, or, as TCP may
// have it, what is said in a row.
enum class Unit : std::uint8_t { message, turn };
Conversation longer_than(const Conversation& conversation, std::size_t size, Unit unit);

// The policy under which they take place, for frames with these VLANs as a configuration lists them.
std::string policy(const std::string& vlans);

// Handwritten: every kind of rule, what it allows and what it denies, one connection for each denial, and the
// boundaries of framing.
Conversation written();
// Denials that leave the session alive.
Conversation stand_ins();
// Each Modbus function and sub-function after an allowed read, denied where no rule has it.
Conversation functions();
// Many hosts that poll many devices; every seventh writes.
Conversation fleet(std::uint8_t hosts);
Conversation random_conversation(std::uint64_t seed);

}  // namespace sluice::metamorphic
