// The other promise of enforce: honest traffic gets through. Two ends send to each other with loss, disorder,
// repacketised retransmissions and keepalives; nothing of theirs is dropped but for lack of room to hold it,
// and all of it arrives.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "dataplane/stream/conversation.hpp"
#include "dataplane/stream/receiver.hpp"
#include "dataplane/stream/sequence.hpp"

namespace sluice {
namespace {

using namespace testing;
using Act = Step::Act;

constexpr std::uint16_t kWindow = 96;

struct End {
  std::uint32_t first = 0;  // the number of its first byte
  std::string content;
  std::uint32_t acked = 0;  // offsets; the FIN counts one
  std::uint32_t sent = 0;
  std::uint32_t limit = kWindow;
  Receiver receiver{Overlap::last, kWindow};
  std::vector<Packet> towards_stream;
  std::vector<Packet> towards_peer;

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(content.size()); }
  [[nodiscard]] bool done() const { return acked == size() + 1; }
};

class Exchange {
 public:
  Exchange(std::uint64_t seed, std::uint32_t held_per_flow)
      : random_{seed}, talk{Tracking::enforce, 64, held_per_flow} {
    const auto client = below(2) == 0 ? 0U - below(400) : static_cast<std::uint32_t>(random_());
    const auto server = below(2) == 0 ? 0U - below(400) : static_cast<std::uint32_t>(random_());
    talk.open(client, server, kWindow);
    ends_[0].first = client + 1;
    ends_[1].first = server + 1;
    for (End& end : ends_) {
      end.content.resize(below(400));
      for (char& c : end.content) c = static_cast<char>('a' + static_cast<char>(below(26)));
    }
  }

  // True when all arrived and both ends closed.
  bool run() {
    for (int step = 0; step < 60'000 && !(ends_[0].done() && ends_[1].done() && closed); ++step) {
      const auto i = below(2);
      switch (below(4)) {
        case 0:
          send(i);
          break;
        case 1:
          through_stream(i);
          break;
        default:
          arrive(i);
          break;
      }
    }
    return closed && ends_[0].receiver.delivered() == ends_[1].content &&
           ends_[1].receiver.delivered() == ends_[0].content;
  }

  std::mt19937_64 random_;
  Conversation talk;
  bool closed = false;
  std::uint64_t held_full = 0;
  std::uint64_t held = 0;

 private:
  std::uint32_t below(std::uint32_t limit) {
    return limit == 0 ? 0 : static_cast<std::uint32_t>(random_() % limit);
  }

  void put(std::uint32_t i, std::uint32_t offset, const std::string& data, bool fin) {
    End& end = ends_[i];
    const auto acknowledged = static_cast<std::uint32_t>(end.receiver.acknowledges());
    if (end.towards_stream.size() > 20 || below(8) == 0) return;  // lost on the way
    end.towards_stream.push_back(
        talk.packet({i == 0 ? kClient : kServer, fin ? kFin : kAck, end.first + offset,
                     ends_[1 - i].first + acknowledged, data, kWindow}));
  }

  void send(std::uint32_t i) {
    End& end = ends_[i];
    if (end.acked == end.sent && below(6) == 0) {
      const bool closes = end.sent == end.size() + 1;
      put(i, end.sent - 1, below(2) == 0 && !closes ? "G" : "", false);  // keepalive
      return;
    }
    const bool again = end.sent > end.acked && below(2) == 0;
    const std::uint32_t from = again ? end.acked + below(3) * below(end.sent - end.acked) / 2 : end.sent;
    const std::uint32_t to = std::min({end.size(), end.limit, from + below(24)});
    const std::uint32_t length = to > from ? to - from : 0;
    const bool fin = from + length == end.size();
    put(i, from, from <= end.size() ? end.content.substr(from, length) : "", fin);
    if (from <= end.size()) end.sent = std::max(end.sent, from + length + (fin ? 1 : 0));
  }

  Packet pick(std::vector<Packet>& queue) {
    const auto at = below(3) == 0 ? below(static_cast<std::uint32_t>(queue.size())) : 0;
    const Packet packet = queue[at];
    queue.erase(queue.begin() + at);
    return packet;
  }

  void through_stream(std::uint32_t i) {
    if (ends_[i].towards_stream.empty()) return;
    accept(i, pick(ends_[i].towards_stream));
    Packet packet;
    for (const std::uint32_t j : {i, 1 - i}) {
      while (talk.stream.next_held(j == 0 ? kClient : kServer, talk.pools, packet)) accept(j, packet);
    }
  }

  void accept(std::uint32_t i, const Packet& packet) {
    const Direction direction = i == 0 ? kClient : kServer;
    const Step step = talk.send(direction, packet);
    closed = closed || step.closed;
    if (step.act == Act::hold) ++held;
    if (step.act == Act::drop) {
      EXPECT_EQ(name_of(step.reason), name_of(Reason::held_full));
      ++held_full;
    }
    if (step.act == Act::drop || step.act == Act::hold) return;
    talk.stream.consume(direction, below(30));
    talk.stream.settle(direction, talk.pools);
    if (below(8) == 0) return;  // lost behind the stream
    Packet out = packet;
    if (step.act == Act::empty) out.payload_length = 0;
    ends_[i].towards_peer.push_back(out);
  }

  void arrive(std::uint32_t i) {
    if (ends_[i].towards_peer.empty()) return;
    const Packet packet = pick(ends_[i].towards_peer);
    End& from = ends_[i];
    End& to = ends_[1 - i];
    const auto offset = static_cast<std::int32_t>(packet.tcp.sequence - from.first);
    to.receiver.take(offset, text_of(packet.payload()), (packet.tcp.flags & tcp_flag::fin) != 0);
    const std::uint32_t acknowledged = packet.tcp.acknowledgement - to.first;
    to.acked = std::max(to.acked, acknowledged);
    to.limit = std::max(to.limit, acknowledged + kWindow);
  }

  std::array<End, 2> ends_;
};

TEST(Progress, honest_ends_get_everything_through_loss_and_disorder) {
  std::uint64_t held = 0;
  std::uint64_t held_full = 0;
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    SCOPED_TRACE(seed);
    Exchange exchange{seed, seed % 2 == 0 ? 32U : 2U};
    ASSERT_TRUE(exchange.run());
    held += exchange.held;
    held_full += exchange.held_full;
    const Direction both[] = {kClient, kServer};
    for (const Direction direction : both) exchange.talk.take(direction);
    EXPECT_EQ(exchange.talk.bytes.taken(), 0U);
    if (HasFailure()) break;
  }
  EXPECT_GT(held, 10'000U);
  EXPECT_GT(held_full, 1000U);
}

}  // namespace
}  // namespace sluice
