// For tests: a stream with pools of its own, and segments made by hand for it. Client is the lower end.
#pragma once

#include <cstdint>
#include <deque>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/stream/stream.hpp"

namespace sluice::testing {

inline constexpr Direction kClient = Direction::forth;
inline constexpr Direction kServer = Direction::back;

inline constexpr std::uint8_t kAck = tcp_flag::ack;
inline constexpr std::uint8_t kPush = tcp_flag::ack | tcp_flag::psh;
inline constexpr std::uint8_t kFin = tcp_flag::ack | tcp_flag::fin;
inline constexpr std::uint8_t kSyn = tcp_flag::syn;
inline constexpr std::uint8_t kSynAck = tcp_flag::syn | tcp_flag::ack;
inline constexpr std::uint8_t kRst = tcp_flag::rst;

struct Segment {
  Direction direction = kClient;
  std::uint8_t flags = kAck;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::string data{};
  std::uint16_t window = 65535;
  std::uint8_t scale = 0xff;
};

class Conversation {
 public:
  explicit Conversation(Tracking how = Tracking::enforce, std::uint32_t held_slots = 64,
                        std::uint32_t held_per_flow = 32)
      : tracking{how}, held{held_slots}, pools{bytes, held, held_per_flow} {}

  ~Conversation() { restart(); }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  // Gives everything back; what follows is a new connection.
  void restart() {
    Packet packet;
    while (stream.take_held(pools, packet)) {
    }
    stream.clear(pools);
    frames_.clear();
  }

  Packet packet(const Segment& segment) {
    auto& frame = frames_.emplace_back(segment.data.begin(), segment.data.end());
    Packet packet;
    packet.frame.data = frame.data();
    packet.frame.length = packet.frame.wire_length = static_cast<std::uint32_t>(frame.size());
    packet.payload_length = packet.frame.length;
    packet.transportation = Transportation::tcp;
    packet.tcp.sequence = segment.sequence;
    packet.tcp.acknowledgement = segment.acknowledgement;
    packet.tcp.flags = segment.flags;
    packet.tcp.window = segment.window;
    packet.tcp.window_scale = segment.scale;
    return packet;
  }

  Step send(const Segment& segment) { return send(segment.direction, packet(segment)); }
  Step send(Direction direction, const Packet& packet) {
    return stream.accept(direction, packet, now, tracking, retain, pools);
  }

  // The three segments of a handshake; data of the client begins at client + 1, of the server at server + 1.
  void open(std::uint32_t client, std::uint32_t server, std::uint16_t window = 65535,
            std::uint8_t scale = 0xff) {
    send({kClient, kSyn, client, 0, "", window, scale});
    send({kServer, kSynAck, server, client + 1, "", window, scale});
    send({kClient, kAck, client + 1, server + 1, "", window});
  }

  // Frees the bytes of the latest packet made.
  void recycle() { frames_.pop_back(); }

  std::string pending(Direction direction) const {
    return std::string{text_of(stream.pending(direction, pools))};
  }
  // Judges all of pending() and lets the segment go.
  std::string take(Direction direction) {
    std::string all = pending(direction);
    stream.consume(direction, static_cast<std::uint32_t>(all.size()));
    stream.settle(direction, pools);
    return all;
  }

  Tracking tracking;
  bool retain = true;
  Time now{1};
  BytePool bytes{std::size_t{2} << 20};
  HeldPool held;
  StreamPools pools;
  Stream stream;

 private:
  std::deque<std::vector<std::uint8_t>> frames_;
};

}  // namespace sluice::testing
