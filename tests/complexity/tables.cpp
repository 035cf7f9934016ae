// The flow table, streams, and messages in parts.
#include "dataplane/flow/table.hpp"
#include "dataplane/stream/assembler.hpp"
#include "dataplane/stream/stream.hpp"
#include "tests/complexity/workload.hpp"

namespace sluice::complexity {
namespace {

struct Slot {
  std::uint64_t id = 0;
};
using Table = FlowTable<Slot>;

FlowKey key(std::size_t number) {
  FlowKey out;
  out.low[15] = static_cast<std::uint8_t>(number);
  out.low[14] = static_cast<std::uint8_t>(number >> 8);
  out.low[13] = static_cast<std::uint8_t>(number >> 16);
  return out;
}

constexpr Time kNow{1'000'000'000};

std::shared_ptr<Table> table_of(std::size_t capacity, std::size_t entries) {
  auto table = std::make_shared<Table>(static_cast<std::uint32_t>(capacity), Secret{7});
  for (std::size_t i = 0; i < entries; ++i)
    expect(table->insert(key(i), Idle::half_open, kNow) != nullptr, "the table has room");
  return table;
}

// One end of a connection that was picked up midstream, fed with segments.
class Listening {
 public:
  explicit Listening(Tracking tracking) : tracking_{tracking} {}

  Step put(std::uint32_t sequence, ByteView payload) {
    auto frame = build::tcp({}, {.sequence = sequence, .payload = {payload.begin(), payload.end()}});
    Packet packet;
    (void)parse(build::frame_over(frame), Checksums::verify, packet);
    packets_.push_back({std::move(frame), packet});
    return {};
  }
  // What is measured: all that was put, in order.
  void run(bool consume) {
    Time now = kNow;
    for (auto& [frame, packet] : packets_) {
      const auto step = stream_.accept(Direction::forth, packet, now, tracking_, true, pools_);
      keep(step);
      if (step.act == Step::Act::forward) end(consume);
      Packet next;
      while (stream_.held() != 0 && stream_.next_held(Direction::forth, pools_, next)) {
        (void)stream_.accept(Direction::forth, next, now, tracking_, true, pools_);
        end(consume);
      }
      now = now + milliseconds(1);
    }
  }

 private:
  void end(bool consume) {
    keep(stream_.pending(Direction::forth, pools_));
    if (consume)
      stream_.consume(Direction::forth,
                      static_cast<std::uint32_t>(stream_.pending(Direction::forth, pools_).size()));
    stream_.settle(Direction::forth, pools_);
  }

  Tracking tracking_;
  BytePool bytes_{16U << 20};
  HeldPool held_{1024};
  StreamPools pools_{bytes_, held_};
  Stream stream_;
  std::vector<std::pair<Bytes, Packet>> packets_;
};

void add_stream(Workloads& all, const std::string& name, Tracking tracking, bool consume, unsigned last,
                std::function<void(Listening&, std::size_t)> put) {
  all.push_back({(tracking == Tracking::enforce ? "stream: " : "stream observed: ") + name,
                 [=](std::size_t n) -> std::function<void()> {
                   auto listening = std::make_shared<Listening>(tracking);
                   put(*listening, n);
                   return [=] { listening->run(consume); };
                 },
                 8, last, std::min(last, 12U)});
}

}  // namespace

void add_tables(Workloads& all) {
  all.push_back({"flow table: insert n",
                 [](std::size_t n) -> std::function<void()> {
                   auto table = table_of(n, 0);
                   return [=] {
                     for (std::size_t i = 0; i < n; ++i) keep(table->insert(key(i), Idle::half_open, kNow));
                   };
                 },
                 8, 20, 14});
  all.push_back({"flow table: find n among n, and n that are not there",
                 [](std::size_t n) -> std::function<void()> {
                   auto table = table_of(n, n);
                   return [=] {
                     for (std::size_t i = 0; i < 2 * n; ++i) keep(table->find(key(i)));
                   };
                 },
                 8, 20, 14});
  all.push_back({"flow table: expire n",
                 [](std::size_t n) -> std::function<void()> {
                   auto table = table_of(n, n);
                   return [=] {
                     const auto ended =
                         table->expire(kNow + seconds(100), ~0U, [](Table::Entry&) noexcept {});
                     expect(ended == n, "all are over");
                   };
                 },
                 8, 20, 14});
  all.push_back({"flow table: touch, erase and insert n again",
                 [](std::size_t n) -> std::function<void()> {
                   auto table = table_of(n, n);
                   return [=] {
                     for (std::size_t i = 0; i < n; ++i) {
                       auto* entry = table->find(key(i));
                       table->touch(*entry, Idle::closed, kNow);
                       table->erase(*entry);
                       keep(table->insert(key(n + i), Idle::half_open, kNow));
                     }
                   };
                 },
                 8, 20, 14});

  const Bytes one(1, 'x');
  for (const auto tracking : {Tracking::enforce, Tracking::observe}) {
    add_stream(all, "n segments of a byte, judged at once", tracking, true, 17,
               [one](Listening& to, std::size_t n) {
                 for (std::size_t i = 0; i < n; ++i) to.put(static_cast<std::uint32_t>(1000 + i), one);
               });
    add_stream(all, "n segments of a byte of one message", tracking, false, 17,
               [one](Listening& to, std::size_t n) {
                 for (std::size_t i = 0; i < n; ++i) to.put(static_cast<std::uint32_t>(1000 + i), one);
               });
    // E45: each run of 32 backwards, so that all but one wait.
    add_stream(all, "n segments of a byte, backwards by 32", tracking, false, 17,
               [one](Listening& to, std::size_t n) {
                 to.put(999, Bytes(2, 'x'));
                 for (std::size_t i = 0; i < n; ++i)
                   to.put(static_cast<std::uint32_t>(1001 + i / 32 * 32 + 31 - i % 32), one);
               });
    add_stream(all, "n segments of a byte, all backwards", tracking, false, 17,
               [one](Listening& to, std::size_t n) {
                 to.put(999, Bytes(2, 'x'));
                 for (std::size_t i = n; i > 0; --i) to.put(static_cast<std::uint32_t>(1001 + i), one);
               });
    add_stream(all, "n bytes, each sent again", tracking, false, 16, [one](Listening& to, std::size_t n) {
      for (std::size_t at = 0; at < n; at += 1024)
        to.put(static_cast<std::uint32_t>(1000 + at), Bytes(std::min<std::size_t>(1024, n - at), 'x'));
      for (std::size_t i = 0; i < n; ++i) to.put(static_cast<std::uint32_t>(1000 + i), one);
    });
    add_stream(all, "n overlapping segments, each a byte further", tracking, false, 16,
               [](Listening& to, std::size_t n) {
                 for (std::size_t i = 0; i < n; ++i)
                   to.put(static_cast<std::uint32_t>(1000 + i), Bytes(64, 'x'));
               });
  }
  all.push_back({"assembler: a message of n parts",
                 [](std::size_t n) -> std::function<void()> {
                   auto bytes = std::make_shared<BytePool>(std::size_t{16} << 20);
                   auto assembler = std::make_shared<Assembler>(16, *bytes);
                   auto list = std::make_shared<Assembler::List>();
                   return [=] {
                     const Bytes part(4, 'x');
                     for (std::size_t i = 0; i < n; ++i)
                       keep(assembler->add(*list, Direction::forth, 1, part, 1U << 18, kNow));
                     expect(assembler->bytes(*list, Direction::forth, 1).size() == 4 * n,
                            "all parts are there");
                     assembler->clear(*list);
                     keep(bytes);
                   };
                 },
                 6, 16, 14});
}

}  // namespace sluice::complexity
