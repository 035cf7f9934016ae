// parse() and what reads its result: any bytes, as a whole frame and as one that was cut.
#include <array>
#include <vector>

#include "dataplane/packet/packet.hpp"
#include "dataplane/packet/values.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  std::vector<std::uint8_t> bytes(data, data + size);
  std::array<Value, kMostPacketValues> values;
  for (const std::uint32_t cut : {0U, 60U}) {
    for (const auto lengths : {Lengths::strict, Lengths::captured}) {
      Frame frame;
      frame.data = bytes.data();
      frame.length = static_cast<std::uint32_t>(bytes.size());
      frame.wire_length = frame.length + cut;
      Packet packet;
      (void)parse(frame, cut == 0 ? Checksums::verify : Checksums::count, packet, lengths);
      (void)packet_values(packet, 1, values);
      Packet quoted;
      (void)parse_quoted(packet, quoted);
      std::uint64_t sum = 0;
      for (const auto byte : packet.payload()) sum += byte;
      for (const auto byte : packet.network_payload()) sum += byte;
      if (sum == 1) values[0] = {};
    }
  }
  return 0;
}
