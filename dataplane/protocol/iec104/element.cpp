// What one information element says, part by part (101 7.2.6). The order of the fields is that of the bytes.
#include "dataplane/protocol/iec104/message.hpp"

namespace sluice::iec104 {
namespace {

class Element {
 public:
  Element(Message& message, Role role) noexcept : message_{message}, role_{role} {}
  Malformed read(Part part) noexcept;

 private:
  // Names of the flags of `octet` from its bit 4 on: blocked, substituted, not topical, invalid.
  void quality(std::uint8_t octet, Name first) noexcept {
    const auto name = static_cast<std::uint16_t>(first);
    for (std::uint16_t i = 0; i < 4; ++i) flag(static_cast<Name>(name + i), octet, 4U + i);
  }
  void flag(Name name, std::uint32_t octet, unsigned bit) noexcept {
    if (message_.ok()) message_.value(name, octet >> bit & 1U);
  }
  void bits(Name name, std::uint32_t octet, std::uint32_t mask) noexcept {
    if (message_.ok()) message_.value(name, octet & mask);
  }
  // Only of what a device is to take.
  Malformed unless(bool excluded) const noexcept {
    return excluded && role_ == Role::client ? Malformed::bad_value : Malformed::fine;
  }

  Malformed point(Name all, Name state, std::uint32_t mask) noexcept;
  Malformed single_command() noexcept;
  Malformed two_bit_command(Name all, Name state) noexcept;
  void step_position() noexcept;
  void counter() noexcept;
  Malformed short_time() noexcept;
  Malformed long_time() noexcept;
  Malformed set_point_qualifier() noexcept;
  Malformed parameter_qualifier() noexcept;
  Malformed counter_qualifier() noexcept;
  Malformed segment() noexcept;

  static Name next(Name name, unsigned by) noexcept {
    return static_cast<Name>(static_cast<std::uint16_t>(name) + by);
  }

  Message& message_;
  Role role_;
};

// 101 7.2.6.1, 7.2.6.2: state, and the four flags, whose names follow that of the state.
Malformed Element::point(Name all, Name state, std::uint32_t mask) noexcept {
  const auto octet = message_.u8(all);
  bits(state, octet, mask);
  quality(octet, next(state, 1));
  return Malformed::fine;
}

// 101 7.2.6.15: bit 1 is reserved, and zero.
Malformed Element::single_command() noexcept {
  const auto octet = message_.u8(Name::sco);
  flag(Name::sco_on, octet, 0);
  bits(Name::sco_qu, octet >> 2U, 0x1f);
  flag(Name::sco_se, octet, 7);
  return unless((octet & 2U) != 0);
}

// 101 7.2.6.16, 7.2.6.17: 0 and 3 are not permitted.
Malformed Element::two_bit_command(Name all, Name state) noexcept {
  const auto octet = message_.u8(all);
  const auto asked = octet & 3U;
  bits(state, octet, 3);
  bits(next(state, 1), octet >> 2U, 0x1f);
  flag(next(state, 2), octet, 7);
  return unless(asked == 0 || asked == 3);
}

// 101 7.2.6.5
void Element::step_position() noexcept {
  const auto octet = message_.u8(Name::vti);
  const std::uint64_t position = octet & 0x7fU;
  if (message_.ok()) message_.value(Name::vti_v, (position ^ 0x40U) - 0x40U);
  flag(Name::vti_t, octet, 7);
}

// 101 7.2.6.9
void Element::counter() noexcept {
  const std::uint64_t count = message_.reader().le32();
  if (message_.ok()) message_.value(Name::bcr_count, (count ^ 0x80000000U) - 0x80000000U);
  const auto octet = message_.reader().u8();
  bits(Name::bcr_sq, octet, 0x1f);
  flag(Name::bcr_cy, octet, 5);
  flag(Name::bcr_ca, octet, 6);
  flag(Name::bcr_iv, octet, 7);
}

// 101 7.2.6.19
Malformed Element::short_time() noexcept {
  (void)message_.le16(Name::cp24_ms);
  const auto minute = message_.reader().u8();
  bits(Name::cp24_min, minute, 0x3f);
  flag(Name::cp24_iv, minute, 7);
  return Malformed::fine;
}

// 101 7.2.6.18. Zeros stand for a date that is not known; clients in the field count years from 1900.
Malformed Element::long_time() noexcept {
  const auto milliseconds = message_.le16(Name::cp56_ms);
  const auto minute = message_.reader().u8();
  bits(Name::cp56_min, minute, 0x3f);
  flag(Name::cp56_gen, minute, 6);
  flag(Name::cp56_iv, minute, 7);
  const auto hour = message_.reader().u8();
  bits(Name::cp56_hour, hour, 0x1f);
  flag(Name::cp56_su, hour, 7);
  const auto day = message_.reader().u8();
  bits(Name::cp56_day, day, 0x1f);
  bits(Name::cp56_dow, day >> 5U, 7);
  const auto month = message_.reader().u8();
  bits(Name::cp56_month, month, 0x0f);
  const auto year = message_.reader().u8();
  bits(Name::cp56_year, year, 0x7f);
  return unless(milliseconds > 59999 || (minute & 0x3fU) > 59 || (hour & 0x1fU) > 23 || (month & 0x0fU) > 12);
}

// 101 7.2.6.39
Malformed Element::set_point_qualifier() noexcept {
  const auto octet = message_.u8(Name::qos);
  bits(Name::qos_ql, octet, 0x7f);
  flag(Name::qos_se, octet, 7);
  return Malformed::fine;
}

// 101 7.2.6.24. Wireshark's flags are numbers here.
Malformed Element::parameter_qualifier() noexcept {
  const auto octet = message_.u8(Name::qpm);
  const auto kind = octet & 0x3fU;
  bits(Name::qpm_kpa, octet, 0x3f);
  flag(Name::qpm_lpc, octet, 6);
  flag(Name::qpm_pop, octet, 7);
  return unless(kind == 0 || (kind > 4 && kind < 32));
}

// 101 7.2.6.23
Malformed Element::counter_qualifier() noexcept {
  const auto octet = message_.u8(Name::qcc);
  const auto group = octet & 0x3fU;
  bits(Name::rqt, octet, 0x3f);
  bits(Name::frz, octet >> 6U, 3);
  return unless(group == 0 || (group > 5 && group < 32));
}

// 101 7.3.6.6
Malformed Element::segment() noexcept {
  const auto length = message_.u8(Name::los);
  (void)message_.reader().take(length);
  return Malformed::fine;
}

Malformed Element::read(Part part) noexcept {
  auto& reader = message_.reader();
  switch (part) {
    case Part::none:
      return Malformed::fine;
    case Part::siq:
      return point(Name::siq, Name::siq_spi, 1);
    case Part::diq:
      return point(Name::diq, Name::diq_dpi, 3);
    case Part::vti:
      return step_position(), Malformed::fine;
    case Part::bsi:
      return (void)message_.told(Name::bitstring, reader.be32()), Malformed::fine;
    case Part::nva:
    case Part::sva: {
      const auto raw = reader.le16();
      const auto number = static_cast<std::int16_t>(raw);
      if (!message_.ok()) return Malformed::fine;
      if (part == Part::nva) return message_.real(Name::normval, number / 32768.0), Malformed::fine;
      return message_.value(Name::scalval, static_cast<std::uint64_t>(std::int64_t{number})), Malformed::fine;
    }
    case Part::r32: {
      const double number = reader.le_float();
      if (message_.ok()) message_.real(Name::short_float, number);
      return Malformed::fine;
    }
    case Part::bcr:
      return counter(), Malformed::fine;
    case Part::qds: {
      const auto octet = message_.u8(Name::qds);
      flag(Name::qds_ov, octet, 0);
      quality(octet, Name::qds_bl);
      return Malformed::fine;
    }
    case Part::cp16:
      return (void)message_.le16(Name::cp16), Malformed::fine;
    case Part::cp24:
      return short_time();
    case Part::cp56:
      return long_time();
    case Part::sep:
      return (void)message_.u8(Name::sep), Malformed::fine;
    case Part::spe:
      return (void)message_.u8(Name::spe), Malformed::fine;
    case Part::oci:
      return (void)message_.u8(Name::oci), Malformed::fine;
    case Part::qdp:
      return (void)message_.u8(Name::qdp), Malformed::fine;
    case Part::scd:
      (void)message_.le16(Name::scd_st);
      return (void)message_.le16(Name::scd_cd), Malformed::fine;
    case Part::sco:
      return single_command();
    case Part::dco:
      return two_bit_command(Name::dco, Name::dco_on);
    case Part::rco:
      return two_bit_command(Name::rco, Name::rco_up);
    case Part::qos:
      return set_point_qualifier();
    case Part::qpm:
      return parameter_qualifier();
    case Part::qpa: {  // 101 7.2.6.25
      const auto what = message_.u8(Name::qpa);
      return unless(what == 0 || (what > 3 && what < 128));
    }
    case Part::coi: {
      const auto octet = message_.u8(Name::coi);
      bits(Name::coi_r, octet, 0x7f);
      flag(Name::coi_i, octet, 7);
      return Malformed::fine;
    }
    case Part::qoi: {  // 101 7.2.6.22
      const auto group = message_.u8(Name::qoi);
      return unless(group < 20 || (group > 36 && group < 64));
    }
    case Part::qcc:
      return counter_qualifier();
    case Part::qrp: {  // 101 7.2.6.27
      const auto what = message_.u8(Name::qrp);
      return unless(what == 0 || (what > 2 && what < 128));
    }
    case Part::fbp:
      return unless(message_.le16(Name::fbp) != 0x55aa);  // 101 7.2.6.14
    case Part::tsc:
      return (void)message_.le16(Name::tsc), Malformed::fine;
    case Part::nof:
      return (void)message_.le16(Name::nof), Malformed::fine;
    case Part::nos:
      return (void)message_.u8(Name::nos), Malformed::fine;
    case Part::lof:
      return (void)message_.told(Name::lof, reader.le24()), Malformed::fine;
    case Part::frq:
      return (void)message_.u8(Name::frq), Malformed::fine;
    case Part::srq:
      return (void)message_.u8(Name::srq), Malformed::fine;
    case Part::scq:
      return (void)message_.u8(Name::scq), Malformed::fine;
    case Part::lsq:
      return (void)message_.u8(Name::lsq), Malformed::fine;
    case Part::chs:
      return (void)message_.u8(Name::chs), Malformed::fine;
    case Part::afq:
      return (void)message_.u8(Name::afq), Malformed::fine;
    case Part::sof:
      return (void)message_.u8(Name::sof), Malformed::fine;
    case Part::segment:
      return segment();
  }
  return Malformed::fine;
}

}  // namespace

Malformed decode_element(Message& message, const Type& type, Role role) noexcept {
  Element element{message, role};
  auto found = Malformed::fine;
  for (const auto part : type.parts) found = worse(found, element.read(part));
  return found;
}

}  // namespace sluice::iec104
