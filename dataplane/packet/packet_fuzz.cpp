// parse() and all that works on its result: any bytes, as a whole frame and as one that was cut, and, with
// its checksums made right, every edit of it. The input is one frame.
#include <array>
#include <memory>
#include <vector>

#include "dataplane/flow/key.hpp"
#include "dataplane/packet/builder.hpp"
#include "dataplane/packet/edit.hpp"
#include "dataplane/packet/nested.hpp"
#include "dataplane/packet/packet.hpp"
#include "dataplane/packet/tunnel.hpp"
#include "dataplane/packet/values.hpp"
#include "rules/base/fuzz.hpp"

namespace sluice {
namespace {

using fuzz::expect;

class OneFrame final : public Buffers {
 public:
  void forward(Frame, PortId) noexcept override {}
  void release(Frame) noexcept override {}
  Frame allocate(std::uint32_t length) noexcept override {
    memory_ = std::make_unique<std::uint8_t[]>(length);
    Frame frame;
    frame.data = memory_.get();
    frame.length = frame.wire_length = length;
    return frame;
  }

 private:
  std::unique_ptr<std::uint8_t[]> memory_;
};

Frame frame_of(fuzz::Bytes& bytes, std::uint32_t missing = 0) {
  auto frame = build::frame_over(bytes);
  frame.wire_length = frame.length + missing;
  return frame;
}

// What holds of any parsed frame, good or bad.
void expect_consistent(const Packet& packet, Reason reason) {
  const auto length = packet.frame.length;
  expect(packet.network_offset <= length && packet.network_end <= length, "layer 3 is inside the frame");
  expect(packet.payload_offset + packet.payload_length <= length, "the payload is inside the frame");
  expect(packet.network_offset == 0 || packet.network_end >= packet.network_offset,
         "layer 3 ends behind its start");
  expect(packet.vlan_count <= 2, "at most two tags");
  expect(packet.fragment == 0 || packet.transportation == Transportation::none, "a part has no transport");
  expect(packet.transportation != Transportation::tcp ||
             packet.tcp.options + packet.tcp.options_length <= length,
         "options are inside the frame");
  if (reason == Reason::none && packet.network_offset != 0) {
    expect(packet.network_offset >= 14 + 4 * packet.vlan_count, "the tags stand in front of layer 3");
    expect(packet.payload_offset + packet.payload_length <= packet.network_end,
           "the payload is inside layer 3");
    expect(packet.missing == 0, "nothing is missing of a good frame");
  }
  std::uint32_t sum = 0;
  for (const auto byte : packet.payload()) sum += byte;
  for (const auto byte : packet.network_payload()) sum += byte;
  std::array<Value, kMostPacketValues> values;
  const auto count = packet_values(packet, 1, values);
  expect(count < values.size(), "a packet has fewer values than room");
  for (const auto& value : std::span{values}.first(count)) sum += value.field.field;
  (void)key_of(packet, 1);
  (void)packet.tunnel();
  Packet quoted;
  if (parse_quoted(packet, quoted)) {
    expect(quoted.transport_offset <= quoted.network_end && quoted.network_end <= length,
           "what an error quotes is inside the frame");
    (void)key_of(quoted, 1);
  }
  expect(sum <= 255U * 2U * length + 65536U * kMostPacketValues, "sums are sums");
}

// After an edit, frame and packet agree.
void expect_agreement(const Packet& edited) {
  Packet again;
  expect(parse(edited.frame, Checksums::verify, again).reason == Reason::none,
         "what was edited is a good frame");
  expect(again.network_end == edited.network_end && again.payload_offset == edited.payload_offset &&
             again.payload_length == edited.payload_length && again.tcp.flags == edited.tcp.flags &&
             again.tcp.sequence == edited.tcp.sequence && again.tcp.urgent == edited.tcp.urgent &&
             again.source == edited.source && again.destination == edited.destination,
         "packet and frame agree after an edit");
}

void edit(const fuzz::Bytes& good) {
  const auto fresh = [&](fuzz::Bytes& copy, Packet& packet) {
    copy = good;
    return parse(frame_of(copy), Checksums::verify, packet);
  };
  fuzz::Bytes copy;
  Packet packet;
  if (fresh(copy, packet).reason != Reason::none) return;  // a UDP checksum that IPv6 forbids, for instance
  const bool tcp = packet.transportation == Transportation::tcp;

  OneFrame buffers;
  for (const auto towards : {Towards::source, Towards::destination}) {
    const auto reset = make_bare(packet, towards, {.sequence = 7, .acknowledgement = 9}, buffers);
    expect((reset.data != nullptr) == tcp, "TCP, and only TCP, can be reset");
    Packet parsed;
    if (reset.data != nullptr) {
      expect(parse(reset, Checksums::verify, parsed).reason == Reason::none, "a reset is a good frame");
    }
  }

  static constexpr std::uint8_t kStandIn[] = {0xff, 0, 0xaa, 0x55, 1};
  if (tcp || packet.transportation == Transportation::udp) {
    for (const auto at : {0U, packet.payload_length / 3, packet.payload_length - 1}) {
      overwrite_payload(packet, at, kStandIn);
      expect_agreement(packet);
    }
  }
  (void)fresh(copy, packet);
  clear_trailer(packet);
  for (std::size_t at = packet.network_end; at < packet.frame.length && packet.network != Network::none; ++at)
    expect(packet.frame.bytes()[at] == 0, "a trailer that was cleared is zero");
  expect_agreement(packet);

  (void)fresh(copy, packet);
  strip_payload(packet);
  expect(!tcp || packet.payload_length == 0, "a stripped segment is empty");
  expect_agreement(packet);
}

// What is inside of a good frame, as deep as it goes.
bool innermost(const fuzz::Bytes& frame, fuzz::Bytes& copy, Packet& packet) {
  copy = frame;
  if (parse(frame_of(copy), Checksums::verify, packet).reason != Reason::none) return false;
  while (const auto around = encapsulation_of(packet, Proof::port)) {
    const Packet outer = packet;
    const auto result = parse_inner(outer, *around, Checksums::verify, packet);
    expect_consistent(packet, result.reason);
    expect(packet.network_offset >= outer.network_offset && packet.network_end <= outer.network_end,
           "a packet lies inside of its outer one");
    if (result.reason != Reason::none) return false;
    expect(packet.depth <= kMostTunnels, "tunnels are bounded");
  }
  return packet.depth != 0;
}

// Edits inside of a tunnel leave a good frame.
void edit_inside(const fuzz::Bytes& good) {
  fuzz::Bytes copy;
  Packet packet;
  if (!innermost(good, copy, packet)) return;
  repair_outers(packet);
  expect(copy == good, "where nothing was edited nothing changes");
  static constexpr std::uint8_t kStandIn[] = {0xff, 0, 0xaa, 0x55, 1};
  overwrite_payload(packet, packet.payload_length / 2, kStandIn);
  strip_payload(packet);
  repair_outers(packet);
  const fuzz::Bytes edited{packet.frame.data, packet.frame.data + packet.frame.length};
  Packet again;
  // Bytes that were overwritten may have been the next packet's.
  if (packet.transportation == Transportation::tcp) {
    expect(innermost(edited, copy, again) && again.depth == packet.depth, "what was edited inside is good");
    expect(again.network_end == packet.network_end && again.payload_length == 0, "and agrees");
  }
}

}  // namespace

fuzz::Start fuzz::start() {
  using build::hex;
  const build::Link six{.source = "fd00::1", .destination = "fd00::2"};
  auto chained = six;
  chained.extensions = hex("3c 00 05 02 0000 0100  2b 00 01 04 00000000  06 00 00 00 00000000");
  auto part = six;
  part.first_extension = 44;
  part.extensions = hex("06 00 0008 00000007");
  const auto options = hex("0204 05b4 0402 080a 00000005 00000006 01 0303 07");
  const auto data = build::bytes("hello");
  const auto tcp = build::tcp({}, {.payload = data});
  const auto udp = build::udp(six, {.payload = data});
  fuzz::Start all{
      {tcp,
       build::tcp({.least = 60}, {}),
       build::tcp({.tags = {{.id = 1}, {.id = 2}}}, {.payload = data}),
       build::tcp({.tags = {{.id = 0, .priority = 6, .type = 0x88a8}}}, {.payload = data}),
       build::tcp({.options = hex("94040000")}, {.flags = tcp_flag::syn, .options = options}),
       build::tcp({.options = hex("8307 04 0a000001 00"), .trailer = data}, {.urgent = 1, .payload = data}),
       build::tcp(six, {.payload = data}),
       build::tcp(chained, {.payload = data}),
       build::udp({}, {.payload = data}),
       udp,
       build::icmp({}, {.payload = data}),
       build::icmp({}, {.type = 3, .code = 3, .payload = Bytes(tcp.begin() + 14, tcp.end())}),
       build::icmp(six, {.type = 2, .payload = Bytes(udp.begin() + 14, udp.end())}),
       build::arp({.least = 60}, {}),
       build::llc({.least = 60}, hex("424203 0000 00 00")),
       build::llc({.least = 60}, hex("aaaa03 000000 0800 45")),
       build::ethernet({}, 0x88b8, Bytes(50)),
       build::ip({.fragment = 0x2000}, 17, Bytes(64)),
       build::ip({.fragment = 0x0001}, 6, Bytes(24)),
       build::ip(part, 6, Bytes(64)),
       build::ip({}, 47, hex("0000 0800 4500")),
       build::ip({}, 4, Bytes(tcp.begin() + 14, tcp.end())),
       build::nested(Tunnel::vxlan, six, build::nested(Tunnel::ipip, {}, tcp))},
      {}};
  for (const auto& family : build::kFamilies) {
    const auto inner = build::tcp(family.carries_six ? six : build::Link{}, {.payload = data});
    all.seeds.push_back(build::nested(family.tunnel, family.over_six ? six : build::Link{}, inner));
  }
  return all;
}

}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  fuzz::Exact exact{{data, size}};
  auto& bytes = exact.bytes();
  for (const std::uint32_t missing : {0U, 60U}) {
    for (const auto lengths : {Lengths::strict, Lengths::captured}) {
      Packet packet;
      const auto counted = parse(frame_of(bytes, missing), Checksums::count, packet, lengths);
      if (lengths == Lengths::strict) expect_consistent(packet, counted.reason);
      Packet verified;
      const auto result = parse(frame_of(bytes, missing), Checksums::verify, verified, lengths);
      fuzz::expect(
          counted.reason == Reason::none || counted.wrong_checksum || counted.reason == result.reason,
          "checksums alone make the difference");
      if (missing != 0 || lengths != Lengths::strict || counted.reason != Reason::none) continue;
      auto good = bytes;
      build::repair_checksums(good);
      edit(good);
      edit_inside(good);
    }
  }
  return 0;
}
