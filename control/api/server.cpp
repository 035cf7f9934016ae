#include "control/api/server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>

#include "control/api/request.hpp"
#include "dataplane/channel/socket.hpp"

namespace sluice::api {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Protocol = net::local::stream_protocol;
using Stream = beast::basic_stream<Protocol>;

constexpr auto kQuietly = net::as_tuple(net::use_awaitable);
constexpr std::size_t kPage = 64U << 10U;
constexpr auto kBeat = std::chrono::milliseconds{50};  // between looks for new events

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

std::chrono::nanoseconds time_of(Duration duration) { return std::chrono::nanoseconds{duration.ns}; }

bool gone(Stream& stream) {
  char byte = 0;
  const auto got = recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

Result<std::uint32_t> peer_of(int socket) {
  if (auto fine = channel::check_peer(socket); !fine) return tl::unexpected{fine.error()};
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return failure(channel::errno_text("SO_PEERCRED"));
  return peer.uid;
}

Response response_of(const Reply& reply, const Request& request) {
  Response response{static_cast<http::status>(reply.status), request.version()};
  response.set(http::field::content_type,
               reply.status >= 400 ? "application/problem+json" : "application/json");
  response.set(http::field::cache_control, "no-store");
  response.body() = reply.body;
  response.keep_alive(request.keep_alive());
  response.prepare_payload();
  return response;
}

}  // namespace

struct Server::State {
  State(Service& s, ServerLimits l) : service{s}, limits{l} {}

  net::awaitable<void> accept();
  net::awaitable<void> serve(Stream stream, std::uint32_t user);
  net::awaitable<Reply> answer(const Request& request, std::uint32_t user);
  net::awaitable<Reply> commit(CommitOrder order);
  net::awaitable<bool> events(Stream& stream, const Request& request, const Target& target);

  Service& service;
  ServerLimits limits;
  std::string path;
  net::io_context io{1};
  net::thread_pool commits{1};
  Protocol::acceptor acceptor{io};
  std::size_t connections = 0;
  bool committing = false;
};

Result<std::unique_ptr<Server>> Server::listen(const std::string& path, Service& service,
                                               ServerLimits limits) {
  auto state = std::make_unique<State>(service, limits);
  state->path = path;
  auto listener = channel::listen_at(path, channel::SocketKind::stream);
  if (!listener) return tl::unexpected{listener.error()};
  beast::error_code error;
  state->acceptor.assign(Protocol{}, listener->get(), error);
  if (error) return failure(path + ": " + error.message());
  (void)listener->release();
  net::co_spawn(state->io, state->accept(), net::detached);
  return std::unique_ptr<Server>{new Server{std::move(state)}};
}

Server::Server(std::unique_ptr<State> state) : state_{std::move(state)} {}
Server::~Server() { stop(); }

void Server::run() { state_->io.run(); }

void Server::stop() { state_->io.stop(); }

net::awaitable<void> Server::State::accept() {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(kQuietly);
    if (error == net::error::operation_aborted) co_return;
    if (error) {
      // Out of descriptors, for instance: they come back.
      net::steady_timer pause{io, std::chrono::milliseconds{100}};
      (void)co_await pause.async_wait(kQuietly);
      continue;
    }
    const auto user = peer_of(socket.native_handle());
    if (!user || connections >= limits.connections) continue;  // closes it
    ++connections;
    net::co_spawn(io, serve(Stream{std::move(socket)}, *user),
                  [this](const std::exception_ptr&) { --connections; });
  }
}

net::awaitable<void> Server::State::serve(Stream stream, std::uint32_t user) {
  beast::flat_buffer buffer;
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(kMostHeader);
    parser.body_limit(kMostBody);
    stream.expires_after(time_of(limits.patience));
    const auto [error, size] = co_await http::async_read(stream, buffer, parser, kQuietly);
    if (error == http::error::end_of_stream || error == beast::error::timeout) co_return;
    if (error) {
      // What could be said about a request that is none; the connection ends.
      Request broken;
      broken.keep_alive(false);
      const unsigned status =
          error == http::error::body_limit || error == http::error::header_limit ? 413 : 400;
      auto response = response_of(problem(status, "Bad request", error.message()), broken);
      stream.expires_after(time_of(limits.patience));
      (void)co_await http::async_write(stream, response, kQuietly);
      co_return;
    }
    const auto request = parser.release();
    const auto target = split({request.target().data(), request.target().size()});
    if (target.path == "/v1/events" && request.method() == http::verb::get) {
      if (!co_await events(stream, request, target)) co_return;
      continue;
    }
    stream.expires_never();  // a commit takes its time
    auto response = response_of(co_await answer(request, user), request);
    stream.expires_after(time_of(limits.patience));
    const auto [failed, sent] = co_await http::async_write(stream, response, kQuietly);
    if (failed || !response.keep_alive()) co_return;
  }
}

net::awaitable<Reply> Server::State::answer(const Request& request, std::uint32_t user) {
  const auto target = split({request.target().data(), request.target().size()});
  const bool get = request.method() == http::verb::get;
  if (target.path == "/v1/status")
    co_return get ? service.status() : problem(405, "Method not allowed", "use GET");
  if (target.path == "/v1/generations")
    co_return get ? service.generations() : problem(405, "Method not allowed", "use GET");
  if (target.path == "/v1/events") co_return problem(405, "Method not allowed", "use GET");
  if (target.path == "/v1/commit") {
    if (request.method() != http::verb::post) co_return problem(405, "Method not allowed", "use POST");
    auto order = read_commit(request.body());
    if (!order) co_return problem(400, "Bad request", order.error().text());
    order->user = user;
    co_return co_await commit(std::move(*order));
  }
  co_return problem(404, "Not found", "there is /v1/status, /v1/generations, /v1/events and /v1/commit");
}

net::awaitable<Reply> Server::State::commit(CommitOrder order) {
  if (committing)
    co_return problem(409, "Conflict", "another commit is under way; try again when it is done");
  committing = true;
  const auto work = [](Service& to, CommitOrder what) -> net::awaitable<Reply> {
    co_return to.commit(std::move(what));
  };
  auto [failed, reply] = co_await net::co_spawn(commits, work(service, std::move(order)), kQuietly);
  committing = false;
  if (failed) co_return problem(500, "Internal error", "the commit ended without an answer");
  co_return std::move(reply);
}

net::awaitable<bool> Server::State::events(Stream& stream, const Request& request, const Target& target) {
  const auto last = target.number("last");
  const auto follow = target.number("follow");
  const auto verdicts = target.number("verdicts");
  if (!last || !follow || !verdicts) {
    auto response = response_of(problem(400, "Bad request",
                                        (!last     ? last
                                         : !follow ? follow
                                                   : verdicts)
                                            .error()
                                            .text()),
                                request);
    const auto [error, sent] = co_await http::async_write(stream, response, kQuietly);
    co_return !error && response.keep_alive();
  }
  const auto& feed = service.feed(verdicts->value_or(0) != 0 ? Events::verdicts : Events::all);
  const bool endless = follow->value_or(0) != 0;
  auto next = feed.before_end(last->value_or(endless ? 0 : 100));
  const auto end = feed.before_end(0);

  http::response<http::empty_body> head{http::status::ok, request.version()};
  head.set(http::field::content_type, "application/x-ndjson");
  head.set(http::field::cache_control, "no-store");
  head.keep_alive(request.keep_alive());
  head.chunked(true);
  http::response_serializer<http::empty_body> serializer{head};
  stream.expires_after(time_of(limits.patience));
  if (const auto [error, sent] = co_await http::async_write_header(stream, serializer, kQuietly); error)
    co_return false;

  for (;;) {
    auto page = feed.read(next, kPage);
    next = page.next;
    if (page.missed != 0) {
      page.lines.insert(
          0, "{\"event_type\":\"stats\",\"sluice\":{\"missed\":" + std::to_string(page.missed) + "}}\n");
    }
    if (!page.lines.empty()) {
      stream.expires_after(time_of(limits.patience));
      const auto [error, sent] =
          co_await net::async_write(stream, http::make_chunk(net::buffer(page.lines)), kQuietly);
      if (error) co_return false;
      if (endless || next < end) continue;
    }
    if (!endless) break;
    if (gone(stream)) co_return false;
    net::steady_timer pause{io, kBeat};
    (void)co_await pause.async_wait(kQuietly);
  }
  const auto [error, sent] = co_await net::async_write(stream, http::make_chunk_last(), kQuietly);
  co_return !error && head.keep_alive();
}

}  // namespace sluice::api
