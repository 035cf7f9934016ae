#include "dataplane/port/dpdk.hpp"

#include <rte_alarm.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <atomic>
#include <cstring>

#include "dataplane/port/device.hpp"
#include "dataplane/port/eal.hpp"

namespace sluice {
namespace {

constexpr std::size_t kWaiting = 1024;  // frames that may wait for room to be sent, for each port
constexpr std::uint32_t kMade = 2048;   // frames of our own
constexpr std::uint64_t kAround = 512;  // bytes around a page of a pool, at most
constexpr std::uint64_t kSpare = 48U << 20U;

// Written by the worker alone, read by anybody.
struct Counter {
  std::atomic<std::uint64_t> value{0};
  void add(std::uint64_t more) noexcept {
    value.store(value.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t read() const noexcept { return value.load(std::memory_order_relaxed); }
};

struct Port {
  Device device;
  // Copied: the worker needs no more of the device.
  std::uint16_t id = 0;
  bool may_cut = false;
  std::uint32_t mtu = 0;
  Counter received, received_bytes, cut, sent, sent_bytes, unsent, scattered, refused;
  std::size_t waiting = 0;
  std::array<rte_mbuf*, kWaiting> queue{};
};

}  // namespace

struct DpdkPorts::State {
  std::vector<std::unique_ptr<Port>> ports;
  rte_mempool* made = nullptr;
  bool left_open = false;

  ~State() {
    for (auto& port : ports) rte_pktmbuf_free_bulk(port->queue.data(), static_cast<unsigned>(port->waiting));
    if (left_open) return;
    ports.clear();
    rte_eal_cleanup();
  }
  void send(Port& port) noexcept;
};

DpdkPorts::DpdkPorts(std::unique_ptr<State> state) : state_{std::move(state)}, ports_{state_->ports.size()} {}
DpdkPorts::~DpdkPorts() = default;

Result<std::unique_ptr<DpdkPorts>> DpdkPorts::open(const DpdkOptions& options) {
  if (options.ports.size() > kMostPorts) return failure("at most " + std::to_string(kMostPorts) + " ports");
  EalOptions eal;
  eal.memory_bytes = (kPage + kAround) * (options.ports.size() * options.buffers + kMade) + kSpare;
  for (const auto& port : options.ports) {
    if (!port.devargs.empty() && is_card(port.devargs)) eal.cards.push_back(port.devargs);
  }
  if (auto started = start_eal(eal); !started) return tl::unexpected{started.error()};

  auto state = std::make_unique<State>();
  state->made = make_pool("made", kMade, kPageRoom, Kind::other, SOCKET_ID_ANY);
  if (state->made == nullptr) return failure(std::string{"no memory for frames: "} + rte_strerror(rte_errno));
  for (const auto& wanted : options.ports) {
    auto& port = *state->ports.emplace_back(std::make_unique<Port>());
    if (auto opened = port.device.open(wanted, state->ports.size() - 1, options); !opened) {
      return tl::unexpected{opened.error()};
    }
    port.id = port.device.id();
    port.mtu = port.device.mtu();
    port.may_cut = port.device.kind() == Kind::af_packet;
  }
  return std::unique_ptr<DpdkPorts>{new DpdkPorts{std::move(state)}};
}

void DpdkPorts::leave_open() noexcept {
  state_->left_open = true;
  for (auto& port : state_->ports) port->device.leave_open();
}

bool DpdkPorts::attach_worker() noexcept { return rte_thread_register() == 0; }
void DpdkPorts::detach_worker() noexcept { rte_thread_unregister(); }

bool DpdkPorts::run_on_driver_thread(bool (*work)()) noexcept {
  struct Errand {
    bool (*work)();
    std::atomic<int> outcome{-1};
  };
  // Static: the thread may come to it after nobody waits any more.
  static Errand errand;
  errand.work = work;
  errand.outcome = -1;
  const auto run = [](void* given) {
    auto& task = *static_cast<Errand*>(given);
    task.outcome = task.work() ? 1 : 0;
  };
  if (rte_eal_alarm_set(1, run, &errand) != 0) return false;
  for (int waited = 0; errand.outcome < 0 && waited < 1000; ++waited) rte_delay_us_sleep(1000);
  return errand.outcome == 1;
}

std::span<const Frame> DpdkPorts::receive() noexcept {
  std::size_t count = 0;
  for (std::size_t index = 0; index < ports_; ++index) {
    auto& port = *state_->ports[index];
    std::array<rte_mbuf*, kBurst> mbufs;  // NOLINT: filled by the driver
    const auto got = rte_eth_rx_burst(port.id, 0, mbufs.data(), kBurst);
    if (got == 0) continue;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < got; ++i) {
      auto* mbuf = mbufs[i];
      if (mbuf->nb_segs > 1) {
        if (rte_pktmbuf_linearize(mbuf) != 0) {
          port.refused.add(1);
          rte_pktmbuf_free(mbuf);
          continue;
        }
        port.scattered.add(1);
      }
      auto& frame = burst_[count++];
      frame.data = rte_pktmbuf_mtod(mbuf, std::uint8_t*);
      frame.length = mbuf->data_len;
      // The filter leaves one byte of what the socket can't give whole; the driver may have put a tag in
      // front of it.
      const bool cut = port.may_cut && frame.length < kEthernetHeader;
      frame.wire_length = cut ? kEthernetHeader + port.mtu : frame.length;
      if (cut) port.cut.add(1);
      bytes += frame.length;
      frame.port = PortId{static_cast<std::uint16_t>(index)};
      frame.handle = mbuf;
    }
    port.received.add(got);
    port.received_bytes.add(bytes);
  }
  return {burst_.data(), count};
}

void DpdkPorts::forward(Frame frame, PortId to) noexcept {
  auto* mbuf = static_cast<rte_mbuf*>(frame.handle);
  if (to.value >= ports_) {
    rte_pktmbuf_free(mbuf);
    return;
  }
  auto& port = *state_->ports[to.value];
  if (port.waiting == kWaiting) {
    state_->send(port);
    if (port.waiting == kWaiting) {
      port.unsent.add(1);
      rte_pktmbuf_free(mbuf);
      return;
    }
  }
  // The engine may have moved either end of the frame, within its buffer.
  mbuf->data_off = static_cast<std::uint16_t>(frame.data - static_cast<std::uint8_t*>(mbuf->buf_addr));
  mbuf->data_len = static_cast<std::uint16_t>(frame.length);
  mbuf->pkt_len = frame.length;
  mbuf->ol_flags = 0;
  port.queue[port.waiting++] = mbuf;
}

void DpdkPorts::release(Frame frame) noexcept { rte_pktmbuf_free(static_cast<rte_mbuf*>(frame.handle)); }

Frame DpdkPorts::allocate(std::uint32_t length) noexcept {
  if (length > kPageRoom - RTE_PKTMBUF_HEADROOM) return {};
  auto* mbuf = rte_pktmbuf_alloc(state_->made);
  if (mbuf == nullptr) return {};
  mbuf->data_len = static_cast<std::uint16_t>(length);
  mbuf->pkt_len = length;
  return {rte_pktmbuf_mtod(mbuf, std::uint8_t*), length, length, PortId::none(), mbuf};
}

void DpdkPorts::State::send(Port& port) noexcept {
  // Its length is asked before: a frame that was sent is the driver's.
  std::array<std::uint32_t, kWaiting> lengths;  // NOLINT: filled as far as it is read
  for (std::size_t i = 0; i < port.waiting; ++i) lengths[i] = port.queue[i]->pkt_len;
  const auto count =
      rte_eth_tx_burst(port.id, 0, port.queue.data(), static_cast<std::uint16_t>(port.waiting));
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) bytes += lengths[i];
  port.sent.add(count);
  port.sent_bytes.add(bytes);
  port.waiting -= count;
  if (port.waiting > 0 && count > 0) {
    std::memmove(port.queue.data(), port.queue.data() + count, port.waiting * sizeof port.queue[0]);
  }
}

void DpdkPorts::flush() noexcept {
  for (auto& port : state_->ports) {
    if (port->waiting > 0) state_->send(*port);
  }
}

PortCounters DpdkPorts::counters(PortId number) const noexcept {
  const auto& port = *state_->ports[number.value];
  return {.received = port.received.read(),
          .received_bytes = port.received_bytes.read(),
          .cut = port.cut.read(),
          .sent = port.sent.read(),
          .sent_bytes = port.sent_bytes.read(),
          .unsent = port.unsent.read(),
          .scattered = port.scattered.read(),
          .refused = port.refused.read()};
}

DriverStatistics DpdkPorts::statistics(PortId port) noexcept {
  return state_->ports[port.value]->device.statistics();
}

std::string DpdkPorts::describe(PortId port) const { return state_->ports[port.value]->device.describe(); }

}  // namespace sluice
