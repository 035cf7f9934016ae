#include "dataplane/port/dpdk.hpp"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "dataplane/port/eal.hpp"
#include "dataplane/port/interface.hpp"

namespace sluice {
namespace {

constexpr std::uint16_t kRing = 1024;   // descriptors asked of a driver, each way
constexpr std::size_t kWaiting = 1024;  // frames that may wait for room to be sent, for each port
constexpr std::uint32_t kEthernet = 14;
constexpr std::uint32_t kTags = 8;  // two of them
constexpr std::uint32_t kPage = 4096;
constexpr std::uint32_t kMade = 2048;                                      // frames of our own
constexpr std::uint32_t kObject = RTE_CACHE_LINE_SIZE + sizeof(rte_mbuf);  // in front of a buffer's room
static_assert(sizeof(rte_mempool_objhdr) <= RTE_CACHE_LINE_SIZE);
constexpr std::uint32_t kCache = 256;
constexpr std::uint32_t kStale = 8192;  // frames at most that waited in a socket before its filter was there

enum class Kind : std::uint8_t { af_xdp, af_packet, other };

struct Port {
  std::string name;
  std::string device;  // DPDK's name of it
  std::uint16_t id = 0;
  Kind kind = Kind::other;
  std::uint32_t mtu = 0;
  bool started = false;
  rte_mempool* pool = nullptr;
  PortCounters counters;
  std::size_t waiting = 0;
  std::array<rte_mbuf*, kWaiting> queue{};
};

std::string why(int error) { return rte_strerror(error < 0 ? -error : error); }

Kind kind_of(const std::string& devargs) {
  if (devargs.starts_with("net_af_xdp")) return Kind::af_xdp;
  if (devargs.starts_with("net_af_packet")) return Kind::af_packet;
  return Kind::other;
}

bool is_card(const std::string& devargs) { return !devargs.starts_with("net_"); }

// The value of `key` in "name,key=value,…"; empty when it is not there.
std::string value_of(const std::string& devargs, const std::string& key) {
  const auto at = devargs.find("," + key + "=");
  if (at == std::string::npos) return {};
  const auto from = at + key.size() + 2;
  return devargs.substr(from, devargs.find(',', from) - from);
}

// Like rte_pktmbuf_pool_create(), but packed: a spread-out pool adds a cache line to a page, which af_xdp
// can't register. Buffers of more than a page would take two of ordinary memory, unless they may lie across
// pages; no card reads those.
rte_mempool* make_pool(const char* name, std::uint32_t buffers, std::uint32_t cache, std::uint32_t room,
                       Kind kind, int socket) {
  const auto across = kind == Kind::af_packet ? RTE_MEMPOOL_F_NO_IOVA_CONTIG : 0U;
  auto* pool =
      rte_mempool_create_empty(name, buffers, static_cast<unsigned>(sizeof(rte_mbuf)) + room, cache,
                               sizeof(rte_pktmbuf_pool_private), socket, RTE_MEMPOOL_F_NO_SPREAD | across);
  if (pool == nullptr) return nullptr;
  rte_pktmbuf_pool_private shape{};
  shape.mbuf_data_room_size = static_cast<std::uint16_t>(room);
  rte_pktmbuf_pool_init(pool, &shape);
  if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), nullptr) != 0 ||
      rte_mempool_populate_default(pool) < 0) {
    rte_mempool_free(pool);
    return nullptr;
  }
  rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
  return pool;
}

Result<void> check_mtu(const std::string& name, const std::string& interface, std::uint32_t mtu, Kind kind) {
  const auto most = kind == Kind::af_xdp ? kAfXdpMostMtu : kAfPacketMostMtu;
  if (mtu <= most) return {};
  return failure(
      "port \"" + name + "\": the MTU of " + interface + " is " + std::to_string(mtu) + ", and " +
          (kind == Kind::af_xdp ? "net_af_xdp" : "net_af_packet") + " carries at most " +
          std::to_string(most) + " whole",
      "`ip link set " + interface + " mtu " + std::to_string(most) + "` or less, on both sides of the box");
}

}  // namespace

struct DpdkPorts::State {
  std::vector<std::unique_ptr<Port>> ports;
  rte_mempool* made = nullptr;

  ~State() {
    for (auto& port : ports) {
      for (std::size_t i = 0; i < port->waiting; ++i) rte_pktmbuf_free(port->queue[i]);
      if (port->started) {
        rte_eth_dev_stop(port->id);
        rte_eth_dev_close(port->id);
      }
    }
    rte_eal_cleanup();
  }

  Result<void> add(const DpdkPort& wanted, const DpdkOptions& options);
  Result<void> probe(Port& port, const std::string& devargs, const std::string& interface,
                     const DpdkOptions& options);
  Result<void> start(Port& port, std::uint32_t buffers);
  void send(Port& port) noexcept;
};

DpdkPorts::DpdkPorts(std::unique_ptr<State> state) : state_{std::move(state)}, ports_{state_->ports.size()} {}
DpdkPorts::~DpdkPorts() = default;

Result<std::unique_ptr<DpdkPorts>> DpdkPorts::open(const DpdkOptions& options) {
  if (options.ports.size() > kMostPorts) return failure("at most " + std::to_string(kMostPorts) + " ports");
  EalOptions eal;
  eal.memory_bytes =
      (std::uint64_t{kPage} + 512) * (options.ports.size() * options.buffers + kMade) + (48U << 20U);
  for (const auto& port : options.ports) {
    if (!port.devargs.empty() && is_card(port.devargs)) eal.cards.push_back(port.devargs);
  }
  if (auto started = start_eal(eal); !started) return tl::unexpected{started.error()};

  auto state = std::make_unique<State>();
  state->made = make_pool("made", kMade, 32, kPage - kObject, Kind::other, SOCKET_ID_ANY);
  if (state->made == nullptr) return failure("no memory for frames: " + why(rte_errno));
  for (const auto& port : options.ports) {
    if (auto added = state->add(port, options); !added) return tl::unexpected{added.error()};
  }
  return std::unique_ptr<DpdkPorts>{new DpdkPorts{std::move(state)}};
}

Result<void> DpdkPorts::State::add(const DpdkPort& wanted, const DpdkOptions& options) {
  const auto number = std::to_string(ports.size());
  auto& port = *ports.emplace_back(std::make_unique<Port>());
  port.name = wanted.name;
  if (!wanted.devargs.empty()) return probe(port, wanted.devargs, value_of(wanted.devargs, "iface"), options);

  const auto xdp =
      "net_af_xdp" + number + ",iface=" + wanted.name + (options.busy_poll ? "" : ",busy_budget=0");
  // Slots of a page: with the default, of 2,048 bytes, two tags would not fit beside an MTU of 1,982.
  const auto packet =
      "net_af_packet" + number + ",iface=" + wanted.name + ",framesz=4096,blocksz=4096,framecnt=1024";
  switch (options.driver) {
    case Driver::af_xdp:
      return probe(port, xdp, wanted.name, options);
    case Driver::af_packet:
      return probe(port, packet, wanted.name, options);
    case Driver::automatic:
      break;
  }
  auto first = probe(port, xdp, wanted.name, options);
  if (first) return {};
  if (port.started) rte_eth_dev_close(port.id);
  port.started = false;
  rte_mempool_free(std::exchange(port.pool, nullptr));
  auto second = probe(port, packet, wanted.name, options);
  if (!second) second.error().what += " (and before that: " + first.error().what + ")";
  return second;
}

Result<void> DpdkPorts::State::probe(Port& port, const std::string& devargs, const std::string& interface,
                                     const DpdkOptions& options) {
  port.kind = kind_of(devargs);
  port.device = devargs.substr(0, devargs.find(','));
  Interface found;
  if (port.kind != Kind::other) {
    auto looked = find_interface(interface);
    if (!looked) return failure("port \"" + port.name + "\": " + looked.error().what, looked.error().remedy);
    found = *looked;
    port.mtu = found.mtu;
    if (auto fits = check_mtu(port.name, interface, port.mtu, port.kind); !fits) return fits;
  }
  if (!is_card(devargs)) {
    const auto arguments = devargs.size() > port.device.size() ? devargs.substr(port.device.size() + 1) : "";
    if (const auto error = rte_eal_hotplug_add("vdev", port.device.c_str(), arguments.c_str()); error != 0) {
      return failure("port \"" + port.name + "\": DPDK can't open " + devargs + ": " + why(error),
                     "its own lines above say why");
    }
  }
  if (rte_eth_dev_get_port_by_name(port.device.c_str(), &port.id) != 0) {
    return failure("port \"" + port.name + "\": no driver takes " + devargs);
  }
  if (auto started = start(port, options.buffers); !started) return started;
  if (port.kind == Kind::af_packet) {
    auto filtered = filter_packet_sockets(interface, found, found.mtu + kEthernet + kTags);
    if (!filtered) return failure("port \"" + port.name + "\": " + filtered.error().what);
    // What came before the filter was there may be cut or mislabelled.
    std::array<rte_mbuf*, kBurst> stale{};
    for (std::uint32_t seen = 0; seen < kStale;) {
      const auto count = rte_eth_rx_burst(port.id, 0, stale.data(), kBurst);
      if (count == 0) break;
      rte_pktmbuf_free_bulk(stale.data(), count);
      seen += count;
    }
  }
  return {};
}

Result<void> DpdkPorts::State::start(Port& port, std::uint32_t buffers) {
  const auto failed = [&](const char* what, int error) {
    return failure("port \"" + port.name + "\": " + port.device + ": " + what + ": " + why(error));
  };
  std::uint16_t mtu = 0;
  if (port.mtu == 0 && rte_eth_dev_get_mtu(port.id, &mtu) == 0) port.mtu = mtu;
  // A page a buffer is all that af_xdp can register; a slot of af_packet is a page too; cards may have jumbo
  // frames.
  const auto largest = port.kind == Kind::af_packet ? kPage : port.mtu + kEthernet + kTags;
  const auto room = std::max(kPage - kObject, RTE_PKTMBUF_HEADROOM + ((largest + 63U) & ~63U));
  if (room > UINT16_MAX) return failed("MTU", EINVAL);
  const auto name = "port" + std::to_string(port.id);
  const auto socket = rte_eth_dev_socket_id(port.id);
  port.pool = make_pool(name.c_str(), buffers, kCache, room, port.kind, socket);
  if (port.pool == nullptr) return failed("no memory for its buffers", rte_errno);
  rte_eth_conf configuration{};  // no offload at all: checksums and tags are read and written here
  if (const auto error = rte_eth_dev_configure(port.id, 1, 1, &configuration); error != 0) {
    return failed("can't be configured", error);
  }
  port.started = true;  // from here it must be closed
  std::uint16_t receive = kRing;
  std::uint16_t transmit = kRing;
  if (const auto error = rte_eth_dev_adjust_nb_rx_tx_desc(port.id, &receive, &transmit); error != 0) {
    return failed("has no rings of this size", error);
  }
  const auto node = static_cast<unsigned>(socket);
  if (const auto error = rte_eth_rx_queue_setup(port.id, 0, receive, node, nullptr, port.pool); error != 0) {
    return failed("can't receive", error);
  }
  if (const auto error = rte_eth_tx_queue_setup(port.id, 0, transmit, node, nullptr); error != 0) {
    return failed("can't send", error);
  }
  if (const auto error = rte_eth_dev_start(port.id); error != 0) return failed("does not start", error);
  // Some virtual drivers have no such mode and need none.
  if (const auto error = rte_eth_promiscuous_enable(port.id); error != 0 && error != -ENOTSUP) {
    return failed("can't take every frame", error);
  }
  return {};
}

bool DpdkPorts::attach_worker() noexcept { return rte_thread_register() == 0; }
void DpdkPorts::detach_worker() noexcept { rte_thread_unregister(); }

std::span<const Frame> DpdkPorts::receive() noexcept {
  std::size_t count = 0;
  for (std::size_t index = 0; index < ports_; ++index) {
    auto& port = *state_->ports[index];
    std::array<rte_mbuf*, kBurst> mbufs;  // NOLINT: filled by the driver
    const auto got = rte_eth_rx_burst(port.id, 0, mbufs.data(), kBurst);
    port.counters.received += got;
    for (std::size_t i = 0; i < got; ++i) {
      auto* mbuf = mbufs[i];
      if (mbuf->nb_segs > 1) {
        if (rte_pktmbuf_linearize(mbuf) != 0) {
          ++port.counters.refused;
          rte_pktmbuf_free(mbuf);
          continue;
        }
        ++port.counters.scattered;
      }
      auto& frame = burst_[count++];
      frame.data = rte_pktmbuf_mtod(mbuf, std::uint8_t*);
      frame.length = mbuf->data_len;
      // The filter leaves one byte of what the socket can't give whole; the driver may have put a tag in
      // front of it.
      const bool cut = port.kind == Kind::af_packet && frame.length < kEthernet;
      frame.wire_length = cut ? kEthernet + port.mtu : frame.length;
      port.counters.cut += cut ? 1 : 0;
      frame.port = PortId{static_cast<std::uint16_t>(index)};
      frame.handle = mbuf;
    }
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
      ++port.counters.unsent;
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
  if (length > kPage - kObject - RTE_PKTMBUF_HEADROOM) return {};
  auto* mbuf = rte_pktmbuf_alloc(state_->made);
  if (mbuf == nullptr) return {};
  mbuf->data_len = static_cast<std::uint16_t>(length);
  mbuf->pkt_len = length;
  return {rte_pktmbuf_mtod(mbuf, std::uint8_t*), length, length, PortId::none(), mbuf};
}

void DpdkPorts::State::send(Port& port) noexcept {
  const auto count =
      rte_eth_tx_burst(port.id, 0, port.queue.data(), static_cast<std::uint16_t>(port.waiting));
  port.counters.sent += count;
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

const PortCounters& DpdkPorts::counters(PortId port) const noexcept {
  return state_->ports[port.value]->counters;
}

std::string DpdkPorts::describe(PortId port) const {
  const auto& one = *state_->ports[port.value];
  return one.name + ": " + one.device + ", MTU " + std::to_string(one.mtu);
}

}  // namespace sluice
