#include "dataplane/flow/fragments.hpp"

#include <algorithm>

#include "dataplane/packet/checksum.hpp"
#include "rules/base/reader.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t kGreatest = 65535;
constexpr std::uint8_t kTcp = 6;

constexpr bool is_extension(std::uint8_t protocol) noexcept {
  return protocol == 0 || protocol == 43 || protocol == 44 || protocol == 51 || protocol == 60;
}

// Source, destination, identification, and for IPv4 the protocol (RFC 791 3.2, RFC 8200 4.5), on one wire.
FlowKey key_of_datagram(const Packet& fragment, std::uint32_t lane) noexcept {
  FlowKey key{};
  key.low = fragment.source;
  key.high = fragment.destination;
  key.low_port = static_cast<std::uint16_t>(fragment.piece.identification >> 16);
  key.high_port = static_cast<std::uint16_t>(fragment.piece.identification);
  key.lane = lane;
  key.ip_protocol = fragment.network == Network::ipv4 ? fragment.ip_protocol : std::uint8_t{0};
  return key;
}

void put16(std::uint8_t* at, std::uint32_t number) noexcept {
  at[0] = static_cast<std::uint8_t>(number >> 8);
  at[1] = static_cast<std::uint8_t>(number);
}

}  // namespace

Fragments::Fragments(const FragmentLimits& limits, const Secret& secret)
    : secret_{secret},
      table_{limits.datagrams, secret, IdleTimes{{kPatience, kPatience, kPatience, kPatience}}},
      pool_(std::max<std::size_t>(1, limits.bytes / kCellBytes)),
      accounts_(kOwners * kSources),
      datagrams_{table_.capacity()},
      cells_{pool_.size()},
      departed_{limits.departed} {
  for (std::uint32_t i = 0; i + 1 < pool_.size(); ++i) pool_[i].next = i + 1;
  free_ = 0;
}

std::uint64_t Fragments::hash(const FlowKey& key) const noexcept {
  return siphash(secret_, {reinterpret_cast<const std::uint8_t*>(&key), sizeof key});
}

void Fragments::divide(const Shares& shares) noexcept {
  datagrams_.divide(shares);
  cells_.divide(shares);
}

// What is wrong with a fragment by itself.
Reason Fragments::contradiction(const Packet& fragment) noexcept {
  if (fragment.ip_options != 0) return Reason::ip_options;
  const bool six = fragment.network == Network::ipv6;
  if (six && is_extension(fragment.ip_protocol)) return Reason::fragment;
  const auto bytes = fragment.piece_bytes();
  const std::uint32_t offset = fragment.piece.offset;
  const std::uint32_t header = six ? 0 : fragment.piece.header;  // an IPv6 length does not count it
  if (bytes.empty() || header + offset + bytes.size() > kGreatest) return Reason::fragment;
  if (fragment.ip_protocol != kTcp) return Reason::none;  // UDP has 8 bytes in any first piece
  constexpr std::uint32_t kTcpHeader = 20;
  if (offset != 0) return offset < kTcpHeader ? Reason::fragment : Reason::none;
  Reader reader{bytes};
  reader.skip(12);
  const std::uint32_t length = (reader.u8() >> 4) * 4U;
  return reader.ok() && bytes.size() >= std::max(length, kTcpHeader) ? Reason::none : Reason::fragment;
}

// Whether a piece has a place of its own in the datagram.
bool Fragments::fits(const Datagram& datagram, const Packet& fragment) noexcept {
  const std::uint32_t begin = fragment.piece.offset;
  const auto end = begin + static_cast<std::uint32_t>(fragment.piece_bytes().size());
  if (fragment.ip_protocol != datagram.ip_protocol || fragment.frame.port != datagram.port) return false;
  if (datagram.count == kMostPieces) return false;
  if (datagram.end != kNone && (fragment.piece.more == 0 || end > datagram.end)) return false;
  for (std::uint32_t i = 0; i < datagram.count; ++i) {
    const Run& run = datagram.runs[i];
    if (begin < run.end() && run.offset < end) return false;
    if (fragment.piece.more == 0 && run.end() > end) return false;
  }
  return true;
}

Fragments::Taken Fragments::take(const Packet& fragment, std::uint32_t lane, Owner owner, Custody custody,
                                 Time now, Endings& endings) noexcept {
  const auto key = key_of_datagram(fragment, lane);
  Entry* entry = table_.find(key);
  if (entry != nullptr && now - entry->touched() > kPatience) {
    end(*entry, Reason::fragment, endings);
    entry = nullptr;
  }
  const Reason wrong = contradiction(fragment);
  if (entry == nullptr) {
    // Pieces that pass unjoined may wait at the receiver when the conduit enforces again.
    if (custody == Custody::copied) departed_.put(hash(key), now);
    entry = make(key, fragment, owner, now, endings);
    if (entry == nullptr) {
      return {.custody = custody, .reason = wrong != Reason::none ? wrong : Reason::fragments_full};
    }
    entry->value.custody = custody;
  }
  Datagram& datagram = entry->value;
  const bool mixed = datagram.custody == Custody::copied && custody == Custody::held;
  if (datagram.refused || mixed || wrong != Reason::none || !fits(datagram, fragment))
    return refuse(datagram, wrong != Reason::none ? wrong : Reason::fragment);
  if (!store(*entry, fragment, endings)) {
    const Taken taken = refuse(datagram, Reason::fragments_full);
    detach(*entry);
    table_.erase(*entry);
    return taken;
  }
  const auto kept = datagram.custody;
  if (datagram.bytes != datagram.end) return {.outcome = Outcome::waits, .custody = kept};
  return {.outcome = Outcome::whole, .custody = kept, .whole = whole(*entry)};
}

Fragments::Taken Fragments::refuse(Datagram& datagram, Reason reason) noexcept {
  const Taken taken{.custody = datagram.custody, .reason = reason, .earlier = datagram.count};
  release_bytes(datagram);
  datagram.refused = true;
  return taken;
}

Fragments::Whole Fragments::whole(const Entry& entry) noexcept {
  const Datagram& datagram = entry.value;
  const FlowKey& key = entry.key();
  const bool six = datagram.header[datagram.link_header] >> 4 == 6;
  const std::uint32_t length = datagram.end + (six ? 40 : 20);
  return {.number = table_.number(entry),
          .fragments = datagram.count,
          .datagram = length,
          .frame = std::max(kLeastFrame, datagram.link_header + length),
          .identification = std::uint32_t{key.low_port} << 16 | key.high_port,
          .largest = datagram.largest,
          .key = hash(key),
          .port = datagram.port,
          .ip_protocol = datagram.ip_protocol};
}

void Fragments::join(const Whole& whole, std::uint8_t* frame) noexcept {
  const Datagram& datagram = table_.at(whole.number).value;
  const std::size_t link = datagram.link_header;
  std::uint8_t* ip = frame + link;
  const bool six = datagram.header[link] >> 4 == 6;
  std::copy_n(datagram.header.begin(), link + (six ? 40 : 20), frame);
  if (six) {
    put16(ip + 4, datagram.end);
    ip[6] = datagram.ip_protocol;
  } else {
    put16(ip + 2, whole.datagram);
    put16(ip + 6, 0);
    put16(ip + 10, 0);
    put16(ip + 10, internet_checksum({ip, 20}));
  }
  std::uint8_t* at = ip + (six ? 40 : 20);
  for (std::uint32_t i = 0; i < datagram.count; ++i) {
    std::uint32_t left = datagram.runs[i].length;
    for (auto cell = datagram.runs[i].cell; left != 0; cell = pool_[cell].next) {
      const auto count = std::min(left, kCellBytes);
      at = std::copy_n(pool_[cell].bytes.begin(), count, at);
      left -= count;
    }
  }
  std::fill(at, frame + whole.frame, std::uint8_t{0});
  forget(whole);
}

void Fragments::forget(const Whole& whole) noexcept {
  Entry& entry = table_.at(whole.number);
  detach(entry);
  table_.erase(entry);
}

void Fragments::expire(Time now, std::uint32_t at_most, Endings& endings) noexcept {
  table_.expire(now, at_most, [&](Entry& entry) noexcept {
    tell(entry.value, Reason::fragment, endings);
    detach(entry);
  });
}

void Fragments::clear(Endings& endings) noexcept {
  table_.visit(0, table_.capacity(), [&](Entry& entry) noexcept { end(entry, Reason::fragment, endings); });
}

}  // namespace sluice
