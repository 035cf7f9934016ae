// The contract between dataplane and daemon, where either lies: messages, records, the memory that both
// share, and the server that listens. The first byte of the input says which; the rest is what the other side
// would have written.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "dataplane/channel/ring_events.hpp"
#include "dataplane/channel/server.hpp"
#include "dataplane/protocol/protocol.hpp"
#include "rules/base/fuzz.hpp"

namespace sluice::channel {
namespace {

using fuzz::expect;

std::uint64_t sum_of(ByteView bytes) {
  std::uint64_t sum = 0;
  for (const auto byte : bytes) sum += byte;
  return sum;
}

template <class Message>
bool readable(ByteView bytes) {
  Message message;
  if (!read(bytes, message)) return false;
  expect(message.header.size == sizeof message && message.header.kind == Message::kKind,
         "a message is what it says");
  if constexpr (requires { message.reason; }) (void)sum_of(bytes_of(message.reason.get()));
  if constexpr (requires { message.ports; }) {
    for (const auto& port : message.ports) (void)sum_of(bytes_of(port.get()));
    (void)sum_of(bytes_of(message.remark.get()));
  }
  return true;
}

void messages(ByteView bytes) {
  const fuzz::Exact exact{bytes};
  const auto view = exact.view();
  const int kinds = (readable<State>(view) ? 1 : 0) + (readable<Publish>(view) ? 1 : 0) +
                    (readable<Confirm>(view) ? 1 : 0) + (readable<Status>(view) ? 1 : 0) +
                    (readable<Answer>(view) ? 1 : 0) + (readable<Refusal>(view) ? 1 : 0);
  expect(kinds <= 1, "a message is of one kind");
}

// A record that a reader accepted can be read, written, and read again as the same.
void check(const Record& record) {
  expect(record.head.value_count <= Record::kMostValues && record.head.span_count <= Record::kMostSpans &&
             record.head.name_bytes <= Record::kMostNames && record.head.reason < Reason::count_ &&
             record.head.verdict <= Verdict::reset && record.head.vlan_count <= 2 && record.head.count != 0,
         "an accepted record keeps its bounds");
  for (std::size_t i = 0; i < record.head.span_count; ++i)
    (void)sum_of(bytes_of(record.name(record.spans[i])));
  Cells cells;
  const auto count = encode(record, cells);
  expect(count >= 3 && count <= kMostCells, "a record has three to eight cells");
  Record again;
  expect(decode(cells, count, again), "what was encoded is decoded");
  auto head = record.head;
  head.cells = again.head.cells;
  if (again.head.value_count < head.value_count) {  // what found no room is told
    expect((again.head.flags & record_flag::more_values) != 0, "what is left out is told");
    head.value_count = again.head.value_count;
    head.flags |= record_flag::more_values;
  }
  expect(std::memcmp(&head, &again.head, sizeof head) == 0, "a head comes back as it was");
  expect(
      std::memcmp(record.values.data(), again.values.data(), head.value_count * sizeof(RecordValue)) == 0 &&
          std::memcmp(record.spans.data(), again.spans.data(), head.span_count * sizeof(RecordSpan)) == 0 &&
          std::memcmp(record.names.data(), again.names.data(), head.name_bytes) == 0,
      "a tail comes back as it was");
}

void records(ByteView bytes) {
  Cells cells;
  if (!bytes.empty()) std::memcpy(cells.data(), bytes.data(), std::min(bytes.size(), sizeof cells));
  const auto count = (bytes.size() + kCellSize - 1) / kCellSize;
  Record record;
  if (decode(cells, count, record)) check(record);
}

// The memory as the daemon has it, and as a dataplane that lies sees it.
struct Both {
  SharedMemory dataplane;
  SharedMemory daemon;
  std::uint8_t* raw;
  std::size_t size;
};
constexpr SharedSizes kSizes{.workers = 1, .ports = 2, .verdict_cells = 64, .transaction_cells = 64};

Both& shared() {
  static Both both = [] {
    auto dataplane = SharedMemory::create(kSizes);
    expect(dataplane.has_value(), "shared memory can be made");
    auto daemon = SharedMemory::open(dataplane->fd());
    expect(daemon.has_value(), "shared memory can be opened");
    const auto size = static_cast<std::size_t>(lseek(dataplane->fd(), 0, SEEK_END));
    auto* const raw = static_cast<std::uint8_t*>(
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, dataplane->fd(), 0));
    return Both{std::move(*dataplane), std::move(*daemon), raw, size};
  }();
  return both;
}

// Behind the header all is the other side's.
void wipe(Both& both) {
  std::memset(both.raw + sizeof(layout::Header), 0, both.size - sizeof(layout::Header));
}

void poke(Both& both, fuzz::Choices& choices) {
  constexpr std::size_t kFrom = (sizeof(layout::Header) + kCellSize - 1) / kCellSize * kCellSize;
  const auto place = choices.half();
  const auto bytes = choices.bytes(1U + choices.byte());
  const auto at = kFrom + place % (both.size - kFrom);
  std::memcpy(both.raw + at, bytes.data(), std::min(bytes.size(), both.size - at));
}

// The four indices of a ring are the first thing to lie about.
void poke_indices(Both& both, fuzz::Choices& choices) {
  constexpr std::size_t kPorts = (sizeof(layout::Header) + kCellSize - 1) / kCellSize * kCellSize;
  constexpr std::size_t kWorker = kPorts + kSizes.ports * sizeof(layout::Port);
  const auto which = choices.byte();
  const auto ring =
      (which & 1U) == 0 ? offsetof(layout::Worker, verdicts) : offsetof(layout::Worker, transactions);
  const auto index = (which & 2U) == 0 ? offsetof(RingIndices, head) : offsetof(RingIndices, tail);
  std::uint64_t value = choices.byte();
  if ((which & 4U) != 0) value = ~value;
  if ((which & 8U) != 0) value = value << 32U | choices.word();
  store(*reinterpret_cast<std::uint64_t*>(both.raw + kWorker + ring + index), value);
}

void hostile_dataplane(fuzz::Choices& choices) {
  auto& both = shared();
  wipe(both);
  auto verdicts = both.daemon.verdict_reader(0);
  auto transactions = both.daemon.transaction_reader(0);
  while (!choices.done()) {
    switch (choices.below(6)) {
      case 0:
      case 1:
        poke(both, choices);
        break;
      case 2:
        poke_indices(both, choices);
        break;
      case 3:
      case 4: {
        auto& reader = choices.byte() % 2 == 0 ? verdicts : transactions;
        const std::size_t most = choices.byte();
        std::size_t seen = 0;
        const auto taken = reader.drain(most, [&](const Record& record) {
          ++seen;
          check(record);
        });
        expect(taken == seen && taken <= most && taken <= kSizes.verdict_cells, "a drain ends at its bound");
        break;
      }
      default:
        (void)both.daemon.counters(0);
        (void)both.daemon.heartbeat(0);
        (void)both.daemon.generation(0);
        for (std::uint32_t port = 0; port < kSizes.ports; ++port) (void)both.daemon.port(port);
        (void)(verdicts.lost() + verdicts.coalesced() + verdicts.corrupt());
        break;
    }
  }
}

// A reader that lies about how far it read: nothing is written beside the ring, and what waits stays bounded.
void hostile_daemon(fuzz::Choices& choices) {
  auto& both = shared();
  wipe(both);
  RingEvents events{both.dataplane.verdict_writer(0), both.dataplane.transaction_writer(0),
                    registry().schemas, 7};
  Packet packet;
  packet.network = Network::ipv4;
  while (!choices.done()) {
    Event event;
    event.packet = &packet;
    switch (choices.below(5)) {
      case 0:
        poke_indices(both, choices);
        break;
      case 1:
        poke(both, choices);
        break;
      case 2:
        events.flush();
        break;
      default: {
        const auto name = choices.bytes(choices.byte() % 80U);
        const std::array spans = {Span{0, 1, name, 2, 3}};
        event.reason = static_cast<Reason>(choices.below(static_cast<std::uint32_t>(Reason::count_)));
        event.from = choices.byte();
        event.spans = spans;
        for (unsigned i = 0; i <= choices.byte() % 16U; ++i) {
          event.function = static_cast<std::uint16_t>(i);
          if (choices.byte() % 2 == 0) {
            events.verdict(event);
          } else {
            events.transaction(event);
          }
        }
        break;
      }
    }
    expect(events.waiting() <= RingEvents::kWays * RingEvents::kSets, "what waits has its bound");
  }
}

// A memory with any header: refused, or of the size that it says.
void header(fuzz::Choices& choices) {
  auto& both = shared();
  layout::Header header;
  std::memcpy(&header, both.raw, sizeof header);
  const auto size = (choices.byte() & 1U) != 0 ? both.size : std::size_t{choices.half()};
  while (!choices.done()) {
    const auto at = choices.byte() % sizeof header;
    reinterpret_cast<std::uint8_t*>(&header)[at] = choices.byte();
  }
  const Descriptor fd{memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  expect(fd.open() && ftruncate(fd.get(), static_cast<off_t>(size)) == 0, "a memory can be made");
  expect(pwrite(fd.get(), &header, std::min(size, sizeof header), 0) >= 0, "a memory can be written");
  fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  auto opened = SharedMemory::open(fd.get());
  if (!opened) return;
  for (std::uint32_t worker = 0; worker < opened->sizes().workers; ++worker) {
    (void)opened->counters(worker);
    (void)opened->verdict_reader(worker).drain(10, [](const Record&) {});
    (void)opened->transaction_reader(worker).drain(10, [](const Record&) {});
  }
  for (std::uint32_t port = 0; port < opened->sizes().ports; ++port) (void)opened->port(port);
}

class Refusing final : public Handler {
 public:
  void state(State& state) noexcept override { state.running = 3; }
  Result<void> publish(std::vector<std::uint8_t> image, Generation generation, Duration) override {
    expect(generation.value > 3, "only what is newer is published");
    return failure(std::to_string(sum_of(image)));
  }
  Result<void> confirm(Generation) override { return failure("no"); }
};

// A client that sends anything, with or without a descriptor.
void client(fuzz::Choices& choices) {
  // A socket without a name in any folder.
  static const int kListener = [] {
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un none{};
    none.sun_family = AF_UNIX;
    expect(
        bind(fd, reinterpret_cast<const sockaddr*>(&none), sizeof none.sun_family) == 0 && listen(fd, 4) == 0,
        "a socket can be bound");
    return fd;
  }();
  sockaddr_un name{};
  socklen_t length = sizeof name;
  getsockname(kListener, reinterpret_cast<sockaddr*>(&name), &length);
  Refusing handler;
  Server server{Descriptor{dup(kListener)}, shared().dataplane, handler, 4096};
  const Descriptor socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  expect(connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), length) == 0,
         "a client can connect");
  server.serve({});
  for (int i = 0; i < 4 && !choices.done() && server.connected(); ++i) {
    const auto shape = choices.byte();
    MessageBuffer buffer{};
    std::size_t size = 0;
    const auto begin = [&](auto message) {
      std::memcpy(buffer.data(), &message, sizeof message);
      size = sizeof message;
    };
    if ((shape & 3U) == 1) begin(make<Publish>(7));
    if ((shape & 3U) == 2) begin(make<Confirm>(7));
    if ((shape & 3U) == 3) begin(make<Status>(7));
    const auto bytes = choices.bytes(choices.byte());
    const std::size_t at = (shape & 3U) == 0 ? 0 : sizeof(MessageHeader);
    std::memcpy(buffer.data() + at, bytes.data(), std::min(bytes.size(), buffer.size() - at));
    if (size == 0) size = bytes.size();
    Descriptor image;
    if ((shape & 4U) != 0) {
      auto sealed = seal(choices.bytes(choices.half() % 2048U), "image");
      if (sealed) image = std::move(*sealed);
    }
    (void)send_message(socket.get(), {buffer.data(), size}, image.get());
    server.serve({});
    MessageBuffer answer;
    while (receive_message(socket.get(), answer)) {
    }
  }
}

}  // namespace
}  // namespace sluice::channel

sluice::fuzz::Start sluice::fuzz::start() {
  using namespace sluice::channel;
  Start start;
  const auto add = [&](unsigned what, ByteView bytes) {
    start.seeds.push_back(Script{}.byte(what).bytes(bytes).done());
  };
  auto state = make<State>(1);
  state.port_count = 2;
  state.ports[0].set("eth1");
  state.remark.set("remark");
  add(0, sluice::channel::bytes_of(state));
  add(0, sluice::channel::bytes_of(make<Publish>(1)));
  add(0, sluice::channel::bytes_of(make<Confirm>(2)));
  add(0, sluice::channel::bytes_of(make<Status>(3)));
  add(0, sluice::channel::bytes_of(make<Answer>(4)));
  add(0, sluice::channel::bytes_of(make<Refusal>(5)));
  Record record;
  record.head.value_count = 3;
  record.head.span_count = 2;
  record.head.name_bytes = 5;
  record.head.network = Network::ipv4;
  record.spans[0] = {1, 0, 5, 0, 9, 1, 2};
  std::memcpy(record.names.data(), "Speed", 5);
  Cells cells;
  const auto count = encode(record, cells);
  const ByteView encoded{cells[0].bytes.data(), count * kCellSize};
  add(1, encoded);
  // The record written into the ring by hand, its head moved, and drained. The first ring's cells lie behind
  // two ports and the worker's block.
  const auto cell = 2U * sizeof(layout::Port) + sizeof(layout::Worker);
  Script ring;
  for (std::size_t at = 0; at < encoded.size(); at += 128) {
    const auto part = encoded.subspan(at, std::min<std::size_t>(128, encoded.size() - at));
    ring.byte(0)
        .half(static_cast<unsigned>(cell + at))
        .byte(static_cast<unsigned>(part.size()) - 1)
        .bytes(part);
  }
  ring.byte(2).byte(0).byte(static_cast<unsigned>(count)).byte(3).byte(0).byte(10).byte(5);
  add(2, ring.done());
  add(2, Script{}
             .byte(2)
             .byte(0)
             .byte(64)
             .byte(3)
             .byte(0)
             .byte(255)
             .byte(2)
             .byte(12)
             .byte(1)
             .word(7)
             .byte(3)
             .byte(0)
             .byte(9)
             .done());
  Script writer;
  for (unsigned i = 0; i < 30; ++i)
    writer.byte(3).byte(5).text("Speed").byte(i).byte(i).byte(3).byte(0).byte(1).byte(0).byte(2);
  add(3, writer.byte(0).byte(2).byte(60).byte(2).done());
  add(4, Script{}.byte(1).done());
  add(4, Script{}.byte(1).byte(24).byte(2).done());
  add(4, Script{}.byte(0).half(200).byte(16).byte(9).done());
  add(5, Script{}
             .byte(3)
             .byte(0)
             .byte(2)
             .byte(8)
             .word(3)
             .word(0)
             .byte(5)
             .byte(16)
             .word(4)
             .word(0)
             .word(0)
             .word(0)
             .half(64)
             .bytes(Bytes(64, 7))
             .done());
  add(5, Script{}.byte(0).byte(40).bytes(sluice::channel::bytes_of(make<Publish>(1)).first(40)).done());
  return start;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  if (size == 0) return 0;
  fuzz::Choices choices{{data + 1, size - 1}};
  switch (data[0] % 6) {
    case 0:
      channel::messages(choices.rest());
      break;
    case 1:
      channel::records(choices.rest());
      break;
    case 2:
      channel::hostile_dataplane(choices);
      break;
    case 3:
      channel::hostile_daemon(choices);
      break;
    case 4:
      channel::header(choices);
      break;
    default:
      channel::client(choices);
      break;
  }
  return 0;
}
