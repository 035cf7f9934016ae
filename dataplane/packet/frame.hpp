// Frame: one Ethernet frame in memory, as a port hands it over. The buffer belongs to whoever holds the
// Frame; it is given back by forwarding or by releasing it, exactly once. Lengths in bytes, without the FCS.
#pragma once

#include <cstdint>
#include <span>

#include "rules/base/bytes.hpp"
#include "rules/base/ids.hpp"

namespace sluice {

struct Frame {
  std::uint8_t* data = nullptr;
  std::uint32_t length = 0;       // bytes here
  std::uint32_t wire_length = 0;  // bytes on the wire; more than `length` when the frame was cut
  PortId port;                    // came in by
  void* handle = nullptr;         // the port's own: mbuf, slot

  [[nodiscard]] ByteView bytes() const noexcept { return {data, length}; }
  [[nodiscard]] bool cut() const noexcept { return wire_length > length; }
};

// Where frames go when the engine is done with them, and where it gets room for its own. Implemented by a
// port group; called by one worker only.
class Buffers {
 public:
  virtual void forward(Frame frame, PortId to) noexcept = 0;
  virtual void release(Frame frame) noexcept = 0;
  // A frame of `length` bytes to fill (a TCP reset, for instance); data is null when there is none.
  virtual Frame allocate(std::uint32_t length) noexcept = 0;

 protected:
  ~Buffers() = default;
};

}  // namespace sluice
