// Blocks and programs: transfers both ways, program invocation, stop. A download is asked for by the client,
// but its parts are fetched by the CPU, with jobs of its own; what brings a block then is an answer of the
// client.
#include "dataplane/protocol/s7comm/message.hpp"

namespace sluice::s7comm {
namespace {

constexpr std::size_t kTypeDigits = 2, kNumberDigits = 5;
constexpr std::size_t kShortName = kTypeDigits + kNumberDigits + 1;  // the long one begins with _
constexpr std::size_t kLengthDigits = 6;
constexpr std::uint32_t kNoNumber = 0xffffffff;

std::uint32_t number_of(ByteView digits) noexcept {
  std::uint32_t number = 0;
  for (const auto digit : digits) {
    if (digit < '0' || digit > '9') return kNoNumber;
    number = number * 10 + (digit - '0');
  }
  return digits.empty() ? kNoNumber : number;
}

// What is remembered of a request; never 0.
constexpr std::uint64_t note_of(const Block& block) noexcept {
  return std::uint64_t{1} << 63U | std::uint64_t{static_cast<std::uint16_t>(block.space)} << 32U |
         block.number;
}
constexpr Block block_of(std::uint64_t note) noexcept {
  return {static_cast<std::uint32_t>(note), static_cast<Space>(note >> 32U & 0xffffU)};
}

}  // namespace

Space block_space(ByteView type) noexcept {
  const auto text = text_of(type);
  if (text == "08") return Space::block_ob;
  if (text == "0A") return Space::block_db;
  if (text == "0B") return Space::block_sdb;
  if (text == "0C") return Space::block_fc;
  if (text == "0D") return Space::block_sfc;
  if (text == "0E") return Space::block_fb;
  if (text == "0F") return Space::block_sfb;
  return Space::opaque;
}

// seen: _, two digits of type, five of number, a file system; in lists without the first. What is named
// otherwise is no block that anybody here could name.
Block Message::block_name(Reader& reader, std::size_t length) noexcept {
  const auto name = take(reader, Name::filename, length);
  if (name.size() != kShortName && name.size() != kShortName + 1) return {};
  Reader letters{name};
  if (name.size() != kShortName) (void)take(letters, Name::file_identifier, 1);
  const auto space = block_space(take(letters, Name::block_type, kTypeDigits));
  const auto number = number_of(take(letters, Name::block_number, kNumberDigits));
  (void)take(letters, Name::dest_filesys, 1);
  if (space == Space::opaque || number == kNoNumber) return {};
  return {number, space};
}

void Message::touch(const Block& block) noexcept { span(block.space, block.number, 1); }

void Message::status() noexcept {
  const auto status = u8(parameter_, Name::functionstatus);
  if (!parameter_.ok()) return;
  value(Name::functionstatus_more, status & 1U);
  value(Name::functionstatus_error, status >> 1U & 1U);
}

// An upload is known by the number that the CPU gave it; anybody else's may be any block.
Block Message::uploaded(std::uint32_t id) const noexcept {
  for (std::size_t i = 0; i < session_.uploads.size() && i < session_.uploads_seen; ++i) {
    if (session_.uploads[i].id == id) return session_.uploads[i].block;
  }
  return {};
}

// A number that is given again is another upload.
void Message::remember(const Upload& upload) noexcept {
  auto& seen = session_.uploads_seen;
  for (std::size_t i = 0; i < session_.uploads.size() && i < seen; ++i) {
    if (session_.uploads[i].id != upload.id) continue;
    session_.uploads[i] = upload;
    return;
  }
  session_.uploads[seen % session_.uploads.size()] = upload;
  seen = static_cast<std::uint8_t>(seen == 3 ? 2 : seen + 1);
}

// seen: status, two bytes (at the end an error), an upload's number or four bytes, name; a download says how
// long the block is.
void Message::transfer(std::uint8_t code) noexcept {
  item(code);
  status();
  if (code == kEndUpload || code == kDownloadEnded) {
    (void)be16(parameter_, Name::errorcode);
  } else {
    (void)take(parameter_, Name::unknown1, 2);
  }
  if (code == kRequestDownload || code == kDownloadBlock || code == kDownloadEnded) {
    (void)take(parameter_, Name::unknown1, 4);
  } else {
    const auto id = be32(parameter_, Name::uploadid);
    if (code != kStartUpload) return touch(uploaded(id));
  }
  const auto length = u8(parameter_, Name::filename_len);
  const auto block = block_name(parameter_, length);
  touch(block);
  if (role_ == Role::server && code == kDownloadBlock) {
    session_.fetching = true;
    session_.fetch_ref = header_.reference;
    session_.fetched = block;
  }
  if (role_ == Role::client && code == kStartUpload) sink_.request(header_.reference, code, note_of(block));
  if (code != kRequestDownload || parameter_.remaining() == 0) return;
  Reader lengths{parameter_.take(u8(parameter_, Name::part2_len))};
  (void)take(lengths, Name::part2_unknown, 1);
  (void)take(lengths, Name::loadmem_len, kLengthDigits);
  (void)take(lengths, Name::mc7code_len, kLengthDigits);
  if (!lengths.ok() || lengths.remaining() != 0) worse(Malformed::bad_length);
}

// seen: the length of what follows, two bytes, a part of the block.
void Message::block_part() noexcept {
  if (data_.remaining() == 0) return;
  const auto length = be16(data_, Name::data_length);
  (void)take(data_, Name::unknown1, 2);
  (void)take(data_, Name::resp_data, length);
}

// The item has been begun.
void Message::answer_transfer(std::uint8_t code, std::uint64_t note) noexcept {
  switch (code) {
    case kDownloadBlock:
    case kUpload:
      if (parameter_.remaining() != 0) status();
      return block_part();
    case kStartUpload: {
      if (parameter_.remaining() == 0) return;
      status();
      (void)take(parameter_, Name::unknown1, 2);
      const auto id = be32(parameter_, Name::uploadid);
      if (note != 0 && parameter_.ok()) remember({id, block_of(note)});
      if (parameter_.remaining() == 0) return;
      const auto length = u8(parameter_, Name::upl_lenstring_len);
      (void)take(parameter_, Name::upl_lenstring, length);
      return;
    }
    default:
      if (role_ == Role::server) (void)parameter_.rest();
  }
}

// seen: seven bytes, the service's parameter with its length, the service's name with its length.
void Message::program_invocation() noexcept {
  Reader ahead = parameter_;
  ahead.skip(7);
  Reader block{ahead.take(ahead.be16())};
  const auto name = ahead.take(ahead.u8());
  const auto function = ahead.ok() ? service_id(name) : kPiService;
  sink_.request(header_.reference, function);
  (void)take(parameter_, Name::pi_unknown1, 7);
  const auto length = be16(parameter_, Name::parameterblock_len);
  (void)parameter_.take(length);
  const auto stated = u8(parameter_, Name::string_len);
  (void)take(parameter_, Name::servicename, stated);
  item(function);
  switch (function) {
    case kServices + 1:
    case kServices + 2:
    case kServices + 3: {  // blocks: how many, a byte, their short names
      const std::uint32_t count = u8(block, Name::block_cnt);
      (void)u8(block, Name::inse_unknown);
      for (std::uint32_t i = 0; i < count && block.remaining() >= kShortName; ++i) {
        if (i != 0) item(function);
        touch(block_name(block, kShortName));
      }
      if (count == 0) span(Space::opaque, 0, 1);
      if (!block.ok() || block.remaining() != 0 || length != 2 + count * kShortName || count == 0)
        worse(Malformed::bad_length);
      return;
    }
    case kPiService:
      return opaque(function);
    default:
      opaque(function);  // _MODU and _GARB: all of the memory
      (void)take(block, Name::argument, block.remaining());
  }
}

// seen: five bytes, the name with its length.
void Message::stop() noexcept {
  item(kPlcStop);
  (void)take(parameter_, Name::pi_unknown1, 5);
  const auto length = u8(parameter_, Name::stop_len);
  (void)take(parameter_, Name::servicename, length);
}

}  // namespace sluice::s7comm
