// flooder: sends frames of one kind at a steady rate out of an interface, each from another spoofed client of
// a /25, and counts what the kernel took. Prints a line of JSON. Exit 0; 1 when the interface can't be opened
// or nothing was sent.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 16;
constexpr std::size_t kEthernet = 14, kIp = 20;

struct Flood {
  std::string interface;
  std::string kind = "syn";
  std::string source = "10.9.0.0";  // the network of the clients
  std::string destination = "10.9.0.140";
  double rate = 1000;
  double seconds = 1;
};

using Frame = std::array<std::uint8_t, 60>;

void put16(std::uint8_t* at, std::uint32_t number) {
  at[0] = static_cast<std::uint8_t>(number >> 8);
  at[1] = static_cast<std::uint8_t>(number);
}
void put32(std::uint8_t* at, std::uint32_t number) {
  put16(at, number >> 16);
  put16(at + 2, number);
}

std::uint32_t sum_of(const std::uint8_t* bytes, std::size_t count) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < count; i += 2) sum += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  return sum;
}
std::uint16_t folded(std::uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffffU) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// The `number`th frame: another client, another port, another identification.
void write(const Flood& flood, std::uint32_t number, Frame& frame) {
  const bool tcp = flood.kind == "syn" || flood.kind == "ack";
  const std::size_t segment = frame.size() - kEthernet - kIp;  // TCP: the last six bytes are payload
  frame.fill(0);
  const std::array<std::uint8_t, 14> ethernet = {2, 0, 0, 0, 9, 2, 2, 0, 0, 0, 9, 1, 8, 0};
  std::copy(ethernet.begin(), ethernet.end(), frame.begin());
  std::uint8_t* ip = frame.data() + kEthernet;
  ip[0] = 0x45;
  const std::size_t payload = tcp ? 20 : segment;
  put16(ip + 2, static_cast<std::uint32_t>(kIp + payload));
  put16(ip + 4, number);
  // A first piece of 24 bytes ends on 8, and its rest never comes.
  const bool piece = flood.kind == "fragments";
  if (piece) put16(ip + 2, kIp + 24);
  put16(ip + 6, piece ? 0x2000 : 0);
  ip[8] = 64;
  ip[9] = tcp ? 6 : 17;
  in_addr source{};
  inet_pton(AF_INET, flood.source.c_str(), &source);
  put32(ip + 12, ntohl(source.s_addr) + 10 + number % 110);
  inet_pton(AF_INET, flood.destination.c_str(), ip + 16);
  put16(ip + 10, folded(sum_of(ip, kIp)));

  std::uint8_t* transport = ip + kIp;
  put16(transport, 1024 + number / 110 % 64000);
  if (tcp) {
    put16(transport + 2, 502);
    put32(transport + 4, number * 2654435761U);
    put32(transport + 8, flood.kind == "ack" ? number * 40503U + 1 : 0);
    transport[12] = 0x50;
    transport[13] = flood.kind == "ack" ? 0x10 : 0x02;
    put16(transport + 14, 64240);
  } else {
    put16(transport + 2, 5000 + number % 1000);
    put16(transport + 4, static_cast<std::uint32_t>(piece ? 64 : payload));
  }
  const std::uint32_t pseudo = sum_of(ip + 12, 8) + ip[9] + static_cast<std::uint32_t>(payload);
  if (!piece) put16(transport + (tcp ? 16 : 6), folded(pseudo + sum_of(transport, payload)));
}

int open_interface(const std::string& name) {
  const int out = socket(AF_PACKET, SOCK_RAW, 0);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(name.c_str()));
  const int on = 1;
  const int room = 8 << 20;
  setsockopt(out, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
  setsockopt(out, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  const bool good = out >= 0 && address.sll_ifindex != 0 &&
                    bind(out, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  return good ? out : -1;
}

}  // namespace

int main(int argc, char** argv) {
  Flood flood;
  CLI::App app{"A flood of frames for tests"};
  app.add_option("interface", flood.interface, "where they leave")->required();
  app.add_option("--kind", flood.kind, "what they are")
      ->check(CLI::IsMember({"syn", "ack", "datagrams", "fragments"}));
  app.add_option("--rate", flood.rate, "frames a second");
  app.add_option("--seconds", flood.seconds, "how long");
  app.add_option("--source", flood.source, "the network that they claim to be from");
  app.add_option("--destination", flood.destination, "whom they are for");
  CLI11_PARSE(app, argc, argv);
  const int out = open_interface(flood.interface);
  if (out < 0) {
    std::perror(flood.interface.c_str());
    return 1;
  }

  std::array<Frame, kBatch> frames{};
  std::array<iovec, kBatch> parts{};
  std::array<mmsghdr, kBatch> messages{};
  for (std::size_t i = 0; i < kBatch; ++i) {
    parts[i] = {frames[i].data(), frames[i].size()};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const auto pause =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(kBatch / flood.rate));
  const auto start = Clock::now();
  const auto end =
      start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(flood.seconds));
  auto next = start;
  std::uint32_t number = 0;
  unsigned long taken = 0;
  while (next < end) {
    // Near its time it spins: a sleep is late by more than a batch takes.
    while (Clock::now() < next) {
      if (next - Clock::now() > std::chrono::microseconds(200))
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    for (auto& frame : frames) write(flood, number++, frame);
    const int sent = sendmmsg(out, messages.data(), kBatch, 0);
    if (sent > 0) taken += static_cast<unsigned long>(sent);
    next += pause;
    // What can't be kept up with is not made up for in a burst.
    if (const auto now = Clock::now(); now - next > std::chrono::milliseconds(5)) next = now;
  }
  const double took = std::chrono::duration<double>(Clock::now() - start).count();
  std::printf("{\"sent\": %lu, \"tried\": %u, \"seconds\": %.2f, \"rate\": %.0f}\n", taken, number, took,
              static_cast<double>(taken) / took);
  close(out);
  return taken == 0 ? 1 : 0;
}
