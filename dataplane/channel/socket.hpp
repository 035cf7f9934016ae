// A Unix seqpacket socket: whole messages, each with at most one descriptor. Both sides check who the other
// is and trust nothing in a message. Never blocks longer than asked. Errors are for the log of whoever calls.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/base/bytes.hpp"
#include "rules/base/clock.hpp"
#include "rules/base/result.hpp"

namespace sluice::channel {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_{fd} {}
  Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { reset(); }

  void reset() noexcept;
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool open() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// "WHAT: what errno says"
std::string errno_text(std::string_view what);

enum class SocketKind : std::uint8_t { seqpacket, stream };

// A socket that listens at `path`, for its owner only (0600). A stale socket there is replaced; anything
// else, or one that still answers, is an error.
Result<Descriptor> listen_at(const std::string& path, SocketKind kind = SocketKind::seqpacket);
Result<Descriptor> connect_to(const std::string& path, SocketKind kind = SocketKind::seqpacket);

// The peer must be root or the same user as this process.
Result<void> check_peer(int socket);

// Waits until `fd` can be read: true, or false at the timeout.
Result<bool> wait_readable(int fd, Duration timeout);

// Sends one message; -1 for no descriptor. Does not wait for room.
Result<void> send_message(int socket, ByteView message, int fd = -1);

struct Received {
  std::size_t size = 0;
  Descriptor fd;  // at most one; more are closed and are an error
};
// Receives one message into `buffer`; one that does not fit is an error. Nothing there to read is an error
// too.
Result<Received> receive_message(int socket, std::span<std::uint8_t> buffer);

// Content that nobody can change any more, in memory.
Result<Descriptor> seal(ByteView content, const char* name);
// The content of a memfd that carries all of those seals; at most `most` bytes.
Result<std::vector<std::uint8_t>> read_sealed(int fd, std::size_t most);

}  // namespace sluice::channel
