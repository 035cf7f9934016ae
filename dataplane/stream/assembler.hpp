// Assembler: messages that come in parts over several units, each a whole PDU of its stream or datagram
// (DNP3 transport segments, COTP data TPDUs, OPC UA chunks). Keeps the parts of each message contiguous until
// the last one is there. A fixed number of messages, made in the constructor, bytes from a BytePool, at most
// kMostPerList messages a flow; a flow keeps its own by a List. One worker's; steps linear in kMostPerList
// and in the bytes added.
//
// What a segment adds or ends counts only when the segment passes: then keep(); else undo().
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/flow/key.hpp"
#include "dataplane/stream/byte_pool.hpp"
#include "rules/base/bytes.hpp"
#include "rules/base/clock.hpp"

namespace sluice {

class Assembler {
 public:
  static constexpr std::uint32_t kNone = 0xffff'ffff;
  static constexpr std::uint32_t kMostPerList = 8;

  struct List {
    std::uint32_t first = kNone;
    std::uint32_t count = 0;
  };

  enum class Added : std::uint8_t {
    fine,
    too_long,  // beyond `most`
    full,      // no message or no memory is left
  };

  Assembler(std::uint32_t messages, BytePool& bytes);
  Assembler(const Assembler&) = delete;
  Assembler& operator=(const Assembler&) = delete;

  // Adds bytes to the message `key` of that direction, which begins with them if it is not there yet.
  Added add(List& list, Direction direction, std::uint64_t key, ByteView part, std::uint32_t most,
            Time now) noexcept;
  // All that was added; empty when the message is not there. Valid until the next call that changes it.
  [[nodiscard]] ByteView bytes(const List& list, Direction direction, std::uint64_t key) const noexcept;
  // The message is complete, or given up: its next part begins another one.
  void end(List& list, Direction direction, std::uint64_t key) noexcept;

  void keep(List& list) noexcept;
  void undo(List& list) noexcept;
  void clear(List& list) noexcept;
  // When the oldest message of that direction that has not ended began; Time{} when none waits.
  [[nodiscard]] Time waits_since(const List& list, Direction direction) const noexcept;

  [[nodiscard]] std::uint32_t taken() const noexcept { return taken_; }

 private:
  struct Message {
    std::uint64_t key = 0;
    std::uint8_t* buffer = nullptr;
    std::uint32_t size = 0;
    std::uint32_t kept = 0;  // of size
    std::uint32_t next = kNone;
    Time since{};
    Direction direction = Direction::forth;
    std::uint8_t size_class = 0;
    bool ended = false;
  };

  [[nodiscard]] std::uint32_t find(const List& list, Direction direction, std::uint64_t key) const noexcept;
  template <class Goes>
  void remove(List& list, Goes goes) noexcept;

  BytePool& pool_;
  std::vector<Message> messages_;
  std::uint32_t free_ = kNone;
  std::uint32_t taken_ = 0;
};

}  // namespace sluice
