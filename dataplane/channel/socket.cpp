#include "dataplane/channel/socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sluice::channel {
namespace {

constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
constexpr int kBacklog = 16;
constexpr std::size_t kMostDescriptors = 4;  // room to receive, so that surplus ones are closed and not lost

int type_of(SocketKind kind) noexcept { return kind == SocketKind::stream ? SOCK_STREAM : SOCK_SEQPACKET; }

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return failure("the socket's path has " + std::to_string(path.size()) + " characters",
                   "use 1 to " + std::to_string(sizeof address.sun_path - 1));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) noexcept {
  return reinterpret_cast<const sockaddr*>(&address);
}

Result<void> remove_stale(const std::string& path, const sockaddr_un& address, SocketKind kind) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return failure(errno_text(path));
  }
  if (!S_ISSOCK(status.st_mode))
    return failure(path + " is there and is no socket", "remove it or choose another path");
  const Descriptor probe{socket(AF_UNIX, type_of(kind) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!probe.open()) return failure(errno_text("socket"));
  if (connect(probe.get(), generic(address), sizeof address) == 0 || errno != ECONNREFUSED) {
    return failure(path + " is in use by another program", "stop it or choose another path");
  }
  if (unlink(path.c_str()) != 0) return failure(errno_text(path));
  return {};
}

}  // namespace

std::string errno_text(std::string_view what) {
  const int error = errno;
  std::array<char, 128> buffer{};
  // The GNU strerror_r may return a static string.
  return std::string{what} + ": " + strerror_r(error, buffer.data(), buffer.size());
}

void Descriptor::reset() noexcept {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Result<Descriptor> listen_at(const std::string& path, SocketKind kind) {
  const auto address = address_of(path);
  if (!address) return tl::unexpected{address.error()};
  if (auto done = remove_stale(path, *address, kind); !done) return tl::unexpected{done.error()};
  Descriptor listener{socket(AF_UNIX, type_of(kind) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!listener.open()) return failure(errno_text("socket"));
  // Before listen() nobody can connect, so the mode is right from the first moment that matters.
  if (bind(listener.get(), generic(*address), sizeof *address) != 0) return failure(errno_text(path));
  if (chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) return failure(errno_text(path));
  if (listen(listener.get(), kBacklog) != 0) return failure(errno_text(path));
  return listener;
}

Result<Descriptor> connect_to(const std::string& path, SocketKind kind) {
  const auto address = address_of(path);
  if (!address) return tl::unexpected{address.error()};
  Descriptor descriptor{socket(AF_UNIX, type_of(kind) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!descriptor.open()) return failure(errno_text("socket"));
  if (connect(descriptor.get(), generic(*address), sizeof *address) != 0) return failure(errno_text(path));
  if (auto done = check_peer(descriptor.get()); !done) return tl::unexpected{done.error()};
  return descriptor;
}

Result<void> check_peer(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer) {
    return failure(errno_text("SO_PEERCRED"));
  }
  if (peer.uid != 0 && peer.uid != geteuid()) {
    return failure("the peer runs as user " + std::to_string(peer.uid),
                   "run both as one user, or the peer as root");
  }
  return {};
}

Result<bool> wait_readable(int fd, Duration timeout) {
  pollfd entry{fd, POLLIN, 0};
  const int ready = poll(&entry, 1, static_cast<int>(timeout.ns / 1'000'000U));
  if (ready < 0 && errno != EINTR) return failure(errno_text("poll"));
  return ready > 0;
}

Result<void> send_message(int socket, ByteView message, int fd) {
  iovec part{const_cast<std::uint8_t*>(message.data()), message.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int))> control{};
  if (fd >= 0) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    auto* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  const auto sent = sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent != static_cast<ssize_t>(message.size())) return failure(errno_text("send"));
  return {};
}

Result<Received> receive_message(int socket, std::span<std::uint8_t> buffer) {
  iovec part{buffer.data(), buffer.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const auto size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (size < 0) return failure(errno_text("receive"));

  Received received;
  received.size = static_cast<std::size_t>(size);
  std::size_t descriptors = 0;
  for (auto* rights = CMSG_FIRSTHDR(&header); rights != nullptr; rights = CMSG_NXTHDR(&header, rights)) {
    if (rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(rights) + i * sizeof fd, sizeof fd);
      Descriptor taken{fd};
      if (descriptors++ == 0) received.fd = std::move(taken);
    }
  }
  if (size == 0) return failure("the peer has closed the connection");
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return failure("the message is longer than any known");
  if (descriptors > 1) return failure("the message carries several descriptors");
  return received;
}

Result<Descriptor> seal(ByteView content, const char* name) {
  Descriptor fd{memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (!fd.open()) return failure(errno_text("memfd_create"));
  for (std::size_t done = 0; done < content.size();) {
    const auto wrote = write(fd.get(), content.data() + done, content.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return failure(errno_text("write to memory"));
    done += static_cast<std::size_t>(wrote);
  }
  if (fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return failure(errno_text("seal"));
  return fd;
}

Result<std::vector<std::uint8_t>> read_sealed(int fd, std::size_t most) {
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0) return failure("the descriptor is no memory file");
  if ((seals & kSeals) != kSeals) return failure("the memory file is not sealed");
  struct stat status {};
  if (fstat(fd, &status) != 0) return failure(errno_text("fstat"));
  if (status.st_size < 0 || static_cast<std::uint64_t>(status.st_size) > most) {
    return failure("the memory file has " + std::to_string(status.st_size) + " bytes, more than " +
                   std::to_string(most));
  }
  std::vector<std::uint8_t> content(static_cast<std::size_t>(status.st_size));
  for (std::size_t done = 0; done < content.size();) {
    const auto got = pread(fd, content.data() + done, content.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return failure(errno_text("read the memory file"));
    done += static_cast<std::size_t>(got);
  }
  return content;
}

}  // namespace sluice::channel
