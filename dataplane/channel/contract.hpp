// The messages between the daemon (client) and the dataplane (server) over the seqpacket socket of
// socket.hpp. Each is one struct of fixed size, starting with a MessageHeader; integers are the machine's.
// The server speaks first: State, with the shared memory's descriptor. Then the client asks and the server
// answers, one at a time, `id` echoed. A message of another magic, version, kind or size ends the connection.
// One client at a time; a second one is told so by a Refusal and closed.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "dataplane/channel/shared.hpp"
#include "rules/base/bytes.hpp"

namespace sluice::channel {

inline constexpr std::uint64_t kMagic = 0x4c54434543554c53;  // "SLUCECTL"

enum class MessageKind : std::uint32_t {
  state = 1,    // server: hello (with the shared memory), and the answer to status
  publish = 2,  // client, with the sealed image: make it run
  confirm = 3,  // client: what runs is to stay
  status = 4,   // client
  answer = 5,   // server: to publish and confirm
  refusal = 6,  // server: goes away
};

struct MessageHeader {
  std::uint64_t magic = kMagic;
  std::uint32_t version = kVersion;
  MessageKind kind = MessageKind::status;
  std::uint32_t size = 0;  // of the whole message
  std::uint32_t id = 0;    // of the request; 0 where there was none
};

// UTF-8, cut where it is too long.
template <std::size_t N>
struct FixedText {
  std::uint16_t size = 0;
  std::array<char, N - 2> bytes{};

  void set(std::string_view text) noexcept {
    size = static_cast<std::uint16_t>(std::min(text.size(), bytes.size()));
    if (size != 0) std::memcpy(bytes.data(), text.data(), size);
  }
  [[nodiscard]] std::string_view get() const noexcept {
    return {bytes.data(), std::min<std::size_t>(size, bytes.size())};
  }
};
using Name = FixedText<32>;
using Reasoning = FixedText<1024>;

using Digest = std::array<std::uint8_t, 32>;

struct State {
  static constexpr MessageKind kKind = MessageKind::state;
  MessageHeader header{};
  std::uint64_t schemas = 0;          // fingerprint of the registry
  std::uint64_t running = 0;          // generation; 0: none, all is closed
  std::uint64_t confirmed = 0;        // generation of the start image
  Digest running_digest{};            // as in the image's header
  Digest running_source{};            // its source_digest
  std::uint64_t confirm_left_ns = 0;  // until the previous generation comes back; 0: nothing pends
  std::uint32_t pid = 0;
  std::uint32_t port_count = 0;
  std::array<Name, kMostPorts> ports{};  // by PortId
  Reasoning remark{};                    // why the start image was refused, for instance; for people
};

struct Publish {
  static constexpr MessageKind kKind = MessageKind::publish;
  MessageHeader header{};
  std::uint64_t generation = 0;         // as in the image's header; greater than what runs
  std::uint64_t confirm_within_ns = 0;  // 0: stays without being confirmed
  Digest digest{};                      // as in the image's header
};

struct Confirm {
  static constexpr MessageKind kKind = MessageKind::confirm;
  MessageHeader header{};
  std::uint64_t generation = 0;
};

struct Status {
  static constexpr MessageKind kKind = MessageKind::status;
  MessageHeader header{};
};

struct Answer {
  static constexpr MessageKind kKind = MessageKind::answer;
  MessageHeader header{};
  std::uint64_t running = 0;  // generation after it
  std::uint32_t done = 0;     // 1: as asked; 0: nothing changed, for this reason
  std::uint32_t pad = 0;
  Reasoning reason{};
};

struct Refusal {
  static constexpr MessageKind kKind = MessageKind::refusal;
  MessageHeader header{};
  Reasoning reason{};
};

inline constexpr std::size_t kMostMessage =
    std::max({sizeof(State), sizeof(Publish), sizeof(Answer), sizeof(Refusal)});
using MessageBuffer = std::array<std::uint8_t, kMostMessage>;

template <class Message>
Message make(std::uint32_t id = 0) noexcept {
  static_assert(std::is_trivially_copyable_v<Message> && std::has_unique_object_representations_v<Message>);
  Message message;
  message.header.kind = Message::kKind;
  message.header.size = sizeof(Message);
  message.header.id = id;
  return message;
}

template <class Message>
ByteView bytes_of(const Message& message) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(&message), sizeof message};
}

// The header, when it is one of this version and of a message of exactly `bytes`.
inline bool read_header(ByteView bytes, MessageHeader& header) noexcept {
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header.magic == kMagic && header.version == kVersion && header.size == bytes.size();
}

template <class Message>
bool read(ByteView bytes, Message& message) noexcept {
  MessageHeader header;
  if (!read_header(bytes, header) || header.kind != Message::kKind || bytes.size() != sizeof message)
    return false;
  std::memcpy(&message, bytes.data(), sizeof message);
  return true;
}

}  // namespace sluice::channel
