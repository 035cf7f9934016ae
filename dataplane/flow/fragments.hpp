// Fragments: IP datagrams that arrive in pieces, until each is whole; IPv4 and IPv6 by the same rules. Bytes
// are copied, no frame is kept. What two receivers could join in two ways is never joined: a datagram is
// refused as a whole, and its key with it until its time is over (RFC 5722, here for both families), when
//   pieces overlap, exact repetitions included; two say differently where it ends, or one passes that end;
//   a piece has IP options or an extension header beside the fragment header; the transport header is not all
//   in the first piece (RFC 7112, RFC 1858, RFC 3128); it has more than 64 pieces, or passes 65,535 bytes.
// Whole means: the union of the pieces is [0, length).
//
// One worker's. All memory is taken by the constructor. Limits: datagrams, and bytes of their pieces, shared
// by owner (flow/shares.hpp) and in it by source address: the oldest of the source that has most gives way.
// take() is linear in the bytes of the piece and its datagram's pieces (at most 64), and ends at most
// kMostEnded others. A datagram waits kPatience from its first piece on.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/flow/departed.hpp"
#include "dataplane/flow/shares.hpp"
#include "dataplane/flow/table.hpp"
#include "dataplane/packet/packet.hpp"

namespace sluice {

struct FragmentLimits {
  std::uint32_t datagrams = 1024;
  std::uint32_t bytes = 4U << 20;
  std::uint32_t departed = 65536;  // keys of datagrams that left in pieces within a minute
};

class Fragments {
 public:
  static constexpr std::uint32_t kMostPieces = 64;
  static constexpr std::uint32_t kMostEnded = 64;
  // Honest pieces follow each other within milliseconds; a sender that repeats does so with a new datagram.
  static constexpr Duration kPatience = seconds(2);
  static constexpr std::uint32_t kLeastFrame = 60;
  // Room for any whole datagram: two MACs, two tags, EtherType, IPv6 header, payload.
  static constexpr std::uint32_t kGreatestFrame = 22 + 40 + 65535;

  enum class Custody : std::uint8_t {
    held,    // the frames do not pass until the datagram is whole
    copied,  // they have passed
  };

  // Hears of datagrams that came to nothing: `fragments` of one were taken; `model` tells whose.
  class Endings {
   public:
    virtual void ended(const Packet& model, Custody custody, std::uint32_t fragments,
                       Reason reason) noexcept = 0;

   protected:
    ~Endings() = default;
  };

  struct Whole {
    std::uint32_t number = 0;     // of the datagram here
    std::uint32_t fragments = 0;  // that it is made of
    std::uint32_t datagram = 0;   // bytes from the IP header on, without extension headers
    std::uint32_t frame = 0;      // bytes of its frame, padding of a short one included
    std::uint32_t identification = 0;
    std::uint32_t largest = 0;  // bytes of the largest piece
    std::uint64_t key = 0;      // hashed
    PortId port{};
    std::uint8_t ip_protocol = 0;
  };

  enum class Outcome : std::uint8_t { waits, whole, refused };
  struct Taken {
    Outcome outcome = Outcome::refused;
    Custody custody = Custody::held;  // of the datagram: its first fragment said so
    Reason reason = Reason::none;     // why it was refused
    std::uint32_t earlier = 0;        // refused: fragments of it that were taken and are no more
    Whole whole{};                    // until join() or forget()
  };

  Fragments(const FragmentLimits& limits, const Secret& secret);

  // Takes a fragment that parse() found good and whose ends are where they belong. `lane`: its wire. When
  // another custody was given for the first fragment of its datagram, `held` stays and `copied` is refused.
  [[nodiscard]] Taken take(const Packet& fragment, std::uint32_t lane, Owner owner, Custody custody, Time now,
                           Endings& endings) noexcept;

  // Writes the frame of a whole datagram, `whole.frame` bytes: link and IP header of its first piece, all of
  // its payload. It is no longer here then.
  void join(const Whole& whole, std::uint8_t* frame) noexcept;
  void forget(const Whole& whole) noexcept;

  // Whether a receiver may still wait for pieces of an earlier datagram with the same key; and that pieces
  // of this one are leaving (false: there is no room to remember it).
  [[nodiscard]] bool departed(const Whole& whole, Time now) const noexcept {
    return departed_.knows(whole.key, now);
  }
  [[nodiscard]] bool depart(const Whole& whole, Time now) noexcept { return departed_.add(whole.key, now); }

  // Ends what has waited too long (Reason::fragment); looks at no more than `at_most`. Late by at most 67 ms.
  void expire(Time now, std::uint32_t at_most, Endings& endings) noexcept;
  void clear(Endings& endings) noexcept;

  // Parts of the room, by owner; until then all is first come.
  void divide(const Shares& shares) noexcept;
  [[nodiscard]] bool in_use(Owner owner) const noexcept { return datagrams_.used(owner) != 0; }
  [[nodiscard]] std::uint32_t size() const noexcept { return table_.size(); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return cells_.used() * kCellBytes; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint32_t kCellBytes = 252;
  static constexpr std::size_t kSources = 64;  // accounts for each owner
  static constexpr std::size_t kHeader = 22 + 60;

  struct Cell {
    std::uint32_t next = kNone;
    std::array<std::uint8_t, kCellBytes> bytes{};
  };
  struct Run {
    std::uint16_t offset = 0;
    std::uint16_t length = 0;
    std::uint32_t cell = kNone;
    [[nodiscard]] std::uint32_t end() const noexcept { return std::uint32_t{offset} + length; }
  };
  struct Datagram {
    std::array<Run, kMostPieces> runs{};  // by offset; none touches another's bytes
    std::uint32_t count = 0;
    std::uint32_t bytes = 0;    // of all runs
    std::uint32_t end = kNone;  // where the last piece ends, when it is here
    std::uint32_t cells = 0;
    std::uint32_t largest = 0;
    std::uint32_t next = kNone;  // in its account
    std::uint32_t previous = kNone;
    std::uint32_t account = 0;
    Custody custody = Custody::held;
    bool refused = false;
    std::uint8_t ip_protocol = 0;
    PortId port{};
    // Of the first piece, or until it is here of the first that came.
    std::array<std::uint8_t, kHeader> header{};
    std::uint8_t link_header = 0;
    std::uint8_t header_size = 0;
    std::uint32_t wire_length = 0;
  };
  using Table = FlowTable<Datagram>;
  using Entry = Table::Entry;
  // The datagrams of one owner's sources that share a hash.
  struct Account {
    std::uint32_t first = kNone;  // oldest
    std::uint32_t last = kNone;
    std::uint32_t datagrams = 0;
    std::uint32_t cells = 0;
  };

  [[nodiscard]] static Reason contradiction(const Packet& fragment) noexcept;
  [[nodiscard]] static bool fits(const Datagram& datagram, const Packet& fragment) noexcept;
  [[nodiscard]] Entry* make(const FlowKey& key, const Packet& fragment, Owner owner, Time now,
                            Endings& endings) noexcept;
  [[nodiscard]] bool store(Entry& entry, const Packet& fragment, Endings& endings) noexcept;
  [[nodiscard]] Taken refuse(Datagram& datagram, Reason reason) noexcept;
  [[nodiscard]] Whole whole(const Entry& entry) noexcept;
  static void keep_header(Datagram& datagram, const Packet& fragment) noexcept;
  [[nodiscard]] bool give_way(const Quota& room, Owner owner, std::uint32_t Account::*used, Endings& endings,
                              std::uint32_t spare) noexcept;
  static void tell(Datagram& datagram, Reason reason, Endings& endings) noexcept;
  void end(Entry& entry, Reason reason, Endings& endings) noexcept;
  void release_bytes(Datagram& datagram) noexcept;
  void detach(Entry& entry) noexcept;  // from its account, with all that it has
  [[nodiscard]] static Owner owner_of(const Datagram& datagram) noexcept {
    return static_cast<Owner>(datagram.account / kSources);
  }
  [[nodiscard]] std::uint64_t hash(const FlowKey& key) const noexcept;

  Secret secret_;
  Table table_;
  std::vector<Cell> pool_;
  std::uint32_t free_ = kNone;
  std::vector<Account> accounts_;
  Quota datagrams_;
  Quota cells_;
  Departed departed_;
};

}  // namespace sluice
