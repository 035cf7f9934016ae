// tank: the simulated plant of the lab, a water tank behind a PLC, as a Modbus/TCP server on libmodbus. A
// pump fills the tank, consumers empty it, and the valve at the inlet holds the level at 750 mm while the
// pump runs.
//
//   coil 0     pump, on at the start      holding 0  level in mm          holding 1  inflow in ml/s
//   coil 1     inlet valve may open       holding 2  valve in percent     holding 3  1 while the program of
//   the PLC runs
//
// It also answers two functions of UMAS (Modbus function 90): 0x40 starts the PLC's program and 0x41 stops
// it, as on the Modicon controllers whose replayed stop is CVE-2017-6034. Prints "ready", then ends on
// SIGTERM. One thread.
#include <modbus/modbus.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr double kFull = 1000;      // mm
constexpr double kWanted = 750;     // mm
constexpr double kDemand = 40;      // mm/s that consumers take
constexpr double kPump = 90;        // mm/s through an open valve
constexpr std::size_t kHeader = 7;  // MBAP, unit included (MODBUS Messaging on TCP/IP §3.1.3)
constexpr std::uint8_t kUmas = 90;
constexpr int kPerTable = 100;

volatile std::sig_atomic_t stopped = 0;

class Tank {
 public:
  explicit Tank(modbus_mapping_t& tables) : tables_{tables} {
    tables_.tab_bits[0] = 1;
    tables_.tab_bits[1] = 1;
    publish(0, 0);
  }

  void run_program(bool run) { program_runs_ = run; }

  void step(double seconds) {
    // The program of the PLC is what drives pump and valve: stopped, both are off.
    const bool pump = program_runs_ && tables_.tab_bits[0] != 0;
    const bool may_open = program_runs_ && tables_.tab_bits[1] != 0;
    const double valve = may_open ? std::clamp(kDemand / kPump + (kWanted - level_) / 100, 0.0, 1.0) : 0;
    const double inflow = pump ? kPump * valve : 0;
    level_ = std::clamp(level_ + (inflow - (level_ > 0 ? kDemand : 0)) * seconds, 0.0, kFull);
    publish(inflow, valve);
  }

 private:
  void publish(double inflow, double valve) {
    const auto rounded = [](double value) { return static_cast<std::uint16_t>(value + 0.5); };
    tables_.tab_registers[0] = rounded(level_);
    tables_.tab_registers[1] = rounded(inflow);
    tables_.tab_registers[2] = rounded(valve * 100);
    tables_.tab_registers[3] = program_runs_ ? 1 : 0;
  }

  modbus_mapping_t& tables_;
  double level_ = kWanted;
  bool program_runs_ = true;
};

// One whole request, cut by its header's length: libmodbus itself knows no length for function 90.
int receive(int socket, std::vector<std::uint8_t>& message) {
  message.resize(kHeader);
  if (recv(socket, message.data(), kHeader, MSG_WAITALL) != static_cast<ssize_t>(kHeader)) return -1;
  const std::size_t length = static_cast<std::size_t>(message[4]) << 8U | message[5];
  if (length < 2 || length > MODBUS_TCP_MAX_ADU_LENGTH - 6) return -1;
  message.resize(kHeader + length - 1);
  const auto rest = static_cast<ssize_t>(length - 1);
  if (recv(socket, message.data() + kHeader, length - 1, MSG_WAITALL) != rest) return -1;
  return static_cast<int>(message.size());
}

bool answer_umas(int socket, std::vector<std::uint8_t> message, Tank& tank) {
  const auto function = message.size() > kHeader + 2 ? message[kHeader + 2] : 0;
  const bool known = function == 0x40 || function == 0x41;
  if (known) tank.run_program(function == 0x40);
  message.resize(kHeader + 2);
  message.push_back(known ? 0xfe : 0xfd);
  message[4] = 0;
  message[5] = static_cast<std::uint8_t>(message.size() - 6);
  return send(socket, message.data(), message.size(), 0) == static_cast<ssize_t>(message.size());
}

bool serve(modbus_t* modbus, modbus_mapping_t* tables, int socket, Tank& tank) {
  std::vector<std::uint8_t> message;
  const int length = receive(socket, message);
  if (length < 0) return false;
  if (message[kHeader] == kUmas) return answer_umas(socket, std::move(message), tank);
  modbus_set_socket(modbus, socket);
  return modbus_reply(modbus, message.data(), length, tables) >= 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string address = "0.0.0.0";
  CLI::App app{"The water tank of the lab"};
  app.add_option("--address", address, "IPv4 address to listen on");
  CLI11_PARSE(app, argc, argv);

  struct sigaction action {};
  action.sa_handler = [](int) { stopped = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  modbus_t* modbus = modbus_new_tcp(address.c_str(), 502);
  modbus_mapping_t* tables = modbus_mapping_new(kPerTable, kPerTable, kPerTable, kPerTable);
  int listener = modbus == nullptr ? -1 : modbus_tcp_listen(modbus, 16);
  if (listener < 0 || tables == nullptr) {
    std::fprintf(stderr, "tank: %s\n", modbus_strerror(errno));
    return 1;
  }
  Tank tank{*tables};
  std::puts("ready");
  std::fflush(stdout);

  std::vector<pollfd> sockets{{listener, POLLIN, 0}};
  auto last = Clock::now();
  while (stopped == 0) {
    const int ready = poll(sockets.data(), sockets.size(), 50);
    const auto now = Clock::now();
    tank.step(std::chrono::duration<double>(now - last).count());
    last = now;
    if (ready <= 0) continue;
    for (std::size_t i = sockets.size(); i-- > 1;) {
      if (sockets[i].revents == 0 || serve(modbus, tables, sockets[i].fd, tank)) continue;
      close(sockets[i].fd);
      sockets.erase(sockets.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if ((sockets[0].revents & POLLIN) == 0) continue;
    const int accepted = accept(listener, nullptr, nullptr);
    if (accepted < 0) continue;
    // A client that stops in the middle of a request must not stop the plant.
    const timeval patience{1, 0};
    setsockopt(accepted, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockets.push_back({accepted, POLLIN, 0});
  }
  for (const auto& socket : sockets) close(socket.fd);
  modbus_mapping_free(tables);
  modbus_free(modbus);
  return 0;
}
