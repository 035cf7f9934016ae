// modbus_server: a device on libmodbus for tests. Serves all four tables of 1,000 to any number of clients,
// one request at a time. Prints "ready" when it listens; ends on SIGTERM or SIGINT, and prints what it served
// as one line of JSON.
#include <modbus/modbus.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

namespace {

constexpr int kRegisters = 1000;
volatile std::sig_atomic_t stopped = 0;

struct Served {
  unsigned long connections = 0;
  unsigned long requests = 0;
  std::array<unsigned long, 256> functions{};
};

bool serve(modbus_t* modbus, modbus_mapping_t* tables, int socket, Served& served) {
  std::array<std::uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> query{};
  modbus_set_socket(modbus, socket);
  const int length = modbus_receive(modbus, query.data());
  if (length < 0) return false;
  if (length == 0) return true;
  ++served.requests;
  ++served.functions[query[static_cast<std::size_t>(modbus_get_header_length(modbus))]];
  return modbus_reply(modbus, query.data(), length, tables) >= 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string address = "0.0.0.0";
  int port = 502;
  CLI::App app{"A Modbus/TCP device for tests"};
  app.add_option("--address", address, "IPv4 address to listen on");
  app.add_option("--port", port, "TCP port");
  double wait = 0.5;
  app.add_option("--wait", wait,
                 "seconds that libmodbus waits before it refuses a function; its own default is 0.5");
  CLI11_PARSE(app, argc, argv);

  struct sigaction action {};
  action.sa_handler = [](int) { stopped = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  modbus_t* modbus = modbus_new_tcp(address.c_str(), port);
  modbus_mapping_t* tables = modbus_mapping_new(kRegisters, kRegisters, kRegisters, kRegisters);
  const int listener = modbus == nullptr ? -1 : modbus_tcp_listen(modbus, 1024);
  if (listener < 0 || tables == nullptr) {
    std::fprintf(stderr, "modbus_server: %s\n", modbus_strerror(errno));
    return 1;
  }
  for (int i = 0; i < kRegisters; ++i) tables->tab_registers[i] = static_cast<std::uint16_t>(i);
  modbus_set_response_timeout(modbus, static_cast<std::uint32_t>(wait),
                              static_cast<std::uint32_t>((wait - static_cast<std::uint32_t>(wait)) * 1e6));
  std::puts("ready");
  std::fflush(stdout);

  Served served;
  std::vector<pollfd> sockets{{listener, POLLIN, 0}};
  while (stopped == 0) {
    if (poll(sockets.data(), sockets.size(), 1000) <= 0) continue;
    for (std::size_t i = sockets.size(); i-- > 1;) {
      if (sockets[i].revents == 0 || serve(modbus, tables, sockets[i].fd, served)) continue;
      close(sockets[i].fd);
      sockets.erase(sockets.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if ((sockets[0].revents & POLLIN) != 0) {
      int passed = listener;
      if (const int fd = modbus_tcp_accept(modbus, &passed); fd >= 0) {
        sockets.push_back({fd, POLLIN, 0});
        ++served.connections;
      }
    }
  }
  std::printf("{\"connections\": %lu, \"requests\": %lu, \"functions\": {", served.connections,
              served.requests);
  const char* comma = "";
  for (std::size_t i = 0; i < served.functions.size(); ++i) {
    if (served.functions[i] == 0) continue;
    std::printf("%s\"%zu\": %lu", comma, i, served.functions[i]);
    comma = ", ";
  }
  std::puts("}}");
  for (const auto& socket : sockets) close(socket.fd);
  modbus_mapping_free(tables);
  modbus_free(modbus);
  return 0;
}
