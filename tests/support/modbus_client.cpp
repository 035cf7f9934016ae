// modbus_client: a Modbus/TCP client on libmodbus for tests. `send` sends one PDU with any function code on a
// new connection and tells what came of it; `poll` reads registers at a steady rate and counts; `mix` asks
// for allowed reads and denied writes in turn on one connection and counts; `hold` keeps many connections and
// reads over each of them round by round. All print lines of JSON. Exit 0
// when it could do what it was told, whatever the device said; 1 when it could not connect.
#include <modbus/modbus.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
volatile std::sig_atomic_t stopped = 0;

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

struct Target {
  std::string address;
  int port = 502;
  int unit = 1;
  double timeout = 1.0;  // seconds

  [[nodiscard]] modbus_t* connect() const {
    modbus_t* modbus = modbus_new_tcp(address.c_str(), port);
    if (modbus == nullptr) return nullptr;
    modbus_set_slave(modbus, unit);
    const auto seconds = static_cast<std::uint32_t>(timeout);
    const auto rest = static_cast<std::uint32_t>((timeout - seconds) * 1e6);
    modbus_set_response_timeout(modbus, seconds, rest);
    if (modbus_connect(modbus) == 0) return modbus;
    const int why = errno;
    modbus_free(modbus);
    errno = why;
    return nullptr;
  }
};

void end(modbus_t* modbus) {
  if (modbus == nullptr) return;
  modbus_close(modbus);
  modbus_free(modbus);
}

std::vector<std::uint8_t> bytes_of_hex(const std::string& text) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// One PDU, and its answer: "reply", "timeout", or "closed".
int send(const Target& target, const std::vector<int>& functions, const std::string& data) {
  int status = 0;
  for (const int function : functions) {
    modbus_t* modbus = target.connect();
    if (modbus == nullptr) {
      std::printf("{\"function\": %d, \"outcome\": \"no connection\", \"why\": \"%s\"}\n", function,
                  modbus_strerror(errno));
      status = 1;
      continue;
    }
    std::vector<std::uint8_t> request{static_cast<std::uint8_t>(target.unit),
                                      static_cast<std::uint8_t>(function)};
    const auto rest = bytes_of_hex(data);
    request.insert(request.end(), rest.begin(), rest.end());
    std::array<std::uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> reply{};
    int length = modbus_send_raw_request(modbus, request.data(), static_cast<int>(request.size()));
    if (length >= 0) length = modbus_receive_confirmation(modbus, reply.data());
    const char* outcome = length > 0 ? "reply" : errno == ETIMEDOUT ? "timeout" : "closed";
    std::printf("{\"function\": %d, \"outcome\": \"%s\", \"reply\": \"", function, outcome);
    for (int i = 0; i < length; ++i) std::printf("%02x", reply[static_cast<std::size_t>(i)]);
    std::printf("\", \"why\": \"%s\"}\n", length > 0 ? "" : modbus_strerror(errno));
    std::fflush(stdout);
    end(modbus);
  }
  return status;
}

struct Polling {
  double rate = 10;    // requests a second
  double seconds = 0;  // 0: until it is told to end
  double report = 0;   // seconds between lines; 0: only the last
  int first = 0;
  int count = 10;
};

struct Polled {
  unsigned long sent = 0;
  unsigned long answered = 0;
  unsigned long exceptions = 0;
  unsigned long failed = 0;
  unsigned long connections = 0;
  double worst = 0;  // milliseconds
  std::vector<std::uint16_t> registers;

  void print() const {
    std::printf(
        "{\"sent\": %lu, \"answered\": %lu, \"exceptions\": %lu, \"failed\": %lu, \"connections\": %lu, "
        "\"worst_ms\": %.1f, \"registers\": [",
        sent, answered, exceptions, failed, connections, worst);
    for (std::size_t i = 0; i < registers.size(); ++i) std::printf("%s%u", i == 0 ? "" : ", ", registers[i]);
    std::puts("]}");
    std::fflush(stdout);
  }
};

int poll(const Target& target, const Polling& polling) {
  Polled polled;
  polled.registers.resize(static_cast<std::size_t>(polling.count));
  const auto start = Clock::now();
  const auto period =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / polling.rate));
  auto next = start;
  auto told = start;
  modbus_t* modbus = nullptr;
  while (stopped == 0) {
    const auto now = Clock::now();
    if (polling.seconds > 0 && milliseconds(now - start) >= polling.seconds * 1000) break;
    if (polling.report > 0 && milliseconds(now - told) >= polling.report * 1000) {
      told = now;
      polled.print();
    }
    std::this_thread::sleep_until(next);
    next = std::max(next + period, Clock::now() - period);  // never more than one behind
    if (modbus == nullptr) {
      modbus = target.connect();
      if (modbus != nullptr) ++polled.connections;
    }
    ++polled.sent;
    const auto asked = Clock::now();
    if (modbus != nullptr && modbus_read_registers(modbus, polling.first, polling.count,
                                                   polled.registers.data()) == polling.count) {
      ++polled.answered;
      polled.worst = std::max(polled.worst, milliseconds(Clock::now() - asked));
    } else if (modbus != nullptr && errno > MODBUS_ENOBASE) {
      ++polled.exceptions;
    } else if (stopped == 0) {
      ++polled.failed;
      end(modbus);
      modbus = nullptr;
    } else {
      --polled.sent;  // interrupted by the end, not lost
    }
  }
  end(modbus);
  polled.print();
  return polled.connections == 0 ? 1 : 0;
}

struct Mixed {
  unsigned long answered = 0;
  unsigned long refused = 0;  // by "illegal function"
  unsigned long failed = 0;
  std::string why;

  void print() const {
    std::printf("{\"answered\": %lu, \"refused\": %lu, \"failed\": %lu, \"why\": \"%s\"}\n", answered,
                refused, failed, why.c_str());
    std::fflush(stdout);
  }
};

// One of the writes that a policy for readers denies.
int write_once(modbus_t* modbus, unsigned long number) {
  const std::array<std::uint8_t, 3> coils = {1, 0, 1};
  const std::array<std::uint16_t, 3> registers = {1, 2, 3};
  std::array<std::uint16_t, 3> read{};
  switch (number % 6) {
    case 0:
      return modbus_write_bit(modbus, 7, 1);
    case 1:
      return modbus_write_register(modbus, 500, 1);
    case 2:
      return modbus_write_bits(modbus, 0, 3, coils.data());
    case 3:
      return modbus_write_registers(modbus, 500, 3, registers.data());
    case 4:
      return modbus_mask_write_register(modbus, 500, 0xff00, 0x0011);
    default:
      return modbus_write_and_read_registers(modbus, 500, 3, registers.data(), 0, 3, read.data());
  }
}

// Never dials again: what goes wrong ends it.
int mix(const Target& target, unsigned long count, double pause) {
  modbus_t* modbus = target.connect();
  if (modbus == nullptr) return 1;
  Mixed mixed;
  std::array<std::uint16_t, 10> registers{};
  const auto failed = [&](const char* what) {
    ++mixed.failed;
    mixed.why = std::string{what} + ": " + modbus_strerror(errno);
  };
  for (unsigned long i = 0; i < count && stopped == 0 && mixed.failed == 0; ++i) {
    if (modbus_read_registers(modbus, 0, 10, registers.data()) == 10 && registers[9] == 9) {
      ++mixed.answered;
    } else {
      failed("a read");
    }
    errno = 0;
    if (write_once(modbus, i) == -1 && errno == EMBXILFUN) {
      ++mixed.refused;
    } else {
      failed("a write");
    }
    if (i % 50 == 0) mixed.print();
    if (pause > 0) std::this_thread::sleep_for(std::chrono::duration<double>(pause));
  }
  end(modbus);
  mixed.print();
  return 0;
}

struct Held {
  unsigned long rounds = 0;
  unsigned long answered = 0;
  unsigned long failed = 0;
  double worst = 0;  // milliseconds that a round took
  std::string why;

  void print() const {
    std::printf(
        "{\"rounds\": %lu, \"answered\": %lu, \"failed\": %lu, \"worst_ms\": %.1f, \"why\": \"%s\"}\n",
        rounds, answered, failed, worst, why.c_str());
    std::fflush(stdout);
  }
};

// Each round asks over all connections, then takes all answers. Never dials again: what goes wrong ends it.
int hold(const Target& target, std::size_t connections, double pause) {
  std::vector<modbus_t*> sessions;
  for (std::size_t i = 0; i < connections; ++i) {
    sessions.push_back(target.connect());
    if (sessions.back() == nullptr) return 1;
  }
  Held held;
  const std::array<std::uint8_t, 6> request{static_cast<std::uint8_t>(target.unit), 3, 0, 0, 0, 10};
  while (stopped == 0 && held.failed == 0) {
    const auto start = Clock::now();
    for (auto* session : sessions) {
      if (modbus_send_raw_request(session, request.data(), static_cast<int>(request.size())) < 0)
        ++held.failed;
    }
    for (auto* session : sessions) {
      std::array<std::uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> reply{};
      const int length = modbus_receive_confirmation(session, reply.data());
      if (length == 29 && reply[7] == 3 && reply[28] == 9) {
        ++held.answered;
      } else if (stopped == 0) {
        ++held.failed;
        held.why = modbus_strerror(errno);
      }
    }
    held.worst = std::max(held.worst, milliseconds(Clock::now() - start));
    ++held.rounds;
    held.print();
    std::this_thread::sleep_for(std::chrono::duration<double>(pause));
  }
  for (auto* session : sessions) end(session);
  held.print();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Target target;
  CLI::App app{"A Modbus/TCP client for tests"};
  app.require_subcommand(1);
  app.add_option("--port", target.port, "TCP port");
  app.add_option("--unit", target.unit, "unit identifier");
  app.add_option("--timeout", target.timeout, "seconds to wait for an answer");
  app.add_option("address", target.address, "IPv4 address of the device")->required();

  std::vector<int> functions;
  std::string data;
  auto* sending = app.add_subcommand("send", "send one PDU per function, each on a new connection");
  sending->add_option("--function", functions, "function codes")->required()->check(CLI::Range(0, 255));
  sending->add_option("--data", data, "what follows the function code, in hex");

  Polling polling;
  auto* polls = app.add_subcommand("poll", "read holding registers at a steady rate");
  polls->add_option("--rate", polling.rate, "requests a second");
  polls->add_option("--seconds", polling.seconds, "how long; 0: until SIGTERM");
  polls->add_option("--report", polling.report, "seconds between lines of statistics");
  polls->add_option("--first", polling.first, "first register");
  polls->add_option("--count", polling.count, "registers")->check(CLI::Range(1, 125));
  unsigned long count = 100;
  double pause = 0;
  auto* mixes = app.add_subcommand("mix", "allowed reads and denied writes in turn, on one connection");
  mixes->add_option("--count", count, "of each");
  mixes->add_option("--pause", pause, "seconds between rounds");
  std::size_t connections = 1;
  auto* holds = app.add_subcommand("hold", "read over many connections, round by round, until SIGTERM");
  holds->add_option("--connections", connections, "how many");
  holds->add_option("--pause", pause, "seconds between rounds");
  CLI11_PARSE(app, argc, argv);

  struct sigaction action {};
  action.sa_handler = [](int) { stopped = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  if (sending->parsed()) return send(target, functions, data);
  if (holds->parsed()) return hold(target, connections, pause);
  return mixes->parsed() ? mix(target, count, pause) : poll(target, polling);
}
