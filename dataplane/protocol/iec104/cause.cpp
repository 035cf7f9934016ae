// Who may send what for which cause (101 7.2.3, 7.3; 104 9.5). Towards a device the sets are those of the
// type; from a device they are those of its kind, since many report for causes that their type's table lacks.
#include "dataplane/protocol/iec104/message.hpp"

namespace sluice::iec104 {
namespace {

using Causes = std::uint64_t;

constexpr Causes range(unsigned first, unsigned last) noexcept {
  Causes causes = 0;
  for (unsigned cause = first; cause <= last; ++cause) causes |= Causes{1} << cause;
  return causes;
}
constexpr Causes one(unsigned cause) noexcept { return range(cause, cause); }

constexpr Causes kActs = one(6) | one(8);
constexpr Causes kConfirms = one(7) | one(9) | one(10);
constexpr Causes kUnknown = range(44, 47);
constexpr Causes kReports = range(1, 5) | one(11) | one(12) | range(20, 41);
constexpr Causes kPrivate = range(48, 63);
constexpr Causes kDefined = range(1, 16) | range(20, 41) | kUnknown | kPrivate;
constexpr Causes kSpontaneous = one(3);
constexpr Causes kFile = one(13);

Causes from_client(const Type& type) noexcept {
  switch (type.kind) {
    case Kind::unnamed:
    case Kind::security:
      return kDefined;
    case Kind::monitored:
    case Kind::sequence:
    case Kind::directory:
      return kReports;  // 104 9.5: "reverse direction"
    case Kind::command:
      return kActs;
    case Kind::system:
      if (type.id == 106) return one(6) | kSpontaneous;  // 101 7.3.4.7: the delay is loaded
      return type.id == 100 || type.id == 101 ? kActs : one(6);
    case Kind::read:
      return one(cause::kRequest);
    case Kind::parameter:
      return type.id == 113 ? kActs : one(6);
    case Kind::file:
      return type.id == 122 || type.id == 127 ? kFile | one(cause::kRequest) | kUnknown : kFile | kUnknown;
  }
  return 0;
}

Causes from_server(const Type& type) noexcept {
  switch (type.kind) {
    case Kind::unnamed:
      return type.id == 0 ? 0 : type.id < 128 ? kUnknown : kDefined;  // 101 7.2.1.1: from 128 on private
    case Kind::security:
      return kDefined;
    case Kind::monitored:
    case Kind::sequence:
      return kReports | kPrivate;
    case Kind::command:
      return kConfirms | kUnknown | kPrivate;
    case Kind::system:
      // 101 7.3.4.4: a station tells the time that it has
      return kConfirms | kUnknown | kPrivate | (type.id == 103 || type.id == 106 ? kSpontaneous : 0);
    case Kind::read:
      return kUnknown | kPrivate;
    case Kind::parameter:
      return kConfirms | kUnknown | kPrivate | range(20, 36);
    case Kind::file:
      return kFile | kSpontaneous | one(cause::kRequest) | kUnknown | kPrivate;
    case Kind::directory:
      return kSpontaneous | one(cause::kRequest) | kFile | kUnknown | kPrivate;
  }
  return 0;
}

}  // namespace

Malformed judge_cause(const Type& type, Role role, std::uint8_t cause) noexcept {
  const auto has = [cause](Causes causes) noexcept { return (causes >> cause & 1U) != 0; };
  const bool client = role == Role::client;
  if (type.id == 0) return Malformed::bad_value;
  if (has(client ? from_client(type) : from_server(type))) return Malformed::fine;
  const auto others = client ? from_server(type) : from_client(type);
  return type.kind != Kind::unnamed && has(others & ~kPrivate) ? Malformed::bad_direction
                                                               : Malformed::bad_value;
}

}  // namespace sluice::iec104
