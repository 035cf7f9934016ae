// The room of Fragments: whose datagrams take it, and which give way.
#include <algorithm>

#include "dataplane/flow/fragments.hpp"

namespace sluice {

// A place for a datagram that begins with this fragment; null when there is none.
Fragments::Entry* Fragments::make(const FlowKey& key, const Packet& fragment, Owner owner, Time now,
                                  Endings& endings) noexcept {
  std::uint32_t ended = 0;
  while (!datagrams_.take(owner)) {
    if (ended++ == kMostEnded || !give_way(datagrams_, owner, &Account::datagrams, endings, kNone))
      return nullptr;
  }
  Entry* entry = table_.insert(key, Idle::datagram, now);
  if (entry == nullptr) {
    datagrams_.give(owner);
    return nullptr;
  }
  Datagram& datagram = entry->value;
  const std::size_t source = siphash(secret_, fragment.source) % kSources;
  datagram.account = static_cast<std::uint32_t>(owner * kSources + source);
  datagram.port = fragment.frame.port;
  datagram.ip_protocol = fragment.ip_protocol;
  const auto number = table_.number(*entry);
  Account& account = accounts_[datagram.account];
  datagram.previous = account.last;
  (account.last != kNone ? table_.at(account.last).value.next : account.first) = number;
  account.last = number;
  ++account.datagrams;
  return entry;
}

// Copies the piece, and the header where it is the first one. False when there is no room.
bool Fragments::store(Entry& entry, const Packet& fragment, Endings& endings) noexcept {
  Datagram& datagram = entry.value;
  const Owner owner = owner_of(datagram);
  const auto bytes = fragment.piece_bytes();
  const auto size = static_cast<std::uint32_t>(bytes.size());
  const std::uint32_t need = (size + kCellBytes - 1) / kCellBytes;
  std::uint32_t ended = 0;
  while (!cells_.take(owner, need)) {
    if (ended++ == kMostEnded || !give_way(cells_, owner, &Account::cells, endings, table_.number(entry))) {
      return false;
    }
  }
  datagram.cells += need;
  accounts_[datagram.account].cells += need;

  const Run run{fragment.piece.offset, static_cast<std::uint16_t>(size), free_};
  std::uint32_t last = kNone;
  for (std::uint32_t at = 0; at < size; at += kCellBytes) {
    last = free_;
    Cell& cell = pool_[free_];
    free_ = cell.next;
    std::copy_n(bytes.begin() + at, std::min(kCellBytes, size - at), cell.bytes.begin());
  }
  pool_[last].next = kNone;
  std::uint32_t place = datagram.count++;
  for (; place != 0 && datagram.runs[place - 1].offset > run.offset; --place)
    datagram.runs[place] = datagram.runs[place - 1];
  datagram.runs[place] = run;
  datagram.bytes += size;
  datagram.largest = std::max(datagram.largest, size);
  if (fragment.piece.more == 0) datagram.end = run.end();
  if (run.offset == 0 || datagram.header_size == 0) keep_header(datagram, fragment);
  return true;
}

void Fragments::keep_header(Datagram& datagram, const Packet& fragment) noexcept {
  const std::size_t size = std::min<std::size_t>(fragment.transport_offset, kHeader);
  std::copy_n(fragment.frame.data, size, datagram.header.begin());
  datagram.header_size = static_cast<std::uint8_t>(size);
  datagram.link_header = static_cast<std::uint8_t>(fragment.network_offset);
  datagram.wire_length = std::max(fragment.frame.length, fragment.frame.wire_length);
}

// Ends the oldest datagram of the source that has most of `used`, of the owner that has most beyond its part.
// False when nothing may give way but `spare` itself.
bool Fragments::give_way(const Quota& room, Owner owner, std::uint32_t Account::*used, Endings& endings,
                         std::uint32_t spare) noexcept {
  const auto from = room.most_over(
      [&](Owner one) noexcept { return datagrams_.used(one) != 0 && (one == owner || room.over(one) != 0); });
  if (from == kOwners) return false;
  const Account* most = &accounts_[from * kSources];
  for (std::size_t i = 1; i < kSources; ++i) {
    const Account& account = accounts_[from * kSources + i];
    if (account.*used > most->*used) most = &account;
  }
  std::uint32_t oldest = most->first;
  if (oldest == spare && oldest != kNone) oldest = table_.at(oldest).value.next;
  if (oldest == kNone) return false;
  end(table_.at(oldest), Reason::fragments_full, endings);
  return true;
}

// Its fragments are no more: whoever counts them hears of it.
void Fragments::tell(Datagram& datagram, Reason reason, Endings& endings) noexcept {
  if (datagram.count == 0) return;
  Packet model;
  Frame frame;
  frame.data = datagram.header.data();
  frame.length = datagram.header_size;
  frame.wire_length = datagram.wire_length;
  frame.port = datagram.port;
  (void)parse(frame, Checksums::count, model, Lengths::captured);
  endings.ended(model, datagram.custody, datagram.count, reason);
}

void Fragments::end(Entry& entry, Reason reason, Endings& endings) noexcept {
  tell(entry.value, reason, endings);
  detach(entry);
  table_.erase(entry);
}

void Fragments::release_bytes(Datagram& datagram) noexcept {
  for (std::uint32_t i = 0; i < datagram.count; ++i) {
    std::uint32_t last = datagram.runs[i].cell;
    while (pool_[last].next != kNone) last = pool_[last].next;
    pool_[last].next = free_;
    free_ = datagram.runs[i].cell;
  }
  accounts_[datagram.account].cells -= datagram.cells;
  cells_.give(owner_of(datagram), datagram.cells);
  datagram.cells = datagram.count = datagram.bytes = 0;
  datagram.end = kNone;
}

void Fragments::detach(Entry& entry) noexcept {
  Datagram& datagram = entry.value;
  release_bytes(datagram);
  Account& account = accounts_[datagram.account];
  (datagram.previous != kNone ? table_.at(datagram.previous).value.next : account.first) = datagram.next;
  (datagram.next != kNone ? table_.at(datagram.next).value.previous : account.last) = datagram.previous;
  --account.datagrams;
  datagrams_.give(owner_of(datagram));
}

}  // namespace sluice
