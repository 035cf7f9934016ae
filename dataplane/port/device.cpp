#include "dataplane/port/device.hpp"

#include <fcntl.h>
#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "dataplane/port/interface.hpp"

namespace sluice {
namespace {

constexpr std::uint16_t kRing = 1024;  // descriptors asked of a driver, each way
constexpr std::uint32_t kObject = RTE_CACHE_LINE_SIZE + sizeof(rte_mbuf);  // in front of a buffer's room
static_assert(sizeof(rte_mempool_objhdr) <= RTE_CACHE_LINE_SIZE);
constexpr std::uint32_t kCache = 256;
constexpr int kAttempts = 5;
constexpr unsigned kBetweenAttempts = 100'000;  // microseconds
constexpr std::uint32_t kMostStale = 8192;      // frames that waited in a socket before its filter was there

std::string why(int error) { return rte_strerror(error < 0 ? -error : error); }

Kind kind_of(const std::string& devargs) {
  if (devargs.starts_with("net_af_xdp")) return Kind::af_xdp;
  if (devargs.starts_with("net_af_packet")) return Kind::af_packet;
  return Kind::other;
}

// The value of `key` in "name,key=value,…"; empty when it is not there.
std::string value_of(const std::string& devargs, const std::string& key) {
  const auto at = devargs.find("," + key + "=");
  if (at == std::string::npos) return {};
  const auto from = at + key.size() + 2;
  return devargs.substr(from, devargs.find(',', from) - from);
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

const std::uint32_t kPageRoom = kPage - kObject;

bool is_card(const std::string& devargs) { return !devargs.starts_with("net_"); }

// A spread-out pool would add a cache line to a page, which af_xdp can't register. Buffers of more than a
// page would take two of ordinary memory, unless they may lie across pages; no card reads those.
rte_mempool* make_pool(const char* name, std::uint32_t buffers, std::uint32_t room, Kind kind, int socket) {
  const auto across = kind == Kind::af_packet ? RTE_MEMPOOL_F_NO_IOVA_CONTIG : 0U;
  auto* pool =
      rte_mempool_create_empty(name, buffers, static_cast<unsigned>(sizeof(rte_mbuf)) + room, kCache,
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

Result<void> Device::open(const DpdkPort& wanted, std::size_t number, const DpdkOptions& options) {
  name_ = wanted.name;
  if (!wanted.devargs.empty()) return probe(wanted.devargs, value_of(wanted.devargs, "iface"), options);

  const auto place = std::to_string(number);
  const auto xdp = "net_af_xdp" + place + ",iface=" + name_ + (options.busy_poll ? "" : ",busy_budget=0");
  // Slots of a page: with the default, of 2,048 bytes, two tags would not fit beside an MTU of 1,982.
  const auto packet =
      "net_af_packet" + place + ",iface=" + name_ + ",framesz=4096,blocksz=4096,framecnt=1024";
  switch (options.driver) {
    case Driver::af_xdp:
      return probe(xdp, name_, options);
    case Driver::af_packet:
      return probe(packet, name_, options);
    case Driver::automatic:
      break;
  }
  auto first = patiently(xdp, options);
  if (first) return {};
  close();
  auto second = probe(packet, name_, options);
  if (!second && second.error().what != first.error().what) {
    second.error().what += "; and before that: " + first.error().what;
  }
  return second;
}

// The kernel takes a moment to let go of the queues of a process that has just ended.
Result<void> Device::patiently(const std::string& devargs, const DpdkOptions& options) {
  for (int attempt = 1;; ++attempt) {
    auto opened = probe(devargs, name_, options);
    if (opened || !probed_ || attempt == kAttempts) return opened;
    close();
    rte_delay_us_sleep(kBetweenAttempts);
  }
}

void Device::close() {
  if (left_open_) return;
  if (started_) rte_eth_dev_stop(id_);
  if (probed_) rte_eal_hotplug_remove("vdev", device_.c_str());
  started_ = false;
  probed_ = false;
  rte_mempool_free(std::exchange(pool_, nullptr));
  if (carrier_ >= 0) ::close(std::exchange(carrier_, -1));
  sockets_.clear();
}

Result<void> Device::probe(const std::string& devargs, const std::string& interface,
                           const DpdkOptions& options) {
  kind_ = kind_of(devargs);
  device_ = devargs.substr(0, devargs.find(','));
  Interface found;
  if (kind_ != Kind::other) {
    auto looked = find_interface(interface);
    if (!looked) return failure("port \"" + name_ + "\": " + looked.error().what, looked.error().remedy);
    found = *looked;
    mtu_ = found.mtu;
    if (auto fits = check_mtu(name_, interface, mtu_, kind_); !fits) return fits;
    carrier_ = ::open(("/sys/class/net/" + interface + "/carrier").c_str(), O_RDONLY | O_CLOEXEC);
  }
  if (!is_card(devargs)) {
    const auto arguments = devargs.size() > device_.size() ? devargs.substr(device_.size() + 1) : "";
    if (const auto error = rte_eal_hotplug_add("vdev", device_.c_str(), arguments.c_str()); error != 0) {
      return failed("DPDK can't open " + devargs, error);
    }
    probed_ = true;
  }
  if (rte_eth_dev_get_port_by_name(device_.c_str(), &id_) != 0)
    return failed("no driver takes " + devargs, ENODEV);
  if (auto started = start(options.buffers); !started) return started;
  if (kind_ == Kind::af_packet) {
    auto filtered = filter_packet_sockets(interface, found, found.mtu + kEthernetHeader + kTwoTags);
    if (!filtered) return failure("port \"" + name_ + "\": " + filtered.error().what);
    sockets_ = std::move(*filtered);
    discard_stale();
  }
  return {};
}

Result<void> Device::start(std::uint32_t buffers) {
  std::uint16_t mtu = 0;
  if (mtu_ == 0 && rte_eth_dev_get_mtu(id_, &mtu) == 0) mtu_ = mtu;
  // A page a buffer is all that af_xdp can register; a slot of af_packet is a page too; cards may have jumbo
  // frames.
  const auto largest = kind_ == Kind::af_packet ? kPage : mtu_ + kEthernetHeader + kTwoTags;
  const auto room = std::max(kPageRoom, RTE_PKTMBUF_HEADROOM + ((largest + 63U) & ~63U));
  if (room > UINT16_MAX) return failed("the MTU is too large", EINVAL);
  const auto name = "port" + std::to_string(id_);
  const auto socket = rte_eth_dev_socket_id(id_);
  pool_ = make_pool(name.c_str(), buffers, room, kind_, socket);
  if (pool_ == nullptr) return failed("no memory for its buffers", rte_errno);
  rte_eth_conf configuration{};  // no offload at all: checksums and tags are read and written here
  if (const auto error = rte_eth_dev_configure(id_, 1, 1, &configuration); error != 0) {
    return failed("it can't be configured", error);
  }
  std::uint16_t receive = kRing;
  std::uint16_t transmit = kRing;
  if (const auto error = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &receive, &transmit); error != 0) {
    return failed("it has no rings of this size", error);
  }
  const auto node = static_cast<unsigned>(socket);
  if (const auto error = rte_eth_rx_queue_setup(id_, 0, receive, node, nullptr, pool_); error != 0) {
    return failed("it can't receive", error);
  }
  if (const auto error = rte_eth_tx_queue_setup(id_, 0, transmit, node, nullptr); error != 0) {
    return failed("it can't send", error);
  }
  if (const auto error = rte_eth_dev_start(id_); error != 0) return failed("it does not start", error);
  started_ = true;
  // Some virtual drivers have no such mode and need none.
  if (const auto error = rte_eth_promiscuous_enable(id_); error != 0 && error != -ENOTSUP) {
    return failed("it can't take every frame", error);
  }
  return {};
}

// What came before the filter was there may be cut or mislabelled.
void Device::discard_stale() noexcept {
  std::array<rte_mbuf*, kBurst> stale{};
  for (std::uint32_t seen = 0; seen < kMostStale;) {
    const auto count = rte_eth_rx_burst(id_, 0, stale.data(), kBurst);
    if (count == 0) return;
    rte_pktmbuf_free_bulk(stale.data(), count);
    seen += count;
  }
}

tl::unexpected<Error> Device::failed(const std::string& what, int error) const {
  return failure("port \"" + name_ + "\" (" + device_ + "): " + what + ": " + why(error),
                 "the driver's own lines above may say more");
}

std::string Device::describe() const {
  return name_ + " (" + device_ + ", MTU " + std::to_string(mtu_) + ")";
}

DriverStatistics Device::statistics() noexcept {
  rte_eth_stats of_driver{};
  if (rte_eth_stats_get(id_, &of_driver) == 0) {
    last_.errors = of_driver.ierrors;
    last_.no_buffer = of_driver.rx_nombuf;
    for (const int socket : sockets_) missed_ += take_lost(socket);
    last_.missed = of_driver.imissed + missed_;
  }
  bool up = true;
  if (carrier_ >= 0) {
    char digit = '0';  // the file can't be read while the interface is down
    up = pread(carrier_, &digit, 1, 0) == 1 && digit == '1';
  } else if (rte_eth_link link{}; rte_eth_link_get_nowait(id_, &link) == 0) {
    up = link.link_status == RTE_ETH_LINK_UP;
  }
  if (up != last_.link_up) ++last_.link_changes;
  last_.link_up = up;
  return last_;
}

}  // namespace sluice
