// PortGroup: the ports that one worker polls. receive() hands over a burst in order of arrival per port;
// every frame of it belongs to the worker until it was given to forward() or release() exactly once. The span
// is valid until the next receive(), the frames until they are given back. flush() ends a burst: what
// forward() gathered leaves, in order per port. One thread; nothing here allocates, throws or locks after the
// group was made.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "dataplane/packet/frame.hpp"

namespace sluice {

inline constexpr std::size_t kBurst = 32;      // frames taken from one port at once
inline constexpr std::size_t kMostPorts = 16;  // of one group

template <class T>
concept PortGroup = std::derived_from<T, Buffers> && requires(T ports) {
  { ports.receive() }
  noexcept->std::same_as<std::span<const Frame>>;
  { ports.flush() }
  noexcept->std::same_as<void>;
};

// Frames, counted by whoever owns the port. For each group, over all ports, at the end of a burst:
// received + made = sent + released + unsent + waiting to be sent + with the engine.
struct PortCounters {
  std::uint64_t received = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t cut = 0;  // of those, shorter than they were on the wire
  std::uint64_t sent = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t unsent = 0;     // forwarded, and the port took them not in time or is not there
  std::uint64_t scattered = 0;  // of those received, lying in several pieces: joined
  std::uint64_t refused = 0;    // of those received, released here: could not be joined
};

}  // namespace sluice
