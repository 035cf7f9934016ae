// MemoryPorts: ports in memory, for tests, soaks and benchmarks. Frames are pushed in, come out of receive()
// in the order of push(), and what was forwarded is collected per port, in order, until take_sent() is done
// with it. All memory is made by the constructor. One thread. Satisfies PortGroup.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/port/port.hpp"
#include "dataplane/port/slots.hpp"

namespace sluice {

class MemoryPorts final : public Buffers {
 public:
  struct Limits {
    std::uint16_t ports = 2;
    std::uint32_t frames = 4096;  // in all places together
    std::uint32_t frame_bytes = 2048;
  };
  struct Counters {
    std::uint64_t pushed = 0;
    std::uint64_t received = 0;
    std::uint64_t made = 0;  // by allocate()
    std::uint64_t forwarded = 0;
    std::uint64_t released = 0;
    std::uint64_t refused = 0;  // push() or allocate() without room
  };

  explicit MemoryPorts(const Limits& limits);
  MemoryPorts() : MemoryPorts(Limits{}) {}

  // Copies a frame to be received by `port`; `wire_length` above its size makes it a cut one. False when
  // there is no room.
  bool push(PortId port, ByteView bytes, std::uint32_t wire_length = 0) noexcept;

  std::span<const Frame> receive() noexcept;
  void flush() noexcept {}
  void forward(Frame frame, PortId to) noexcept override;
  void release(Frame frame) noexcept override;
  Frame allocate(std::uint32_t length) noexcept override;

  // What left by `port` since the last clear(), in order; Frame::port is still the port it came in by.
  [[nodiscard]] std::span<const Frame> sent(PortId port) const noexcept;
  void clear() noexcept;

  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::uint32_t in_use() const noexcept { return slots_.in_use(); }
  // received + made - forwarded - released: what the engine holds.
  [[nodiscard]] std::uint64_t with_engine() const noexcept {
    return counters_.received + counters_.made - counters_.forwarded - counters_.released;
  }

 private:
  Slots slots_;
  std::vector<Frame> queue_;  // pushed; received from `next_` on
  std::size_t next_ = 0;
  std::vector<std::vector<Frame>> sent_;
  Counters counters_;
};
static_assert(PortGroup<MemoryPorts>);

}  // namespace sluice
