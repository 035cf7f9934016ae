#include "control/api/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>

#include "control/api/request.hpp"
#include "dataplane/channel/socket.hpp"

namespace sluice::api {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Protocol = net::local::stream_protocol;

constexpr std::size_t kMostAnswer = 64U << 20U;
constexpr std::size_t kMostLine = 1U << 20U;

class Connection {
 public:
  explicit Connection(const std::string& path) : path_{path} {}

  Result<void> open() {
    auto connected = channel::connect_to(path_, channel::SocketKind::stream);
    if (!connected) return failure(connected.error().text(), "is sluiced running? --socket names another");
    socket_.assign(Protocol{}, connected->get(), error_);
    if (error_) return failed();
    (void)connected->release();
    // connect_to() makes it non-blocking.
    socket_.non_blocking(false, error_);
    socket_.native_non_blocking(false, error_);
    if (error_) return failed();
    return {};
  }

  Result<void> ask(http::verb verb, const std::string& target, const std::string& body) {
    http::request<http::string_body> request{verb, target, 11};
    request.set(http::field::host, "sluiced");
    request.set(http::field::connection, "close");
    if (!body.empty()) request.set(http::field::content_type, "application/json");
    request.body() = body;
    request.prepare_payload();
    http::write(socket_, request, error_);
    if (error_) return failed();
    return {};
  }

  template <class Body>
  Result<void> header(http::response_parser<Body>& parser) {
    parser.body_limit(boost::none);
    http::read_header(socket_, buffer_, parser, error_);
    if (error_) return failed();
    return {};
  }

  Result<Reply> rest(http::response_parser<http::string_body>& parser) {
    parser.body_limit(kMostAnswer);
    http::read(socket_, buffer_, parser, error_);
    if (error_) return failed();
    return Reply{parser.get().result_int(), parser.get().body()};
  }

  Protocol::socket& socket() { return socket_; }
  beast::flat_buffer& buffer() { return buffer_; }

  [[nodiscard]] tl::unexpected<Error> failed() const {
    return failure("the daemon's answer: " + error_.message());
  }

 private:
  std::string path_;
  net::io_context io_;
  Protocol::socket socket_{io_};
  beast::flat_buffer buffer_;
  beast::error_code error_;
};

Result<Reply> once(const std::string& socket, http::verb verb, const std::string& target,
                   const std::string& body) {
  Connection connection{socket};
  if (auto done = connection.open(); !done) return tl::unexpected{done.error()};
  if (auto done = connection.ask(verb, target, body); !done) return tl::unexpected{done.error()};
  http::response_parser<http::string_body> parser;
  return connection.rest(parser);
}

}  // namespace

Result<Reply> get(const std::string& socket, const std::string& target) {
  return once(socket, http::verb::get, target, {});
}

Result<Reply> post(const std::string& socket, const std::string& target, const std::string& body) {
  return once(socket, http::verb::post, target, body);
}

Result<Reply> stream(const std::string& socket, const std::string& target,
                     const std::function<bool(std::string_view)>& take) {
  Connection connection{socket};
  if (auto done = connection.open(); !done) return tl::unexpected{done.error()};
  if (auto done = connection.ask(http::verb::get, target, {}); !done) return tl::unexpected{done.error()};
  http::response_parser<http::buffer_body> head;
  if (auto done = connection.header(head); !done) return tl::unexpected{done.error()};
  if (head.get().result_int() >= 400) {
    http::response_parser<http::string_body> problem{std::move(head)};
    return connection.rest(problem);
  }
  std::string pending;
  std::string block(64U << 10U, '\0');
  while (!head.is_done()) {
    head.get().body().data = block.data();
    head.get().body().size = block.size();
    beast::error_code error;
    http::read_some(connection.socket(), connection.buffer(), head, error);
    if (error && error != http::error::need_buffer) {
      return failure("the daemon's events: " + error.message());
    }
    pending.append(block, 0, block.size() - head.get().body().size);
    std::size_t start = 0;
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', start)) {
      if (!take(std::string_view{pending}.substr(start, end - start))) return Reply{};
      start = end + 1;
    }
    pending.erase(0, start);
    if (pending.size() > kMostLine) return failure("the daemon's events: a line without end");
  }
  return Reply{};
}

}  // namespace sluice::api
