#include "dataplane/packet/values.hpp"

#include <algorithm>

#include "dataplane/packet/schema.hpp"
#include "rules/base/reader.hpp"

namespace sluice {
namespace {

constexpr std::uint16_t kPacketProtocol = 0;  // its place in the registry
constexpr std::uint16_t kProviderTag = 0x88a8;

// Layers from network_offset on begin and end where the packet says; the numbers are read where the layer has
// them.
class Writer {
 public:
  Writer(const Packet& packet, std::span<Value> out) noexcept : packet_{packet}, out_{out} {}

  void put(PacketField field, std::uint64_t number) noexcept { put(Value::of(ref(field), number)); }
  void put(PacketField field, ByteView bytes) noexcept { put(Value::of(ref(field), bytes)); }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  // The bytes [offset, offset + length), or what the frame has of them.
  [[nodiscard]] ByteView at(std::size_t offset, std::size_t length) const noexcept {
    const auto bytes = packet_.frame.bytes();
    if (offset >= bytes.size()) return {};
    return bytes.subspan(offset, std::min(length, bytes.size() - offset));
  }

 private:
  static FieldRef ref(PacketField field) noexcept {
    return {kPacketProtocol, static_cast<std::uint16_t>(field)};
  }
  void put(const Value& value) noexcept {
    if (count_ < out_.size()) out_[count_++] = value;
  }

  const Packet& packet_;
  std::span<Value> out_;
  std::size_t count_ = 0;
};

void ethernet(const Packet& packet, Writer& writer) noexcept {
  const std::size_t start = packet.link_offset;
  writer.put(PacketField::eth, writer.at(start, packet.frame.length));
  writer.put(PacketField::eth_dst, writer.at(start, 6));
  writer.put(PacketField::eth_addr, writer.at(start, 6));
  writer.put(PacketField::eth_src, writer.at(start + 6, 6));
  writer.put(PacketField::eth_addr, writer.at(start + 6, 6));
  Reader reader{writer.at(start + 12, 2 + 4 * packet.vlans.size())};
  auto type = reader.be16();
  if (type > 1535) writer.put(PacketField::eth_type, type);
  const std::size_t tags = start == 0 ? packet.vlan_count : 0;  // a frame inside of another has none
  for (std::size_t i = 0; i < tags; ++i) {
    const auto control = reader.be16();
    if (type != kProviderTag) {
      writer.put(PacketField::vlan, writer.at(14 + 4 * i, packet.frame.length));
      writer.put(PacketField::vlan_priority, control >> 13);
      writer.put(PacketField::vlan_id, control & 0x0fffU);
    }
    type = reader.be16();
  }
}

void addresses(Writer& writer, std::size_t source, std::size_t length, PacketField from, PacketField to,
               PacketField either) noexcept {
  writer.put(from, writer.at(source, length));
  writer.put(either, writer.at(source, length));
  writer.put(to, writer.at(source + length, length));
  writer.put(either, writer.at(source + length, length));
}

void network(const Packet& packet, Writer& writer) noexcept {
  const std::size_t start = packet.network_offset;
  const ByteView layer = packet.network_payload();
  switch (packet.network) {
    case Network::none:
      return;
    case Network::arp:
      writer.put(PacketField::arp, layer);
      writer.put(PacketField::arp_opcode, packet.source_port);
      return;
    case Network::ipv4: {
      writer.put(PacketField::ip, layer);
      writer.put(PacketField::ip_ttl, packet.ttl);
      writer.put(PacketField::ip_proto, packet.ip_protocol);
      addresses(writer, start + 12, 4, PacketField::ip_src, PacketField::ip_dst, PacketField::ip_addr);
      return;
    }
    case Network::ipv6: {
      Reader reader{layer};
      reader.skip(6);
      writer.put(PacketField::ipv6, layer);
      writer.put(PacketField::ipv6_nxt, reader.u8());
      addresses(writer, start + 8, 16, PacketField::ipv6_src, PacketField::ipv6_dst, PacketField::ipv6_addr);
      return;
    }
  }
}

void ports(const Packet& packet, Writer& writer, PacketField from, PacketField to,
           PacketField either) noexcept {
  writer.put(from, packet.source_port);
  writer.put(either, packet.source_port);
  writer.put(to, packet.destination_port);
  writer.put(either, packet.destination_port);
}

void transport(const Packet& packet, Writer& writer) noexcept {
  const ByteView layer = writer.at(packet.transport_offset, packet.network_end - packet.transport_offset);
  switch (packet.transportation) {
    case Transportation::none:
    case Transportation::other:
    case Transportation::icmpv6:
      return;
    case Transportation::icmp:
      writer.put(PacketField::icmp, layer);
      writer.put(PacketField::icmp_type, packet.source_port);
      writer.put(PacketField::icmp_code, packet.destination_port);
      return;
    case Transportation::tcp:
      writer.put(PacketField::tcp, layer);
      ports(packet, writer, PacketField::tcp_srcport, PacketField::tcp_dstport, PacketField::tcp_port);
      if (packet.payload_offset > packet.transport_offset) {  // not of a quoted segment
        writer.put(PacketField::tcp_len, packet.payload_length + packet.missing);
      }
      return;
    case Transportation::udp: {
      Reader reader{layer};
      reader.skip(4);
      const auto length = reader.be16();
      writer.put(PacketField::udp, layer);
      ports(packet, writer, PacketField::udp_srcport, PacketField::udp_dstport, PacketField::udp_port);
      if (reader.ok()) writer.put(PacketField::udp_length, length);
      return;
    }
  }
}

}  // namespace

std::size_t packet_values(const Packet& packet, std::uint64_t frame_number, std::span<Value> out) noexcept {
  Writer writer{packet, out};
  writer.put(PacketField::frame_number, frame_number);
  writer.put(PacketField::frame_len, std::max(packet.frame.length, packet.frame.wire_length));
  if (packet.network_offset == 0) return writer.count();
  ethernet(packet, writer);
  network(packet, writer);
  transport(packet, writer);
  Packet quoted;
  if (parse_quoted(packet, quoted)) {
    network(quoted, writer);
    transport(quoted, writer);
  }
  return writer.count();
}

}  // namespace sluice
