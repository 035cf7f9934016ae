// A hostile schedule of segments through one stream. Enforcing: receivers that treat overlaps in five ways
// assemble exactly what was handed out for inspection, on both sides, whatever is denied, replaced, lost or
// held. Observing: everything is forwarded. At the end the pools are empty. The input is the schedule: how to
// track, then steps (a segment of either end with its numbers near what is expected, its flags, its bytes;
// time).
#include <array>
#include <deque>
#include <string>
#include <vector>

#include "dataplane/packet/builder.hpp"
#include "dataplane/stream/conversation.hpp"
#include "dataplane/stream/receiver.hpp"
#include "rules/base/fuzz.hpp"

namespace sluice {
namespace {

using namespace testing;
using fuzz::expect;
using Act = Step::Act;

constexpr std::size_t kMostSteps = 120;

// One direction: who sends, what was inspected of it, and who receives.
struct Side {
  std::uint32_t first = 0;  // number of the first byte of data
  std::uint32_t consumed = 0;
  std::string inspected{};
  std::vector<Receiver> receivers{};
  std::int64_t reach = 0;  // what an honest sender would say next
  bool lied = false;       // who receives it acknowledged what was lost, and may be told anything below
};

// One for all inputs: its pools take longer to make than a schedule to run.
Conversation& conversation() {
  static Conversation one{Tracking::enforce, 8};
  return one;
}

class Arena {
 public:
  Arena(Tracking tracking, bool retain, unsigned held_per_flow) : observing_{tracking == Tracking::observe} {
    expect(talk_.bytes.taken() == 0 && talk_.held.taken() == 0, "an input begins with empty pools");
    talk_.tracking = tracking;
    talk_.retain = retain;
    talk_.pools.held_per_flow = held_per_flow;
    talk_.now = {1};
  }

  void open(std::uint32_t client, std::uint32_t server, std::uint16_t window, std::uint8_t scale) {
    const auto stamped = scale != 0xff;
    const auto say = [&](Segment segment) {
      segment.window = window;
      segment.scale = (segment.flags & tcp_flag::syn) != 0 ? scale : std::uint8_t{0xff};
      const auto step = talk_.send(segment.direction, packet_of(segment, stamped ? 1U : 0U));
      expect(step.act == Act::forward, "a handshake passes");
      talk_.stream.settle(segment.direction, talk_.pools);
    };
    say({kClient, kSyn, client, 0});
    say({kServer, kSynAck, server, client + 1});
    say({kClient, kAck, client + 1, server + 1});
    sides_[0].first = client + 1;
    sides_[1].first = server + 1;
    for (auto& side : sides_) {
      for (const auto overlap : kOverlaps) side.receivers.emplace_back(overlap);
    }
    opened_ = true;
  }

  void send(fuzz::Choices& choices) {
    const auto shape = choices.byte();
    const auto direction = (shape & 1U) == 0 ? kClient : kServer;
    auto& mine = sides_[shape & 1U];
    auto& other = sides_[1 - (shape & 1U)];
    Segment segment{.direction = direction};
    static constexpr std::array<std::uint8_t, 8> kFlags = {kPush, kPush, kPush, kFin,
                                                           kAck,  kRst,  kSyn,  kSynAck};
    const auto flags = choices.byte();
    segment.flags = (flags & 0x80U) != 0 ? choices.byte() : kFlags[flags % kFlags.size()];
    const auto near = [&](std::int64_t expected) {
      const auto step = static_cast<std::int8_t>(choices.byte());
      return expected + (step == -128 ? static_cast<std::int32_t>(choices.word()) : step);
    };
    const auto offset = near(mine.reach);
    segment.sequence = mine.first + static_cast<std::uint32_t>(offset);
    const auto seen = other.receivers.empty() ? other.reach : other.receivers.front().acknowledges();
    const auto acknowledged = (shape & 2U) == 0 ? seen : near(seen);
    segment.acknowledgement = other.first + static_cast<std::uint32_t>(acknowledged);
    other.lied |= acknowledged > seen && acknowledged <= static_cast<std::int64_t>(other.inspected.size());
    segment.window = (shape & 4U) == 0 ? std::uint16_t{65535} : choices.half();
    segment.scale = (shape & 8U) == 0 ? std::uint8_t{0xff} : std::uint8_t{7};
    const auto bytes = choices.bytes(choices.byte() % 40U);
    segment.data = text_of(bytes);
    // Half of the schedules say at each place what an honest sender would.
    if ((shape & 16U) != 0) {
      for (std::size_t i = 0; i < segment.data.size(); ++i)
        segment.data[i] = static_cast<char>('a' + (offset + static_cast<std::int64_t>(i)) % 26);
    }
    const auto judge = choices.byte();
    const bool lost = (shape & 32U) != 0;
    mine.reach = std::max(
        mine.reach, std::min<std::int64_t>(offset + static_cast<std::int64_t>(segment.data.size()), 1 << 20));
    const auto stamp = (shape & 64U) != 0 ? choices.word() : 0U;
    run(direction, packet_of(segment, stamp), judge, lost);
    Packet packet;
    for (unsigned i = 0; talk_.stream.next_held(direction, talk_.pools, packet); ++i) {
      expect(i < 64, "no more are released than were held");
      (void)talk_.stream.restamp(direction, packet);
      run(direction, packet, judge, lost);
    }
  }

  void wait(std::uint64_t ns) { talk_.now = talk_.now + Duration{ns}; }

  void finish() {
    Packet packet;
    while (talk_.stream.take_held(talk_.pools, packet)) {
    }
    expect(talk_.stream.held() == 0, "all that was held can be taken");
    talk_.restart();
    expect(talk_.bytes.taken() == 0 && talk_.held.taken() == 0, "the pools are empty at the end");
  }

 private:
  // A frame as it lies on a wire; with a timestamp when `stamp` is not zero.
  Packet packet_of(const Segment& segment, std::uint32_t stamp) {
    const bool forth = segment.direction == kClient;
    build::Link link{.source = forth ? "10.0.0.1" : "10.0.0.2",
                     .destination = forth ? "10.0.0.2" : "10.0.0.1"};
    build::Segment made{.source_port = static_cast<std::uint16_t>(forth ? 40000 : 502),
                        .destination_port = static_cast<std::uint16_t>(forth ? 502 : 40000),
                        .sequence = segment.sequence,
                        .acknowledgement = segment.acknowledgement,
                        .flags = segment.flags,
                        .window = segment.window,
                        .payload = build::bytes(segment.data)};
    if (segment.scale != 0xff && (segment.flags & tcp_flag::syn) != 0)
      made.options = {3, 3, segment.scale, 1};
    if (stamp != 0) {
      made.options.insert(made.options.end(), {8, 10});
      for (const auto shift : {24U, 16U, 8U, 0U})
        made.options.push_back(static_cast<std::uint8_t>(stamp >> shift));
      made.options.insert(made.options.end(), {0, 0, 0, 1});
    }
    Packet packet;
    const auto parsed =
        parse(build::frame_over(frames_.emplace_back(build::tcp(link, made))), Checksums::verify, packet);
    // Flags that no parser passes don't come to a stream.
    if (parsed.reason != Reason::none) packet.transportation = Transportation::none;
    return packet;
  }

  void run(Direction direction, Packet packet, std::uint8_t judge, bool lost) {
    if (packet.transportation != Transportation::tcp) return;
    auto& mine = sides_[static_cast<std::size_t>(direction)];
    const auto held = talk_.held.taken();
    const Step step = talk_.send(direction, packet);
    expect(talk_.held.taken() <= talk_.held.capacity(), "what is held has its bound");
    if (step.restart) {
      expect(!step.closed && step.fresh == 0, "a new connection changes nothing of the old one");
      return;
    }
    if (observing_) {
      expect(step.act == Act::forward, "observing, everything is forwarded");
      expect(step.fresh <= packet.payload_length, "no more is read than is there");
      if (step.fresh != 0) judge_observed(direction, judge);
      return;
    }
    expect((step.act == Act::hold) == (talk_.held.taken() == held + 1), "what is held is in the pool");
    const bool dropped = step.act == Act::drop || step.act == Act::challenge;
    expect(!dropped || step.reason != Reason::none, "a drop has a reason");
    if (dropped || step.act == Act::hold) return;
    if (step.act == Act::judge)
      return;  // good by itself or not: nothing was changed, and here it is not good
    if (!talk_.retain || !opened_) {
      if (step.fresh != 0) {
        if ((judge & 1U) != 0) {
          talk_.stream.undo(direction, packet, step.fresh, talk_.pools);
        } else {
          talk_.stream.consume(
              direction, static_cast<std::uint32_t>(talk_.stream.pending(direction, talk_.pools).size()));
          talk_.stream.settle(direction, talk_.pools);
        }
      }
      return;
    }
    if (step.act == Act::forward)
      expect(step.fresh + step.repeated == packet.payload_length, "each byte is new or was compared");
    if (step.rewrite) talk_.stream.restore(direction, packet);
    auto forwarded = std::string{text_of(packet.payload())};
    if (step.fresh > 0 && !consume(direction, packet, step, judge, forwarded)) return;
    talk_.stream.settle(direction, talk_.pools);
    // A FIN says where the stream ends; nobody reads behind it.
    if (lost || step.act != Act::forward || (packet.tcp.flags & (tcp_flag::rst | tcp_flag::syn)) != 0) return;
    const auto offset = static_cast<std::int32_t>(packet.tcp.sequence - mine.first);
    for (auto& receiver : mine.receivers) {
      receiver.take(offset, forwarded, (packet.tcp.flags & tcp_flag::fin) != 0);
      expect(mine.lied || receiver.agrees_with(mine.inspected),
             "every receiver assembles what was inspected");
    }
  }

  // What an engine does with new bytes; false when it denies them.
  bool consume(Direction direction, const Packet& packet, const Step& step, std::uint8_t judge,
               std::string& forwarded) {
    auto& mine = sides_[static_cast<std::size_t>(direction)];
    const auto fresh = forwarded.substr(forwarded.size() - step.fresh);
    mine.inspected += fresh;
    expect(talk_.pending(direction) == mine.inspected.substr(mine.consumed),
           "what is pending is what was not judged");
    const auto pending = static_cast<std::uint32_t>(mine.inspected.size()) - mine.consumed;
    switch (judge % 4U) {
      case 0:  // denied, perhaps behind messages that were good
        talk_.stream.consume(direction, step.fresh * (judge / 4U % 2U) / 2);
        talk_.stream.undo(direction, packet, step.fresh, talk_.pools);
        mine.inspected.resize(mine.inspected.size() - step.fresh);
        expect(talk_.pending(direction) == mine.inspected.substr(mine.consumed),
               "an undone segment leaves no trace");
        return false;
      case 1: {  // some of it leaves as something else
        const std::uint32_t at = judge / 4U % step.fresh;
        const std::string stand_in(step.fresh - at, '#');
        if (!talk_.stream.replaced(direction, at, bytes_of(stand_in))) {
          talk_.stream.undo(direction, packet, step.fresh, talk_.pools);
          mine.inspected.resize(mine.inspected.size() - step.fresh);
          return false;
        }
        mine.inspected.replace(mine.inspected.size() - stand_in.size(), stand_in.size(), stand_in);
        forwarded.replace(forwarded.size() - stand_in.size(), stand_in.size(), stand_in);
        expect(talk_.pending(direction) == mine.inspected.substr(mine.consumed),
               "what replaced it is pending");
        break;
      }
      default:
        break;
    }
    const auto judged = judge % 4U == 3 ? std::min<std::uint32_t>(pending, judge / 4U) : pending;
    talk_.stream.consume(direction, judged);
    mine.consumed += judged;
    return true;
  }

  void judge_observed(Direction direction, std::uint8_t judge) {
    const auto pending = static_cast<std::uint32_t>(talk_.stream.pending(direction, talk_.pools).size());
    talk_.stream.consume(direction, judge % 4U == 3 ? std::min<std::uint32_t>(pending, judge / 4U) : pending);
    talk_.stream.settle(direction, talk_.pools);
  }

  std::deque<build::Bytes> frames_;
  Conversation& talk_ = conversation();
  bool observing_;
  bool opened_ = false;
  std::array<Side, 2> sides_;
};

void run(fuzz::Choices choices) {
  const auto shape = choices.byte();
  Arena arena{(shape & 1U) == 0 ? Tracking::enforce : Tracking::observe, (shape & 2U) == 0,
              1U + (shape >> 6U) * 2U};
  // Numbers that wrap within the schedule, or don't.
  const std::uint32_t client = (shape & 4U) == 0 ? 1000 : 0U - 1U - choices.byte();
  const std::uint32_t server = (shape & 8U) == 0 ? 9000 : 0x7fffffffU - choices.byte();
  if ((shape & 16U) == 0) {
    arena.open(client, server, (shape & 32U) == 0 ? std::uint16_t{65535} : std::uint16_t{24},
               (shape & 64U) == 0 ? 0xff : 7);
  }
  for (std::size_t step = 0; step < kMostSteps && !choices.done(); ++step) {
    const auto what = choices.byte();
    if (what >= 0xf8) {
      arena.wait(std::uint64_t{choices.half()} * 1'000'000U);
    } else {
      arena.send(choices);
    }
  }
  arena.finish();
}

}  // namespace

fuzz::Start fuzz::start() {
  Start start;
  // shape, flags, sequence near, length, bytes, judge
  const auto say = [](Script& script, unsigned shape, unsigned flags, unsigned near, std::string_view text,
                      unsigned judge) {
    script.byte(0)
        .byte(shape)
        .byte(flags)
        .byte(near)
        .byte(static_cast<unsigned>(text.size()))
        .text(text)
        .byte(judge);
  };
  for (const unsigned how : {0U, 1U, 2U, 4U, 12U, 16U, 17U, 32U, 64U, 192U}) {
    Script honest;
    honest.byte(how);
    if ((how & 4U) != 0) honest.byte(5);
    if ((how & 8U) != 0) honest.byte(5);
    auto hostile = honest;
    say(honest, 0, 0, 0, "hello", 2);
    say(honest, 1, 0, 0, "world!", 2);
    say(honest, 0, 0, 3, "behind", 2);
    say(honest, 0, 0, 0xf7, "hole", 2);
    say(honest, 1, 3, 0, "", 2);
    say(honest, 0, 3, 0, "", 2);
    start.seeds.push_back(honest.done());
    say(hostile, 0, 0, 0, "abcdef", 2);
    say(hostile, 0, 0, 0xfd, "XYZ", 2);
    say(hostile, 0, 0, 4, "held", 2);
    say(hostile, 0, 0, 0xf8, "ABCDEFGH", 0);
    say(hostile, 0, 0, 0xf8, "mnopqrst", 9);
    say(hostile, 0, 0, 0xf8, "mnopqrst", 2);
    say(hostile, 0, 5, 0, "text", 2);
    say(hostile, 0, 6, 0, "", 2);
    start.seeds.push_back(hostile.done());
  }
  return start;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::run(sluice::fuzz::Choices{{data, size}});
  return 0;
}
