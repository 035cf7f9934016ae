// The promise of enforce, as a property: whatever a hostile sender does, a receiver that is given only what
// the stream lets through assembles exactly the bytes that were handed out for inspection, however it treats
// overlaps.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "dataplane/stream/conversation.hpp"
#include "dataplane/stream/receiver.hpp"

namespace sluice {
namespace {

using namespace testing;
using Act = Step::Act;

constexpr std::uint32_t kServerStart = 9000;

// A stream between a hostile client and receivers of every kind, with what an engine does around it.
class Arena {
 public:
  explicit Arena(std::uint32_t held_per_flow) : talk{Tracking::enforce, 64, held_per_flow} {}

  void start(std::uint32_t client, std::uint16_t window = 65535) {
    talk.restart();
    first_ = client + 1;
    inspected.clear();
    consumed_ = 0;
    forwards_ = 0;
    receivers.clear();
    for (const Overlap overlap : kOverlaps) receivers.emplace_back(overlap);
    talk.open(client, kServerStart, window);
  }

  // Bit i of `lost`: the i-th frame that the stream forwards does not arrive.
  void client_sends(std::uint32_t offset, const std::string& data, std::uint8_t flags = kPush,
                    std::uint64_t lost = 0, std::uint32_t acknowledgement = kServerStart + 1) {
    run(talk.packet({kClient, flags, first_ + offset, acknowledgement, data}), lost);
    Packet packet;
    while (talk.stream.next_held(kClient, talk.pools, packet)) run(packet, lost);
  }

  void server_acknowledges(std::uint16_t window = 65535) {
    acknowledges(static_cast<std::uint32_t>(receivers.front().acknowledges()), window);
  }
  void acknowledges(std::uint32_t offset, std::uint16_t window = 65535) {
    talk.send({kServer, kAck, kServerStart + 1, first_ + offset, "", window});
  }

  [[nodiscard]] bool agree() const {
    for (const Receiver& receiver : receivers) {
      if (!receiver.agrees_with(inspected)) return false;
    }
    return true;
  }

  Conversation talk;
  std::vector<Receiver> receivers;
  std::string inspected;
  char denied = 0;               // a segment in which this byte is new is not forwarded
  std::uint32_t judge_most = 0;  // bytes judged per segment; 0: all
  std::uint64_t conflicts = 0;
  std::uint64_t denials = 0;

 private:
  void run(const Packet& packet, std::uint64_t lost) {
    const Step step = talk.send(kClient, packet);
    if (step.reason == Reason::conflict) ++conflicts;
    const bool dropped = step.act == Act::drop || step.act == Act::challenge;
    EXPECT_EQ(dropped, step.reason != Reason::none);
    if (dropped || step.act == Act::hold) return;
    const std::string_view data = text_of(packet.payload());
    EXPECT_EQ(step.fresh + step.repeated, step.act == Act::forward ? packet.payload_length : 0);
    if (step.fresh > 0) {
      const std::string_view fresh = data.substr(data.size() - step.fresh);
      inspected += fresh;
      EXPECT_EQ(talk.pending(kClient), inspected.substr(consumed_));
      if (denied != 0 && fresh.find(denied) != std::string_view::npos) {
        talk.stream.consume(kClient, step.fresh / 2);  // the messages in front of it were good
        talk.stream.undo(kClient, packet, step.fresh, talk.pools);
        inspected.resize(inspected.size() - step.fresh);
        EXPECT_EQ(talk.pending(kClient), inspected.substr(consumed_));
        ++denials;
        return;
      }
      const auto pending = static_cast<std::uint32_t>(inspected.size() - consumed_);
      const std::uint32_t judged = judge_most == 0 ? pending : std::min(pending, judge_most);
      talk.stream.consume(kClient, judged);
      consumed_ += judged;
    }
    talk.stream.settle(kClient, talk.pools);
    const bool arrives = (lost >> forwards_++ % 64 & 1) == 0;
    if (!arrives || (packet.tcp.flags & (tcp_flag::rst | tcp_flag::syn)) != 0) return;
    const auto offset = static_cast<std::int32_t>(packet.tcp.sequence - first_);
    for (Receiver& receiver : receivers) {
      if (step.act == Act::forward) {
        receiver.take(offset, data, (packet.tcp.flags & tcp_flag::fin) != 0);
      }
    }
  }

  std::uint32_t first_ = 0;
  std::size_t consumed_ = 0;
  std::uint32_t forwards_ = 0;
};

struct Piece {
  std::uint32_t offset;
  std::string data;
};

// Every piece of a stream of `length` bytes, each byte of it being one of two.
std::vector<Piece> all_pieces(std::uint32_t length) {
  std::vector<Piece> pieces;
  for (std::uint32_t from = 0; from < length; ++from) {
    for (std::uint32_t size = 1; from + size <= length; ++size) {
      for (std::uint32_t pattern = 0; pattern < 1U << size; ++pattern) {
        std::string data;
        for (std::uint32_t i = 0; i < size; ++i) {
          data += static_cast<char>((pattern >> i & 1 ? 'A' : 'a') + static_cast<char>(from + i));
        }
        pieces.push_back({from, data});
      }
    }
  }
  return pieces;
}

void expect_agreement_on_all(std::uint32_t length, std::uint32_t count, std::uint32_t losses,
                             std::uint32_t acks) {
  const std::vector<Piece> pieces = all_pieces(length);
  Arena arena{8};
  std::vector<std::size_t> chosen(count, 0);
  std::uint64_t runs = 0;
  for (bool more = true; more;) {
    for (std::uint32_t lost = 0; lost < losses; ++lost) {
      for (std::uint32_t acknowledged = 0; acknowledged < acks; ++acknowledged) {
        arena.start(runs % 3 == 0 ? 0xffff'fffd : 1000);
        for (std::uint32_t i = 0; i < count; ++i) {
          arena.client_sends(pieces[chosen[i]].offset, pieces[chosen[i]].data, kPush, lost);
          if (acknowledged >> i & 1) arena.server_acknowledges();
        }
        ASSERT_TRUE(arena.agree()) << "run " << runs;
        ++runs;
      }
    }
    more = false;
    for (std::size_t& index : chosen) {
      if (++index < pieces.size()) {
        more = true;
        break;
      }
      index = 0;
    }
  }
  EXPECT_GT(arena.conflicts, 0U);
  arena.talk.restart();
  EXPECT_EQ(arena.talk.bytes.taken(), 0U);
  EXPECT_EQ(arena.talk.held.taken(), 0U);
}

TEST(Agreement, E37_every_two_pieces_of_four_bytes_with_every_loss_and_acknowledgement) {
  expect_agreement_on_all(4, 2, 4, 4);
}

TEST(Agreement, E37_every_three_pieces_of_three_bytes_with_every_loss_and_acknowledgement) {
  expect_agreement_on_all(3, 3, 8, 4);
}

TEST(Agreement, E37_random_hostile_schedules_with_denials_resets_fins_and_lies) {
  constexpr int kSchedules = 150'000;
  std::mt19937_64 random{20260101};
  const auto below = [&random](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  Arena arena{4};
  arena.denied = 'X';
  std::uint64_t delivered = 0;
  for (int schedule = 0; schedule < kSchedules; ++schedule) {
    arena.judge_most = below(3) == 0 ? 3 : 0;
    arena.start(below(2) == 0 ? 0U - below(50) : static_cast<std::uint32_t>(random()),
                below(4) == 0 ? std::uint16_t{24} : std::uint16_t{65535});
    const std::uint64_t lost = below(2) == 0 ? 0 : random() & random();
    const std::uint32_t pieces = 1 + below(8);
    std::uint32_t reach = 0;
    for (std::uint32_t i = 0; i < pieces; ++i) {
      const std::uint32_t from = below(reach + 3) - below(2);
      std::string data(1 + below(12), ' ');
      for (std::size_t j = 0; j < data.size(); ++j) {
        const std::uint32_t kind = below(24);
        data[j] =
            kind == 0 ? 'X' : static_cast<char>((kind == 1 ? 'A' : 'a') + static_cast<char>((from + j) % 26));
      }
      reach = std::max(reach, from + static_cast<std::uint32_t>(data.size())) % 64;
      std::uint8_t flags = kPush;
      if (below(20) == 0) flags = kFin;
      if (below(60) == 0) flags = static_cast<std::uint8_t>(random());
      if (below(60) == 0) data.clear();
      arena.client_sends(from, data, flags, lost, kServerStart + 1 + (below(40) == 0 ? below(3) : 0));
      if (below(3) == 0) arena.server_acknowledges(below(4) == 0 ? std::uint16_t{24} : std::uint16_t{65535});
      if (below(20) == 0) {
        const auto next = static_cast<std::uint32_t>(arena.receivers.front().next());
        arena.acknowledges(next - below(next + 1));
      }
    }
    ASSERT_TRUE(arena.agree()) << "schedule " << schedule;
    for (const Receiver& receiver : arena.receivers) {
      ASSERT_EQ(receiver.delivered().find('X'), std::string::npos) << "schedule " << schedule;
      delivered += receiver.delivered().size();
    }
  }
  EXPECT_GT(arena.conflicts, 1000U);
  EXPECT_GT(arena.denials, 1000U);
  EXPECT_GT(delivered, 100'000U);
  arena.talk.restart();
  EXPECT_EQ(arena.talk.bytes.taken(), 0U);
  EXPECT_EQ(arena.talk.held.taken(), 0U);
}

}  // namespace
}  // namespace sluice
