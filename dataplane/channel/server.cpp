#include "dataplane/channel/server.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rules/image/format.hpp"

namespace sluice::channel {

void Server::serve(Duration timeout) {
  std::array<pollfd, 2> entries = {pollfd{listener_.get(), POLLIN, 0}, pollfd{client_.get(), POLLIN, 0}};
  const auto milliseconds = static_cast<int>(timeout.ns / 1'000'000U);
  if (poll(entries.data(), client_.open() ? 2 : 1, milliseconds) <= 0) return;
  if (client_.open() && entries[1].revents != 0) answer_client();
  if (entries[0].revents != 0) accept_client();
}

void Server::accept_client() {
  Descriptor client{accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!client.open()) return;
  auto allowed = check_peer(client.get());
  if (allowed && client_.open()) {
    allowed = failure("another daemon is connected", "stop the other sluiced");
  }
  if (!allowed) {
    auto refusal = make<Refusal>();
    refusal.reason.set(allowed.error().text());
    (void)send_message(client.get(), bytes_of(refusal));
    return;
  }
  client_ = std::move(client);
  if (!send_state(0, shared_.fd())) client_.reset();
}

void Server::answer_client() {
  MessageBuffer buffer;
  auto received = receive_message(client_.get(), buffer);
  if (!received || !handle({buffer.data(), received->size}, std::move(received->fd))) client_.reset();
}

bool Server::handle(ByteView message, Descriptor fd) {
  if (Publish request; read(message, request)) return send_answer(request.header.id, publish(request, fd));
  if (Confirm request; read(message, request)) {
    return send_answer(request.header.id, handler_.confirm({request.generation}));
  }
  if (Status request; read(message, request)) return send_state(request.header.id, -1);
  return false;
}

Result<void> Server::publish(const Publish& request, const Descriptor& fd) {
  if (!fd.open()) return failure("the message carries no image");
  auto image = read_sealed(fd.get(), most_image_bytes_);
  if (!image) return tl::unexpected{image.error()};
  image::Header header;
  if (image->size() < sizeof header) return failure("the image is shorter than its header");
  std::memcpy(&header, image->data(), sizeof header);
  if (header.magic != image::kMagic) return failure("this is no image");
  if (header.generation != request.generation || header.digest != request.digest) {
    return failure("the image is another one than the message says");
  }
  auto now = make<State>();
  handler_.state(now);
  if (request.generation <= now.running) {
    return failure("generation " + std::to_string(now.running) + " is running; generation " +
                       std::to_string(request.generation) + " is not newer",
                   "commit again");
  }
  return handler_.publish(std::move(*image), {request.generation}, {request.confirm_within_ns});
}

bool Server::send_answer(std::uint32_t id, const Result<void>& outcome) {
  auto now = make<State>();
  handler_.state(now);
  auto answer = make<Answer>(id);
  answer.running = now.running;
  answer.done = outcome ? 1 : 0;
  if (!outcome) answer.reason.set(outcome.error().text());
  return send_message(client_.get(), bytes_of(answer)).has_value();
}

bool Server::send_state(std::uint32_t id, int fd) {
  auto message = make<State>(id);
  handler_.state(message);
  // Whatever the handler did to the header.
  message.header = make<State>(id).header;
  message.pid = static_cast<std::uint32_t>(getpid());
  return send_message(client_.get(), bytes_of(message), fd).has_value();
}

}  // namespace sluice::channel
