// Message: one S7comm PDU while it is read. Its two parts, parameter and data, have a reader each; fields go
// to the sink as they are read, so that what was read before a fault is still seen. Lives on the stack of one
// decode.
#pragma once

#include <cstdint>

#include "dataplane/protocol/carrier/cotp.hpp"
#include "dataplane/protocol/s7comm/schema.hpp"
#include "rules/base/reader.hpp"

namespace sluice::s7comm {

struct Block {
  std::uint32_t number = 0;
  Space space = Space::opaque;
};
// What the CPU gives out under a number of its own.
struct Upload {
  std::uint32_t id = 0;
  Block block;
};

// What is kept of a flow between its messages.
struct Session {
  carrier::CotpState cotp;
  std::uint16_t pdu_length = 0;  // agreed on; 0: not known
  bool fetching = false;         // the CPU has asked for a part of a block, and was not answered
  std::uint16_t fetch_ref = 0;
  Block fetched;
  std::array<Upload, 2> uploads{};  // the last ones, of so many there have been
  std::uint8_t uploads_seen = 0;    // wraps to 2, not to 0
};

// The first bytes of a PDU: what it is, and how long its parts are.
struct Header {
  std::uint8_t protid = 0;
  std::uint8_t rosctr = 0;
  std::uint16_t reference = 0;
  std::uint16_t parameter = 0;  // bytes
  std::uint16_t data = 0;       // bytes
  std::uint8_t error_class = 0;
  std::uint8_t error_code = 0;
  std::uint16_t redundancy = 0;
};
inline constexpr std::uint8_t kProtocolId = 0x32;
inline constexpr std::uint8_t kDone = 0xff;  // return code
inline constexpr std::uint8_t kJob = 1, kAck = 2, kAckData = 3, kUserdata = 7;

constexpr bool has_error(std::uint8_t rosctr) noexcept { return rosctr == kAck || rosctr == kAckData; }
Header read_header(Reader& reader) noexcept;

Access access_of(std::uint16_t function) noexcept;
// The id of a sub-function, or of its parent where it has no row.
std::uint16_t userdata_id(std::uint8_t group, std::uint8_t subfunction) noexcept;
std::uint16_t service_id(ByteView name) noexcept;
// The code of a job that has this id: its own, or that of its parent.
std::uint16_t code_of(std::uint16_t function) noexcept;

class Message {
 public:
  Message(Session& session, Role role, Sink& sink) noexcept : session_{session}, role_{role}, sink_{sink} {}

  // All of a PDU.
  Malformed read(ByteView pdu) noexcept;

 private:
  friend class Userdata;

  // From a reader to the sink, in one step.
  std::uint8_t u8(Reader& reader, Name name) noexcept {
    return static_cast<std::uint8_t>(told(reader, name, reader.u8()));
  }
  std::uint16_t be16(Reader& reader, Name name) noexcept {
    return static_cast<std::uint16_t>(told(reader, name, reader.be16()));
  }
  std::uint32_t be24(Reader& reader, Name name) noexcept {
    return static_cast<std::uint32_t>(told(reader, name, reader.be24()));
  }
  std::uint32_t be32(Reader& reader, Name name) noexcept {
    return static_cast<std::uint32_t>(told(reader, name, reader.be32()));
  }
  ByteView take(Reader& reader, Name name, std::size_t count) noexcept;
  std::uint64_t told(const Reader& reader, Name name, std::uint64_t number) noexcept {
    if (reader.ok()) value(name, number);
    return number;
  }
  void value(Name name, std::uint64_t number) noexcept {
    sink_.value(static_cast<std::uint16_t>(name), number);
  }
  void value(Name name, ByteView bytes) noexcept {
    if (!bytes.empty()) sink_.value(static_cast<std::uint16_t>(name), bytes);
  }

  // Begins an item, ending the one before.
  void item(std::uint16_t function) noexcept;
  void span(Space space, std::uint64_t first, std::uint64_t count, std::uint64_t key = 0) noexcept;
  // An item that nobody can read touches anything, unless its function is one that touches no memory.
  void opaque(std::uint16_t function) noexcept;
  Malformed finish(Malformed found) noexcept;
  void worse(Malformed found) noexcept {
    if (found_ == Malformed::fine) found_ = found;
  }

  void job() noexcept;
  void ack() noexcept;
  void ack_of_client(std::uint16_t code) noexcept;
  void userdata() noexcept;

  // variables.cpp
  void read_variables(std::uint8_t code) noexcept;
  void answer_variables(std::uint8_t code, std::uint32_t asked) noexcept;
  // One item specification; false where the list can't go on. `bytes` is what its data must have, or
  // kAnyBytes.
  static constexpr std::uint32_t kAnyBytes = 0xffffffff;
  bool item_specification(Reader& reader, std::uint16_t function, std::uint32_t& bytes) noexcept;
  void any_pointer(Reader& reader, std::uint32_t& bytes) noexcept;
  void parts_of_blocks(Reader& reader, std::uint16_t function) noexcept;
  void control_address(Reader& reader) noexcept;
  void item_list(Reader& reader, std::uint16_t function, std::uint32_t count, bool written) noexcept;
  void data_item(std::uint32_t expected, bool last) noexcept;
  void setup() noexcept;

  // blocks.cpp
  void transfer(std::uint8_t code) noexcept;
  void answer_transfer(std::uint8_t code, std::uint64_t note) noexcept;
  void remember(const Upload& upload) noexcept;
  [[nodiscard]] Block uploaded(std::uint32_t id) const noexcept;
  void status() noexcept;
  void block_part() noexcept;
  Block block_name(Reader& reader, std::size_t length) noexcept;
  void touch(const Block& block) noexcept;
  void program_invocation() noexcept;
  void stop() noexcept;

  Session& session_;
  Role role_;
  Sink& sink_;
  Header header_;
  Reader parameter_{ByteView{}};
  Reader data_{ByteView{}};
  Malformed found_ = Malformed::fine;
  bool in_item_ = false;
};

// The space of a block type's two digits; opaque for what has none.
Space block_space(ByteView type) noexcept;

}  // namespace sluice::s7comm
