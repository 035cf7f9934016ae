// Userdata: function groups with their sub-functions, of which the client asks some and the CPU pushes
// others.
#include <algorithm>

#include "dataplane/protocol/s7comm/message.hpp"

namespace sluice::s7comm {
namespace {

constexpr std::uint32_t kHead = 0x000112;
constexpr std::uint8_t kShort = 4, kLong = 8;                   // bytes of the parameter behind its length
constexpr std::uint8_t kPush = 0, kRequest = 4, kResponse = 8;  // + 3 where a NC speaks, from kPush on
constexpr std::uint64_t kUserdataKey = 0x10000;  // jobs and userdata count their references apart

constexpr std::uint8_t kind_of(std::uint8_t type) noexcept {
  return type == 3 || type == 7 || type == 11 ? static_cast<std::uint8_t>(type - 3) : type;
}

}  // namespace

// Reads a userdata message whose header has been read.
class Userdata {
 public:
  explicit Userdata(Message& message) noexcept : message_{message} {}
  void read() noexcept;

 private:
  void parameter() noexcept;
  [[nodiscard]] bool subscribes() const noexcept {
    return function_ == sub(kCyclic, 1) || function_ == sub(kCyclic, 5) || function_ == sub(kCyclic, 7);
  }
  void request(Reader payload) noexcept;
  void szl(Reader& payload, bool answer) noexcept;
  void block_info(Reader& payload) noexcept;
  void subscription(Reader& payload) noexcept;

  Message& message_;
  std::uint8_t length_ = 0;
  std::uint8_t type_ = 0;
  std::uint8_t group_ = 0;
  std::uint8_t subfunction_ = 0;
  std::uint8_t data_unit_ = 0;
  std::uint8_t more_ = 0;
  std::uint16_t function_ = 0;
};

// seen: head, length, method, type and group, sub-function, sequence; with eight bytes the part and an error.
void Userdata::parameter() noexcept {
  Reader& reader = message_.parameter_;
  const auto head = message_.be24(reader, Name::head);
  length_ = message_.u8(reader, Name::ud_length);
  (void)message_.u8(reader, Name::reqres1);
  const auto place = reader.u8();
  if (!reader.ok()) return;
  type_ = place >> 4U;
  group_ = place & 0x0fU;
  message_.value(Name::type, type_);
  message_.value(Name::funcgroup, group_);
  subfunction_ = message_.u8(reader, group_ == 0 ? Name::modetrans_subfunc : Name::subfunc);
  (void)message_.u8(reader, Name::seq_num);
  // A CPU that tells of its mode has another head.
  const bool told = message_.role_ == Role::server && group_ == 0;
  if (told) return;
  if (head != kHead || (length_ != kShort && length_ != kLong)) {
    (void)reader.rest();
    return message_.worse(head != kHead ? Malformed::bad_value : Malformed::bad_length);
  }
  if (length_ == kShort) return;
  data_unit_ = message_.u8(reader, Name::dataunitref);
  more_ = message_.u8(reader, Name::lastdataunit);
  (void)message_.be16(reader, Name::param_errcod);
}

void Userdata::szl(Reader& payload, bool answer) noexcept {
  const auto list = message_.be16(payload, Name::szl_id);
  const auto index = message_.be16(payload, Name::szl_index);
  if (!payload.ok()) return message_.worse(Malformed::bad_length);
  if (!answer) message_.span(Space::szl, index, 1, list);
  if (!answer && payload.remaining() != 0) message_.worse(Malformed::trailing);
}

// seen: two digits of type, five of number, a file system.
void Userdata::block_info(Reader& payload) noexcept {
  const auto space = block_space(message_.take(payload, Name::blockinfo_type, 2));
  const auto digits = message_.take(payload, Name::blockinfo_number, 5);
  (void)message_.take(payload, Name::blockinfo_filesys, 1);
  std::uint32_t number = 0;
  bool good = digits.size() == 5 && space != Space::opaque;
  for (const auto digit : digits) {
    good = good && digit >= '0' && digit <= '9';
    number = number * 10 + (digit - '0');
  }
  message_.span(good ? space : Space::opaque, good ? number : 0, 1);
  if (!payload.ok() || payload.remaining() != 0) message_.worse(Malformed::bad_length);
}

// known: a byte, items, how often, and the items as those of read_var.
void Userdata::subscription(Reader& payload) noexcept {
  payload.skip(1);
  const std::uint32_t count = message_.u8(payload, Name::itemcount);
  (void)message_.u8(payload, Name::interval_timebase);
  (void)message_.u8(payload, Name::interval_time);
  message_.item_list(payload, function_, count, false);
  if (!payload.ok() || payload.remaining() != 0) message_.worse(Malformed::bad_length);
}

void Userdata::request(Reader payload) noexcept {
  if (subscribes()) return subscription(payload);
  const bool continues = length_ == kLong && payload.remaining() == 0;
  switch (function_) {
    case sub(kCpu, 1):
      if (!continues) szl(payload, false);
      return;
    case sub(kBlocks, 2):
      if (continues) return;
      if (const auto space = block_space(message_.take(payload, Name::blockinfo_type, 2));
          space == Space::opaque) {
        message_.span(Space::opaque, 0, 1);
      } else {
        message_.span(space, 0, kLastBlock + 1);
      }
      if (!payload.ok() || payload.remaining() != 0) message_.worse(Malformed::bad_length);
      return;
    case sub(kBlocks, 3):
      if (!continues) block_info(payload);
      return;
    case sub(kSecurity, 1):
      (void)message_.take(payload, Name::userdata, payload.remaining());
      return;
    case sub(kCyclic, 4):
      (void)message_.u8(payload, Name::cyclic_function);
      (void)message_.u8(payload, Name::cyclic_job_id);
      return;
    default:
      message_.opaque(function_);
      if (function_ < kCodes) (void)message_.take(payload, Name::userdata, payload.remaining());
  }
}

void Userdata::read() noexcept {
  parameter();
  if (!message_.parameter_.ok()) return;
  function_ = userdata_id(group_, subfunction_);
  const auto kind = kind_of(type_);
  const auto key = kUserdataKey | message_.header_.reference;
  const bool client = message_.role_ == Role::client;
  if (client && kind == kRequest) {
    message_.sink_.request(key, function_);
  } else if (!client && kind == kResponse) {
    const auto* pending = message_.sink_.response(key, function_);
    if (pending != nullptr && pending->function != function_) message_.worse(Malformed::bad_value);
  } else if (client && kind == kPush) {
    message_.worse(Malformed::bad_direction);
  } else if (kind != kPush && kind != kRequest && kind != kResponse) {
    message_.worse(Malformed::bad_value);
  }
  // A subscription has an item for each thing that it names.
  const bool asks = client && kind == kRequest;
  if (!asks || !subscribes()) message_.item(function_);
  Reader& data = message_.data_;
  if (data.remaining() == 0) {
    if (asks) request(Reader{ByteView{}});
    return;
  }
  const auto code = message_.u8(data, Name::returncode);
  (void)message_.u8(data, Name::transportsize);
  const auto length = message_.be16(data, Name::data_length);
  Reader payload{client ? data.take(length) : data.take(std::min<std::size_t>(length, data.remaining()))};
  if (!client) (void)data.rest();  // what a CPU fills up with does no harm
  if (!data.ok()) return;
  if (asks) return request(payload);
  if (client) return message_.opaque(function_);
  const bool whole = kind == kResponse && data_unit_ == 0 && more_ == 0 && code == kDone;
  if (whole && function_ == sub(kCpu, 1)) szl(payload, true);
  // seen: two digits of type and a count, for each type.
  while (whole && function_ == sub(kBlocks, 1) && payload.remaining() >= 4) {
    (void)message_.take(payload, Name::blockinfo_type, 2);
    (void)message_.be16(payload, Name::blockinfo_count);
  }
}

void Message::userdata() noexcept { Userdata{*this}.read(); }

}  // namespace sluice::s7comm
