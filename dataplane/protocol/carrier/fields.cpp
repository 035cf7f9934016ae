#include "dataplane/protocol/carrier/fields.hpp"

#include <algorithm>

namespace sluice::carrier {
namespace {

class Teller {
 public:
  explicit Teller(Sink& sink) noexcept : sink_{sink} {}
  void number(IsoName name, std::uint64_t value) noexcept {
    sink_.value(static_cast<std::uint16_t>(name), value);
  }
  void bytes(IsoName name, ByteView value) noexcept {
    if (!value.empty()) sink_.value(static_cast<std::uint16_t>(name), value);
  }

 private:
  Sink& sink_;
};

}  // namespace

void tell(Sink& sink, ByteView tpkt, const Tpdu& tpdu) noexcept {
  Teller teller{sink};
  Reader reader{tpkt};
  const auto version = reader.u8();
  const auto reserved = reader.u8();
  const auto length = reader.be16();
  if (!reader.ok()) return;
  teller.bytes(IsoName::tpkt, tpkt.first(kTpktHeader));
  teller.number(IsoName::version, version);
  teller.number(IsoName::reserved, reserved);
  teller.number(IsoName::length, length);
  const auto indicator = reader.u8();
  const auto code = reader.u8();
  if (!reader.ok()) return;
  teller.bytes(IsoName::cotp,
               tpkt.subspan(kTpktHeader, std::min(tpkt.size() - kTpktHeader, std::size_t{1} + indicator)));
  teller.number(IsoName::li, indicator);
  teller.number(IsoName::type, code >> 4U);
  if (!tpdu.known) return;
  switch (tpdu.type) {
    case TpduType::connection_request:
    case TpduType::connection_confirm:
      teller.number(IsoName::destref, tpdu.destination);
      teller.number(IsoName::srcref, tpdu.source);
      teller.number(IsoName::class_, tpdu.options >> 4U);
      teller.number(IsoName::extended_formats, tpdu.options >> 1U & 1U);
      teller.number(IsoName::no_explicit_flow_control, tpdu.options & 1U);
      if (tpdu.size != 0) teller.number(IsoName::tpdu_size, tpdu.size);
      teller.bytes(IsoName::src_tsap, tpdu.calling);
      teller.bytes(IsoName::dst_tsap, tpdu.called);
      break;
    case TpduType::disconnect_request:
      teller.number(IsoName::destref, tpdu.destination);
      teller.number(IsoName::srcref, tpdu.source);
      teller.number(IsoName::cause, tpdu.cause);
      break;
    case TpduType::error:
      teller.number(IsoName::destref, tpdu.destination);
      teller.number(IsoName::reject_cause, tpdu.cause);
      break;
    case TpduType::data:
      teller.number(IsoName::tpdu_number, tpdu.number);
      teller.number(IsoName::eot, tpdu.last ? 1 : 0);
      break;
  }
}

}  // namespace sluice::carrier
