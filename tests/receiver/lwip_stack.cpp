// lwIP as Debian packages it (2.1.3). The package is built with threads (NO_SYS 0) and its own thread of TCP.
// That thread is never started here: as long as it is not, the core may be called from the one thread there
// is, and its timers are called by hand, in the time of the test.
#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/ip4_frag.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "tests/receiver/stack.hpp"

namespace sluice::receiver {
namespace {

constexpr std::uint64_t kTcpTimer = 250;  // ms: TCP_TMR_INTERVAL
constexpr std::uint64_t kIpTimer = 1000;

class Lwip final : public Stack {
 public:
  bool start(std::string& why) {
    lwip_init();
    ip4_addr_t address{};
    ip4_addr_t mask{};
    ip4_addr_t router{};
    ip4addr_aton(kReceiver, &address);
    ip4addr_aton("255.255.255.0", &mask);
    ip4addr_aton("10.0.1.1", &router);
    if (netif_add(&netif_, &address, &mask, &router, this, &Lwip::begin_netif, ip_input) == nullptr) {
      why = "lwIP takes no interface";
      return false;
    }
    netif_set_default(&netif_);
    netif_set_up(&netif_);
    netif_set_link_up(&netif_);
    for (const std::uint16_t port : {kDecodedPort, kOpaquePort}) {
      tcp_pcb* pcb = tcp_new();
      if (pcb == nullptr || tcp_bind(pcb, IP_ADDR_ANY, port) != ERR_OK) {
        why = "lwIP does not bind";
        return false;
      }
      pcb = tcp_listen(pcb);
      tcp_arg(pcb, this);
      tcp_accept(pcb, &Lwip::accepted);
    }
    return true;
  }

  void take(ByteView frame) override {
    if (frame.size() < 14) return;
    const auto datagram = frame.subspan(14);
    pbuf* buffer = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(datagram.size()), PBUF_RAM);
    if (buffer == nullptr) return;
    pbuf_take(buffer, datagram.data(), static_cast<u16_t>(datagram.size()));
    if (netif_.input(buffer, &netif_) != ERR_OK) pbuf_free(buffer);
  }

  bool next(std::vector<std::uint8_t>& frame) override {
    if (sent_.empty()) return false;
    frame = std::move(sent_.front());
    sent_.pop_front();
    return true;
  }

  std::string read() override { return std::exchange(read_, {}); }
  [[nodiscard]] std::uint64_t connections() const override { return connections_; }

  void write(ByteView bytes) override {
    if (connection_ == nullptr) return;
    if (tcp_write(connection_, bytes.data(), static_cast<u16_t>(bytes.size()), TCP_WRITE_FLAG_COPY) == ERR_OK)
      tcp_output(connection_);
  }

  void pass(std::uint64_t milliseconds) override {
    const auto before = time_;
    time_ += milliseconds;
    // A connection has given up long before more of them make a difference.
    for (auto i = std::min<std::uint64_t>(time_ / kTcpTimer - before / kTcpTimer, 64); i > 0; --i) tcp_tmr();
    for (auto i = std::min<std::uint64_t>(time_ / kIpTimer - before / kIpTimer, 64); i > 0; --i)
      ip_reass_tmr();
  }

  void abort() override {
    connection_ = nullptr;
    while (tcp_active_pcbs != nullptr) tcp_abort(tcp_active_pcbs);
    while (tcp_tw_pcbs != nullptr) tcp_abort(tcp_tw_pcbs);
  }

 private:
  static err_t begin_netif(netif* it) {
    it->name[0] = 's';
    it->name[1] = 'l';
    it->mtu = 1500;
    it->output = &Lwip::output;
    return ERR_OK;
  }

  static err_t output(netif* it, pbuf* buffer, const ip4_addr_t*) {
    auto& me = *static_cast<Lwip*>(it->state);
    std::vector<std::uint8_t> frame(14U + buffer->tot_len);
    std::copy(std::begin(kAttackerMac), std::end(kAttackerMac), frame.begin());
    std::copy(std::begin(kReceiverMac), std::end(kReceiverMac), frame.begin() + 6);
    frame[12] = 8;
    pbuf_copy_partial(buffer, frame.data() + 14, buffer->tot_len, 0);
    me.sent_.push_back(std::move(frame));
    return ERR_OK;
  }

  static err_t accepted(void* arg, tcp_pcb* pcb, err_t error) {
    if (error != ERR_OK || pcb == nullptr) return ERR_VAL;
    auto& me = *static_cast<Lwip*>(arg);
    me.connection_ = pcb;
    ++me.connections_;
    tcp_arg(pcb, arg);
    tcp_recv(pcb, &Lwip::received);
    tcp_err(pcb, &Lwip::failed);
    tcp_nagle_disable(pcb);
    return ERR_OK;
  }

  static err_t received(void* arg, tcp_pcb* pcb, pbuf* buffer, err_t) {
    auto& me = *static_cast<Lwip*>(arg);
    if (buffer == nullptr) {  // the other end has finished
      me.connection_ = nullptr;
      tcp_arg(pcb, nullptr);
      tcp_recv(pcb, nullptr);
      tcp_err(pcb, nullptr);
      tcp_close(pcb);
      return ERR_OK;
    }
    for (const pbuf* part = buffer; part != nullptr; part = part->next)
      me.read_.append(static_cast<const char*>(part->payload), part->len);
    tcp_recved(pcb, buffer->tot_len);
    pbuf_free(buffer);
    return ERR_OK;
  }

  static void failed(void* arg, err_t) {
    if (arg != nullptr) static_cast<Lwip*>(arg)->connection_ = nullptr;
  }

  netif netif_{};
  tcp_pcb* connection_ = nullptr;
  std::uint64_t connections_ = 0;
  std::deque<std::vector<std::uint8_t>> sent_;
  std::string read_;
  std::uint64_t time_ = 0;
};

}  // namespace

std::unique_ptr<Stack> make_lwip(std::string& why) {
  auto stack = std::make_unique<Lwip>();
  if (!stack->start(why)) return nullptr;
  return stack;
}

}  // namespace sluice::receiver
