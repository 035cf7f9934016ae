// Rendering: how a conversation becomes frames. Each field is one transformation; the base, all fields as
// they are here, is one message a frame, IPv4, no tag, one queue, a frame a burst. Values only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/metamorphic/conversation.hpp"

namespace sluice::metamorphic {

enum class Family : std::uint8_t { ipv4, ipv6 };

// 802.1Q; 802.1Q with priority 5; 802.1ad outside of 802.1Q; 802.1Q twice.
enum class Tags : std::uint8_t { none, one, one_with_priority, provider, two };
inline constexpr std::size_t kTagsCount = 5;

struct Rendering {
  enum class Cuts : std::uint8_t {
    messages,  // a segment is a message
    at,        // each message is cut behind `cut` bytes, where it has more
    every,     // each turn's bytes are cut into segments of `cut`
    halves,    // each turn's bytes are cut once, behind `cut`; else what it says is one segment
    random,    // `cut` percent of all positions
  };
  enum class Pieces : std::uint8_t {
    none,
    at,      // each datagram is cut once, `piece` bytes into its payload, where TCP's header is before that
    every,   // into pieces of `piece` bytes, more where they would be more than 64
    random,  // `piece` percent of all positions that there are
  };
  enum class Order : std::uint8_t { kept, reversed, shuffled };  // of the pieces of a datagram

  Cuts cuts = Cuts::messages;
  std::uint32_t cut = 0;
  Pieces pieces = Pieces::none;
  std::uint32_t piece = 0;  // a multiple of 8
  Order order = Order::kept;
  Tags tags = Tags::none;
  Family family = Family::ipv4;
  std::uint32_t queues = 1;
  std::uint32_t burst = 1;
  std::uint64_t seed = 0;  // of what is random in it

  // A message may leave in parts, so that its function is denied before its end is there.
  [[nodiscard]] bool cuts_messages() const { return cuts != Cuts::messages; }
};

// Any composition of the above.
Rendering random_rendering(std::uint64_t seed);
std::string describe(const Rendering& rendering);

// What `vlans` of the conduit lists for such frames, and the tags themselves.
std::string vlans_of(Tags tags);
std::vector<build::Tag> tags_of(Tags tags);

// A host's address.
std::string address_of(const Host& host, Family family);

struct Stretch {
  std::size_t begin = 0, end = 0;
};
// How the bytes of a turn's messages are cut into segments; at most 1,200 bytes each.
std::vector<Stretch> segments_of(const Turn& turn, const Rendering& rendering, std::uint64_t salt);

// `whole` in pieces, or as it is.
std::vector<Bytes> pieces_of(const Bytes& whole, const Rendering& rendering, std::uint16_t identification);

}  // namespace sluice::metamorphic
