#include "control/config/config.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "control/config/keys.hpp"
#include "dataplane/channel/socket.hpp"

namespace sluice::config {
namespace {

constexpr std::size_t kMostName = 15;     // IFNAMSIZ - 1
constexpr std::size_t kMostSocket = 107;  // of sun_path, without the terminator

class Parser {
 public:
  Parser(const std::string& file, Diagnostics& diagnostics)
      : file_{file}, folder_{std::filesystem::path{file}.parent_path()}, diagnostics_{diagnostics} {}

  Config config(const toml::table& root) {
    Config config;
    Keys keys{root, file_, diagnostics_};
    config.state = path(keys, "state", "/var/lib/sluice");
    config.policy = path(keys, "policy", "/etc/sluice/policy");
    config.dataplane = socket(keys, "dataplane", "/run/sluice/dataplane.sock");
    config.api = socket(keys, "api", "/run/sluice/api.sock");
    config.compiler = path(keys, "compiler", "");
    config.host = keys.text("host").value_or("");
    if (const auto* const events = keys.table("events")) {
      Keys inner{*events, file_, diagnostics_};
      config.eve = path(inner, "file", "");
      config.eve_transactions = inner.boolean("transactions").value_or(true);
      inner.finish();
    }
    if (const auto* const all = keys.tables("port")) ports(*all, config.ports);
    keys.finish();
    return config;
  }

 private:
  std::string path(Keys& keys, std::string_view key, std::string fallback) {
    const auto given = keys.text(key);
    if (!given) return fallback;
    if (given->empty() || given->find('\0') != std::string::npos) {
      diagnostics_.add(keys.where(key), '`' + std::string{key} + "` is no path", "write where it is");
      return fallback;
    }
    return (folder_ / *given).lexically_normal().string();
  }

  std::string socket(Keys& keys, std::string_view key, std::string fallback) {
    auto found = path(keys, key, std::move(fallback));
    if (found.size() > kMostSocket) {
      diagnostics_.add(keys.where(key),
                       "the socket's path has " + std::to_string(found.size()) + " characters",
                       "choose one of at most " + std::to_string(kMostSocket));
    }
    return found;
  }

  void ports(const toml::array& all, std::vector<Port>& out) {
    if (all.size() > kMostPorts) {
      diagnostics_.add(where_of(all, file_), "more than " + std::to_string(kMostPorts) + " ports");
      return;
    }
    for (const auto& node : all) {
      const auto* const table = node.as_table();
      if (table == nullptr) continue;  // said by tables()
      Keys keys{*table, file_, diagnostics_};
      Port port;
      port.where = where_of(*table, file_);
      const auto name = keys.text("name");
      if (!name) {
        if (!keys.has("name")) diagnostics_.add(port.where, "a port has no name", "write name = \"eth1\"");
      } else if (name->empty() || name->size() > kMostName ||
                 name->find_first_of(std::string_view{" /\0", 3}) != std::string::npos) {
        diagnostics_.add(keys.where("name"), "`" + *name + "` can't be the name of an interface",
                         "write 1 to 15 characters without blanks and slashes");
      } else if (std::ranges::any_of(out, [&](const Port& other) { return other.name == *name; })) {
        diagnostics_.add(keys.where("name"), "port `" + *name + "` is listed twice", "remove one of them");
      }
      port.name = name.value_or("");
      // 68 is the least that IPv4 allows (RFC 791), 65,535 the most that Linux takes.
      if (const auto mtu = keys.number("mtu", 68, 65535)) port.mtu = static_cast<std::uint32_t>(*mtu);
      keys.finish();
      out.push_back(std::move(port));
    }
  }

  std::string file_;
  std::filesystem::path folder_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<Config> parse(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  const auto parsed = toml::parse(text, file);
  if (!parsed) {
    const auto& error = parsed.error();
    diagnostics.add({file, error.source().begin.line, error.source().begin.column},
                    std::string{error.description()});
    return std::nullopt;
  }
  const auto before = diagnostics.errors().size();
  auto config = Parser{file, diagnostics}.config(parsed.table());
  if (diagnostics.errors().size() != before) return std::nullopt;
  return config;
}

std::optional<Config> load(const std::string& file, Diagnostics& diagnostics) {
  const auto text = read_text(file, kMostConfig);
  if (!text) {
    diagnostics.add(text.error());
    return std::nullopt;
  }
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(file, ignored);
  return parse(*text, ignored ? file : absolute.string(), diagnostics);
}

Result<std::string> read_text(const std::string& file, std::size_t most) {
  // O_NONBLOCK: a fifo of that name must not hold the caller.
  const channel::Descriptor descriptor{open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  const auto failed = [&](std::string why) { return failure(std::move(why), "", {file, 0, 0}); };
  if (!descriptor.open()) return failed(channel::errno_text("open"));
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0) return failed(channel::errno_text("stat"));
  if (!S_ISREG(status.st_mode)) return failed("is no file");
  std::string text;
  while (text.size() <= most) {
    const auto before = text.size();
    text.resize(std::min(before + 65536, most + 1));
    const auto got = read(descriptor.get(), text.data() + before, text.size() - before);
    if (got < 0 && errno != EINTR) return failed(channel::errno_text("read"));
    text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return text;
  }
  return failed("has more than " + std::to_string(most) + " bytes");
}

}  // namespace sluice::config
