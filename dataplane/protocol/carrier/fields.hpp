// What TPKT and COTP show of themselves, under Wireshark's names. These rows stand first in the schema of
// each protocol that they carry, so that an IsoName is an index there. Constant data.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/protocol/carrier/cotp.hpp"

namespace sluice::carrier {

enum class IsoName : std::uint16_t {
  tpkt,
  version,
  reserved,
  length,
  cotp,
  li,
  type,
  destref,
  srcref,
  class_,
  extended_formats,
  no_explicit_flow_control,
  tpdu_size,
  src_tsap,
  dst_tsap,
  cause,
  reject_cause,
  tpdu_number,
  eot,
};

inline constexpr std::array kIsoFields = {
    Field{"tpkt", FieldType::protocol, 0, Base::decimal, "whole message, TPKT header first", "RFC 1006 6"},
    Field{"tpkt.version", FieldType::unsigned_integer, 8, Base::decimal, "version, 3", "RFC 1006 6"},
    Field{"tpkt.reserved", FieldType::unsigned_integer, 8, Base::decimal, "reserved, 0", "RFC 1006 6"},
    Field{"tpkt.length", FieldType::unsigned_integer, 16, Base::decimal, "bytes of the whole", "RFC 1006 6"},
    Field{"cotp", FieldType::protocol, 0, Base::decimal, "TPDU", "X.224 13"},
    Field{"cotp.li", FieldType::unsigned_integer, 8, Base::decimal, "length of the TPDU's header",
          "X.224 13.2.1"},
    Field{"cotp.type", FieldType::unsigned_integer, 8, Base::hexadecimal,
          "e connect, d confirm, f data, 8 disconnect, 7 error", "X.224 13.1"},
    Field{"cotp.destref", FieldType::unsigned_integer, 16, Base::hexadecimal, "reference of who is told",
          "X.224 13.3.3"},
    Field{"cotp.srcref", FieldType::unsigned_integer, 16, Base::hexadecimal, "reference of who tells",
          "X.224 13.3.3"},
    Field{"cotp.class", FieldType::unsigned_integer, 8, Base::decimal, "transport class, 0", "X.224 13.3.3"},
    Field{"cotp.opts.extended_formats", FieldType::boolean, 8, Base::decimal, "option of other classes",
          "X.224 13.3.3"},
    Field{"cotp.opts.no_explicit_flow_control", FieldType::boolean, 8, Base::decimal,
          "option of other classes", "X.224 13.3.3"},
    Field{"cotp.tpdu_size", FieldType::unsigned_integer, 16, Base::decimal, "most bytes of a TPDU",
          "X.224 13.3.4 b"},
    Field{"cotp.src-tsap-bytes", FieldType::bytes, 0, Base::decimal, "TSAP of who connects",
          "X.224 13.3.4 a"},
    Field{"cotp.dst-tsap-bytes", FieldType::bytes, 0, Base::decimal,
          "TSAP of who is connected to; S7: resource, rack and slot", "X.224 13.3.4 a"},
    Field{"cotp.cause", FieldType::unsigned_integer, 8, Base::decimal, "reason of a disconnect",
          "X.224 13.5.3"},
    Field{"cotp.reject_cause", FieldType::unsigned_integer, 8, Base::decimal, "reason of an error",
          "X.224 13.12.3"},
    Field{"cotp.tpdu-number", FieldType::unsigned_integer, 8, Base::hexadecimal, "number, 0", "X.224 13.7.3"},
    Field{"cotp.eot", FieldType::boolean, 8, Base::decimal, "the message ends here", "X.224 13.7.3"},
};
static_assert(kIsoFields.size() == static_cast<std::size_t>(IsoName::eot) + 1);

// As many of them as were read, in front of the fields of what is carried.
void tell(Sink& sink, ByteView tpkt, const Tpdu& tpdu) noexcept;

// A schema's fields: those of the carrier, then its own.
template <std::size_t N>
constexpr std::array<Field, kIsoFields.size() + N> behind_iso(const std::array<Field, N>& own) {
  std::array<Field, kIsoFields.size() + N> all{};
  for (std::size_t i = 0; i < kIsoFields.size(); ++i) all[i] = kIsoFields[i];
  for (std::size_t i = 0; i < N; ++i) all[kIsoFields.size() + i] = own[i];
  return all;
}

}  // namespace sluice::carrier
