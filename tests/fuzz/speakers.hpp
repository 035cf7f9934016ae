// Those who talk through the engine in its fuzz target: four sessions that know their numbers, requests and
// answers, and what else a host sends. Frames are right in lengths and checksums; what an input decides is
// what they say, and how far from right their numbers are. Fuzz targets only; one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <utility>

#include "tests/fuzz/plants.hpp"
#include "tests/traffic/frame.hpp"
#include "tests/traffic/modbus.hpp"

namespace sluice::fuzz {

using Wire = traffic::Frame;

inline constexpr std::size_t kSessions = 4;

struct Session {
  std::size_t end[2] = {};  // hosts: who dials, who is dialled
  std::uint16_t port[2] = {};
  std::uint32_t next[2] = {};
  std::uint16_t transaction = 0;
  traffic::Message asked{};
  Bytes rest[2];  // of a message whose beginning was sent
};

class Speakers {
 public:
  explicit Speakers(const World& world) : world_{world} {
    for (unsigned i = 0; i < kSessions; ++i) {
      auto& session = sessions[i];
      std::tie(session.end[0], session.end[1]) = world.pairs[i % world.pairs.size()];
      session.port[0] = static_cast<std::uint16_t>(40000 + i);
      session.port[1] = i < 3 ? 502 : 2002;
      session.next[0] = 1000;
      session.next[1] = 9000;
    }
  }

  traffic::Way way(const Session& session, unsigned from) const {
    const auto &a = world_.plant.hosts[session.end[from]], &b = world_.plant.hosts[session.end[1 - from]];
    const auto& vlans = world_.plant.policy.conduits[a.conduit].vlans;
    return {.from = a.mac,
            .to = b.mac,
            .tags = vlans.empty() ? 0 : vlans[0],
            .source = a.ip,
            .destination = b.ip};
  }
  // Where its frames come in.
  std::uint32_t port_of(const Session& session, unsigned from) const {
    const auto& host = world_.plant.hosts[session.end[from]];
    return world_.plant.policy.conduits[host.conduit].ports[host.side];
  }

  // The next of the three frames of a handshake.
  void open(Wire& frame, Session& session, unsigned step) {
    static constexpr std::pair<unsigned, std::uint8_t> kSteps[] = {{0, 2}, {1, 18}, {0, 16}};
    const auto [from, flags] = kSteps[step];
    if (step == 0) session.next[0] += 70000, session.next[1] += 70000;
    write(frame, session, from,
          {.sequence = session.next[from],
           .acknowledgement = step == 0 ? 0 : session.next[1 - from],
           .flags = flags});
    if (step < 2) ++session.next[from];
  }

  // Other ends, other ports, numbers that wrap.
  void settle(Session& session, Choices& choices) {
    std::tie(session.end[0], session.end[1]) = world_.pairs[choices.byte() % world_.pairs.size()];
    static constexpr std::uint16_t kPorts[] = {502, 503, 2000, 2001, 2002, 5000, 80, 4789};
    const auto shape = choices.byte();
    session.port[0] = static_cast<std::uint16_t>((shape & 8U) == 0 ? session.port[0] + 8 : 502);
    session.port[1] = kPorts[shape % std::size(kPorts)];
    if ((shape & 16U) != 0) session.next[0] = 0U - choices.byte();
    if ((shape & 32U) != 0) session.next[1] = 0x7fffffffU - choices.byte();
  }

  // A segment, with what it carries and its numbers as they should be, or near.
  void say(Wire& frame, Session& session, Choices& choices) {
    const auto shape = choices.byte(), said = choices.byte();
    const unsigned from = shape & 1U;
    auto bytes = content(session, from, said % 8U, choices);
    if ((shape & 2U) != 0) {  // a second one behind it
      const auto more = content(session, from, choices.byte() % 8U, choices);
      bytes.insert(bytes.end(), more.begin(), more.end());
    }
    if ((shape & 4U) != 0) {  // a part of it now
      const auto now = std::min<std::size_t>(choices.byte(), bytes.size());
      session.rest[from].assign(bytes.begin() + static_cast<std::ptrdiff_t>(now), bytes.end());
      bytes.resize(now);
    }
    if (bytes.size() > 1400) bytes.resize(1400);
    static constexpr std::uint8_t kFlags[] = {16, 24, 17, 4, 20, 2, 18, 48};
    const auto flags = (said & 0x40U) != 0 ? choices.byte() : kFlags[said >> 3U & 7U];
    traffic::Segment segment{.sequence = session.next[from],
                             .acknowledgement = (flags & 16U) != 0 ? session.next[1 - from] : 0,
                             .flags = flags};
    if ((shape & 8U) != 0)
      segment.sequence += static_cast<std::uint32_t>(static_cast<std::int8_t>(choices.byte()));
    if ((shape & 16U) != 0)
      segment.acknowledgement += static_cast<std::uint32_t>(static_cast<std::int8_t>(choices.byte()));
    if ((shape & 32U) != 0) {
      segment.window = choices.half();
      segment.urgent = choices.byte();
    }
    Bytes options;
    if ((shape & 64U) != 0) {
      const auto given = choices.bytes(choices.byte() % 41U);
      options.assign(given.begin(), given.end());
      options.resize((options.size() + 3) / 4 * 4, 1);
    }
    segment.options = options.data();
    segment.options_size = static_cast<std::uint32_t>(options.size());
    segment.payload = bytes.data();
    segment.size = static_cast<std::uint32_t>(bytes.size());
    write(frame, session, from, segment);
    if ((shape & 128U) == 0)
      session.next[from] = segment.sequence + segment.size + ((flags & 3U) != 0 ? 1U : 0U);
  }

  void datagram(Wire& frame, const Session& session, Choices& choices) {
    static constexpr std::uint16_t kPorts[] = {5000, 5001, 502, 4789, 3544, 67, 68, 320};
    const auto shape = choices.byte();
    auto there = way(session, shape & 1U);
    auto from = session.port[0], to = kPorts[shape >> 1U & 7U];
    if ((shape & 16U) != 0) std::swap(from, to);
    if ((shape & 32U) != 0 && model::is_ipv4(there.source)) {
      there.destination = (shape & 64U) != 0 ? model::ipv4(239, 192, 0, 9) : model::ipv4(255, 255, 255, 255);
      there.to =
          (shape & 64U) != 0 ? model::Mac{1, 0, 0x5e, 0x40, 0, 9} : model::Mac{255, 255, 255, 255, 255, 255};
    }
    const auto given = choices.bytes(choices.byte());
    Bytes bytes{given.begin(), given.end()};
    if ((shape & 128U) != 0) bytes.resize(choices.half() % 1400U);
    traffic::write_udp(frame, there, from, to, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
    frame.port = port_of(session, shape & 1U);
  }

  // An echo, an error about what was sent, or anything.
  void icmp(Wire& frame, const Session& session, const Wire* about, Choices& choices) {
    const auto shape = choices.byte();
    auto there = way(session, shape & 1U);
    const bool six = !model::is_ipv4(there.source);
    std::uint8_t type = six ? 128 : 8;
    Bytes rest;
    if ((shape & 2U) != 0) type = six ? 129 : 0;
    if ((shape & 4U) != 0 && about != nullptr) {
      type = six ? 1 : 3;
      const auto place = traffic::place_of(*about);
      if (place.found) rest.assign(about->bytes.begin() + place.network, about->bytes.begin() + place.end);
      rest.resize(std::min<std::size_t>(rest.size(), 64));
    } else {
      const auto given = choices.bytes(choices.byte() % 64U);
      rest.assign(given.begin(), given.end());
    }
    if ((shape & 8U) != 0) type = choices.byte();
    if (six && type >= 133 && type <= 137) there.ttl = 255;  // RFC 4861 7.1
    traffic::write_icmp(frame, there, type, (shape & 16U) != 0 ? choices.byte() : 0, rest.data(),
                        static_cast<std::uint32_t>(rest.size()));
    frame.port = port_of(session, shape & 1U);
  }

  void arp(Wire& frame, const Session& session, Choices& choices) {
    const auto shape = choices.byte();
    auto there = way(session, shape & 1U);
    if ((shape & 2U) != 0) there.to.fill(0xff);
    Bytes bytes{0, 1, 8, 0, 6, 4, 0, static_cast<std::uint8_t>((shape & 4U) != 0 ? 2 : 1)};
    bytes.insert(bytes.end(), there.from.begin(), there.from.end());
    bytes.insert(bytes.end(), there.source.begin() + 12, there.source.end());
    bytes.insert(bytes.end(), there.to.begin(), there.to.end());
    bytes.insert(bytes.end(), there.destination.begin() + 12, there.destination.end());
    traffic::write_link(frame, there, 0x0806, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
    frame.port = port_of(session, shape & 1U);
  }

  void link(Wire& frame, const Session& session, Choices& choices) {
    static constexpr std::uint16_t kTypes[] = {0x88b8, 0x8892, 0x88ba, 0x88cc,
                                               0x88f7, 0x8847, 0x892f, 0x88fb};
    const auto shape = choices.byte();
    auto there = way(session, shape & 1U);
    if ((shape & 2U) != 0) there.to = {1, 0x0c, 0xcd, 1, 0, 1};
    const auto given = choices.bytes(choices.byte());
    Bytes bytes{0, 1, 0, static_cast<std::uint8_t>(std::max<std::size_t>(given.size() + 4, 46))};
    if ((shape & 4U) != 0) bytes = {0xf0, 0xf0, 3};
    bytes.insert(bytes.end(), given.begin(), given.end());
    const auto type = (shape & 4U) != 0   ? static_cast<std::uint16_t>(bytes.size())
                      : (shape & 8U) != 0 ? choices.half()
                                          : kTypes[shape >> 4U & 7U];
    traffic::write_link(frame, there, type, bytes.data(), static_cast<std::uint32_t>(bytes.size()));
    frame.port = port_of(session, shape & 1U);
  }

  std::array<Session, kSessions> sessions;

 private:
  void write(Wire& frame, Session& session, unsigned from, traffic::Segment segment) {
    segment.from = session.port[from];
    segment.to = session.port[1 - from];
    traffic::write_tcp(frame, way(session, from), segment);
    frame.port = port_of(session, from);
  }

  // What one end says next.
  Bytes content(Session& session, unsigned from, unsigned kind, Choices& choices) {
    traffic::Message message;
    message.size = 0;
    const auto request = [&](const model::FunctionId& id) {
      model::Random random{choices.byte()};
      const std::uint32_t first = choices.byte(), count = 1 + choices.byte() % 120U;
      traffic::write_request(message, random, id, ++session.transaction, 1, first, count);
      session.asked = message;
    };
    switch (kind) {
      case 0:
        break;
      case 1:
        return std::exchange(session.rest[from], {});
      case 2:
        request({3, -1});
        break;
      case 3: {
        model::Random random{choices.byte()};
        if (session.asked.size != 0) traffic::write_answer(message, random, session.asked);
        break;
      }
      case 4: {
        const auto function = choices.byte();
        const auto bytes = choices.bytes(choices.byte());
        traffic::write_raw(message, ++session.transaction, 1, function, bytes.data(),
                           static_cast<std::uint32_t>(bytes.size()));
        break;
      }
      case 5:
        request(model::named_functions()[choices.byte() % model::named_functions().size()].id);
        break;
      case 6: {
        const auto bytes = choices.bytes(choices.byte());
        return {bytes.begin(), bytes.end()};
      }
      default: {
        const std::size_t size = choices.half() % 1400U;
        return Bytes(size, choices.byte());
      }
    }
    return {message.bytes.begin(), message.bytes.begin() + message.size};
  }

  const World& world_;
};

}  // namespace sluice::fuzz
