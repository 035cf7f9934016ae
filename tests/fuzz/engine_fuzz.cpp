// Whole frames through an engine, judged by a model that knows nothing of it. The input is a plant (made by
// hand, or at random), how the engine stands in it, and a schedule: segments of four sessions with numbers
// near those that are right, datagrams, ICMP, ARP, link frames, raw bytes, repetitions, time, generations.
// Each frame may be spoilt, cut into fragments, put into a tunnel, tagged, cut, or come in elsewhere.
//   enforcing  the Guard finds nothing wrong with what leaves, and it leaves by the other port of its pair
//   observing  what came in leaves as it came, in order, once
//   always     frames are conserved, and each buffer is given back
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/packet/nested.hpp"
#include "tests/fuzz/large_blocks.hpp"
#include "tests/fuzz/speakers.hpp"

namespace sluice {
namespace {

using fuzz::Bytes;
using fuzz::Choices;
using fuzz::expect;
using fuzz::Script;
using fuzz::Session;
using fuzz::Stand;
using fuzz::Wire;
using fuzz::World;

constexpr std::size_t kMostSteps = 64;
constexpr Time kBegin{1'000'000'000};

class Arena {
 public:
  Arena(World& world, Stand stand)
      : world_{world},
        stand_{stand},
        options_{fuzz::options_of(stand)},
        engine_{options_, registry(), wires_, reader_},
        speakers_{world} {
    if (stand == Stand::enforce) world.guard->forget();
  }
  ~Arena() {
    flush();
    now_ = now_ + seconds(600);
    flush();
    engine_.drain();
    expect(wires_.out == 0, "each buffer is given back");
  }

  void step(Choices& choices) {
    const auto what = choices.byte();
    auto& session = speakers_.sessions[what >> 6U];
    Wire frame;
    switch (what % 16U) {
      case 0:
      case 1:
      case 2:
      case 3:
        speakers_.say(frame, session, choices);
        break;
      case 4:
        for (unsigned i = 0; i < 3; ++i) {
          speakers_.open(frame, session, i);
          send(frame);
          flush();
        }
        return;
      case 5:
        return speakers_.settle(session, choices);
      case 6:
        speakers_.datagram(frame, session, choices);
        break;
      case 7:
        speakers_.icmp(frame, session, earlier(choices), choices);
        break;
      case 8:
        speakers_.arp(frame, session, choices);
        break;
      case 9:
        speakers_.link(frame, session, choices);
        break;
      case 10: {
        frame.port = choices.below(world_.ports);
        const auto bytes = choices.bytes(choices.byte());
        frame.size = static_cast<std::uint32_t>(bytes.size());
        std::copy(bytes.begin(), bytes.end(), frame.bytes.begin());
        break;
      }
      case 11:
      case 12:
        if (count_ == 0) return;
        frame = *earlier(choices);
        break;
      case 13: {
        // The guard does not know what may be forgotten after 5 s of silence.
        const auto later = now_ + milliseconds(choices.half());
        if (stand_ != Stand::enforce || later < kBegin + milliseconds(4500)) now_ = later;
        return flush();
      }
      case 14:
        even_ = !even_;
        return;
      default:
        return flush();
    }
    spoil(frame, session, choices);
  }

 private:
  const Wire* earlier(Choices& choices) const {
    if (count_ == 0) return nullptr;
    const auto back = 1 + choices.below(static_cast<std::uint32_t>(std::min(count_, sent_.size())));
    return &sent_[(count_ - back) % sent_.size()];
  }

  // What becomes of an honest frame on its way here.
  void spoil(Wire& frame, const Session& session, Choices& choices) {
    const auto how = choices.byte();
    const bool room = frame.size + 16 < traffic::kMostFrame;
    if ((how & 1U) != 0 && frame.size != 0) {
      const auto shape = choices.byte();
      for (unsigned i = 0; i <= shape % 4U; ++i) frame.bytes[choices.below(frame.size)] = choices.byte();
      if ((shape & 4U) == 0) traffic::repair(frame);
      if ((shape & 8U) != 0) frame.size -= std::min<std::uint32_t>(frame.size, choices.byte());
      for (unsigned i = 0; room && (shape & 16U) != 0 && i < 8; ++i) frame.bytes[frame.size++] = 0x5a;
      frame.wire_size = frame.size;
    }
    if ((how & 2U) != 0) nest(frame, session, choices);
    if (room && (how & 4U) != 0 && frame.size >= 12) {
      static constexpr std::uint16_t kTypes[] = {0x8100, 0x88a8, 0x9100, 0x8100};
      static constexpr std::uint8_t kVlans[] = {7, 9, 0, 10, 11, 20, 30, 1};
      const auto tag = choices.byte();
      std::copy_backward(frame.bytes.begin() + 12, frame.bytes.begin() + frame.size,
                         frame.bytes.begin() + frame.size + 4);
      traffic::put16(frame.bytes.data() + 12, kTypes[tag & 3U]);
      traffic::put16(frame.bytes.data() + 14, kVlans[tag >> 2U & 7U] | (tag & 0xe0U) << 8U);
      frame.size += 4;
    }
    frame.wire_size = frame.size;
    if ((how & 8U) != 0) {
      const auto shape = choices.byte();
      if ((shape & 1U) != 0) frame.wire_size += shape;
      if ((shape & 2U) != 0) frame.port = (frame.port ^ 1U) % world_.ports;
      if ((shape & 4U) != 0) frame.port = (frame.port + 2) % world_.ports;
    }
    if ((how & 16U) == 0 || !cut(frame, choices)) send(frame);
    if ((how & 32U) == 0) flush();
  }

  void nest(Wire& frame, const Session& session, Choices& choices) {
    const auto place = traffic::place_of(frame);
    const auto shape = choices.byte();
    const auto& family = build::kFamilies[shape % std::size(build::kFamilies)];
    if (!place.found || place.network != 14 || place.six != family.carries_six || place.end > 1400) return;
    build::Link around;
    const auto host = [&](unsigned from) -> const model::Host& {
      return world_.plant.hosts[(session.end[from] & ~std::size_t{1}) | (family.over_six ? 1U : 0U)];
    };
    const bool back = frame.port != speakers_.port_of(session, 0);
    around.source = model::text_of(host(back ? 1 : 0).ip);
    around.destination = model::text_of(host(back ? 0 : 1).ip);
    around.source_mac = host(back ? 1 : 0).mac;
    around.destination_mac = host(back ? 0 : 1).mac;
    const auto bytes =
        build::nested(family.tunnel, around, {frame.bytes.begin(), frame.bytes.begin() + place.end});
    std::copy(bytes.begin(), bytes.end(), frame.bytes.begin());
    frame.size = static_cast<std::uint32_t>(bytes.size());
  }

  // In pieces, in some order, perhaps without one, with one twice, with other bytes.
  bool cut(const Wire& frame, Choices& choices) {
    Bytes whole{frame.bytes.begin(), frame.bytes.begin() + frame.size};
    Packet packet;
    (void)parse(build::frame_over(whole), Checksums::count, packet);
    const auto header = packet.network == Network::ipv4 ? 20U : 40U;
    if (packet.network == Network::none || packet.network_offset + header >= packet.network_end ||
        packet.network_end > whole.size())
      return false;
    const auto shape = choices.byte(), how = choices.byte();
    const auto least = (packet.network_end / 8 / 8 + 1) * 8U;
    auto pieces = build::fragments(whole, std::max(least, (shape % 32U + 1) * 8U), 7 + (shape >> 5U));
    if ((how & 1U) != 0) std::reverse(pieces.begin(), pieces.end());
    const auto one = (how >> 4U) % pieces.size();
    if ((how & 2U) != 0) pieces.push_back(pieces[one]);
    if ((how & 4U) != 0) pieces[one].back() ^= choices.byte();
    if ((how & 8U) != 0) pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(one));
    flush();
    if (stand_ == Stand::enforce) world_.guard->came(frame.port, frame.bytes.data(), frame.size);
    for (const auto& piece : pieces) {
      Wire part;
      std::copy(piece.begin(), piece.end(), part.bytes.begin());
      part.size = part.wire_size = static_cast<std::uint32_t>(piece.size());
      part.port = frame.port;
      send(part);
    }
    flush();
    return true;
  }

  void send(const Wire& frame) {
    waiting_.push_back(wires_.copy({frame.bytes.data(), frame.size},
                                   PortId{static_cast<std::uint16_t>(frame.port)},
                                   frame.wire_size - frame.size));
    sent_[count_++ % sent_.size()] = frame;
  }

  // All that waits as one burst, and what must hold of what left.
  void flush() {
    const bool observes = stand_ >= Stand::monitor;
    std::vector<fuzz::Wires::Left> whole;
    for (const auto& frame : waiting_) {
      if (observes && !frame.cut())
        whole.push_back({PortId{static_cast<std::uint16_t>(stand_ == Stand::look ? frame.port.value
                                                                                 : frame.port.value ^ 1U)},
                         {frame.data, frame.data + frame.length},
                         frame.port,
                         false});
    }
    now_ = now_ + milliseconds(1);
    const auto joined = engine_.counters().joined;
    const auto from = waiting_.empty() ? 0U : waiting_.front().port.value;
    if (stand_ == Stand::look) {
      engine_.observe(waiting_, now_);
    } else {
      const auto& rules = world_.rules(stand_, even_);
      for (const auto& frame : waiting_) {
        if (stand_ == Stand::enforce) world_.guard->came(frame.port.value, frame.data, frame.length);
      }
      engine_.burst(waiting_, now_, rules);
      engine_.tick(now_, rules);
    }
    waiting_.clear();
    const bool joins = engine_.counters().joined != joined && wires_.left.size() == 1 &&
                       wires_.left[0].to.value == (from ^ 1U);
    fuzz::expect_conserved(engine_.counters());
    expect(wires_.out <= static_cast<std::int64_t>(engine_.counters().held), "what is out is held");
    if (observes) {
      expect(wires_.left.size() == whole.size(), "observing, as many leave as came");
      for (std::size_t i = 0; i < whole.size(); ++i) {
        expect(wires_.left[i].to == whole[i].to, "observing, a frame leaves by the other port");
        expect(wires_.left[i].bytes == whole[i].bytes, "observing, a frame leaves as it came");
      }
    }
    for (const auto& left : wires_.left) {
      if (stand_ != Stand::look && !left.made)
        expect(left.to.value == (left.from.value ^ 1U), "a frame leaves by the other port");
      if (stand_ >= Stand::turns) continue;
      // Large datagrams of tunnels leave in pieces, cut anew.
      const auto seen = model::look(left.bytes.data(), left.bytes.size());
      const bool piece = seen.wrong != nullptr && std::strcmp(seen.wrong, "a fragment") == 0;
      expect(seen.wrong == nullptr || (piece && stand_ == Stand::enforce_tunnels), seen.wrong);
      if (stand_ != Stand::enforce) continue;
      // A datagram that was joined is made by the engine, but said by its sender.
      const auto* wrong = world_.guard->left(left.to.value, left.bytes.data(), left.bytes.size(),
                                             static_cast<std::int64_t>(now_.ns), left.made && !joins);
      expect(wrong == nullptr, wrong);
    }
    wires_.left.clear();
  }

  World& world_;
  Stand stand_;
  EngineOptions options_;
  fuzz::Wires wires_;
  fuzz::Reader reader_;
  Engine engine_;
  Time now_ = kBegin;
  bool even_ = true;
  fuzz::Speakers speakers_;
  std::array<Wire, 16> sent_;  // the last ones
  std::size_t count_ = 0;
  std::vector<sluice::Frame> waiting_;
};

}  // namespace

fuzz::Start fuzz::start() {
  Start start;
  const auto say = [](Script& script, unsigned shape, unsigned said) -> Script& {
    return script.byte(0).byte(shape).byte(said);
  };
  const auto talk = [&](Script script, unsigned how, const Bytes& more) {
    const auto end = [&](Script& one) { one.byte(how).bytes(more); };
    script.byte(4);
    end(say(script, 0, 2).byte(1).byte(5).byte(3));  // reads, is answered
    end(say(script, 1, 3).byte(1));
    end(say(script, 4, 2).byte(1).byte(5).byte(3).byte(7));  // in two parts
    end(say(script, 0, 1));
    script.byte(11).byte(0).byte(how).bytes(more);             // once more
    script.byte(12).byte(1).byte(1).byte(0).byte(60).byte(1);  // with another byte
    end(say(script, 8, 6).byte(3).text("abc").byte(4));        // beyond a hole
    end(say(script, 0, 5).byte(4).byte(1).byte(5).byte(1));    // writes
    end(say(script, 0, 0x10));                                 // ends
    end(say(script, 1, 0x10));
    script.byte(13).half(3000);
    return script;
  };
  for (unsigned stand = 0; stand < static_cast<unsigned>(Stand::count_); ++stand) {
    for (unsigned plant = 0; plant < fuzz::kByHand + 2; ++plant) {
      const auto begin = Script{}.byte(plant).byte(stand);
      start.seeds.push_back(talk(begin, 0, {}).done());
      if (plant % 4 != 1) continue;
      start.seeds.push_back(talk(begin, 16, {2, 0}).done());
      for (std::uint8_t family = 0; family < std::size(build::kFamilies); ++family) {
        const bool six = build::kFamilies[family].carries_six;
        start.seeds.push_back(talk(Script{begin}.byte(5).byte(six ? 2 : 0).byte(0), 2, {family}).done());
      }
      auto others = begin;
      for (unsigned kind = 6; kind < 10; ++kind) {
        for (unsigned shape = 0; shape < 256; shape += 37) others.byte(kind).byte(shape).half(0).half(0);
      }
      start.seeds.push_back(others.done());
    }
  }
  return start;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  fuzz::Choices choices{{data, size}};
  auto& plant = fuzz::world(choices.byte() % fuzz::kPlants);
  // Half of all inputs are for the guard.
  const auto stand = choices.byte() % 16U;
  Arena arena{plant,
              stand < static_cast<unsigned>(Stand::count_) ? static_cast<Stand>(stand) : Stand::enforce};
  for (std::size_t step = 0; step < kMostSteps && !choices.done(); ++step) arena.step(choices);
  return 0;
}
