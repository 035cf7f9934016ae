#include "dataplane/channel/client.hpp"

namespace sluice::channel {
namespace {

template <class Reply>
Result<Reply> receive(int socket, Duration timeout, Descriptor& fd) {
  auto ready = wait_readable(socket, timeout);
  if (!ready) return tl::unexpected{ready.error()};
  if (!*ready) return failure("the dataplane does not answer");
  MessageBuffer buffer;
  auto received = receive_message(socket, buffer);
  if (!received) return tl::unexpected{received.error()};
  const ByteView message{buffer.data(), received->size};
  if (Refusal refusal; read(message, refusal)) {
    return failure("the dataplane refuses: " + std::string{refusal.reason.get()});
  }
  Reply reply;
  if (!read(message, reply)) {
    return failure("the dataplane speaks another version",
                   "install the daemon and the dataplane of one version");
  }
  fd = std::move(received->fd);
  return reply;
}

}  // namespace

Result<Client> Client::connect(const std::string& path, Duration timeout) {
  auto socket = connect_to(path);
  if (!socket) return tl::unexpected{socket.error()};
  Client client;
  client.socket_ = std::move(*socket);
  Descriptor fd;
  auto state = receive<State>(client.socket_.get(), timeout, fd);
  if (!state) return tl::unexpected{state.error()};
  if (state->port_count > kMostPorts) return failure("the dataplane names too many ports");
  if (!fd.open()) return failure("the dataplane gives no shared memory");
  auto shared = SharedMemory::open(fd.get());
  if (!shared) return tl::unexpected{shared.error()};
  client.state_ = *state;
  client.shared_.emplace(std::move(*shared));
  return client;
}

template <class Reply, class Request>
Result<Reply> Client::ask(const Request& request, int fd, Duration timeout) {
  if (!socket_.open()) return failure("the connection to the dataplane is closed");
  auto sent = send_message(socket_.get(), bytes_of(request), fd);
  if (!sent) {
    socket_.reset();
    return tl::unexpected{sent.error()};
  }
  Descriptor none;
  auto reply = receive<Reply>(socket_.get(), timeout, none);
  if (reply && reply->header.id != request.header.id)
    reply = failure("the dataplane answers what was not asked");
  // A late answer would be taken for that of the next request.
  if (!reply) socket_.reset();
  return reply;
}

Result<Answer> Client::publish(int image, Generation generation, const Digest& digest,
                               Duration confirm_within, Duration timeout) {
  auto request = make<Publish>(++last_id_);
  request.generation = generation.value;
  request.digest = digest;
  request.confirm_within_ns = confirm_within.ns;
  return ask<Answer>(request, image, timeout);
}

Result<Answer> Client::confirm(Generation generation, Duration timeout) {
  auto request = make<Confirm>(++last_id_);
  request.generation = generation.value;
  return ask<Answer>(request, -1, timeout);
}

Result<void> Client::status(Duration timeout) {
  auto reply = ask<State>(make<Status>(++last_id_), -1, timeout);
  if (!reply) return tl::unexpected{reply.error()};
  if (reply->port_count > kMostPorts) {
    socket_.reset();
    return failure("the dataplane names too many ports");
  }
  state_ = *reply;
  return {};
}

}  // namespace sluice::channel
