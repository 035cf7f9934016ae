// Every decoder of the registry: the first byte picks protocol and role, the rest is a stream of messages.
#include <cstdlib>
#include <vector>

#include "dataplane/protocol/protocol.hpp"

namespace {

using namespace sluice;

class Nobody final : public Listener {
 public:
  void on_item(std::span<const Value> header, const Item& item) noexcept override {
    for (const auto values : {header, item.values}) {
      for (const auto& value : values) sum_ += value.field.field;
    }
  }
  void on_payload(std::uint16_t, ByteView payload) noexcept override {
    for (const auto byte : payload) sum_ += byte;
  }
  const Pending* on_response(std::uint64_t key) noexcept override {
    pending_ = {key, key * 31, 3};
    return (key & 1U) != 0 ? &pending_ : nullptr;
  }

 private:
  std::uint64_t sum_ = 0;
  Pending pending_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto& known = registry();
  const std::size_t count = known.protocols.size() - 1;
  const std::uint16_t id = static_cast<std::uint16_t>(1 + (data[0] >> 1U) % count);
  const Role role = (data[0] & 1U) != 0 ? Role::client : Role::server;
  const auto& protocol = *known.protocols[id];
  // Of its exact size, so that a read behind it is seen.
  const std::vector<std::uint8_t> bytes(data + 1, data + size);
  static Sink sink;
  Nobody nobody;
  ProtocolState state{};
  ByteView rest{bytes};
  if (protocol.probe != nullptr) (void)protocol.probe(role, rest);
  const bool carried = !protocol.schema->carrier.protocol.empty();
  while (!rest.empty()) {
    std::size_t length = rest.size();
    if (!carried) {
      const auto framing = protocol.frame(state, role, rest);
      if (protocol.early != nullptr) (void)protocol.early(role, rest);
      if (framing.kind != Framing::Kind::pdu || framing.length > rest.size()) break;
      if (framing.length == 0) std::abort();
      length = framing.length;
    }
    sink.begin({id}, nobody);
    (void)protocol.decode(state, role, rest.first(length), sink);
    if (sink.items() > length + 1) std::abort();  // each item has bytes of its own
    rest = rest.subspan(length);
  }
  return 0;
}
