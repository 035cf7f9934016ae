// Flow: all that one conversation needs between packets, in one entry of the flow table. Trivially small on
// purpose: what grows lives in the engine's pools. One worker's.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/engine/policy.hpp"
#include "dataplane/flow/key.hpp"
#include "dataplane/flow/shares.hpp"
#include "dataplane/protocol/outstanding.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "dataplane/stream/assembler.hpp"
#include "dataplane/stream/stream.hpp"
#include "rules/base/clock.hpp"
#include "rules/base/ids.hpp"

namespace sluice {

// What is known about a conversation's content.
enum class Content : std::uint8_t {
  undecided,  // too few bytes yet
  decoded,    // `protocol` reads it
  opaque,     // allowed by number, not inspected
};

// What stands before the IP header of the packets that one end sends: for a frame in its name.
struct LinkHeader {
  std::array<std::uint8_t, 22> bytes{};  // two MACs, at most two tags, EtherType
  std::uint8_t size = 0;

  void keep(const Packet& packet) noexcept;
  [[nodiscard]] Packet packet_of(const FlowKey& key, Direction direction, PortId port) noexcept;
};

// Its place in the table, and whose part of the table it takes.
struct Room {
  std::uint32_t number = 0;
  Owner owner = kNobody;
  bool charged = false;
};

struct Flow {
  // A message that was begun is finished within this time, or its session ends.
  static constexpr Duration kMessageTime = seconds(60);

  std::uint64_t id = 0;  // counts up, below 2^53
  Room room;
  std::array<bool, 2> heard{};  // by Direction: something of that end has passed

  // The policy as of `generation`. `there` are the rules from the opener to the other end, `back` the
  // reverse.
  Generation generation;
  std::uint32_t opener = image::kNone;  // endpoint, for events
  std::uint32_t answerer = image::kNone;
  std::uint32_t opener_asset = image::kNone;
  std::uint32_t answerer_asset = image::kNone;
  std::uint16_t answerer_port = 0;  // where the answerer listens
  PortId opener_port;               // where the opener's packets come in
  PortId other_port;
  Reason admission = Reason::none;  // why the conversation may not be at all
  Cells there;
  Cells back;

  Direction opener_direction = Direction::forth;
  bool client_opened = true;  // the asking end opened the connection
  bool roles_known = false;
  Permit opaque_permit;  // an opaque rule for its port
  bool opaque_told = false;
  bool waits = false;           // opaque, unless its first bytes turn out to be what some decoder recognises
  std::array<bool, 2> plain{};  // by Direction: they are surely not
  bool admission_told = false;
  bool denied = false;  // its session was ended by a verdict: nothing passes any more
  bool in_step = true;  // framing is followed; false after a midstream start or a gap
  // Observing, by Direction: bytes still to come of the message that the last segment left unfinished, and
  // how many to pass over because a loss took the rest of it.
  std::array<std::uint32_t, 2> unfinished{};
  std::array<std::uint32_t, 2> pass_over{};
  struct Ttl {
    std::uint8_t first = 0;
    bool any = false;
    bool told = false;
  };
  std::array<Ttl, 2> ttls{};               // by Direction
  std::uint8_t whole_pdus = 0;             // in a row, while not in step
  Time out_of_step_since;                  // that getting in step has failed, without a whole message since
  std::array<Time, 2> unfinished_since{};  // by Direction: the message that has begun and not ended
  std::array<LinkHeader, 2> links{};       // by Direction, of the end that sends
  std::uint8_t farewells = 0;              // resets in answer to what came after its end
  Time last_farewell;

  Content content = Content::undecided;
  ProtocolId protocol;
  ProtocolState state;
  ProtocolState carried_state;
  Stream stream;
  Assembler::List parts;
  Outstanding outstanding;

  [[nodiscard]] Direction client_direction() const noexcept {
    return client_opened ? opener_direction : opposite(opener_direction);
  }
  [[nodiscard]] Role role(Direction direction) const noexcept {
    return direction == client_direction() ? Role::client : Role::server;
  }
  // The asset that what goes `direction` is for, or kNone.
  [[nodiscard]] std::uint32_t receiving_asset(Direction direction) const noexcept {
    return direction == opener_direction ? answerer_asset : opener_asset;
  }
  // The asset that is asked, or kNone.
  [[nodiscard]] std::uint32_t asked_asset() const noexcept {
    return client_opened ? answerer_asset : opener_asset;
  }
  [[nodiscard]] const Cells& asking_cells() const noexcept { return client_opened ? there : back; }
  [[nodiscard]] image::OpenedBy opened_by() const noexcept {
    return client_opened ? image::OpenedBy::from : image::OpenedBy::to;
  }
};

}  // namespace sluice
