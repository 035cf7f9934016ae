// Cases: a protocol's table of messages and what they mean, kept as text in its folder. A case is
//
//     # a sentence that says what is shown
//     > 0001 0000 0006 01 03 0000 000a      sent by the client (<: by the server), in hexadecimal
//     request 3                             how it pairs
//     mbtcp.trans_id=1 …                    the header's values, or -
//     read_holding_registers read [holding 0..9] modbus.reference_num=0 …     each item
//     payload 90: 0002                      what is left to another protocol
//     fine                                  the judgement
//
// and goes on with `>` and `<` until the next `#`; answers see the requests before them. For tests only.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "dataplane/protocol/recorder.hpp"

namespace sluice {

struct CaseMessage {
  Role role = Role::client;
  std::vector<std::uint8_t> bytes;
  std::string expected;
};

struct Case {
  std::string name;
  std::vector<CaseMessage> messages;
};

inline std::vector<std::uint8_t> bytes_of_hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  int high = -1;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

// Empty when the file can't be read.
inline std::vector<Case> read_cases(const std::string& path) {
  std::vector<Case> cases;
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("# ")) {
      cases.push_back({line.substr(2), {}});
    } else if (!cases.empty() && (line.starts_with("> ") || line.starts_with("< "))) {
      cases.back().messages.push_back(
          {line[0] == '>' ? Role::client : Role::server, bytes_of_hex(std::string_view{line}.substr(2)), {}});
    } else if (!line.empty() && !cases.empty() && !cases.back().messages.empty()) {
      cases.back().messages.back().expected += line + "\n";
    }
  }
  return cases;
}

// Seeds: files of plain wire bytes in a protocol's folder, what a fuzzer starts from. The name begins with
// who sent them.
struct Seed {
  std::string name;
  Role role = Role::client;
  std::vector<std::uint8_t> bytes;
};

inline std::vector<Seed> read_seeds(const std::string& folder) {
  std::vector<Seed> seeds;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const auto name = entry.path().filename().string();
    std::ifstream file{entry.path(), std::ios::binary};
    seeds.push_back({name,
                     name.starts_with("server") ? Role::server : Role::client,
                     {std::istreambuf_iterator<char>{file}, {}}});
  }
  return seeds;
}

// The lines that a case must have under a message.
inline std::string describe(Recorder& recorder, const CaseMessage& message) {
  const auto malformed = recorder.decode(message.role, message.bytes);
  std::string text = recorder.exchange() + "\n" + (recorder.header.empty() ? "-" : recorder.header) + "\n";
  for (const auto& item : recorder.items) text += item + "\n";
  for (const auto& payload : recorder.payloads) text += "payload " + payload + "\n";
  return text + std::string{name_of(malformed)} + "\n";
}

}  // namespace sluice
