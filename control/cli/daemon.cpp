#include "control/cli/daemon.hpp"

#include <CLI/CLI.hpp>
#include <ostream>

#include "control/api/client.hpp"

namespace sluice::cli {
namespace {

void tell(Console& console, const nlohmann::json& object, const char* key) {
  std::string text;
  if (const auto found = object.find(key); found != object.end() && found->is_string()) {
    text = printable(found->get_ref<const std::string&>());
  }
  console.err << "sluice: error: " << text << '\n';
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // C0, DEL, and C1 as UTF-8 writes it (C2 80 to C2 9F).
    const bool wide = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (wide) ++i;
    out += wide || byte < 0x20 || byte == 0x7f ? '?' : text[i];
  }
  return out;
}

void declare_socket(CLI::App& app, std::string& socket) {
  socket = api::kDefaultSocket;
  app.add_option("--socket,--api", socket, "the daemon's socket")
      ->option_text("PATH")
      ->envname("SLUICE_API")
      ->capture_default_str();
}

Exit unreachable(Console& console, const Error& error) {
  complain(console, error);
  return Exit::unreadable;
}

Exit refused(Console& console, const api::Reply& reply) {
  const auto problem = nlohmann::json::parse(reply.body, nullptr, false);
  if (console.format == Format::json) {
    console.out << reply.body << '\n';
  } else if (!problem.is_object()) {
    console.err << "sluice: error: the daemon answers " << reply.status << '\n';
  } else if (const auto errors = problem.find("errors");
             errors != problem.end() && errors->is_array() && !errors->empty()) {
    for (const auto& error : *errors) {
      if (error.is_object()) tell(console, error, "text");
    }
  } else {
    tell(console, problem, "detail");
  }
  return Exit::findings;
}

}  // namespace sluice::cli
