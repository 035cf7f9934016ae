// DpdkPorts: ports driven by DPDK's poll-mode drivers. A kernel interface is taken through net_af_xdp where
// the kernel allows it, else net_af_packet; any other driver by its devargs. One group a process: it starts
// DPDK's environment, and ends it. open() and close() belong to the main thread; everything else to the one
// worker. Neither DPDK's headers nor its flags are needed to include this.
//
// What the drivers get wrong ends here: a frame that a driver cut says so in Frame::wire_length, tags are as
// they were on the wire or the frame counts as cut, a frame in pieces is joined, and an MTU that a driver
// does not carry whole is an error.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/port/port.hpp"
#include "rules/base/result.hpp"

namespace sluice {

enum class Driver : std::uint8_t { automatic, af_xdp, af_packet };

// `devargs` as DPDK takes them ("net_af_xdp0,iface=eth1", "0000:03:00.0"); empty: `name` is a kernel
// interface.
struct DpdkPort {
  std::string name;
  std::string devargs;
};

struct DpdkOptions {
  std::vector<DpdkPort> ports;  // PortId is the index
  Driver driver = Driver::automatic;
  std::uint32_t buffers = 12288;  // for each port; driver rings take 8,192 of them
  bool busy_poll = false;  // af_xdp: every poll drives the kernel's side; for a worker that owns its core
};

// Largest MTU whose frames, with two tags, a driver carries whole. af_xdp: 3,520 bytes are left of a page
// behind the headrooms of kernel and DPDK; af_packet: of its slots.
inline constexpr std::uint32_t kAfXdpMostMtu = 3498;
inline constexpr std::uint32_t kAfPacketMostMtu = 1982;

// What only the driver and the kernel know.
struct DriverStatistics {
  std::uint64_t missed = 0;  // lost for want of room before the worker could take them
  std::uint64_t errors = 0;  // arrived broken
  std::uint64_t no_buffer = 0;
  std::uint64_t link_changes = 0;
  bool link_up = true;
};

class DpdkPorts final : public Buffers {
 public:
  static Result<std::unique_ptr<DpdkPorts>> open(const DpdkOptions& options);
  ~DpdkPorts();
  DpdkPorts(const DpdkPorts&) = delete;
  DpdkPorts& operator=(const DpdkPorts&) = delete;

  // The calling thread becomes the worker: it gets a cache of buffers of its own. False when DPDK has no room
  // for it.
  bool attach_worker() noexcept;
  void detach_worker() noexcept;

  // Main thread: runs `work` on the one thread that DPDK has made for itself, and waits for it; what it
  // returned, or false when the thread did not come to it within a second.
  bool run_on_driver_thread(bool (*work)()) noexcept;

  // Main thread: the sandbox closes, so the devices can't be closed in order any more; the kernel does it
  // when the process ends. What it leaves: the interface's XDP program (which passes all to the host while no
  // socket is there) and promiscuous mode.
  void leave_open() noexcept;

  std::span<const Frame> receive() noexcept;
  void flush() noexcept;
  void forward(Frame frame, PortId to) noexcept override;
  void release(Frame frame) noexcept override;
  Frame allocate(std::uint32_t length) noexcept override;

  // Any thread.
  [[nodiscard]] PortCounters counters(PortId port) const noexcept;
  // One thread, not the worker: it asks the kernel.
  [[nodiscard]] DriverStatistics statistics(PortId port) noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return ports_; }
  // For people: "eth1 (net_af_xdp0, MTU 1500)".
  [[nodiscard]] std::string describe(PortId port) const;

 private:
  struct State;
  explicit DpdkPorts(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
  std::size_t ports_;
  std::array<Frame, kBurst * kMostPorts> burst_{};
};
static_assert(PortGroup<DpdkPorts>);

}  // namespace sluice
