// Application data: data unit identifier, then information objects, each an item (101 7.1, 7.2).
#include "dataplane/protocol/iec104/message.hpp"

namespace sluice::iec104 {
namespace {

struct Identifier {
  std::uint8_t type = 0;
  bool sequence = false;
  std::uint32_t count = 0;
  std::uint8_t cause = 0;
  bool negative = false;
  std::uint16_t station = 0;
};

Identifier identifier(Message& message) noexcept {
  Identifier about;
  about.type = message.u8(Name::typeid_);
  const auto qualifier = message.reader().u8();
  const auto cause = message.reader().u8();
  about.sequence = message.told(Name::sq, qualifier >> 7U) != 0;
  about.count = static_cast<std::uint32_t>(message.told(Name::numix, qualifier & 0x7fU));
  about.cause = static_cast<std::uint8_t>(message.told(Name::causetx, cause & 0x3fU));
  about.negative = message.told(Name::nega, cause >> 6U & 1U) != 0;
  (void)message.told(Name::test, cause >> 7U);
  (void)message.u8(Name::oa);
  about.station = message.le16(Name::addr);
  return about;
}

// Wireshark shows the rest of the message as it is for these.
bool is_raw(const Type& type) noexcept {
  switch (type.kind) {
    case Kind::unnamed:
    case Kind::security:
    case Kind::file:
    case Kind::directory:
      return true;
    case Kind::monitored:
    case Kind::sequence:
      return (type.id >= 17 && type.id <= 20) || (type.id >= 38 && type.id <= 40);
    case Kind::system:
      return type.id == 104 || type.id == 106 || type.id == 107;
    case Kind::parameter:
      return type.id == 113;
    case Kind::command:
    case Kind::read:
      return false;
  }
  return false;
}

// What is done about an object may be graver than its type says. The reader stands at the element.
Access access_of(const Type& type, Role role, Reader ahead) noexcept {
  if (role == Role::server) return type.access;
  switch (type.kind) {
    case Kind::monitored:
    case Kind::sequence:
    case Kind::directory:
      return Access::write;  // in reverse: it tells the station what to believe
    case Kind::system:
      // 101 7.2.6.23: freezing and resetting change the counters
      return type.id == 101 && (ahead.u8() & 0xc0U) != 0 ? Access::control : type.access;
    case Kind::file:
      if (type.id != 122) return type.access;
      ahead.skip(3);
      return (ahead.u8() & 0x0fU) == 4 ? Access::program : type.access;  // 101 7.2.6.30: delete
    case Kind::unnamed:
    case Kind::command:
    case Kind::read:
    case Kind::parameter:
    case Kind::security:
      return type.access;
  }
  return type.access;
}

class Objects {
 public:
  Objects(Message& message, const Identifier& about, const Type& type, Role role) noexcept
      : message_{message}, about_{about}, type_{type}, role_{role} {}

  Malformed read() noexcept;
  [[nodiscard]] std::uint32_t first() const noexcept { return first_; }

 private:
  // Bytes of the element at the reader.
  [[nodiscard]] std::uint32_t element_size() const noexcept;
  void address(std::uint64_t address) noexcept;
  void object(std::uint64_t address) noexcept;
  Malformed opaque() noexcept;
  [[nodiscard]] Malformed judge_count() const noexcept;
  [[nodiscard]] Malformed judge_addresses() const noexcept;

  Message& message_;
  const Identifier& about_;
  const Type& type_;
  Role role_;
  std::uint32_t first_ = 0;
  Malformed found_ = Malformed::fine;
};

std::uint32_t Objects::element_size() const noexcept {
  const auto size = size_of(type_);
  if (type_.id != 125) return size;
  Reader ahead = message_.reader();
  ahead.skip(size - 1);
  return size + ahead.u8();  // 101 7.2.6.36
}

// A sequence that runs past the last address is handed on unclipped: it lies inside nothing that is allowed.
void Objects::address(std::uint64_t address) noexcept {
  message_.value(Name::ioa, address & kMostAddress);
  message_.span(Space::ioa, about_.station, address);
}

void Objects::object(std::uint64_t at) noexcept {
  message_.item(type_.id, access_of(type_, role_, message_.reader()));
  if (message_.ok()) address(at);
  if (is_raw(type_)) {
    Reader ahead = message_.reader();
    const auto size = element_size();
    message_.value(Name::rawdata, ahead.remaining() < size ? ahead.rest() : ahead.take(size));
  }
  found_ = worse(found_, decode_element(message_, type_, role_));
  message_.end();
}

// Nobody knows how many objects there are, nor how long; an address is read as Wireshark does.
Malformed Objects::opaque() noexcept {
  message_.item(type_.id, type_.access);
  auto& reader = message_.reader();
  message_.span(Space::opaque, 0, 0);
  if (reader.remaining() >= 3) {
    first_ = reader.le24();
    address(first_);
  }
  message_.value(Name::rawdata, reader.rest());
  message_.end();
  return Malformed::fine;
}

Malformed Objects::judge_count() const noexcept {
  if (about_.count == 0) return Malformed::bad_length;
  switch (type_.kind) {
    case Kind::sequence:
    case Kind::directory:
    case Kind::unnamed:
    case Kind::security:
      return Malformed::fine;
    case Kind::monitored:
      return about_.sequence ? Malformed::bad_value : Malformed::fine;
    case Kind::command:
    case Kind::system:
    case Kind::read:
    case Kind::parameter:
    case Kind::file:
      if (about_.sequence) return Malformed::bad_value;
      return about_.count == 1 ? Malformed::fine : Malformed::bad_length;
  }
  return Malformed::fine;
}

Malformed Objects::judge_addresses() const noexcept {
  if (about_.sequence && first_ + std::uint64_t{about_.count} > kMostAddress + std::uint64_t{1})
    return Malformed::bad_address;
  if (role_ == Role::server) return Malformed::fine;
  const bool to_all = about_.station == kEveryStation;
  switch (type_.kind) {
    case Kind::system:
      // 101 7.2.4: only these four are for every station
      if (to_all && type_.id != 100 && type_.id != 101 && type_.id != 103 && type_.id != 105)
        return Malformed::bad_address;
      return first_ == 0 ? Malformed::fine : Malformed::bad_address;
    case Kind::command:
    case Kind::read:
    case Kind::parameter:
      return first_ == 0 || to_all ? Malformed::bad_address : Malformed::fine;
    case Kind::monitored:
    case Kind::sequence:
    case Kind::file:
    case Kind::directory:
    case Kind::unnamed:
    case Kind::security:
      return to_all ? Malformed::bad_address : Malformed::fine;
  }
  return Malformed::fine;
}

Malformed Objects::read() noexcept {
  if (type_.kind == Kind::unnamed || type_.kind == Kind::security) return opaque();
  auto& reader = message_.reader();
  found_ = judge_count();
  for (std::uint32_t i = 0; i < about_.count && message_.ok(); ++i) {
    // The first one is asked for however little of it there is; elements of no size (102) are no sequence.
    const bool empty = reader.remaining() == 0 || (about_.sequence && size_of(type_) == 0);
    if (i != 0 && empty) reader.fail();
    const bool addressed = i == 0 || !about_.sequence;
    const std::uint64_t at = addressed ? reader.le24() : first_ + std::uint64_t{i};
    if (i == 0) first_ = static_cast<std::uint32_t>(at);
    if (i != 0 && !message_.ok()) break;
    object(at);
  }
  if (about_.count == 0) {  // the function is still asked for
    message_.item(type_.id, access_of(type_, role_, reader));
    message_.end();
  }
  return worse(found_, judge_addresses());
}

constexpr std::uint64_t key_of(std::uint64_t type, std::uint64_t station, std::uint64_t object) noexcept {
  return type << 40U | station << 24U | object;
}

void pair(Message& message, Role role, const Identifier& about, const Type& type,
          std::uint32_t object) noexcept {
  constexpr std::uint16_t kRead = 102;
  const auto key = key_of(about.type, about.station, object);
  const bool asks =
      about.cause == cause::kActivation || about.cause == cause::kDeactivation ||
      (about.cause == cause::kRequest && (type.kind == Kind::read || type.kind == Kind::unnamed));
  const bool confirms = about.cause == cause::kActivationCon || about.cause == cause::kDeactivationCon ||
                        (about.cause >= cause::kUnknownType && about.cause <= cause::kUnknownObject);
  const bool reports = type.kind == Kind::monitored || type.kind == Kind::sequence;
  if (role == Role::client) {
    if (asks) message.request(key, about.type);
  } else if (confirms) {
    message.response(key, about.type);
  } else if (about.cause == cause::kRequest && reports) {
    message.response(key_of(kRead, about.station, object), kRead);
  }
}

}  // namespace

Malformed decode_asdu(Message& message, Role role) noexcept {
  const auto about = identifier(message);
  if (!message.ok()) return Malformed::truncated;
  Type type = kTypeOf[about.type];
  type.id = about.type;
  auto found = judge_cause(type, role, about.cause);
  // 101 7.2.3: of no meaning, and zero, but in confirmations; files are confirmed by either end
  if (role == Role::client && about.negative && type.kind != Kind::file && type.kind != Kind::security)
    found = worse(found, Malformed::bad_value);
  Objects objects{message, about, type, role};
  found = worse(found, objects.read());
  pair(message, role, about, type, objects.first());
  if (!message.ok()) return Malformed::truncated;
  return message.reader().remaining() != 0 ? Malformed::trailing : found;
}

}  // namespace sluice::iec104
