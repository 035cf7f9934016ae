// Fragments: only the whole, inspected datagram leaves. Where nothing acts, fragments pass as they came and a
// copy of the datagram is looked into.
#include <algorithm>
#include <array>

#include "dataplane/engine/engine_state.hpp"
#include "dataplane/packet/checks.hpp"
#include "dataplane/packet/checksum.hpp"

namespace sluice {
namespace {

using Custody = Fragments::Custody;

constexpr std::uint32_t kLargestFrame = 1500;  // bytes of a datagram that leaves in one
constexpr std::uint8_t kIcmp = 1, kTcp = 6, kIcmpv6 = 58;

void put16(std::uint8_t* at, std::uint32_t number) noexcept {
  at[0] = static_cast<std::uint8_t>(number >> 8);
  at[1] = static_cast<std::uint8_t>(number);
}

// The outermost datagram of a packet, as it is cut.
Outer outermost(const Packet& packet) noexcept {
  if (packet.depth != 0) return packet.outers[0];
  Outer out;
  out.network = packet.network;
  out.network_offset = packet.network_offset;
  out.transport_offset = packet.transport_offset;
  out.network_end = packet.network_end;
  return out;
}

// Writes the piece [at, at + size) of a datagram's payload as a frame of its own; gives its length without
// padding.
std::uint32_t write_piece(const std::uint8_t* whole, const Outer& datagram, const Fragments::Whole& origin,
                          std::uint32_t at, std::uint32_t size, std::uint8_t* frame) noexcept {
  const std::uint32_t payload = datagram.transport_offset;
  const bool more = payload + at + size != datagram.network_end;
  std::uint8_t* end = std::copy_n(whole, payload, frame);
  std::uint8_t* ip = frame + datagram.network_offset;
  if (datagram.network == Network::ipv6) {  // RFC 8200 4.5
    put16(ip + 4, 8 + size);
    ip[6] = 44;
    end[0] = origin.ip_protocol;
    end[1] = 0;
    put16(end + 2, at | (more ? 1U : 0U));
    put16(end + 4, origin.identification >> 16);
    put16(end + 6, origin.identification);
    end += 8;
  } else {  // RFC 791 3.2
    const std::uint32_t header = payload - datagram.network_offset;
    put16(ip + 2, header + size);
    put16(ip + 6, at / 8 | (more ? 0x2000U : 0U));
    put16(ip + 10, 0);
    put16(ip + 10, internet_checksum({ip, header}));
  }
  end = std::copy_n(whole + payload + at, size, end);
  return static_cast<std::uint32_t>(end - frame);
}

// A tunnel that the conduit names needs no rule for its own ends.
bool may_be_tunnel(const image::Conduit& conduit, const Packet& fragment) noexcept {
  const bool four = fragment.network == Network::ipv4;
  switch (fragment.ip_protocol) {
    case 4:
      return has(conduit.tunnels, four ? Tunnel::ipip : Tunnel::four_in_six);
    case 41:
      return has(conduit.tunnels, four ? Tunnel::six_in_four : Tunnel::six_in_six);
    case 47:
      return has(conduit.tunnels, Tunnel::gre);
    case 17:
      return has(conduit.tunnels, Tunnel::vxlan) || has(conduit.tunnels, Tunnel::teredo);
    default:
      return false;
  }
}

}  // namespace

// May pieces from this end to that one be kept? Nothing is for ends that no rule names.
Reason Engine::State::may_wait(Transit& transit) const noexcept {
  const auto& image = transit.rules->image();
  const auto ends = ends_of(image, transit.place, transit.packet);
  transit.event.from = ends.source.main;
  transit.event.to = ends.destination.main;
  if (ends.reason != Reason::none || may_be_tunnel(*transit.conduit, transit.packet)) return ends.reason;
  Cells there;
  Cells back;
  there.gather(image, ends.source, ends.destination);
  back.gather(image, ends.destination, ends.source);
  return there.empty() && back.empty() ? Reason::no_policy : Reason::none;
}

void Engine::State::fragment(Transit& transit) noexcept {
  const Packet& packet = transit.packet;
  if (transit.enforced()) {
    const Reason reason = may_wait(transit);
    if (reason != Reason::none) return refuse(transit, reason);
  }
  if (packet.ip_protocol == kIcmp || packet.ip_protocol == kIcmpv6) {
    if (!transit.enforced()) ++counters.not_inspected;
    return refuse(transit, Reason::fragment);
  }
  FragmentEndings endings{*this, transit.rules, transit.now};
  const auto taken =
      fragments.take(packet, transit.lane, owner_of(transit),
                     transit.enforced() ? Custody::held : Custody::copied, transit.now, endings);
  switch (taken.outcome) {
    case Fragments::Outcome::refused:
      came_to_nothing(taken.custody, taken.earlier, taken.reason);
      if (!transit.enforced()) ++counters.not_inspected;
      return refuse(transit, taken.reason);
    case Fragments::Outcome::waits:
      if (taken.custody == Custody::copied) return pass(transit);
      ++counters.held;
      return buffers.release(packet.frame);
    case Fragments::Outcome::whole:
      return join(transit, taken.whole, taken.custody);
  }
}

// The last piece has come.
void Engine::State::join(Transit& last, const Fragments::Whole& whole, Custody custody) noexcept {
  const bool holding = custody == Custody::held;
  const bool large = whole.datagram > kLargestFrame;
  // No honest stack sends a segment that it has to cut.
  Reason reason = large && whole.ip_protocol == kTcp ? Reason::fragment : Reason::none;
  if (large && holding && fragments.departed(whole, last.now)) reason = Reason::fragment;
  Frame frame;
  frame.data = joint.data();
  if (reason == Reason::none && holding && !large) {
    frame = buffers.allocate(whole.frame);
    if (frame.data == nullptr) reason = Reason::memory_full;
  }
  if (reason != Reason::none) {
    fragments.forget(whole);
    came_to_nothing(custody, whole.fragments - 1, reason);
    if (!last.enforced()) ++counters.not_inspected;
    return refuse(last, reason);
  }
  frame.length = frame.wire_length = whole.frame;
  frame.port = whole.port;
  fragments.join(whole, frame.data);

  Transit transit;
  transit.rules = last.rules;
  transit.now = last.now;
  transit.form = !holding ? Form::copy : large ? Form::pieces : Form::frame;
  transit.whole = whole;
  if (holding) {
    counters.held -= whole.fragments - 1;
    counters.joined += whole.fragments;
    ++counters.made;
    buffers.release(last.packet.frame);
    return examine(transit, frame);
  }
  frame.handle = last.packet.frame.handle;  // what is found is told of the fragment that came last
  examine(transit, frame);
  pass(last);
}

// Cuts a datagram that is too large for one frame as it was cut before, with headers that are alike.
void Engine::State::leave_in_pieces(Transit& transit) noexcept {
  // Of 64 pieces none is larger than the largest, and all but the last end on 8 bytes.
  constexpr std::uint32_t kMost = Fragments::kMostPieces + 1;
  constexpr std::uint32_t kFragmentHeader = 8;
  const Frame& whole = transit.packet.frame;
  const Outer datagram = outermost(transit.packet);
  const std::uint32_t all = datagram.network_end - datagram.transport_offset;
  const std::uint32_t size = std::max(8U, transit.whole.largest / 8 * 8);
  const std::uint32_t room =
      std::max(Fragments::kLeastFrame, datagram.transport_offset + kFragmentHeader + size);
  std::array<Frame, kMost> frames;
  std::uint32_t count = 0;
  Reason reason = Reason::none;
  for (std::uint32_t at = 0; at < all && reason == Reason::none; at += size) {
    Frame frame = count == kMost ? Frame{} : buffers.allocate(room);
    if (frame.data == nullptr) {
      reason = Reason::memory_full;
      break;
    }
    const auto length =
        write_piece(whole.data, datagram, transit.whole, at, std::min(size, all - at), frame.data);
    frame.length = frame.wire_length = std::max(length, Fragments::kLeastFrame);
    std::fill(frame.data + length, frame.data + frame.length, std::uint8_t{0});
    frame.port = whole.port;
    frames[count++] = frame;
  }
  if (reason == Reason::none && !fragments.depart(transit.whole, transit.now))
    reason = Reason::fragments_full;
  const auto made = std::span{frames}.first(count);
  if (reason != Reason::none) {
    for (const auto& frame : made) buffers.release(frame);
    report(transit, {.reason = reason});
    transit.passed = false;
    return drop(transit);
  }
  counters.made += count - 1;
  counters.forwarded += count;
  for (const auto& frame : made) buffers.forward(frame, transit.place.other);
}

// Fragments that were taken will not be joined.
void Engine::State::came_to_nothing(Custody custody, std::uint32_t count, Reason reason) noexcept {
  if (custody == Custody::copied) {
    counters.not_inspected += count;
    return;
  }
  counters.held -= count;
  counters.dropped += count;
  counters.reasons[static_cast<std::size_t>(reason)] += count;
}

void Engine::State::FragmentEndings::ended(const Packet& model, Custody custody, std::uint32_t count,
                                           Reason reason) noexcept {
  state_.came_to_nothing(custody, count, reason);
  if (rules_ == nullptr) return;
  Transit transit;
  transit.rules = rules_;
  transit.now = now_;
  transit.packet = model;
  if (!state_.place(transit)) return;
  // Counted just now, where they were held.
  if (custody == Custody::held) --state_.counters.reasons[static_cast<std::size_t>(reason)];
  state_.report(transit, {.reason = reason});
}

}  // namespace sluice
