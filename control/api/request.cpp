#include "control/api/request.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using Json = nlohmann::json;

// Small in depth and in number of values, so that its tree is about as large as its text.
bool simple(std::string_view body) noexcept {
  constexpr std::size_t kMostDepth = 8;
  constexpr std::size_t kMostValues = 4 * compile::kMostSources + 16;
  std::size_t depth = 0;
  std::size_t values = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == ',') ++values;
    if (c == '{' || c == '[') {
      ++values;
      if (++depth > kMostDepth) return false;
    }
    if ((c == '}' || c == ']') && depth > 0) --depth;
    if (values > kMostValues) return false;
  }
  return true;
}

Result<std::string> text_of(const Json& object, const char* key, std::size_t most) {
  const auto found = object.find(key);
  if (found == object.end()) return std::string{};
  if (!found->is_string()) return failure(std::string{"`"} + key + "` must be a string");
  auto text = found->get<std::string>();
  if (text.size() > most)
    return failure(std::string{"`"} + key + "` is longer than " + std::to_string(most) + " bytes");
  return text;
}

Result<void> only(const Json& object, std::initializer_list<std::string_view> keys) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) return failure("unknown key `" + key + "`");
  }
  return {};
}

Result<std::vector<compile::Source>> sources_of(const Json& list) {
  if (!list.is_array() || list.empty()) return failure("`sources` must be a list of sources");
  if (list.size() > compile::kMostSources) {
    return failure("more than " + std::to_string(compile::kMostSources) + " sources");
  }
  std::vector<compile::Source> sources;
  std::size_t total = 0;
  for (const auto& one : list) {
    if (!one.is_object()) return failure("a source must be {\"name\", \"text\"}");
    if (auto fine = only(one, {"name", "text"}); !fine) return tl::unexpected{fine.error()};
    auto name = text_of(one, "name", 4096);
    if (!name) return tl::unexpected{name.error()};
    auto text = text_of(one, "text", compile::kMostText);
    if (!text) return tl::unexpected{text.error()};
    total += text->size();
    if (total > compile::kMostText)
      return failure("the sources have more than " + std::to_string(compile::kMostText) + " bytes");
    sources.push_back({std::move(*name), std::move(*text)});
  }
  return sources;
}

}  // namespace

Target split(std::string_view target) noexcept {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

Result<std::optional<std::uint32_t>> Target::number(std::string_view key) const {
  auto rest = query;
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const auto one = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    const auto equals = one.find('=');
    if (one.substr(0, equals) != key) continue;
    const auto text = equals == std::string_view::npos ? std::string_view{} : one.substr(equals + 1);
    std::uint32_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || stop != text.data() + text.size() || number > 0x7fffffff) {
      return failure("`" + std::string{key} + "` must be a number");
    }
    return std::optional{number};
  }
  return std::optional<std::uint32_t>{};
}

Result<CommitOrder> read_commit(std::string_view body) {
  if (!simple(body)) return failure("the body is nested too deep, or has too many values");
  const auto json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return failure("the body must be a JSON object");
  if (auto fine = only(json, {"path", "sources", "message"}); !fine) return tl::unexpected{fine.error()};
  CommitOrder order;
  auto path = text_of(json, "path", 4096);
  if (!path) return tl::unexpected{path.error()};
  auto message = text_of(json, "message", kMostMessage);
  if (!message) return tl::unexpected{message.error()};
  order.path = std::move(*path);
  order.message = std::move(*message);
  if (const auto list = json.find("sources"); list != json.end()) {
    auto sources = sources_of(*list);
    if (!sources) return tl::unexpected{sources.error()};
    order.sources = std::move(*sources);
  }
  if (order.path.empty() == order.sources.empty()) return failure("write either `path` or `sources`");
  if (!order.path.empty() && order.path.front() != '/') return failure("`path` must begin with /");
  return order;
}

std::string write_commit(const CommitOrder& order) {
  auto json = Json::object();
  if (!order.path.empty()) json["path"] = order.path;
  if (!order.sources.empty()) {
    auto& list = json["sources"] = Json::array();
    for (const auto& source : order.sources) list.push_back({{"name", source.name}, {"text", source.text}});
  }
  json["message"] = order.message;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Reply problem(unsigned status, const std::string& title, const std::string& detail) {
  const nlohmann::ordered_json json = {
      {"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}};
  return {status, json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

}  // namespace sluice::api
