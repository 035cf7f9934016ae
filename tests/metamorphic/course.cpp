#include "tests/metamorphic/course.hpp"

#include <algorithm>

namespace sluice::metamorphic {
namespace {

constexpr std::array<std::uint32_t, 2> kFirst = {1000, 700'000};
constexpr auto kClient = static_cast<std::size_t>(Role::client);
constexpr auto kServer = static_cast<std::size_t>(Role::server);

// Both ends of one connection.
struct Ends {
  std::array<std::uint32_t, 2> next = kFirst;      // that this end sends
  std::array<std::uint32_t, 2> received = kFirst;  // that this end has of the other
  std::array<bool, 2> heard{};                     // anything at all
  std::array<bool, 2> over{};                      // was reset, or gave up
  std::size_t step = 0;

  Ends() { std::swap(received[0], received[1]); }
};

class Course {
 public:
  Course(const Conversation& conversation, const Rendering& rendering, Box& box)
      : conversation_{conversation}, box_{box}, ends_(conversation.connections.size()) {
    out_.rendering = rendering;
  }

  Outcome run() {
    for (bool more = true; more;) {
      more = false;
      std::vector<Sent> frames;
      for (std::size_t i = 0; i < ends_.size(); ++i) more |= step(i, frames);
      if (more) take(box_.pass(frames));
      if (!box_.conserved()) fault("frames are not conserved");
    }
    out_.log = box_.log().entries();
    out_.counters = box_.counters();
    if (out_.counters.held != 0) fault("frames are still held");
    return std::move(out_);
  }

 private:
  void fault(const std::string& what) {
    if (out_.faults.size() < 10) out_.faults.push_back(what);
  }
  [[nodiscard]] std::uint16_t port_of(std::size_t i) const {
    return static_cast<std::uint16_t>(kFirstClientPort + i);
  }

  // The next of a connection's steps; false when there is none any more.
  bool step(std::size_t i, std::vector<Sent>& frames) {
    const auto& connection = conversation_.connections[i];
    Ends& ends = ends_[i];
    const bool tcp = connection.transport == Transport::tcp;
    const std::size_t opening = tcp ? 3 : 0;
    const auto at = ends.step++;
    if (at < opening) return handshake(i, at, frames);
    if (at < opening + connection.turns.size()) return say(i, at - opening, frames);
    if (!tcp || at >= opening + connection.turns.size() + 2) return false;
    const std::size_t from = at - opening - connection.turns.size();
    if (!ends.over[from]) put(i, from, tcp_flag::fin | tcp_flag::ack, {}, frames);
    return true;
  }

  bool handshake(std::size_t i, std::size_t at, std::vector<Sent>& frames) {
    constexpr std::array<std::uint8_t, 3> kFlags = {tcp_flag::syn, tcp_flag::syn | tcp_flag::ack,
                                                    tcp_flag::ack};
    Ends& ends = ends_[i];
    const auto from = at == 1 ? kServer : kClient;
    if (at > 0 && !ends.heard[from]) ends.over = {true, true};
    if (!ends.over[from]) put(i, from, kFlags[at], {}, frames);
    return true;
  }

  bool say(std::size_t i, std::size_t number, std::vector<Sent>& frames) {
    const auto& connection = conversation_.connections[i];
    const auto& turn = connection.turns[number];
    const auto from = static_cast<std::size_t>(turn.from);
    Ends& ends = ends_[i];
    if (ends.over[from]) return true;  // the other end may not know it yet
    Heard& heard = out_.heard[port_of(i)][from];
    if (connection.transport == Transport::udp) {
      for (const auto& message : turn.messages) {
        note(heard.said, message.bytes);
        heard.messages.push_back(heard.said.size());
        datagram(i, from, message.bytes, frames);
      }
      return true;
    }
    const auto before = heard.said.size();
    for (const auto& message : turn.messages) {
      heard.said.insert(heard.said.end(), message.bytes.begin(), message.bytes.end());
      heard.messages.push_back(heard.said.size());
    }
    for (const auto& [begin, end] : segments_of(turn, out_.rendering, i * 1000 + number)) {
      heard.segments.push_back({before + begin, before + end});
      const auto* bytes = heard.said.data() + before;
      put(i, from, tcp_flag::ack | tcp_flag::psh, {bytes + begin, bytes + end}, frames);
    }
    return true;
  }

  static void note(Bytes& to, const Bytes& datagram) {
    to.push_back(static_cast<std::uint8_t>(datagram.size() >> 8U));
    to.push_back(static_cast<std::uint8_t>(datagram.size()));
    to.insert(to.end(), datagram.begin(), datagram.end());
  }

  [[nodiscard]] const Host& host(std::size_t i, std::size_t role) const {
    const auto& connection = conversation_.connections[i];
    return role == kClient ? connection.client : connection.server;
  }
  [[nodiscard]] std::uint16_t port(std::size_t i, std::size_t role) const {
    return role == kClient ? port_of(i) : conversation_.connections[i].port;
  }

  [[nodiscard]] build::Link link(std::size_t i, std::size_t from) const {
    build::Link link;
    const auto mac = [&](const Host& one) {
      return Mac{2, 0, 0, 0, static_cast<std::uint8_t>(one.place), one.number};
    };
    link.source_mac = mac(host(i, from));
    link.destination_mac = mac(host(i, 1 - from));
    link.tags = tags_of(out_.rendering.tags);
    link.source = address_of(host(i, from), out_.rendering.family);
    link.destination = address_of(host(i, 1 - from), out_.rendering.family);
    return link;
  }

  void put(std::size_t i, std::size_t from, std::uint8_t flags, Bytes payload, std::vector<Sent>& frames) {
    Ends& ends = ends_[i];
    build::Segment segment;
    segment.source_port = port(i, from);
    segment.destination_port = port(i, 1 - from);
    segment.sequence = ends.next[from];
    segment.acknowledgement = (flags & tcp_flag::ack) != 0 ? ends.received[from] : 0;
    segment.flags = flags;
    ends.next[from] += static_cast<std::uint32_t>(payload.size()) +
                       ((flags & (tcp_flag::syn | tcp_flag::fin)) != 0 ? 1U : 0U);
    segment.payload = std::move(payload);
    send(i, from, build::tcp(link(i, from), segment), frames);
  }

  void datagram(std::size_t i, std::size_t from, const Bytes& payload, std::vector<Sent>& frames) {
    const build::Datagram datagram{port(i, from), port(i, 1 - from), payload};
    send(i, from, build::udp(link(i, from), datagram), frames);
  }

  void send(std::size_t i, std::size_t from, const Bytes& whole, std::vector<Sent>& frames) {
    const auto side = host(i, from).place == Place::it ? kIt : kOt;
    for (auto& piece : pieces_of(whole, out_.rendering, ++identification_))
      frames.push_back({side, std::move(piece)});
  }

  // What both sides' hosts get.
  void take(const std::vector<Sent>& left) {
    const auto tags = tags_of(out_.rendering.tags);
    for (const auto& [port, bytes] : left) {
      auto copy = bytes;
      Packet packet;
      const auto parsed = parse(build::frame_over(copy), Checksums::verify, packet);
      if (parsed.reason != Reason::none) {
        fault("a frame left that is " + std::string{name_of(parsed.reason)});
        continue;
      }
      bool same = packet.vlan_count == tags.size();
      for (std::size_t i = 0; same && i < tags.size(); ++i) same = packet.vlans[i] == tags[i].id;
      if (!same) fault("a frame left with other tags");
      const auto family = packet.network == Network::ipv6 ? Family::ipv6 : Family::ipv4;
      if (family != out_.rendering.family) fault("a frame left with another family of addresses");
      if (packet.fragment != 0) {
        fault("a fragment left");
        continue;
      }
      const std::size_t i = client_port(packet) - std::size_t{kFirstClientPort};
      if (i >= ends_.size()) {
        fault("a frame left that nobody sent");
        continue;
      }
      const auto from = packet.source_port >= kFirstClientPort ? kClient : kServer;
      if (port != (host(i, 1 - from).place == Place::it ? kIt : kOt)) fault("a frame left by the wrong port");
      hear(i, from, packet);
    }
  }

  void hear(std::size_t i, std::size_t from, const Packet& packet) {
    Ends& ends = ends_[i];
    Heard& heard = out_.heard[port_of(i)][from];
    const auto payload = packet.payload();
    if (packet.transportation == Transportation::udp)
      return note(heard.delivered, {payload.begin(), payload.end()});
    const auto to = 1 - from;
    if ((packet.tcp.flags & tcp_flag::rst) != 0) {
      if (packet.tcp.sequence != ends.received[to] && ends.heard[to]) fault("a reset that is not believed");
      ends.over[to] = true;
      return;
    }
    if (packet.tcp.sequence != ends.received[to]) fault("bytes out of order");
    ends.heard[to] = true;
    ends.received[to] += packet.payload_length;
    if ((packet.tcp.flags & (tcp_flag::syn | tcp_flag::fin)) != 0) ++ends.received[to];
    if (ends.over[to]) fault("a segment behind a reset");
    heard.delivered.insert(heard.delivered.end(), payload.begin(), payload.end());
  }

  const Conversation& conversation_;
  Box& box_;
  std::vector<Ends> ends_;
  Outcome out_;
  std::uint16_t identification_ = 0;
};

}  // namespace

Outcome run(const Conversation& conversation, const Rendering& rendering, Box& box) {
  return Course{conversation, rendering, box}.run();
}

}  // namespace sluice::metamorphic
