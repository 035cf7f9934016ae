#include "tests/scenario/toy/knock_knock/decoder.hpp"

#include "rules/base/reader.hpp"
#include "tests/scenario/toy/knock_knock/schema.hpp"

namespace sluice::knock_knock {
namespace {

Malformed decode(ProtocolState&, Role, ByteView pdu, Sink& sink) noexcept {
  Reader reader{pdu};
  const auto times = reader.u8();
  if (!reader.ok()) return Malformed::truncated;
  sink.item(0, Access::control);
  sink.value(0, times);
  sink.end();
  return reader.remaining() == 0 ? Malformed::fine : Malformed::trailing;
}

Framing frame(const ProtocolState&, Role, ByteView bytes) noexcept {
  return bytes.empty() ? Framing::need_more(1) : Framing::pdu(1);
}

}  // namespace

const Protocol protocol{.schema = &kSchema, .frame = frame, .decode = decode};

}  // namespace sluice::knock_knock
