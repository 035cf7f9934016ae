// Device: one DPDK port, from its name to its running queues, and back. Internal to DpdkPorts; needs DPDK's
// headers. open() and close() belong to the main thread before the sandbox closes; statistics() to the main
// thread at any time.
#pragma once

#include <rte_mempool.h>

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/port/dpdk.hpp"
#include "rules/base/result.hpp"

namespace sluice {

inline constexpr std::uint32_t kEthernetHeader = 14;
inline constexpr std::uint32_t kTwoTags = 8;
inline constexpr std::uint32_t kPage = 4096;

// How a driver must be treated.
enum class Kind : std::uint8_t { af_xdp, af_packet, other };

// Like rte_pktmbuf_pool_create(), but packed. Null, and rte_errno, when there is no memory.
rte_mempool* make_pool(const char* name, std::uint32_t buffers, std::uint32_t room, Kind kind, int socket);

// Room of a buffer that is, with everything in front of it, a page.
extern const std::uint32_t kPageRoom;

// "0000:03:00.0" and what else EAL itself must probe at its start.
bool is_card(const std::string& devargs);

class Device {
 public:
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() { close(); }

  // Takes the kernel interface or the devargs that `wanted` names, `number` being its place among the ports.
  Result<void> open(const DpdkPort& wanted, std::size_t number, const DpdkOptions& options);
  void close();
  // From here on close() does nothing.
  void leave_open() noexcept { left_open_ = true; }

  [[nodiscard]] std::uint16_t id() const noexcept { return id_; }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] std::uint32_t mtu() const noexcept { return mtu_; }
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] DriverStatistics statistics() noexcept;

 private:
  Result<void> probe(const std::string& devargs, const std::string& interface, const DpdkOptions& options);
  Result<void> patiently(const std::string& devargs, const DpdkOptions& options);
  Result<void> start(std::uint32_t buffers);
  void discard_stale() noexcept;
  [[nodiscard]] tl::unexpected<Error> failed(const std::string& what, int error) const;

  std::string name_;
  std::string device_;  // DPDK's name of it
  std::uint16_t id_ = 0;
  Kind kind_ = Kind::other;
  std::uint32_t mtu_ = 0;
  bool probed_ = false;  // a virtual device, to be removed
  bool started_ = false;
  bool left_open_ = false;
  rte_mempool* pool_ = nullptr;
  std::vector<int> sockets_;  // of af_packet: its own, to ask what they lost
  std::uint64_t missed_ = 0;  // what they said so far
  int carrier_ = -1;          // sysfs file of the kernel interface
  DriverStatistics last_;
};

}  // namespace sluice
